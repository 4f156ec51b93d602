"""Files of books, in and out."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct
from pydantic import Field

from diptych.core.engine.schemas.field_types import Length, Line, UtcTimestamp
from diptych.core.engine.schemas.pagination import Query
from diptych.core.files.rules import NAME_LENGTH, Kind


class FileQuery(Query):
    """What can be said of a file that is sent."""

    kind: Kind = Field(description="What the file is for the book: an image of its cover, or the book itself.")
    name: Annotated[Line, Length(1, NAME_LENGTH, searched=False)] | None = Field(
        None, description="The name of the file, to save it by."
    )


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
