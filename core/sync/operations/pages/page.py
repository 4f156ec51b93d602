# Generated from core/aio/operations/pages/page.py by tools/unasync.py: do not edit, run "make twins".
"""What all pages have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from diptych.core.http.operations import FORM, Operation, OperationResult, Unit
from diptych.core.web.forms import Typed
from diptych.core.web.frame import HEADERS, HTML


def page(name: str, path: str, run: Callable[..., Any], unit: Unit = "read", **more: Any) -> Operation:
    """Return the operation of a page. more: other members of an Operation."""
    given: dict[str, Any] = {"media_type": HTML, **more}
    return Operation(
        name=f"page_{name}", method="GET", path=path, summary=f"The page {path}", run=run, unit=unit, **given
    )


def form(
    name: str,
    path: str,
    run: Callable[..., Any],
    refused: Callable[..., bytes] | None,
    unit: Unit = "write_many",
    **more: Any,
) -> Operation:
    """Return the operation of a page's form, which answers with a redirection. It is sent to the page's own address.

    By default it needs the permission to write, and its body is the fields as they were typed (Typed), which the
    operation reads: what it raises leads to the page again, with all of them. A unit that writes makes one change of
    any number of the same forms, by the key in the field that the templates add.

    refused: the page to correct the form, of diptych.core.web.forms.Refused. more: other members of an Operation.
    """
    given: dict[str, Any] = {"body": Typed, "permission": "catalogue:write", "status": 303, "accepts": (FORM,), **more}
    return Operation(
        name=f"form_{name}",
        method="POST",
        path=path,
        summary=f"The form of the page {path}",
        run=run,
        unit=unit,
        refused=refused,
        **given,
    )


def button(name: str, path: str, run: Callable[..., Any], **more: Any) -> Operation:
    """Return the operation of a form in which nothing is typed: buttons, and choices. It is one transaction."""
    given: dict[str, Any] = {"needs_transaction": lambda _: True, "body": None, **more}
    return form(name, path, run, None, "write_one", **given)


def html(body: bytes, headers: Mapping[str, str] | None = None) -> OperationResult:
    """Return the result of a page. headers: that it has besides those of every page."""
    return OperationResult(body, headers={**HEADERS, **(headers or {})})


def see_other(address: str) -> OperationResult:
    """Return the redirection after a form was accepted. address: from the root of the mount."""
    return OperationResult(status=303, headers={"Location": f"/{address}"})
