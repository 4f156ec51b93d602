"""The result of reading a row of an imported file: a book to store, or a reject with its reason."""

from typing import Any

from msgspec import Struct

# Contributors, and tags, of one book.
LIST_MAX = 100


class Contributor(Struct, frozen=True):
    """A person or body by name (clean, 1 to NAME_MAX characters) in a role of catalogue.books.contributors.ROLES."""

    name: str
    role: str


class BookRecord(Struct, frozen=True):
    """A valid book of a file; None means that the file does not say.

    title has 1 to TITLE_MAX characters; contributors hold at least one author, and each name once in a role;
    isbn has 13 digits; language is a BCP 47 tag; description has 1 to DESCRIPTION_MAX characters; tags are in
    the form of catalogue.tags.rules.tag_name, 1 to TAG_MAX characters, each once. further: the values of all other
    fields of a book, by name.
    """

    line: int  # where the row begins in the file, from 1
    title: str
    contributors: tuple[Contributor, ...]
    isbn: str | None
    year: int | None
    language: str | None
    description: str | None
    tags: tuple[str, ...]
    further: dict[str, Any] = {}


class Reject(Struct, frozen=True):
    """A row that is not taken, with a reason for people; raw is the row, or its text if it has no cells."""

    line: int  # where the row begins in the file, from 1
    reason: str
    raw: dict[str, Any] | str
