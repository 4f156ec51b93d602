"""Link fields between the pages of a list (RFC 8288)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from core.http import query
from core.schemas.lists import PAGE_LIMIT, Page

PARAMETER = "currentPage"


def of_page(page: Page[Any], target: str, raw_query: str) -> str:
    """The Link field of a page: first, last, and its neighbours where there are any, with the same query otherwise.

    target: the list's path. raw_query: the request's query, which has been read before.
    """
    current = page.offset // page.limit + 1
    last = min(max(1, -(-page.total // page.limit)), PAGE_LIMIT)
    pages = {"first": 1, "last": last}
    if current > 1:
        pages["prev"] = min(current - 1, last)
    if current < last:
        pages["next"] = current + 1
    others = [(name, value) for name, value in query.pairs(raw_query) if name != PARAMETER]
    return ", ".join(
        f'<{target}?{urlencode([*others, (PARAMETER, number)])}>; rel="{relation}"'
        for relation, number in pages.items()
    )
