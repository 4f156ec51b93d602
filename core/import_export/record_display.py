"""A record as people read it, before it is stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import asdict

from diptych.core.formats.record import BookRecord, Contributor, Identifier, SeriesPosition, TagName

_SHOWN = 200  # characters


def display(record: BookRecord, place: str) -> Iterator[str]:
    """Yield the lines that show a record with every field that it has; place: what its number counts ("line")."""
    yield f"{place} {record.line:,}"
    for name, value in asdict(record).items():
        if name in ("line", "further") or value in (None, ()):
            continue
        yield f"  {name.replace('_', ' ')}: {_shown(value)}"
    for name, value in record.further.items():
        if value is not None:
            yield f"  {name.replace('_', ' ')}: {value}"


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return "; ".join(map(_one, value))
    line = " ".join(str(value).split())
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"


def _one(item: Contributor | Identifier | SeriesPosition | TagName) -> str:
    match item:
        case Contributor():
            return _person(item)
        case Identifier():
            return f"{item.scheme} {item.value}"
        case SeriesPosition():
            return item.name if item.position is None else f"{item.name} ({item.position})"
        case TagName():
            return item.name if item.scheme is None else f"{item.name} [{item.scheme}]"


def _person(person: Contributor) -> str:
    told = [person.role, *([person.kind] if person.kind else [])]
    if person.sort_name is not None:
        told.append(f"sorted as {person.sort_name!r}")
    if person.birth_year is not None or person.death_year is not None:
        told.append(f"{_year(person.birth_year)}-{_year(person.death_year)}")
    return f"{person.name} ({', '.join(told)})"


def _year(year: int | None) -> str:
    return "" if year is None else str(year)
