"""Files of books, in and out."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct
from pydantic import Field

from diptych.core.engine.schemas.base import Input
from diptych.core.engine.schemas.field_types import Length, Line, UtcTimestamp
from diptych.core.engine.schemas.pagination import Query
from diptych.core.files.rules import NAME_LENGTH, Kind

FileName = Annotated[Line, Length(1, NAME_LENGTH, searched=False)]


class FileQuery(Query):
    """What can be said of a file that is sent."""

    kind: Kind = Field(description="What the file is for the book: an image of its cover, or the book itself.")
    name: FileName | None = Field(None, description="The name of the file, to save it by.")


class BookFile(Struct, frozen=True):
    """A file of a book. sha256: of its content, in hexadecimal; also the entity tag of the content."""

    id: UUID
    book_id: UUID
    kind: Annotated[Kind, Meta(examples=["cover"])]
    name: Annotated[str, Meta(examples=["cover.png"], max_length=NAME_LENGTH)] | None
    media_type: Annotated[str, Meta(examples=["image/png"])]
    size: Annotated[int, Meta(examples=[48213])]
    sha256: Annotated[str, Meta(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])]
    created_at: UtcTimestamp


class DisplayedFile(Struct, frozen=True):
    """A file on the page of a book.

    width, height: of the large copy for display; null where there is none. examined, error: as in FileDetails.
    """

    file: BookFile
    width: int | None
    height: int | None
    examined: bool
    error: str | None


class ExamineParameters(Input):
    """The parameters of a job that looks into a file. sha256: of its content, in hexadecimal."""

    sha256: str


class OfferedContributor(Struct, frozen=True):
    """A person or body, as a file names them."""

    name: str
    role: str
    sort_name: str | None


class OfferedIdentifier(Struct, frozen=True):
    """An identifier, as a file has it."""

    scheme: str
    value: str


class OfferedSeries(Struct, frozen=True):
    """A series, as a file names it."""

    name: str
    position: str | None


class OfferedTag(Struct, frozen=True):
    """A tag, as a file has it."""

    name: str


class OfferedMetadata(Struct, frozen=True):
    """What a file says about the book: nothing of it is written into the record unasked."""

    title: Annotated[str, Meta(examples=["The Summer Book"])]
    subtitle: str | None
    contributors: list[OfferedContributor]
    isbn: Annotated[str, Meta(examples=["9780954221713"])] | None
    identifiers: list[OfferedIdentifier]
    language: Annotated[str, Meta(examples=["sv-FI"])] | None
    publisher: str | None
    published: str | None
    year: int | None
    description: str | None
    series: list[OfferedSeries]
    tags: list[OfferedTag]


class LeftOut(Struct, frozen=True):
    """A value that a file has, and that is not valid. value: shortened."""

    field: str
    value: str
    reason: str


class CopyOfFile(Struct, frozen=True):
    """A copy of an image for display. name: the last part of its address."""

    name: Annotated[str, Meta(examples=["small.webp"])]
    media_type: Annotated[str, Meta(examples=["image/webp"])]
    width: Annotated[int, Meta(examples=[160])]
    height: Annotated[int, Meta(examples=[240])]


class FileDetails(Struct, frozen=True):
    """What was found in a file.

    examined: false while the job that looks into it has not ended. copies: of the image, or of the cover of an EPUB
    book. metadata: what an EPUB book says about itself, without what is left_out. error: why the file cannot be read.
    """

    examined: bool
    copies: list[CopyOfFile]
    metadata: OfferedMetadata | None
    left_out: list[LeftOut]
    error: str | None
