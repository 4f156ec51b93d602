"""A book as files have it: `RawBook` as a reader finds it, `BookRecord` when its values are normalized.

A reader of a format splits what the format defines (fields, subfields, names) and decides nothing else: values stay as
they stand in the file. `diptych.core.formats.normalization.normalized` makes a `BookRecord` of it, by one set of rules
for all formats. A writer of a format takes a `BookRecord`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

LIST_MAX = 100
"""Contributors, tags, identifiers, or series of one book, at most."""


class RawContributor(Struct, frozen=True, kw_only=True):
    """A person, body or meeting in a role of diptych.core.catalogue.books.contributors.ROLES.

    name: in reading order ("Jane Doe") where the format says which part is which; otherwise None, and sort_name is what
    the source has. sort_name: the filing form ("Doe, Jane") if the source gives it, without dates; never guessed.
    kind: "person", "body" or "meeting", if the source says. birth, death: dates as the source gives them.
    """

    name: str | None = None
    sort_name: str | None = None
    role: str = "author"
    kind: str | None = None
    birth: str | None = None
    death: str | None = None


class RawBook(Struct, kw_only=True):
    """A record of a file, before its values are normalized. Everything but `number` may be missing.

    number: the line or, in binary formats, the record in which it begins, from 1. identifiers: pairs of a scheme of
    diptych.core.catalogue.books.identifiers.SCHEMES and the text ("0-8044-2957-X (pbk.)"). published,
    original_published: dates as the source writes them, best first. languages: codes, tags or names, the book's own
    first. series: pairs of a name and a position. tags: pairs of a name and a scheme such as "lcsh". record_id: the
    number of the record in its source. unread: what the reader saw and did not take, for the summary (name of the field
    or element). raw: what a reject shows of it.
    """

    number: int
    title: str | None = None
    subtitle: str | None = None
    original_title: str | None = None
    contributors: list[RawContributor] = []
    identifiers: list[tuple[str, str]] = []
    published: list[str] = []
    original_published: list[str] = []
    languages: list[str] = []
    original_languages: list[str] = []
    publisher: str | None = None
    edition: str | None = None
    format: str | None = None
    pages: str | None = None
    series: list[tuple[str, str | None]] = []
    description: str | None = None
    tags: list[tuple[str, str | None]] = []
    url: str | None = None
    record_id: str | None = None
    unread: list[str] = []
    raw: dict[str, Any] | str = ""


class Contributor(Struct, frozen=True, repr_omit_defaults=True):
    """A contributor with normalized values: name has 1 to NAME_MAX characters, years are whole numbers."""

    name: str
    role: str
    sort_name: str | None = None
    kind: str | None = None
    birth_year: int | None = None
    death_year: int | None = None


class SeriesPosition(Struct, frozen=True):
    """A series by name, and the place of a book in it as text ("2", "2.5", "II")."""

    name: str
    position: str | None = None


class Identifier(Struct, frozen=True):
    """A value in a scheme of diptych.core.catalogue.books.identifiers.SCHEMES, normalized by it."""

    scheme: str
    value: str


class TagName(Struct, frozen=True):
    """A tag in the form of diptych.core.catalogue.tags.rules.tag_name, and the scheme that it is from ("lcsh")."""

    name: str
    scheme: str | None = None


class Source(Struct, frozen=True):
    """Where a record came from: the name of its format, and SHA-256 of its bytes or text in hexadecimal."""

    format: str
    digest: str


class BookRecord(Struct, frozen=True, kw_only=True, repr_omit_defaults=True):
    """A valid book; None and () mean that the source does not say.

    isbn has 13 digits; further ISBNs are among the identifiers (scheme isbn), which never repeat it. published is an
    EDTF level 0 date or interval, and year its (first) year. modified: when the record was changed last. language tags
    are BCP 47. Nothing is in a tuple twice.
    further: the values of fields of a book that are not named here, by name.
    """

    line: int
    title: str
    contributors: tuple[Contributor, ...] = ()
    isbn: str | None = None
    year: int | None = None
    language: str | None = None
    description: str | None = None
    tags: tuple[TagName, ...] = ()
    subtitle: str | None = None
    original_title: str | None = None
    original_language: str | None = None
    original_year: int | None = None
    publisher: str | None = None
    edition: str | None = None
    format: str | None = None
    pages: int | None = None
    published: str | None = None
    url: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    series: tuple[SeriesPosition, ...] = ()
    record_id: str | None = None
    source: Source | None = None
    modified: datetime | None = None
    further: dict[str, Any] = {}


class Trouble(Struct, frozen=True):
    """An optional field of a record that was left out, and why. value: as it stood in the file, shortened."""

    field: str
    value: str
    reason: str


class Reject(Struct, frozen=True):
    """A record that is not taken, with a reason for people; raw is the record, or its text if it has no fields."""

    line: int
    reason: str
    raw: dict[str, Any] | str = ""
