"""Values of fields: quotes, braces, abbreviations (@string), and parts that are joined with #."""

from __future__ import annotations

import re
from collections.abc import Mapping

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTHS = {month: str(number) for number, month in enumerate(_MONTHS, start=1)}
"""The abbreviations that BibTeX knows without an @string."""

NESTING_MAX = 100
"""Braces inside one another, at most."""
VALUE_MAX = 1 << 20
"""Characters of a value, at most: abbreviations that repeat others could have any number."""


_MARK = re.compile(r'[{}"]')


class MissingCommaError(ValueError):
    """More follows on a value, which happens where a comma is missing between two fields."""


def resolved(value: str, strings: Mapping[str, str]) -> str:
    """Return the text of a value, with the braces inside it. strings: abbreviations in lower case.

    Errors: MissingCommaError when text follows on a value; KeyError with an abbreviation that is not known; ValueError
    for braces that are too deep and texts that are too long.
    """
    rest = value.strip()
    texts = []
    while True:
        end = _end(rest)
        token, rest = rest[:end].strip(), rest[end:].lstrip()
        texts.append(_text(token, strings))
        if sum(map(len, texts)) > VALUE_MAX:
            raise ValueError(f"it has more than {VALUE_MAX} characters")
        if not rest:
            return "".join(texts)
        if not rest.startswith("#"):
            raise MissingCommaError(f"a comma is missing before {' '.join(rest.split())[:40]!r}")
        rest = rest[1:].lstrip()


def _text(token: str, strings: Mapping[str, str]) -> str:
    """Return the text of one part."""
    if token[:1] in {"{", '"'}:
        return token[1:-1]
    if token.isdecimal():
        return token
    return strings[token.lower()]


def _end(text: str) -> int:
    """Return where the first part ends: after its closing brace or quote, or before white space or #."""
    if text[:1] not in {"{", '"'}:
        return next((place for place, char in enumerate(text) if char.isspace() or char == "#"), len(text))
    quoted = text[0] == '"'
    depth = 0
    for match in _MARK.finditer(text):
        depth += (match[0] == "{") - (match[0] == "}")
        if depth > NESTING_MAX:
            raise ValueError(f"more than {NESTING_MAX} braces are inside one another")
        if depth == 0 and match.start() and match[0] == ('"' if quoted else "}"):
            return match.end()
    return len(text)


def split(value: str, separators: str) -> list[str]:
    """Return the parts of a value between separators that are outside of braces."""
    parts = [""]
    depth = 0
    for char in value:
        depth += (char == "{") - (char == "}")
        if char in separators and depth <= 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts
