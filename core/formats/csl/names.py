"""Names and dates of CSL-JSON (CSL 1.0.2, "Names" and "Dates")."""

from __future__ import annotations

from typing import Any

from diptych.core.formats.record import Contributor, RawContributor
from diptych.core.formats.text import one_line


def contributor(value: Any, role: str) -> RawContributor | None:
    """Return the contributor of a name object, or None if it has no name. A literal name is of a body."""
    if not isinstance(value, dict):
        return None
    parts = {key: one_line(part) for key, part in value.items() if isinstance(part, str) and part.strip()}
    if "literal" in parts:
        return RawContributor(name=parts["literal"], role=role, kind="body")
    family = _joined(" ", parts.get("non-dropping-particle"), parts.get("family"))
    given = _joined(" ", parts.get("given"), parts.get("dropping-particle"))
    reading = _joined(", ", _joined(" ", given, family), parts.get("suffix"))
    if not reading:
        return None
    sort_name = _joined(", ", family, given, parts.get("suffix")) if family and given else None
    return RawContributor(name=reading, sort_name=sort_name, role=role)


def written(one: Contributor) -> dict[str, str]:
    """Return a name object that `contributor` reads back, but for the kind "person"."""
    name = one_line(one.name)
    if one.kind in {"body", "meeting"}:
        return {"literal": name}
    if one.sort_name:
        keys = ("family", "given", "suffix")
        parts = dict(zip(keys, (part.strip() for part in one.sort_name.split(",", 2)), strict=False))
        back = contributor(parts, one.role)
        if back is not None and back.name == name and back.sort_name == one_line(one.sort_name):
            return parts
    return {"family": name}


def date(value: Any) -> tuple[str | None, list[str]]:
    """Return a date as text, and what of it is not taken: a season, and that it is not certain."""
    if not isinstance(value, dict):
        return (str(value) if isinstance(value, str | int) else None), []
    told = [part for part in ("season", "circa") if value.get(part)]
    parts = value.get("date-parts")
    if isinstance(parts, list) and parts:
        dates = [text for one in parts[:2] if isinstance(one, list) and (text := _of_parts(one))]
        if dates:
            return "/".join(dates), told
    for name in ("raw", "literal"):
        if isinstance(value.get(name), str) and value[name].strip():
            return one_line(value[name]), told
    return None, told


def date_parts(text: str) -> dict[str, Any]:
    """Return the object of an EDTF level 0 date or interval."""
    parts = []
    for one in text.split("/"):
        year, *rest = one.lstrip("-").split("-")
        parts.append([int(year) * (-1 if one.startswith("-") else 1), *map(int, rest)])
    return {"date-parts": parts}


def _of_parts(parts: list[Any]) -> str | None:
    """Return [2005, 3, 1] as 2005-03-01; None if the year is no number. Each part may be a text."""
    try:
        numbers = [int(part) for part in parts[:3] if part not in (None, "")]
    except (TypeError, ValueError):
        return None
    if not numbers:
        return None
    sign = "-" if numbers[0] < 0 else ""
    return "-".join([f"{sign}{abs(numbers[0]):04}", *(f"{part:02}" for part in numbers[1:])])


def _joined(separator: str, *parts: str | None) -> str:
    return separator.join(filter(None, parts))
