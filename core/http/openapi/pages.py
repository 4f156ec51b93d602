"""HTML pages: their common layout, and the pages about problem types."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files

from diptych.core.http.openapi.html import Markup, element, together
from diptych.core.http.problem_types import PROBLEM_TYPES, ProblemType

HTML = "text/html; charset=utf-8"

_STYLE = Markup((files("diptych.core.http.openapi") / "pages.css").read_text(encoding="utf-8"))
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; connect-src 'self'; object-src 'none'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)
"""Allow the page's own inline style and requests to this service, such as that for robots.txt, but no script."""

WITH_SCRIPT = f"{CONTENT_SECURITY_POLICY}; script-src 'self'"
"""Allow besides the script of the reference, which sends requests to this service."""


def page(title: str, subtitle: str, *body: Markup, script: str | None = None) -> bytes:
    """Return a complete page. script: its address, for pages that are sent WITH_SCRIPT."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="description", content=subtitle),
        element("title", title),
        element("style", _STYLE),
        element("script", src=script, defer="") if script else None,
    )
    header = element("header", element("h1", title), element("p", subtitle))
    skip = element("a", "Skip to the content", class_="skip", href="#content")
    html = element("html", head, element("body", skip, header, *body), lang="en")
    return f"<!doctype html>\n{html}\n".encode()


def problem_types(prefix: str) -> bytes:
    """Return the page that lists all problem types."""
    rows = [_row(kind, prefix) for kind in PROBLEM_TYPES.values()]
    head = element("tr", *(element("th", text, scope="col") for text in ("Status", "Type", "What it means")))
    table = element("table", element("thead", head), element("tbody", *rows))
    main = element("main", element("p", _reference(prefix)), scrolling(table, "Types of problems"), id="content")
    return page("Problems", "Every error is one of these (RFC 9457).", main)


def problem_type(kind: ProblemType, prefix: str) -> bytes:
    """Return the page about one problem type."""
    terms = [("Status", element("code", str(kind.status))), ("Type", element("code", f"{prefix}/problems/{kind.name}"))]
    terms += [(f"{name} header", element("span", text)) for name, text in kind.headers.items()]
    main = element(
        "main",
        element("dl", *(together(element("dt", term), element("dd", value)) for term, value in terms)),
        element("h2", "What it means"),
        element("p", marked(kind.meaning)),
        element("h2", "What to do next"),
        element("p", marked(kind.advice)),
        element("h2", "Elsewhere"),
        element("p", element("a", "All types of problems", href=f"{prefix}/problems"), ". ", _reference(prefix)),
        id="content",
    )
    return page(kind.title, f"A problem that this service answers with status {kind.status}.", main)


def _row(kind: ProblemType, prefix: str) -> Markup:
    link = element("a", kind.title, href=f"{prefix}/problems/{kind.name}")
    return element(
        "tr",
        element("td", str(kind.status)),
        element("th", link, scope="row"),
        element("td", marked(kind.meaning)),
    )


def _reference(prefix: str) -> Markup:
    return together("How the API is used: ", element("a", "reference", href=f"{prefix}/docs"), ".")


def scrolling(table: Markup, label: str) -> Markup:
    """Wrap a table in a scrollable region that can be focused and scrolled by keyboard."""
    return element("div", table, class_="scroll", role="group", aria_label=label, tabindex="0")


def marked(text: str) -> Markup:
    """Turn `backquoted` parts of a sentence into <code>."""
    parts = re.split(r"`([^`]*)`", text)
    return together(*(element("code", part) if place % 2 else part for place, part in enumerate(parts)))
