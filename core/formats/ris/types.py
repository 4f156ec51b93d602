"""Types of references (TY): which are books.

The types are those of the RIS specification (Research Information Systems, 2001 and 2011). A general reference (GEN)
may be anything, and is a book here if it has an ISBN.
"""

from __future__ import annotations

GENERAL = "GEN"

BOOKS = frozenset(
    (
        "ANCIENT",
        "AUDIOBOOK",
        "BOOK",
        "CLSWK",
        "CTLG",
        "EBOOK",
        "EDBOOK",
        "GOVDOC",
        "MUSIC",
        "PAMP",
        "RPRT",
        "SER",
        "STAND",
        "THES",
    )
)
"""Types that a library keeps as a volume: books, theses, reports, standards, catalogues, scores."""

NO_BOOKS = {
    "ABST": "an abstract",
    "ADVS": "audiovisual material",
    "AGGR": "an aggregated database",
    "ART": "a work of art",
    "BILL": "a bill",
    "BLOG": "a blog",
    "CASE": "a law case",
    "CHAP": "a chapter of a book",
    "CHART": "a chart",
    "COMP": "a computer program",
    "CONF": "a paper of a conference, or its proceedings, which RIS does not tell apart",
    "CPAPER": "a conference paper",
    "DATA": "a data set",
    "DBASE": "a database",
    "DICT": "an entry of a dictionary, or a whole one, which RIS does not tell apart",
    "ECHAP": "a chapter of a book",
    "EJOUR": "a journal article",
    "ELEC": "a web page",
    "ENCYC": "an entry of an encyclopedia, or a whole one, which RIS does not tell apart",
    "EQUA": "an equation",
    "FIGURE": "a figure",
    "GRANT": "a grant",
    "HEAR": "a hearing",
    "ICOMM": "a message",
    "INPR": "an article in press",
    "JFULL": "a journal",
    "JOUR": "a journal article",
    "LEGAL": "a legal rule",
    "MANSCPT": "a manuscript",
    "MAP": "a map",
    "MGZN": "a magazine article",
    "MPCT": "a film",
    "MULTI": "multimedia",
    "NEWS": "a newspaper article",
    "PAT": "a patent",
    "PCOMM": "a letter",
    "SLIDE": "slides",
    "SOUND": "a sound recording",
    "STAT": "a statute",
    "UNBILL": "a bill",
    "UNPB": "an unpublished work",
    "UNPD": "an unpublished work",
    "VIDEO": "a video",
    "WEB": "a web page",
}

FORMATS = {"EBOOK": "ebook", "AUDIOBOOK": "audiobook"}
"""The format of a book, where its type says it."""


def why_no_book(kind: str, *, isbn: bool) -> str | None:
    """Return the reason why a reference of this type (TY) is no book, or None. isbn: whether it has an ISBN."""
    if kind in BOOKS or (kind == GENERAL and isbn):
        return None
    if kind == GENERAL:
        return (
            "TY GEN is a reference of any type, and without an ISBN not known as a book: write TY  - BOOK if it is one"
        )
    if kind in NO_BOOKS:
        return f"TY {kind} is {NO_BOOKS[kind]}: only books are taken"
    return f"TY {kind!r} is not a type of RIS: write TY  - BOOK if it is a book"
