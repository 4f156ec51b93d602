"""The format of a book: type of record, form of item, carrier, and qualifiers of its ISBNs."""

from __future__ import annotations

import re

from diptych.core.formats.marc.record import MarcRecord

_TEXT = "at"
_SPOKEN, _COMPUTER_FILE = "i", "m"
_ELECTRONIC = "oqs"
_MICROFORM_OR_BRAILLE = "abcf"

ONLINE, UNMEDIATED_OTHER = "cr", "nz"
"""Codes of carriers in 338 $b (https://www.loc.gov/standards/valuelist/rdacarrier.html)."""

_BINDINGS = {
    word: binding
    for binding, words in {
        "hardcover": "hardcover hardback hbk hardbound hb cloth gebunden",
        "paperback": "paperback pbk softcover pb broschiert",
        "ebook": "ebook e-book epub pdf electronic",
    }.items()
    for word in words.split()
}
_WORD = re.compile(r"[^\W\d_][\w-]*")
_PARENTHESES = re.compile(r"\(([^()]*)\)")

BOOKS = frozenset("acdefgijkmoprt")
"""Types of record (leader/06) that describe something; others are of authorities, holdings, or classifications."""


def book_format(record: MarcRecord) -> str | None:
    """Return the format that the record gives; None for a printed text of which it does not say how it is bound."""
    type_of_record = record.leader[6:7]
    carriers = {code.strip() for field in record.tagged("338") for code in field.all("b")}
    if type_of_record == _SPOKEN:
        return "audiobook"
    form = record.control.get("008", "")[23:24]
    if ONLINE in carriers or (type_of_record in _TEXT and form and form in _ELECTRONIC):
        return "ebook"
    if UNMEDIATED_OTHER in carriers or (type_of_record in _TEXT and form and form in _MICROFORM_OR_BRAILLE):
        return "other"
    if type_of_record not in _TEXT and type_of_record in BOOKS and type_of_record != _COMPUTER_FILE:
        return "other"
    return _binding(record)


def _binding(record: MarcRecord) -> str | None:
    """Return the binding if all ISBNs are said to be of the same."""
    found = {_binding_of(field.all("aq")) for field in record.tagged("020") if field.all("aq")}
    return found.pop() if len(found) == 1 else None


def _binding_of(texts: list[str]) -> str | None:
    qualifiers = [part for text in texts[:1] for part in _PARENTHESES.findall(text)] + texts[1:]
    if len(texts) == 1 and not qualifiers and not texts[0][:1].isdigit():
        qualifiers = texts
    words = [word.lower() for qualifier in qualifiers for word in _WORD.findall(qualifier)]
    return next((_BINDINGS[word] for word in words if word in _BINDINGS), None)
