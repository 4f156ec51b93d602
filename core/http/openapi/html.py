"""HTML as text that cannot be got wrong: whatever is not markup already is escaped."""

from __future__ import annotations

from html import escape


class Markup(str):
    """Text that is HTML."""

    __slots__ = ()


Child = str | None

_VOID = {"link", "meta"}


def element(tag: str, /, *children: Child, **attributes: str | None) -> Markup:
    """An element. Children that are not Markup are text; None is nothing. An attribute `class_` is written class."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    end = "" if tag in _VOID else f"</{tag}>"
    return Markup(f"<{tag}{given}>{together(*children)}{end}")


def together(*children: Child) -> Markup:
    """Several elements and texts, one after the other."""
    return Markup("".join(each if isinstance(each, Markup) else escape(each or "") for each in children))
