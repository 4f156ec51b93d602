"""Lengths of texts as they are kept, at most, in characters: of columns, of input, of imported files."""

NAME_MAX = 255
TITLE_MAX = 1000
TAG_MAX = 100
DESCRIPTION_MAX = 10_000
