"""Imports, in and out."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from msgspec import Meta, Struct
from pydantic import Field

from diptych.core.engine.schemas.base import Input
from diptych.core.engine.schemas.field_types import Id, Length, Line, QueryCursorById, UtcTimestamp
from diptych.core.engine.schemas.pagination import PageQuery, Query
from diptych.core.formats.registry import READ
from diptych.core.imports.rules import NAME_LENGTH
from diptych.core.jobs.schemas import Job

_Text = Annotated[Line, Length(1, 255, searched=False)]


class ImportName(Query):
    """What can be said of a file that is sent."""

    name: Annotated[Line, Length(1, NAME_LENGTH, searched=False)] | None = Field(
        None, description="The name of the file, which may show its format; a form has it itself."
    )


# pydantic describes the names that are texts, and leaves it open whether there may be others.
_NO_OTHER_NAMES: Any = {"additionalProperties": False}


class ReadingOptions(Input):
    """How a file is read, as the options of `diptych import` say it."""

    format: Literal[READ] | None = Field(None, description="When neither content nor name says.")  # type: ignore[valid-type]
    encoding: Annotated[Line, Length(1, 40, searched=False)] | None = Field(
        None, description="Of the text; by default what its first bytes say, or UTF-8."
    )
    map: dict[_Text, list[_Text]] = Field(
        {},
        description="The columns of a field; none ignores it.",
        examples=[{"title": ["Titel"]}],
        json_schema_extra=_NO_OTHER_NAMES,
    )
    default: dict[_Text, _Text] = Field(
        {},
        description="The value of a field where a row has nothing.",
        examples=[{"language": "de"}],
        json_schema_extra=_NO_OTHER_NAMES,
    )
    separator: Annotated[Line, Length(1, 10, searched=False)] | None = Field(
        None, description="Between several names or tags in one cell."
    )


class ImportOptions(ReadingOptions):
    """How a file is imported."""

    on_conflict: Literal["keep", "fill", "replace"] = Field(
        "replace", description="What a book that exists does: keep what it has, fill what it lacks, or be replaced."
    )
    strict: bool = Field(False, strict=True, description="Stop at the first row that is rejected.")


class PreviewParameters(ReadingOptions):
    """The parameters of a job that previews a file."""

    import_id: Id


class ImportParameters(ImportOptions):
    """The parameters of a job that imports a file."""

    import_id: Id


class UndoParameters(Input):
    """The parameters of a job that undoes an import.

    request_id, principal, via: of the request that started it. options: those that it was started with.
    """

    import_id: Id
    request_id: str
    principal: str | None
    via: str
    options: dict[str, Any] = Field({})


class Preview(Struct, frozen=True):
    """What a file would become.

    notices: how it is read. columns, mapping: of a table, and the columns that each field is read from. rows: the first
    books as they would be stored. records, repeated, rejected: how many rows would be stored, repeat an earlier one, or
    would be rejected. left_out: values that would be, by kind.
    """

    format: Annotated[str, Meta(examples=["csv"])]
    notices: Annotated[list[str], Meta(examples=[["Columns read: title, author"]])]
    columns: Annotated[list[str], Meta(examples=[["title", "author"]])] | None
    mapping: Annotated[dict[str, list[str]], Meta(examples=[{"title": ["title"], "author": ["author"]}])] | None
    rows: Annotated[list[dict[str, Any]], Meta(examples=[[{"title": "Finn Family Moomintroll"}]])]
    records: Annotated[int, Meta(examples=[1])]
    repeated: Annotated[int, Meta(examples=[0])]
    rejected: Annotated[int, Meta(examples=[0])]
    left_out: Annotated[list[str], Meta(examples=[[]])]


class Import(Struct, frozen=True):
    """A file that was sent.

    preview: null until it has been read. left_out: values that the import has left out, by kind; null until it has
    ended. job: the last one of this file; while it is the preview, the import has not been started.
    """

    id: UUID
    name: Annotated[str, Meta(examples=["books.csv"], max_length=NAME_LENGTH)] | None
    size: Annotated[int, Meta(examples=[1843])]
    principal: Annotated[str, Meta(examples=["01a1fbd7-55dd-7561-861e-8d0bba31278f"])] | None
    created_at: UtcTimestamp
    preview: Preview | None
    left_out: Annotated[list[str], Meta(examples=[[]])] | None
    job: Job | None


class ImportList(PageQuery):
    """What can be asked of imports."""

    # What the pages of other lists ask of their queries.
    q: ClassVar[None] = None
    order_by: ClassVar[str] = "id"

    cursor: QueryCursorById | None = Field(None, description=PageQuery.model_fields["cursor"].description)
    sort_order: Literal["asc", "desc"] = Field("desc", description="The oldest first, or the newest.")
