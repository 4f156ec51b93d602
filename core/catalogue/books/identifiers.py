"""Identifiers of books: ISBNs besides the first, and numbers that other catalogues give."""

SCHEMES = (
    "isbn",
    "isbn_invalid",
    "issn",
    "oclc",
    "lccn",
    "olid",
    "doi",
    "asin",
    "goodreads",
    "librarything",
    "ean",
)
"""What an identifier may be: a number of ISO 2108 (isbn), one that is printed on the book and wrong (isbn_invalid), of
ISO 3297 (issn), of OCLC's WorldCat, the Library of Congress (lccn), Open Library (olid), ISO 26324 (doi), Amazon
(asin), Goodreads, LibraryThing, or an EAN-13 that is no ISBN."""

IDENTIFIER_MAX = 200
"""Characters of an identifier as it is kept, at most."""
