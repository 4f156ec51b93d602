"""How many pages a book has, and how it is bound."""

from __future__ import annotations

import re

from diptych.core.catalogue.limits import PAGES_MAX
from diptych.core.formats.values.texts import is_nothing

_NUMBER = re.compile(r"([0-9]+)(?:\.0*)?")
_THOUSANDS = re.compile(r"(?<![0-9])([0-9]{1,3}),([0-9]{3})(?![0-9])")
_WORD = r"(?:p|pp|pages?|pgs?|s|seiten?|\u0441|\u0441\u0442\u0440)"
_PAGES = re.compile(rf"(?<![-\u2013\w])([0-9]+)\]?\s*{_WORD}\b", re.IGNORECASE)
_EARLIER_SEQUENCE = re.compile(rf"(?<![\[0-9])[0-9]+\s*(?:{_WORD}\.?)?,\s*(?=\[?[0-9]+\]?\s*{_WORD}\b)", re.IGNORECASE)
_VOLUMES = re.compile(r"\b(?:[2-9]|[1-9][0-9]+)\s*(?:v|vols?|volumes?|t|bde?|b\u00e4nde)\b", re.IGNORECASE)


def page_count(text: str) -> int | None:
    """Return the number of pages of "243", "xii, 243 p." or "1 online resource (243 pages)"; None if there is none.

    Raises ValueError when the text gives several numbers, or is of several volumes.
    """
    text = " ".join(text.split())
    if is_nothing(text):
        return None
    text = _THOUSANDS.sub(r"\1\2", text)
    pages = int(match[1]) if (match := _NUMBER.fullmatch(text)) else _of_extent(text)
    if pages == 0:
        return None
    if pages > PAGES_MAX:
        raise ValueError(f"pages must be between 1 and {PAGES_MAX:,}")
    return pages


def _of_extent(text: str) -> int:
    found = _PAGES.findall(text)
    if _VOLUMES.search(text):
        raise ValueError("is of several volumes")
    if len(found) != 1 or _EARLIER_SEQUENCE.search(text):
        raise ValueError("does not give one number of pages")
    return int(found[0])


_BINDINGS = {
    word: binding
    for binding, words in {
        "hardcover": "hardcover,hardback,hard cover,hardbound,hard back,cloth,hbk,hc,bound,library binding,"
        "leather bound,gebunden,hardcover edition,casebound",
        "paperback": "paperback,softcover,soft cover,paper back,pbk,pb,mass market paperback,trade paperback,"
        "paperback edition,broschiert,taschenbuch,mass market,trade paper,perfect paperback,tankobon softcover",
        "ebook": "ebook,e-book,digital,kindle edition,kindle,epub,pdf,electronic,nook,electronic resource,"
        "online resource,electronic book,ebook edition,mobi,azw3",
        "audiobook": "audiobook,audio,audio cd,audible audio,audio cassette,audible,mp3 cd,audiobook edition,"
        "audio book,cd audio,preloaded digital audio player,audiobookformat,audible audiobook",
        "other": "other,board book,spiral bound,spiral-bound,map,loose leaf,comic,graphic novel,newsprint,flexibound,"
        "unbound,bath book,rag book,pamphlet,chapbook,graphicnovel,ring-bound,calendar,cards,sheet music,paper book",
    }.items()
    for word in words.split(",")
}
_UNSAID = frozenset(["unknown binding", "unknown", "text", "book", "print"])


def book_format(text: str) -> str | None:
    """Return hardcover, paperback, ebook, audiobook or other; None for "Unknown Binding". Raises ValueError."""
    words = " ".join(text.replace("_", " ").split()).strip("().").lower()
    if is_nothing(text) or words in _UNSAID:
        return None
    if words not in _BINDINGS:
        raise ValueError("is no binding or format that is known")
    return _BINDINGS[words]
