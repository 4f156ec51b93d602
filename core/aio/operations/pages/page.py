"""What all pages have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from diptych.core.http.operations import Operation, OperationResult, Unit
from diptych.core.web.frame import HEADERS, HTML


def page(name: str, path: str, run: Callable[..., Any], unit: Unit = "read", **more: Any) -> Operation:
    """Return the operation of a page. more: other members of an Operation."""
    given: dict[str, Any] = {"media_type": HTML, **more}
    return Operation(
        name=f"page_{name}", method="GET", path=path, summary=f"The page {path}", run=run, unit=unit, **given
    )


def html(body: bytes) -> OperationResult:
    """Return the result of a page."""
    return OperationResult(body, headers=HEADERS)
