"""Lines within a field that look like the start of an entry, as in an abstract that quotes BibTeX.

bibtexparser ends an entry at each of them. That is right where the entry's own end is missing, and wrong where its
braces are balanced.
"""

from __future__ import annotations

import re

_START = r"[ \t]*@[ \t]*\w+[ \t]*"
START = re.compile(_START + "[{(]")
"""The beginning of a line that begins an entry."""

_MASK = "\ufdd0"  # no character: it stands in no text that means anything
_BRACE_OR_START = re.compile(rf"(?<!\\)[{{}}]|^{_START}(?P<open>[{{(])", re.MULTILINE)


def masked(text: str) -> str:
    """Return the text with the @ replaced in each line of START within an entry whose braces are balanced."""
    if _MASK in text:
        return text
    starts, ends = _starts_and_ends(text)
    nested = []
    end = -1
    for start, brace in starts:
        if start < end:
            nested.append(start)
        else:
            end = ends.get(brace, -1)
    pieces, place = [], 0
    for start in nested:
        at = text.index("@", start)
        pieces += [text[place:at], _MASK]
        place = at + 1
    return "".join([*pieces, text[place:]])


def _starts_and_ends(text: str) -> tuple[list[tuple[int, int]], dict[int, int]]:
    """Return the places of each start and its opening brace, and of closing braces by that of their opening one."""
    starts: list[tuple[int, int]] = []
    ends: dict[int, int] = {}
    open_braces: list[int] = []
    for match in _BRACE_OR_START.finditer(text):
        place = match.end() - 1
        if match["open"] is not None:
            starts.append((match.start(), place))
        if text[place] == "{":
            open_braces.append(place)
        elif text[place] == "}" and open_braces:
            ends[open_braces.pop()] = place
    return starts, ends


def unmasked(text: str) -> str:
    """Return the text as it was before `masked`."""
    return text.replace(_MASK, "@")
