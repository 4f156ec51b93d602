"""Lengths of texts as they are kept, at most, in characters: of columns, of input, of imported files."""

NAME_MAX = 255
TITLE_MAX = 1000
TAG_MAX = 100
SCHEME_MAX = 20
DESCRIPTION_MAX = 10_000
EDITION_MAX = 255
URL_MAX = 2000
POSITION_MAX = 50
RECORD_ID_MAX = 255

PAGES_MAX = 100_000
"""Pages of a book, at most: the longest that are known have some 20,000."""
