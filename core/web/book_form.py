"""The form of a book, with all that belongs to it."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from msgspec import UnsetType
from pydantic import Field as PydanticField

from diptych.core.catalogue.authors.schemas import AuthorName
from diptych.core.catalogue.books.schemas import Book, BookInput, IdentifierInput, Position, Role
from diptych.core.catalogue.field_types import LIST_LIMIT
from diptych.core.catalogue.publishers.schemas import PublisherName
from diptych.core.catalogue.series.schemas import SeriesName
from diptych.core.catalogue.tags.schemas import TagName
from diptych.core.engine.schemas.base import Input
from diptych.core.engine.schemas.field_types import Id
from diptych.core.files.schemas import FileName
from diptych.core.web.fields import Field, FormOf, Group, Texts, fields_of
from diptych.core.web.form_pages import plain

Digest = Annotated[str, PydanticField(pattern=r"^[0-9a-f]{64}$")]
"""The SHA-256 of a file that is stored."""

Chosen = Id | Literal["new"] | None
"""Which row of a name is meant."""

_some = partial(PydanticField, default_factory=list, max_length=LIST_LIMIT)


class ContributorLine(Input):
    """A contributor by name."""

    name: AuthorName
    role: Role
    id: Chosen = None


class SeriesLine(Input):
    """A series by name, and the place of the book in it."""

    name: SeriesName
    position: Position | None = None
    id: Chosen = None


class BookForm(BookInput):
    """A book as it is typed: names in place of ids."""

    author_id: None = None
    publisher_id: Chosen = None  # type: ignore[assignment]
    publisher: PublisherName | None = None
    contributors: list[ContributorLine] = _some()
    series: list[SeriesLine] = _some()
    identifiers: list[IdentifierInput] = _some()
    tags: list[TagName] = _some()
    cover: Digest | None = None
    cover_name: FileName | None = None


_ID = Field("id", "hidden")

BOOK = FormOf(
    BookForm,
    [
        *fields_of(BookForm, "title", "subtitle"),
        Group("contributors", [*fields_of(ContributorLine, "name", "role"), _ID], "name"),
        *fields_of(BookForm, "publisher"),
        Field("publisher_id", "hidden"),
        *fields_of(BookForm, "published", "year", "language", "isbn", "edition", "format", "pages"),
        Group("series", [*fields_of(SeriesLine, "name", "position"), _ID], "name", 2),
        *fields_of(BookForm, "tags", "description", "original_title", "original_language", "original_year"),
        Group("identifiers", fields_of(IdentifierInput, "value", "scheme"), "value", 2),
        *fields_of(BookForm, "url"),
        Field("cover", "file"),
        Field("cover_name", "hidden"),
    ],
)
"""The form of a book."""

INCLUDED = ("tags", "contributors", "identifiers", "series", "publisher")
"""What a book has to include for its form."""


def book_texts(book: Book, cover: str) -> Texts:
    """Return the fields of a book that was read with INCLUDED, as text. cover: the SHA-256 of it; empty for none."""
    own = [field.name for field in BOOK.fields if isinstance(field, Field) and field.name in Book.__struct_fields__]
    found = {name: plain(getattr(book, name)) for name in own if name not in ("publisher", "tags")}
    publisher = book.publisher
    found["publisher"] = "" if publisher is None or isinstance(publisher, UnsetType) else publisher.name
    found["tags"] = "\n".join(tag.name for tag in _given(book.tags))
    contributors = [
        {"name": each.author.name, "role": each.role, "id": str(each.author.id)} for each in _given(book.contributors)
    ]
    series = [
        {"name": each.series.name, "position": each.position or "", "id": str(each.series.id)}
        for each in _given(book.series)
    ]
    identifiers = [{"value": each.value, "scheme": each.scheme} for each in _given(book.identifiers)]
    for name, rows in (("contributors", contributors), ("series", series), ("identifiers", identifiers)):
        for place, row in enumerate(rows or [{}]):
            found |= {f"{name}.{place}.{key}": value for key, value in row.items()}
        found |= {} if rows else {f"{name}.0.{'value' if name == 'identifiers' else 'name'}": ""}
    return {**found, "cover": cover}


def _given(values: Any) -> Any:
    return () if isinstance(values, UnsetType) else values
