"""Tags: subjects and genres of fields 600 to 655."""

from __future__ import annotations

from diptych.core.formats.marc.punctuation import Trim
from diptych.core.formats.marc.record import Field, MarcRecord

SUBJECTS = ("600", "610", "611", "630", "647", "648", "650", "651", "655")
UNCONTROLLED = "653"

SCHEMES = {"0": "lcsh", "1": "lcshac", "2": "mesh", "3": "nal", "5": "cash", "6": "rvm"}
"""The thesaurus by the second indicator; 4 is of none that is said, 7 as $2 says."""

_NOT_CONTENT = frozenset("0123456789euw")  # links, institutions, relators, addresses
_SUBDIVISIONS = frozenset("vxyz")


def tags(record: MarcRecord, trim: Trim) -> list[tuple[str, str | None]]:
    """Return the names of subjects, subdivisions after "--" as catalogues show them, with the thesaurus of each."""
    found: list[tuple[str, str | None]] = []
    for field in record.tagged(*SUBJECTS, UNCONTROLLED):
        if field.tag == UNCONTROLLED:
            found += [(trim(text), None) for text in field.all("a")]
        else:
            found.append((_heading(field, trim), _scheme(field)))
    return [pair for pair in dict.fromkeys(found) if pair[0]]


def _scheme(field: Field) -> str | None:
    indicator = field.indicators[1]
    if indicator == "7":
        source = field.first("2")
        return None if source is None else source.strip()
    return SCHEMES.get(indicator)


def _heading(field: Field, trim: Trim) -> str:
    main: list[str] = []
    subdivisions: list[str] = []
    for code, value in field.subfields:
        if code in _NOT_CONTENT or not value.strip():
            continue
        (subdivisions if code in _SUBDIVISIONS else main).append(value.strip())
    return "--".join(trim(part) for part in [" ".join(main), *subdivisions] if part)
