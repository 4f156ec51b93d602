"""Contributors of ONIX: group P.7 in 3.0, P.8 in 2.1."""

from __future__ import annotations

from collections.abc import Iterator

from diptych.core.formats.onix.dates import date_of
from diptych.core.formats.onix.elements import Node
from diptych.core.formats.onix.titles import place
from diptych.core.formats.record import RawContributor

_ROLES = {
    code: role
    for role, codes in {
        # Those who made the text, the music or the pictures that the work is.
        "author": "A01 A02 A03 A04 A05 A06 A07 A08 A09 A14 A31 A45 A99",
        "editor": "B01 B10 B11 B12 B13 B16 B19 B21 B24 B26 B29 B31",
        "translator": "B06 B08",
        "illustrator": "A12 A35",
        "narrator": "E03 E07",
        "foreword": "A15 A19 A23 A24 A29",
        "compiler": "C01 C02 C99",
    }.items()
    for code in codes.split()
}
"""Roles by codes of list 17; all others are "other"."""
_TWO_ROLES = {"B10": "translator"}  # edited and translated by
# List 177 in 3.0, list 75 in 2.1.
_BIRTH, _DEATH = ("50", "007"), ("51", "008")


def contributors(book: Node, unread: list[str]) -> Iterator[RawContributor]:
    """Yield the contributors in their order, each once for each role; add contributors without a name to `unread`."""
    for node in sorted(book.all("Contributor"), key=place):
        name, sort_name, kind = _names(node)
        if name is None and sort_name is None:
            unread.append("Contributor (unnamed)")
            continue
        birth, death = (_date(node, roles, unread) for roles in (_BIRTH, _DEATH))
        for role in _roles(node):
            yield RawContributor(name=name, sort_name=sort_name, role=role, kind=kind, birth=birth, death=death)


def _roles(node: Node) -> list[str]:
    codes = node.texts("ContributorRole")
    roles = [role for code in codes for role in (_ROLES.get(code, "other"), _TWO_ROLES.get(code)) if role is not None]
    return list(dict.fromkeys(roles)) or ["other"]


def _names(node: Node) -> tuple[str | None, str | None, str | None]:
    """Return name in reading order, name as it is filed, and kind."""
    name, filed = node.text("PersonName") or _in_reading_order(node), node.text("PersonNameInverted") or _filed(node)
    if name is not None or filed is not None:
        return name, filed, "person"
    return node.text("CorporateName"), node.text("CorporateNameInverted"), "body"


def _in_reading_order(node: Node) -> str | None:
    parts = ("NamesBeforeKey", "PrefixToKey", "KeyNames", "NamesAfterKey", "SuffixToKey")
    texts = [text for part in parts if (text := node.text(part)) is not None]
    return " ".join(texts) if node.text("KeyNames") is not None else None


def _filed(node: Node) -> str | None:
    """Return "Beethoven, Ludwig van" of the parts of a name, None of one that has nothing to invert."""
    key, before = node.text("KeyNames"), node.text("NamesBeforeKey")
    if key is None or before is None:
        return None
    after, prefix, suffix = (node.text(part) for part in ("NamesAfterKey", "PrefixToKey", "SuffixToKey"))
    surname = key if after is None else f"{key} {after}"
    given = before if prefix is None else f"{before} {prefix}"
    return ", ".join(part for part in (surname, given, suffix) if part is not None)


def _date(node: Node, roles: tuple[str, ...], unread: list[str]) -> str | None:
    for date in (*node.all("ContributorDate"), *node.all("PersonDate")):
        if (date.text("ContributorDateRole") or date.text("PersonDateRole")) in roles:
            try:
                return date_of(date)
            except ValueError as error:
                unread.append(f"a contributor's date {error}")
    return None
