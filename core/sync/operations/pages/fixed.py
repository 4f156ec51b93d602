# Generated from core/aio/operations/pages/fixed.py by tools/unasync.py: do not edit, run "make twins".
"""What is the same for everybody: the way from the root to the pages, and their files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from diptych.core.http import problems
from diptych.core.http.operations import PAGES, Operation, OperationRequest, OperationResult
from diptych.core.web import assets


def to_home(_executor: None, _call: OperationRequest) -> OperationResult:
    """Lead to the first page."""
    return OperationResult(status=303, headers={"Location": f"{PAGES}/"})


def favicon(_executor: None, _call: OperationRequest) -> OperationResult:
    """Return the icon."""
    return OperationResult(assets.FAVICON.content)


def robots(_executor: None, _call: OperationRequest) -> OperationResult:
    """Return what search engines may read."""
    return OperationResult(assets.ROBOTS)


def asset(_executor: None, call: OperationRequest) -> OperationResult:
    """Return a file of the pages. Errors: Problem 404."""
    found = assets.ASSETS.get(call.parameters["name"])
    if found is None:
        raise problems.not_found("There is no such file.")
    return OperationResult(found.content, media_type=found.media_type)


def _fixed(
    name: str, path: str, run: Callable[..., Any], media_type: str = "", cache_control: str = "max-age=86400"
) -> Operation:
    return Operation(
        name=f"page_{name}",
        method="GET",
        path=path,
        summary=f"The file {path}",
        run=run,
        unit="none",
        media_type=media_type,
        cache_control=cache_control,
        public=True,
    )


operations = [
    _fixed("root", "/", to_home),
    _fixed("root_without_slash", PAGES, to_home),
    _fixed("favicon", "/favicon.ico", favicon, assets.FAVICON.media_type),
    _fixed("robots", "/robots.txt", robots, "text/plain; charset=utf-8"),
    _fixed("asset", f"{PAGES}/assets/{{name}}", asset, cache_control=assets.FOREVER),
]
