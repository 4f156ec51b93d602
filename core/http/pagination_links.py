"""Link fields between the pages of a list (RFC 8288)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from diptych.core.engine.schemas.pagination import OFFSET_LIMIT, Page
from diptych.core.http import query_string

PageParameters = dict[str, list[tuple[str, str]]]
"""Relation -> the query parameters of that page."""

PLACES = ("currentPage", "cursor")
"""The parameters that select a page of a list."""


def of_page(page: Page[Any], target: str, raw_query: str) -> str:
    """Return the Link header of a page: first, last, prev and next where they exist, with the same query otherwise.

    The last page that has a number has the next one's cursor, and there is no last beyond it.

    target: the list's path. raw_query: the request's query, validated before.
    """
    places = places_of(page)
    others = urlencode([(name, value) for name, value in query_string.pairs(raw_query) if name not in PLACES])
    return ", ".join(f'<{_address(target, others, place)}>; rel="{relation}"' for relation, place in places.items())


def places_of(page: Page[Any]) -> PageParameters:
    """Return the parameters of the pages that a page leads to, by relation."""
    return _by_cursor(page) if page.offset is None else _by_number(page, page.offset)


def _address(target: str, others: str, place: list[tuple[str, str]]) -> str:
    asked = "&".join(part for part in (others, urlencode(place)) if part)
    return f"{target}?{asked}" if asked else target


def _by_cursor(page: Page[Any]) -> PageParameters:
    places: PageParameters = {"first": []}
    if page.previous is not None:
        places["prev"] = [("cursor", page.previous)]
    if page.next is not None:
        places["next"] = [("cursor", page.next)]
    return places


def _by_number(page: Page[Any], offset: int) -> PageParameters:
    current = offset // page.limit + 1
    furthest = OFFSET_LIMIT // page.limit + 1
    pages = {"first": 1}
    last = furthest
    if page.total is not None:
        last = max(1, -(-page.total // page.limit))
        if last <= furthest:
            pages["last"] = last
    if current > 1:
        pages["prev"] = min(current - 1, last)
    if current < min(last, furthest) and page.next is not None:
        pages["next"] = current + 1
    places = {relation: [("currentPage", str(number))] for relation, number in pages.items()}
    if current == furthest and page.next is not None:
        places["next"] = [("cursor", page.next)]
    return places
