"""People, bodies and meetings: fields 100 to 111, 700 to 711, and 720."""

from __future__ import annotations

import re

from diptych.core.formats.marc.punctuation import Trim
from diptych.core.formats.marc.record import Field, MarcRecord
from diptych.core.formats.marc.relators import role_of_code, role_of_term
from diptych.core.formats.record import RawContributor

MAIN = ("100", "110", "111")
ADDED = ("700", "710", "711", "720")

READING_NAME = "Name: "
"""What $g (miscellaneous information) begins with where the reading order does not follow from $a."""

DATES_MAX = 100
"""Characters of $d that are understood, at most."""

_KINDS = {"00": "person", "10": "body", "11": "meeting"}
_SURNAME_FIRST = "1"
_FORMS_OF_PERSONS = ("0", _SURNAME_FIRST, "3")

_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\b\.?", re.IGNORECASE)
_YEAR = r"(?P<{}>[0-9]{{1,4}}(?: B\.? ?C\.?(?: ?E\.?)?)?)(?: A\.? ?D\.?)?"
# RDA may give a month and a day behind the year.
_DAY = r"(?:,? \w+\.?(?: [0-9]{1,2})?)?"
_FROM_TO = re.compile(
    rf"(?:{_YEAR.format('birth')}{_DAY}|(?P<unsure_birth>[^-]*))\s*-\s*(?:{_YEAR.format('death')}{_DAY}|(?P<unsure_death>.*))"
)
_BORN = re.compile(rf"(?:b\.|born)\s*{_YEAR.format('birth')}{_DAY}", re.IGNORECASE)
_DIED = re.compile(rf"(?:d\.|died)\s*{_YEAR.format('death')}{_DAY}", re.IGNORECASE)


def contributors(record: MarcRecord, trim: Trim) -> tuple[list[RawContributor], list[str]]:
    """Return the contributors, those of main entries first, and what was not understood of them.

    An added entry that has no relator says nothing about the role: it is "other". Added entries with a title ($t) are
    of works, and are not taken.
    """
    found: list[RawContributor] = []
    unread: list[str] = []
    for field in record.tagged(*MAIN):
        found += _of_field(field, "author", trim, unread)
    for field in record.tagged(*ADDED):
        if field.first("t") is not None:
            unread.append(f"{field.tag} with $t")
        else:
            found += _of_field(field, "other", trim, unread)
    return found, unread


def _of_field(field: Field, default: str, trim: Trim, unread: list[str]) -> list[RawContributor]:
    """Return a contributor for each of the roles that a field gives; what is not understood is added to unread."""
    if field.first("a") is None:
        unread.append(f"{field.tag} without $a")
        return []
    name, sort_name = names_of(field, trim)
    kind = _kind(field)
    birth, death = _dates(field, unread) if kind in ("person", None) else (None, None)
    return [
        RawContributor(name=name, sort_name=sort_name, role=role, kind=kind, birth=birth, death=death)
        for role in _roles(field, default, unread)
    ]


def _kind(field: Field) -> str | None:
    """Return the kind; None for an uncontrolled name (720), or one whose first indicator has none of its values."""
    if field.tag == "720":
        return "person" if field.indicators[0] == _SURNAME_FIRST else None
    kind = _KINDS[field.tag[1:]]
    return None if kind == "person" and field.indicators[0] not in _FORMS_OF_PERSONS else kind


def _roles(field: Field, default: str, unread: list[str]) -> list[str]:
    """Return the roles: $4 before $e, in meetings $j; `default` where there is neither."""
    codes = field.all("4")
    terms = [] if codes else field.all("j" if field.tag.endswith("11") else "e")
    if not codes and not terms:
        return [default]
    roles: dict[str, None] = {}
    for text, role in [(code, role_of_code(code)) for code in codes] + [(term, role_of_term(term)) for term in terms]:
        if role is None:
            unread.append(f"{field.tag} {'$4' if codes else '$e'} {text.strip(' .,')}")
        roles[role or "other"] = None
    return list(roles)


def names_of(field: Field, trim: Trim) -> tuple[str | None, str | None]:
    """Return the name in reading order, and in filing form where that differs; see RawContributor.

    The name is None where the field does not say which part is which.
    """
    name, sort_name = _names(field, trim)
    for information in field.all("g"):
        if information.startswith(READING_NAME):
            name, sort_name = information.removeprefix(READING_NAME), sort_name or name
    return name, None if sort_name == name else sort_name


def _names(field: Field, trim: Trim) -> tuple[str | None, str | None]:
    kind = _kind(field)
    entry = trim(field.first("a") or "")
    if kind == "meeting":
        return _meeting(field, entry, trim), None
    if kind == "body":
        return _body(field, entry, trim), None
    if kind is None or field.tag == "720":
        return (None, entry) if "," in entry else (entry, None)
    return _person(field, entry, trim)


def _person(field: Field, entry: str, trim: Trim) -> tuple[str | None, str | None]:
    """Return both names of a person (X00): $a with its numeration $b and its words $c ("Jr.", "Pope")."""
    entry = " ".join([entry, *map(trim, field.all("b"))])
    words = [trim(text) for text in field.all("c")]
    sort_name = ", ".join([entry, *words])
    if field.indicators[0] != _SURNAME_FIRST:
        return entry, sort_name
    family, comma, given = entry.partition(",")
    if not comma:
        return entry, sort_name
    given = given.strip()
    if "," in given or not given or not family.strip():
        return None, sort_name
    suffix = next((word for word in words if _SUFFIX.fullmatch(word)), None)
    name = f"{given} {family.strip()}"
    return (f"{name}, {suffix}" if suffix else name), sort_name


def _body(field: Field, entry: str, trim: Trim) -> str:
    """Return the name of a body (X10); its units ($b) follow, each after a full stop."""
    return _with_units(entry, [trim(text) for text in field.all("b")])


def _with_units(entry: str, units: list[str]) -> str:
    return ". ".join(part.removesuffix(".") for part in [entry, *units]) if units else entry


def _meeting(field: Field, entry: str, trim: Trim) -> str:
    """Return the name of a meeting (X11) with its number, date and place, as "Congress (2nd : 1999 : Paris)"."""
    entry = _with_units(entry, [trim(text) for text in field.all("eq")])
    details = [without for text in field.all("ndc") if (without := trim(text).strip("() :"))]
    return f"{entry} ({' : '.join(details)})" if details else entry


def _dates(field: Field, unread: list[str]) -> tuple[str | None, str | None]:
    """Return the years of birth and death that $d gives for certain: none of "active 1630" or "approximately 1612"."""
    dates = field.first("d")
    if dates is None:
        return None, None
    text = re.sub("[\u2010-\u2015]", "-", dates).strip().rstrip(".,; ")
    # Matching takes time quadratic in the length.
    for form in (_FROM_TO, _BORN, _DIED) if len(text) <= DATES_MAX else ():
        match = form.fullmatch(text)
        if match is None:
            continue
        parts = match.groupdict()
        if (parts.get("unsure_birth") or "").strip() or (parts.get("unsure_death") or "").strip():
            unread.append(f"{field.tag} $d that is not certain")
        if re.match("active|fl", text):
            return None, None
        return _of_one_era(parts.get("birth"), parts.get("death"), text)
    unread.append(f"{field.tag} $d that is not certain")
    return None, None


def _of_one_era(birth: str | None, death: str | None, dates: str) -> tuple[str | None, str | None]:
    """Return the years; "384-322 B.C." says of both that they are before our era."""
    if birth and death and "B" in death and "B" not in birth and "A" not in dates:
        return f"{birth} B.C.", death
    return birth, death
