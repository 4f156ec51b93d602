"""ISBNs as cells, subfields and elements have them: several at once, with qualifiers, damaged by spreadsheets."""

from __future__ import annotations

import re
from functools import lru_cache

from diptych.core.catalogue.books.isbn import isbn13
from diptych.core.formats.values.texts import is_nothing

_EXCEL_TEXT = re.compile(r'="?([^"]*)"?')
_WHOLE_FLOAT = re.compile(r"([0-9]+)[.,]0*")
_SCIENTIFIC = re.compile(r"([0-9])[.,]?([0-9]*)[eE]\+?([0-9]{1,2})")
# An ISBN-10 without its leading zeros. Shorter numbers are those that libraries give to their copies.
_SHORT_TEN = re.compile(r"[0-9]{6,8}[0-9Xx]")
_QUALIFIER = re.compile(r"\([^)]*\)|(?:[$\u00a3\u20ac]|\b(?:EUR|USD|GBP|DM|Rs\.?)) ?[0-9.,]+|[0-9]+[.,][0-9]{2}\b")
_CANDIDATE = re.compile(r"(?<![0-9A-Za-z])(?:97[89][- ]?)?(?:[0-9][- \u2010-\u2015]?){9}[0-9Xx](?![0-9A-Za-z])")
_ISMN = re.compile(r"979[- ]?0")


@lru_cache(maxsize=4096)
def isbns(text: str) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Return the ISBNs in a text, of 13 digits each, once and in their order; and what is none, with the reason.

    Undone is what spreadsheets do: ="...", an apostrophe in front, a float's ".0" or exponent if it still has all
    digits, and lost leading zeros when the check digit then holds. A text that says nothing has neither.
    """
    if is_nothing(text):
        return (), ()
    try:
        number = _whole_number(_unwrapped(text))
    except ValueError as error:
        return (), ((text, str(error)),)
    if is_nothing(number):
        return (), ()
    try:
        return (_checked(_with_zeros(number)),), ()
    except ValueError as error:
        candidates = _candidates(number)
        if not candidates:
            return (), ((text, str(error)),)
    return _sorted_out(candidates)


def _sorted_out(candidates: list[str]) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    found, problems = [], []
    for candidate in candidates:
        try:
            found.append(_checked(candidate))
        except ValueError as error:
            problems.append((candidate, str(error)))
    return tuple(dict.fromkeys(found)), tuple(problems)


def _unwrapped(text: str) -> str:
    text = text.strip().strip("'\u2019\"")
    if match := _EXCEL_TEXT.fullmatch(text):
        text = match[1]
    return text.strip("[]<> \t")


def _with_zeros(number: str) -> str:
    return number.rjust(10, "0") if _SHORT_TEN.fullmatch(number) else number


def lost_digits(text: str) -> bool:
    """Return whether a text is an ISBN that a spreadsheet has turned into a float, without its last digits."""
    text = text.strip()
    if not (_WHOLE_FLOAT.fullmatch(text) or _SCIENTIFIC.fullmatch(text)):
        return False
    return not isbns(text)[0]


def _candidates(text: str) -> list[str]:
    """Return what looks like an ISBN in a text, without qualifiers and prices; nothing if that is the whole text."""
    bare = _QUALIFIER.sub(" ", text).strip()
    found: list[str] = _CANDIDATE.findall(bare)
    if not found and _SHORT_TEN.fullmatch(bare) and bare != text:
        return [_with_zeros(bare)]
    return [] if found == [text] else found


def _checked(text: str) -> str:
    if _ISMN.match(text):
        raise ValueError("it is the number of printed music (ISMN)")
    number = isbn13(text)
    if number == "9780000000002":
        raise ValueError("it is only zeros")
    return number


def _whole_number(text: str) -> str:
    """Return the digits of a float's text, other text as it is; raise ValueError when digits were lost."""
    if match := _WHOLE_FLOAT.fullmatch(text):
        return match[1]
    if match := _SCIENTIFIC.fullmatch(text):
        if len(match[2]) != int(match[3]):
            raise ValueError("a spreadsheet has cut off its last digits")
        return match[1] + match[2]
    return text
