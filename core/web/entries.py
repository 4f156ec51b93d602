"""Lists of what is managed: jobs, files, accounts, tokens, sessions, events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from diptych.core.engine.schemas.pagination import Page, PageQuery
from diptych.core.web import templates
from diptych.core.web.books import Link
from diptych.core.web.frame import Frame
from diptych.core.web.lists import Pager, pager_of, pairs_of
from diptych.core.web.wording import text


class Action(Struct, frozen=True):
    """A button.

    address: that its form is sent to, from the root of the mount. about: what it is for, to be heard after the label,
    which other buttons of a list have too.
    """

    label: str
    address: str
    about: str = ""


class Entry(Struct, frozen=True):
    """A line of a list.

    href: from the root of the mount; empty for none. state: what it is now. facts: under it. links: to what can be done
    with it; the note of one is heard after its name.
    """

    title: str
    href: str = ""
    state: str = ""
    facts: Sequence[str] = ()
    actions: Sequence[Action] = ()
    links: Sequence[Link] = ()


class EntryList(Struct, frozen=True):
    """The page of a list.

    links: to what belongs to it. tabs: what it can be narrowed to, each with its address, empty for the present one.
    """

    heading: str
    entries: Sequence[Entry]
    empty: str
    about: str = ""
    links: Sequence[Link] = ()
    tabs: Sequence[Link] = ()
    pager: Pager = Pager("", "", "")


def entry_list_page(frame: Frame, listing: EntryList) -> bytes:
    """Return the page of a list."""
    return templates.render("listing.html", frame, listing=listing)


def pager(address: str, query: PageQuery, page: Page[Any]) -> Pager:
    """Return the way to other pages of a list at an address, which was asked for by a query."""
    return pager_of(address, pairs_of(query), page)


def tabs_of(
    address: str,
    parameter: str,
    values: Iterable[tuple[Sequence[str], str]],
    chosen: Sequence[str],
    kept: Sequence[tuple[str, str]] = (),
) -> list[Link]:
    """Return what a list can be narrowed to by a parameter.

    values: of the parameter, with the label of these. chosen: the present ones; none for all. kept: other parameters.
    """
    found = []
    for given, label in [((), text("listing.all")), *values]:
        asked = urlencode([*kept, *((parameter, each) for each in given)])
        found.append(Link(label, "" if tuple(given) == tuple(chosen) else f"{address}?{asked}" if asked else address))
    return found


def present(facts: Iterable[str]) -> list[str]:
    """Return the facts that are there."""
    return [fact for fact in facts if fact]
