"""The marks of ISBD, which catalogues put at the ends of subfields, and which belong to no value."""

from __future__ import annotations

import re
from collections.abc import Callable

Trim = Callable[[str], str]

_MARKS = "/:;=,"
# With the combining marks of letters that are not composed.
_FINAL_STOP = re.compile(r"([\w\u0300-\u036f\ufe20-\ufe2f]+)([\])\"'\u201d\u2019]?)\.\Z")
_BRACKETED = re.compile(r"\[([^\[\]]*)\]")

_ABBREVIATED = """
    jr sr wm chas geo jas jos thos edw st dr ph ch th fr mr
    mrs ms inc ltd co corp bros dept assoc univ etc ed eds no vol pt
    rev vols repr ill verl aufl bearb izd soc gen col capt
"""
_ABBREVIATIONS = frozenset(_ABBREVIATED.split())

_LAST_WORD = 50  # characters at the end of a text in which its last word is looked for

_NO_ISBD = "cn"


def trim_of(leader: str) -> Trim:
    """Return what takes the marks off the end of a value, as the leader says (18, descriptive cataloging form).

    Records in ISBD without its punctuation (c), or not in ISBD without it (n), have none.
    """
    return str.strip if leader[18:19] in _NO_ISBD else without_marks


def without_marks(text: str) -> str:
    """Return text without the mark of ISBD at its end, and without its final full stop unless a word owns that."""
    text = without_mark_but_stop(text)
    if not text.endswith(".") or text.endswith(".."):
        return text
    match = _FINAL_STOP.search(text, max(0, len(text) - _LAST_WORD))
    if match is None or len(match[1]) < 2 or match[1].lower() in _ABBREVIATIONS:
        return text
    return text[:-1]


def without_mark_but_stop(text: str) -> str:
    """Return text without the mark of ISBD at its end; a full stop stays."""
    text = text.strip()
    return text[:-1].rstrip() if text and text[-1] in _MARKS else text


def without_brackets(text: str) -> str:
    """Return what a cataloguer has supplied in brackets without them, if they are around the whole."""
    match = _BRACKETED.fullmatch(text)
    return text if match is None else match[1].strip()
