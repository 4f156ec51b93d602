"""International Standard Book Numbers (ISO 2108), kept as 13 digits."""

import re
from functools import lru_cache

_LABEL = re.compile(r"\Aisbn(?:[- ]?1[03](?=[: ]))?[: ]*", re.ASCII | re.IGNORECASE)
# Spaces, hyphens and the dashes that word processors put in their place.
_SEPARATORS = re.compile("[-\\s\u00ad\u2010-\u2015\u2212\ufe58\ufe63\uff0d]+")
# The same for JSON Schema, in the usual spellings; a pattern cannot verify the check digit.
PATTERN = (
    r"^(?:[Ii][Ss][Bb][Nn](?:[- ]?1[03])?:? )?"
    r"(?:(?:[0-9][- ]?){9}[0-9Xx]|9[- ]?7[- ]?[89][- ]?(?:[0-9][- ]?){9}[0-9])$"
)
RAW_LENGTH = 100
"""Characters of an ISBN as it came, at most."""

_TEN = re.compile(r"[0-9]{9}[0-9X]")
_THIRTEEN = re.compile(r"[0-9]{13}")


@lru_cache(maxsize=2048)
def isbn13(text: str) -> str:
    """Return the 13 ASCII digits of an ISBN-10 or ISBN-13.

    Spaces, hyphens, an "ISBN", "ISBN-13:" or "ISBN-10:" in front and a lower-case check digit x are
    taken. Raises ValueError with the reason; a nine-digit SBN is refused.
    """
    if len(text) > RAW_LENGTH:
        raise ValueError("ISBN must have 10 or 13 digits")
    number = _SEPARATORS.sub("", _LABEL.sub("", text.strip())).replace("x", "X")
    if _TEN.fullmatch(number):
        if not _ten_holds(number):
            raise ValueError("ISBN check digit is wrong")
        return _with_check_digit("978" + number[:9])
    if not _THIRTEEN.fullmatch(number):
        raise ValueError("ISBN must have 10 or 13 digits")
    if not number.startswith(("978", "979")):
        raise ValueError("ISBN of 13 digits must begin with 978 or 979")
    if _with_check_digit(number[:12]) != number:
        raise ValueError("ISBN check digit is wrong")
    return number


def _ten_holds(number: str) -> bool:
    """Check ten characters: their sum, weighted 10 to 1, is a multiple of 11 (X is 10)."""
    values = [10 if char == "X" else int(char) for char in number]
    return sum(weight * value for weight, value in zip(range(10, 0, -1), values, strict=True)) % 11 == 0


def _with_check_digit(first12: str) -> str:
    """Append the EAN-13 check digit to twelve digits (weights 1 and 3 by turns, modulo 10)."""
    digits = list(map(int, first12))
    total = sum(digits[::2]) + 3 * sum(digits[1::2])
    return first12 + str(-total % 10)
