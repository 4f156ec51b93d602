"""Writing of contributors as main and added entries, so that names.py reads the same of them."""

from __future__ import annotations

from diptych.core.formats.marc.names import READING_NAME, names_of
from diptych.core.formats.marc.record import Field
from diptych.core.formats.marc.relators import CODES
from diptych.core.formats.record import Contributor
from diptych.core.formats.values.names import reading_order

_TYPES = {"person": "00", "body": "10", "meeting": "11", None: "00"}
_IN_DIRECT_ORDER = {"person": "0 ", "body": "2 ", "meeting": "2 ", None: "  "}
_SURNAME_FIRST = "1 "


def entries(contributors: tuple[Contributor, ...]) -> list[Field]:
    """Return a field for each: the first is the main entry if it is an author, all others are added entries."""
    return [
        _entry("1" if place == 0 and person.role == "author" else "7", person)
        for place, person in enumerate(contributors)
    ]


def _entry(block: str, person: Contributor) -> Field:
    tag = block + _TYPES[person.kind]
    indicators, subfields = _heading(tag, person)
    if dates := _dates(person):
        subfields.append(("d", dates))
    return Field(tag, indicators, [*subfields, ("4", CODES[person.role])])


def _heading(tag: str, person: Contributor) -> tuple[str, list[tuple[str, str]]]:
    """Return indicators and subfields of which the reader makes the same names.

    Where none of the usual forms does, as for "Mao, Zedong", $g has the name in reading order.
    """
    for indicators, subfields in _forms(person):
        name, sort_name = names_of(Field(tag, indicators, subfields), str.strip)
        if name is None and sort_name is not None:
            name = reading_order(sort_name)
        if (name, sort_name or name) == (person.name, person.sort_name or person.name):
            return indicators, subfields
    indicators, subfields = _forms(person)[0]
    return indicators, [*subfields, ("g", READING_NAME + person.name)]


def _forms(person: Contributor) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the indicators and subfields in which a name is usually given."""
    direct = _IN_DIRECT_ORDER[person.kind]
    if person.sort_name is None:
        return [(direct, [("a", person.name)])]
    inverted = _SURNAME_FIRST if person.kind == "person" else direct
    forms = [(inverted, [("a", person.sort_name)])]
    before, comma, last = person.sort_name.rpartition(", ")
    if person.kind == "person" and comma:
        forms.append((_SURNAME_FIRST, [("a", before), ("c", last)]))
    return forms


def _dates(person: Contributor) -> str | None:
    """Return the years of a person, as "1812-1870", "1964-", "-1870" or "384 B.C.-322 B.C."."""
    if (person.birth_year is None and person.death_year is None) or person.kind not in ("person", None):
        return None
    birth, death = person.birth_year, person.death_year
    # "1-1 B.C." would say of both that they are before our era.
    era = " A.D." if birth is not None and death is not None and birth > 0 > death else ""
    return f"{_year(birth)}{era}-{_year(death)}"


def _year(year: int | None) -> str:
    if year is None:
        return ""
    return str(year) if year > 0 else f"{-year} B.C."
