"""Types of entries: which are books.

The types are those of BibTeX 0.99d and BibLaTeX 3.20 (section 2.1). Entries of the type misc may be anything, and are
books here if they have an ISBN.
"""

from __future__ import annotations

GENERAL = "misc"

BOOKS = frozenset(
    (
        *("book", "mvbook", "booklet", "ebook", "audiobook", "collection", "mvcollection", "proceedings"),
        *("mvproceedings", "reference", "mvreference", "manual", "thesis", "phdthesis", "mastersthesis", "report"),
        *("techreport", "standard"),
    )
)
"""Types that a library keeps as a volume."""

VOLUMES = frozenset(("collection", "mvcollection", "proceedings", "mvproceedings", "reference", "mvreference"))
"""Types for which some files have the title in the field booktitle."""

FORMATS = {"ebook": "ebook", "audiobook": "audiobook"}

NO_BOOKS = {
    "article": "an article",
    "periodical": "an issue of a periodical",
    "inbook": "a part of a book",
    "bookinbook": "a part of a book",
    "suppbook": "a part of a book",
    "incollection": "a part of a collection",
    "suppcollection": "a part of a collection",
    "inproceedings": "a paper in proceedings",
    "conference": "a paper in proceedings",
    "inreference": "an entry of a work of reference",
    "online": "a web page",
    "electronic": "a web page",
    "www": "a web page",
    "webpage": "a web page",
    "unpublished": "an unpublished work",
    "software": "software",
    "dataset": "a data set",
    "patent": "a patent",
    "artwork": "a work of art",
    "audio": "a sound recording",
    "music": "a sound recording",
    "video": "a video",
    "movie": "a film",
    "image": "an image",
    "letter": "a letter",
    "legal": "a legal document",
    "legislation": "a law",
    "jurisdiction": "a decision of a court",
    "performance": "a performance",
    "review": "a review",
    "set": "a set of entries",
    "xdata": "data for other entries",
}


def why_no_book(kind: str, *, isbn: bool) -> str | None:
    """Return the reason why an entry of this type, in lower case, is no book, or None. isbn: whether it has an ISBN."""
    if kind in BOOKS or (kind == GENERAL and isbn):
        return None
    if kind == GENERAL:
        return "@misc may be anything, and without an ISBN is not known as a book: write @book if it is one"
    if kind in NO_BOOKS:
        return f"@{kind} is {NO_BOOKS[kind]}: only books are taken"
    return f"@{kind} is not a type of BibTeX or BibLaTeX: write @book if it is a book"
