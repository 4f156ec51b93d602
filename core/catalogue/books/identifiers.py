"""Identifiers of books: ISBNs besides the first, and numbers that other catalogues give."""

from __future__ import annotations

import re
from collections.abc import Callable

from diptych.core.catalogue.books.isbn import isbn13
from diptych.core.engine.text_normalization import line

SCHEMES = (
    "isbn",
    "isbn_invalid",
    "issn",
    "oclc",
    "lccn",
    "olid",
    "doi",
    "asin",
    "goodreads",
    "librarything",
    "ean",
)
"""What an identifier may be: a number of ISO 2108 (isbn), one that is printed on the book and wrong (isbn_invalid), of
ISO 3297 (issn), of OCLC's WorldCat, the Library of Congress (lccn), Open Library (olid), ISO 26324 (doi), Amazon
(asin), Goodreads, LibraryThing, or an EAN-13 that is no ISBN."""

IDENTIFIER_MAX = 200
"""Characters of an identifier as it is kept, at most."""

PAIR_MAX = IDENTIFIER_MAX + 1 + max(map(len, SCHEMES))
"""Characters of "scheme:value", at most."""


def identifier_value(scheme: str, value: str) -> str:
    """Return a value of one of SCHEMES in the one form in which it is kept.

    Labels and web addresses in front are dropped. An ISBN has 13 digits; an ISSN is as 1234-567X; a number of OCLC has
    neither its prefix nor leading zeros; an LCCN is normalized as the Library of Congress says; a DOI is in lower
    case; an EAN has 13 digits. Raises ValueError with the reason.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"scheme must be one of {', '.join(SCHEMES)}")
    rule = _RULES.get(scheme)
    return _text(value) if rule is None else rule(_text(value))


PAIR_PATTERN = rf"^(?:{'|'.join(SCHEMES)}):.+$"
"""The form of parse_pair()'s texts, for JSON Schema."""


def parse_pair(text: str) -> str:
    """Return "scheme:value" with the value as it is kept. Raises ValueError with the reason."""
    scheme, colon, value = text.partition(":")
    if not colon:
        raise ValueError("is not of the form scheme:value, such as oclc:12345")
    return f"{scheme}:{identifier_value(scheme, value)}"


_text = line(IDENTIFIER_MAX)

_ISSN_LABEL = re.compile(r"\A(?:e-?)?issn[: ]*", re.IGNORECASE)
_ISSN = re.compile(r"([0-9]{4})[-\u2010-\u2015 ]?([0-9]{3}[0-9X])")
_OCLC = re.compile(r"(?:\(ocolc\)|oclc[: ]*)?\s*(?:ocm|ocn|on)?\s*0*([1-9][0-9]{0,14})", re.IGNORECASE)
_LCCN_LABEL = re.compile(r"\A(?:https?://lccn\.loc\.gov/|lccn[: ]*)", re.IGNORECASE)
_LCCN = re.compile(r"[a-z]{0,3}[0-9]{8}|[a-z]{0,2}[0-9]{10}")
_DOI_LABEL = re.compile(r"\A(?:https?://(?:dx\.|www\.)?doi\.org/|doi[: ]*)", re.IGNORECASE)
_DOI = re.compile(r"10\.[0-9]{4,9}(?:\.[0-9]+)*/\S+")
_OLID = re.compile(r"(?:(?:https?://openlibrary\.org)?/books/)?(ol[1-9][0-9]*m)", re.IGNORECASE)
_ASIN = re.compile(r"[0-9A-Z]{10}")
_EAN = re.compile(r"[0-9]{13}")


def _issn(text: str) -> str:
    match = _ISSN.fullmatch(_ISSN_LABEL.sub("", text).upper())
    if match is None:
        raise ValueError("ISSN must have 8 digits, as 1234-5679")
    digits = match[1] + match[2]
    values = [10 if char == "X" else int(char) for char in digits]
    if sum(weight * value for weight, value in zip(range(8, 0, -1), values, strict=True)) % 11:
        raise ValueError("ISSN check digit is wrong")
    return f"{match[1]}-{match[2]}"


def _oclc(text: str) -> str:
    match = _OCLC.fullmatch(text)
    if match is None:
        raise ValueError("OCLC number must be a whole number")
    return match[1]


def _lccn(text: str) -> str:
    """Normalize a Library of Congress Control Number, as https://www.loc.gov/marc/lccn-namespace.html says."""
    number = "".join(_LCCN_LABEL.sub("", text).split()).partition("/")[0].lower()
    front, hyphen, serial = number.partition("-")
    if hyphen:
        number = front + serial.rjust(6, "0")
    if not _LCCN.fullmatch(number) or (hyphen and len(serial) > 6):
        raise ValueError("LCCN must have 8 to 12 characters that end in 8 digits, as n78890351 or 2001-627090")
    return number


def _doi(text: str) -> str:
    doi = _DOI_LABEL.sub("", text).lower()
    if not _DOI.fullmatch(doi):
        raise ValueError("DOI must be of the form 10.1000/182")
    return doi


def _olid(text: str) -> str:
    match = _OLID.fullmatch(text)
    if match is None:
        raise ValueError("Open Library's identifier of an edition must be of the form OL7353617M")
    return match[1].upper()


def _asin(text: str) -> str:
    if not _ASIN.fullmatch(asin := text.upper()):
        raise ValueError("ASIN must have 10 letters and digits")
    return asin


def _ean(text: str) -> str:
    digits = re.sub("[- ]", "", text).rjust(13, "0")
    if not _EAN.fullmatch(digits) or len(text) < 12:
        raise ValueError("EAN must have 13 digits")
    if -sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits[:12])) % 10 != int(digits[12]):
        raise ValueError("EAN check digit is wrong")
    if digits.startswith(("978", "979")) and not digits.startswith("9790"):
        raise ValueError("EAN is an ISBN")
    return digits


_RULES: dict[str, Callable[[str], str]] = {
    "isbn": isbn13,
    "issn": _issn,
    "oclc": _oclc,
    "lccn": _lccn,
    "doi": _doi,
    "olid": _olid,
    "asin": _asin,
    "ean": _ean,
}
