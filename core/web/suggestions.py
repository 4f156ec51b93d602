"""What somebody may have meant whose search has found nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from diptych.core.engine.search_tokens import wanted

SURE, LENGTH, MOST = 3, 3, 6
"""First letters of a word that are taken to be right; letters of a word that is taken to be right; words, at most."""

ALIKE = 0.75
"""How alike two words are, at least, by difflib's ratio: two letters of eight may differ."""

CANDIDATES = 100
"""Names that are compared, at most."""


def beginnings(q: str) -> str:
    """Return a search for everything that begins as the words of another; empty where that says too little."""
    words = wanted(q).whole
    if not words or len(words) > MOST or not any(len(word) > SURE for word in words):
        return ""
    return " ".join(f"{word[:SURE]}*" if len(word) > LENGTH else word for word in words)


Split = tuple[Sequence[str], str]
"""Names of authors, and the words of a title."""


def splits(q: str) -> list[Split]:
    """Return the ways in which a search can begin or end with the name of an author.

    The longest names come first. None for a single word, or too many.
    """
    words = q.split()
    if not 1 < len(words) <= MOST:
        return []
    places = range(len(words) - 1, 0, -1)
    found = [pair for place in places for pair in ((words[:place], words[place:]), (words[-place:], words[:-place]))]
    return [([" ".join(name)], " ".join(others)) for name, others in found if _says(name) and _says(others)]


def of_two(q: str) -> list[Split]:
    """Return the ways in which a search of three words can begin or end with the names of two authors."""
    words = q.split()
    if len(words) != 3 or not all(_says([word]) for word in words):
        return []
    first, middle, last = words
    return [([first, middle], last), ([middle, last], first)]


def _says(words: Sequence[str]) -> bool:
    """Return whether there is a word that can be searched for."""
    return bool(wanted(" ".join(words)).longest)


def suggested(q: str, names: Iterable[str]) -> str:
    """Return the search that is most like another, of words that a name has; empty where none is like it enough."""
    words = wanted(q).whole
    best, found = ALIKE, ""
    for name in names:
        there = wanted(name).whole
        nearest = [max(((_alike(word, each), each) for each in there), default=(0.0, "")) for word in words]
        likeness = min((share for share, _ in nearest), default=0.0)
        if likeness > best:
            best, found = likeness, " ".join(each for _, each in nearest)
    return found


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
