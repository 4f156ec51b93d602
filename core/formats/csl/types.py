"""Types of items (CSL 1.0.2, appendix III): which are books."""

from __future__ import annotations

GENERAL = "document"

BOOKS = frozenset(
    ("book", "classic", "collection", "musical_score", "pamphlet", "regulation", "report", "standard", "thesis")
)
"""Types that a library keeps as a volume."""

NO_BOOKS = {
    "article": "an article",
    "article-journal": "a journal article",
    "article-magazine": "a magazine article",
    "article-newspaper": "a newspaper article",
    "bill": "a bill",
    "broadcast": "a broadcast",
    "chapter": "a chapter of a book",
    "dataset": "a data set",
    "entry": "an entry of a work of reference",
    "entry-dictionary": "an entry of a dictionary",
    "entry-encyclopedia": "an entry of an encyclopedia",
    "event": "an event",
    "figure": "a figure",
    "graphic": "an image",
    "hearing": "a hearing",
    "interview": "an interview",
    "legal_case": "a law case",
    "legislation": "a law",
    "manuscript": "a manuscript",
    "map": "a map",
    "motion_picture": "a film",
    "paper-conference": "a conference paper",
    "patent": "a patent",
    "performance": "a performance",
    "periodical": "a periodical",
    "personal_communication": "a letter",
    "post": "a post",
    "post-weblog": "a post",
    "review": "a review",
    "review-book": "a review",
    "software": "software",
    "song": "a sound recording",
    "speech": "a speech",
    "treaty": "a treaty",
    "webpage": "a web page",
}


def why_no_book(kind: object, *, isbn: bool) -> str | None:
    """Return the reason why an item of this type is no book, or None. isbn: whether it has an ISBN."""
    if kind is None:
        return "the item has no type, so this is not CSL-JSON"
    if not isinstance(kind, str):
        return f'type {kind!r} is not a type of CSL: write "book" if it is a book'
    if kind in BOOKS or (kind == GENERAL and isbn):
        return None
    if kind == GENERAL:
        return 'type "document" may be anything, and without an ISBN is not known as a book: write "book" if it is one'
    if kind in NO_BOOKS:
        return f"type {kind} is {NO_BOOKS[kind]}: only books are taken"
    return f'type {kind!r} is not a type of CSL: write "book" if it is a book'
