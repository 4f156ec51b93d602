"""What somebody may have meant whose search has found nothing."""

from __future__ import annotations

from collections.abc import Iterable
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
