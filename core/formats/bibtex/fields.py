"""Fields of BibTeX and BibLaTeX, and what they are of a book. Those of identifiers but the first four are our own."""

from __future__ import annotations

ROLES = {
    "author": "author",
    "editor": "editor",
    "editora": "other",
    "editorb": "other",
    "editorc": "other",
    "compiler": "compiler",
    "translator": "translator",
    "illustrator": "illustrator",
    "narrator": "narrator",
    "foreword": "foreword",
    "introduction": "other",
    "afterword": "other",
    "commentator": "other",
    "annotator": "other",
    "contributor": "other",
}
_EDITOR_ROLES = {
    "editor": "editor",
    "compiler": "compiler",
    "translator": "translator",
    "illustrator": "illustrator",
    "narrator": "narrator",
}

IDENTIFIERS = {
    "isbn": "isbn",
    "issn": "issn",
    "doi": "doi",
    "lccn": "lccn",
    "oclc": "oclc",
    "olid": "olid",
    "asin": "asin",
    "goodreads": "goodreads",
    "librarything": "librarything",
    "ean": "ean",
    "invalidisbn": "isbn_invalid",
}
PUBLISHERS = ("publisher", "school", "institution", "organization")
COLLECTION_NUMBERS = ("number", "volume")
VERBATIM = frozenset(("url", "doi", "eprint", "file"))
"""Fields that have plain text, not LaTeX."""

IGNORED = frozenset(("options", "shorthand", "sortkey", "presort", "sortname", "sorttitle", "sortyear", "nameaddon"))
"""Fields that only say how to set and sort an entry."""


def editor_role(kind: str) -> str:
    """Return the role that the field editortype, or authortype, says."""
    return _EDITOR_ROLES.get(kind.strip(" {}").lower(), "other")
