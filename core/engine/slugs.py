"""Slugs: the readable last part of a row's address, in any script."""

import unicodedata
import uuid
from collections.abc import Collection, Iterator, Sequence

from uuid_utils.compat import uuid7

from diptych.core.engine.text_normalization import bounded, clean, fold

SLUG_LENGTH = 100  # characters, suffix included
TOKEN_LENGTH = 8  # characters, of 5 bits each

_ROOM = SLUG_LENGTH - TOKEN_LENGTH - 1  # what a slug may take so that "-" and a token still fit
_ELSE_IN_ASCII = {code: " " for code in range(0x80) if not chr(code).isalnum()}
_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


def slug(text: str, *, fallback: str) -> str:
    """Return the folded letters, numbers and marks of text, with one "-" for each run of anything else.

    The result is NFC, never empty (it is fallback when nothing is left), neither begins nor ends with "-",
    and is short enough for with_suffix(). It has no character that is special in a URL path segment.
    """
    return slug_of_folded(fold(text), fallback=fallback)


def slug_of_folded(folded: str, *, fallback: str) -> str:
    """Return the slug of a text that is folded."""
    words = "-".join(folded.translate(_ELSE_IN_ASCII).split()) if folded.isascii() else _first_words(folded)
    return _cut(words, _ROOM) or fallback


def _first_words(folded: str) -> str:
    """Return the words of a text with one "-" between them, or the beginning, of more characters than a slug has."""
    chars: list[str] = []
    for char in _kept(folded):
        if char != "-" or (chars and chars[-1] != "-"):
            chars.append(char)
            if len(chars) > _ROOM + 1:
                break
    return "".join(chars).rstrip("-")


def _kept(text: str) -> Iterator[str]:
    """Yield each character, or "-" unless it is a letter, a number or a mark that follows one of them."""
    before = "-"
    for char in text:
        kind = unicodedata.category(char)[0]
        # A mark of its own would attach itself to the "-" or "/" before it.
        joined = kind == "M" and before != "-"
        before = char if kind in "LN" or joined else "-"
        yield before


def _cut(words: str, length: int) -> str:
    """Cut to a length, after a whole word unless that would lose more than half."""
    if len(words) <= length:
        return words
    end = words.rfind("-", 0, length + 1)
    return words[: end if end >= length // 2 else length].rstrip("-")


def with_suffix(slug: str, token: str) -> str:
    """Return slug-token, for a slug that is taken; at most SLUG_LENGTH characters."""
    return f"{_cut(slug, SLUG_LENGTH - len(token) - 1)}-{token}"


def make_unique(wanted: Sequence[str], used: Collection[str]) -> list[str]:
    """Return a slug for each that is wanted: with a suffix where it is one of those in use, or comes again."""
    found, seen = [], set(used)
    for plain in wanted:
        found.append(with_suffix(plain, token(uuid7())) if plain in seen else plain)
        seen.add(found[-1])
    return found


def token(identifier: uuid.UUID) -> str:
    """Return the last 40 bits (random in RFC 9562 versions 4 and 7) as lower-case Crockford base32."""
    return "".join(_CROCKFORD[identifier.int >> shift & 31] for shift in range(5 * TOKEN_LENGTH - 5, -1, -5))


def check_slug(text: str) -> str:
    """Return the text if it can be a slug. Errors: ValueError."""
    if "".join(_kept(text)) != text:
        raise ValueError("a slug has letters, numbers, marks and hyphens")
    return text


def own_slug(text: str) -> str:
    """Return the text, cleaned, if it can be the slug of a row. Errors: ValueError."""
    return bounded(check_slug(clean(text)), SLUG_LENGTH)
