"""Identifiers: fields 010, 020, 022, 024 and 035; and the number of the record itself, 001 with 003."""

from __future__ import annotations

import re

from diptych.core.formats.marc.record import Field, MarcRecord

SOURCES = ("doi", "asin", "olid", "goodreads", "librarything")
"""Schemes of the model that $2 of field 024 names."""

_SCHEMES = {"010": "lccn", "020": "isbn", "022": "issn", "035": "oclc"}
TAGS = (*_SCHEMES, "024")

_EAN = "3"
_AS_SUBFIELD_2_SAYS = "7"
_OCLC = re.compile(r"\s*\(OCoLC\)\s*(?:ocm|ocn|on)?0*+([0-9]+)\s*", re.IGNORECASE)


def identifiers(record: MarcRecord) -> tuple[list[tuple[str, str]], list[str]]:
    """Return pairs of a scheme and a value, in their order, and the tags of fields with numbers of other schemes."""
    found: list[tuple[str, str]] = []
    unread: list[str] = []
    for field in record.tagged(*TAGS):
        scheme = _SCHEMES[field.tag] if field.tag in _SCHEMES else _scheme(field)
        if scheme is None:
            unread.append(field.tag)
        elif scheme == "oclc":
            matches = [(value, _OCLC.fullmatch(value)) for value in field.all("a")]
            found += [("oclc", match[1]) for _, match in matches if match]
            unread += [field.tag for _, match in matches if match is None]
        else:
            found += [(scheme, value.strip()) for value in field.all("a")]
        if scheme == "isbn":
            found += [("isbn_invalid", value.strip()) for value in field.all("z")]
    return list(dict.fromkeys(found)), unread


def _scheme(field: Field) -> str | None:
    if field.indicators[0] == _EAN:
        return "ean"
    source = (field.first("2") or "").strip().lower()
    return source if field.indicators[0] == _AS_SUBFIELD_2_SAYS and source in SOURCES else None


def record_id(record: MarcRecord) -> str | None:
    """Return the control number after the organization that assigned it: "(DLC)00282214"."""
    number = record.control.get("001", "").strip()
    organization = record.control.get("003", "").strip()
    if not number:
        return None
    return f"({organization}){number}" if organization else number
