"""Languages: 008/35-37 and field 041."""

from __future__ import annotations

from diptych.core.catalogue.books.language import language_tag
from diptych.core.formats.marc.record import Field, MarcRecord

TAGS = "rfc5646"
"""What $2 of field 041 calls tags of BCP 47 (https://www.loc.gov/standards/sourcelist/language.html)."""

_UNSAID = frozenset(["", "und", "zxx", "mul", "mis", "|||", "n/a"])


def languages(record: MarcRecord) -> tuple[list[str], list[str]]:
    """Return the languages of the text, its main one first, and those of the original.

    Tags of BCP 47 come first: they say more than codes.
    """
    fields = record.tagged("041")
    tags = [field for field in fields if (field.first("2") or "").strip().startswith("rfc")]
    coded = [field for field in fields if field.indicators[1] != "7"]
    fixed = record.control.get("008", "")[35:38]
    own = _of(tags, "a")
    originals = _of(tags, "h")
    codes = [fixed, *_of(coded, "a")]
    return _said([*own, *_beyond(own, codes)]), _said([*originals, *_beyond(originals, _of(coded, "h"))])


def _beyond(tags: list[str], codes: list[str]) -> list[str]:
    """Return the codes of other languages than the tags are of: "eng" says nothing beside "en-GB"."""
    if not tags:
        return codes
    languages = {tag.partition("-")[0] for tag in tags}
    return [code for code in codes if _tag(code) not in languages]


def _tag(code: str) -> str:
    """Return the tag of a code, or what is no code as it is."""
    try:
        return language_tag(code)
    except ValueError:
        return code


def _of(fields: list[Field], code: str) -> list[str]:
    return [language for field in fields for value in field.all(code) for language in _unpacked(value.strip())]


def _unpacked(value: str) -> list[str]:
    """Return the codes of "engfre", as they were written until 2002."""
    if len(value) > 3 and len(value) % 3 == 0 and value.isascii() and value.isalpha():
        return [value[start : start + 3] for start in range(0, len(value), 3)]
    return [value]


def _said(codes: list[str]) -> list[str]:
    return [code for code in dict.fromkeys(code.strip(" .()[]") for code in codes) if code.lower() not in _UNSAID]
