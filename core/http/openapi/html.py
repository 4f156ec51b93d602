"""HTML that is always well formed: text that is not Markup is escaped."""

from __future__ import annotations

from html import escape


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | None

_VOID = {"input", "link", "meta"}


def element(tag: str, /, *children: Child, **attributes: str | None) -> Markup:
    """Build an element. Children that are not Markup are escaped; None is left out. `class_` is the attribute class."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    end = "" if tag in _VOID else f"</{tag}>"
    return Markup(f"<{tag}{given}>{together(*children)}{end}")


def together(*children: Child) -> Markup:
    """Join elements and texts, one after the other."""
    return Markup("".join(each if isinstance(each, Markup) else escape(each or "") for each in children))
