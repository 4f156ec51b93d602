"""What is offered while somebody is typing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from diptych.core.catalogue.suggestions import Kind, Suggestion
from diptych.core.web.values import segment
from diptych.core.web.wording import count, text

Field = Literal["search", "author", "publisher", "series", "tag"]
"""Where it is typed: into the search box, or into the field of a name."""

KINDS: Mapping[Field, tuple[Kind, ...]] = {
    "search": ("book", "author", "tag"),
    "author": ("author",),
    "publisher": ("publisher",),
    "series": ("series",),
    "tag": ("tag",),
}
"""What is offered in a field."""

SHOWN = 8
"""Suggestions that are shown, at most."""


class Offered(Struct, frozen=True, omit_defaults=True):
    """A suggestion as the script shows it. href: of its page, from that of the suggestions; of the search box only."""

    name: str
    about: str = ""
    href: str = ""


class Answer(Struct, frozen=True):
    """The suggestions. said: for those who hear the page."""

    said: str
    items: Sequence[Offered]


def answer(field: Field, found: Sequence[Suggestion]) -> Answer:
    """Return the answer to what was typed into a field."""
    shown = found[:SHOWN]
    if field == "search" and len(found) > SHOWN:
        kinds = [[each for each in found if each.kind == kind] for kind in KINDS[field]]
        # Books first, and of each kind some.
        authors, tags = kinds[1][:3], kinds[2][:2]
        shown = [*kinds[0][: SHOWN - len(authors) - len(tags)], *authors, *tags]
    items = [
        Offered(each.name, str(text(f"suggestions.{each.kind}")), _href(each))
        if field == "search"
        else Offered(each.name)
        for each in shown
    ]
    return Answer(str(count("suggestions.said", len(items))), items)


def _href(suggestion: Suggestion) -> str:
    return f"{suggestion.kind}/{segment(suggestion.key)}"
