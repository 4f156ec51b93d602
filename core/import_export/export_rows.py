"""The lines of an export: whole rows, with their ids, slugs and times, that an import restores as they were.

Every resource that can be written has a kind of line, made of its input and its answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Annotated, Any, ClassVar, Literal

from msgspec.structs import asdict
from pydantic import Field, TypeAdapter, ValidationError, create_model

from diptych.core.catalogue.books.schemas import ContributorInput, IdentifierInput, SeriesPositionInput
from diptych.core.catalogue.field_types import LIST_LIMIT
from diptych.core.catalogue.limits import NAME_MAX, RECORD_ID_MAX
from diptych.core.catalogue.models import Base
from diptych.core.catalogue.tags.schemas import TagName
from diptych.core.engine.schemas.base import Input
from diptych.core.engine.schemas.error_messages import detail
from diptych.core.engine.schemas.field_types import Id, Instant, Length, Line, Slug, Text
from diptych.core.formats.record import Reject
from diptych.core.sync.operations import RESOURCES
from diptych.core.sync.operations.crud_operations import Resource
from diptych.core.sync.services.merging import MergeableService
from diptych.core.sync.services.row_reader import Reader


class ExportedRow(Input):
    """The members of every line, besides its type."""

    type: str
    id: Id
    created_at: Instant
    updated_at: Instant


class SourceRow(Input):
    """A record that a book came from."""

    format: Annotated[Text, Length(1, 20, searched=False)]
    record_id: Annotated[Line, Length(1, RECORD_ID_MAX, searched=False)] | None
    digest: Annotated[Text, Field(pattern="^[0-9a-f]{64}$")]
    imported_at: Instant


class BookLists(Input):
    """The members of a book's line from other tables: its contributors in order, its tags by name.

    Lines of earlier releases have neither identifiers nor series nor sources.
    """

    contributors: Annotated[list[ContributorInput], Field(max_length=LIST_LIMIT)]
    tags: Annotated[list[TagName], Field(max_length=LIST_LIMIT)]
    identifiers: Annotated[list[IdentifierInput], Field(max_length=LIST_LIMIT)] | None = None
    series: Annotated[list[SeriesPositionInput], Field(max_length=LIST_LIMIT)] | None = None
    sources: list[SourceRow] | None = None


class Names(Input):
    """The member of a line from the table of other names. Lines of earlier releases do not have it."""

    names: list[Annotated[Line, Length(1, NAME_MAX)]] | None = None


class RowKind:
    """Rows of one resource as lines. lists: the members of a line besides the columns of its row."""

    lists: ClassVar[type[Input]] = Input

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        spec = resource.service.spec
        own: dict[str, Any] = {"type": (Literal[spec.noun], ...)}
        if spec.slugged:
            own["slug"] = (Slug, ...)
        bases: Any = (ExportedRow, resource.schema, self.lists)
        self.schema: type[ExportedRow] = create_model(f"Exported{spec.model.__name__}", __base__=bases, **own)

    def line(self, row: Any) -> dict[str, Any]:
        """Return the line of a row's representation."""
        columns = self.schema.model_fields.keys() - self.lists.model_fields.keys()
        own = {name: value for name, value in asdict(row).items() if name in columns}
        return {"type": self.resource.service.spec.noun, **own}

    def lines(self, reader: Reader, rows: Sequence[Any]) -> list[dict[str, Any]]:  # noqa: ARG002 - for other kinds
        """Return the lines of rows' representations."""
        return [self.line(row) for row in rows]

    def columns(self, exported: ExportedRow) -> dict[str, Any]:
        """Return the columns of the row that a line has: one of an earlier release lacks those that are newer."""
        return exported.model_dump(exclude={"type", *self.lists.model_fields}, exclude_unset=True)


class BookKind(RowKind):
    """Books with what belongs to them."""

    lists = BookLists

    def line(self, row: Any) -> dict[str, Any]:
        return {
            **super().line(row),
            "contributors": [{"author_id": item.author.id, "role": item.role} for item in row.contributors],
            "tags": sorted(tag.name for tag in row.tags),
            "identifiers": [{"scheme": item.scheme, "value": item.value} for item in row.identifiers],
            "series": [{"series_id": item.series.id, "position": item.position} for item in row.series],
            "sources": [asdict(item) for item in row.sources],
        }


class NamedKind(RowKind):
    """Rows with other names."""

    lists = Names

    def lines(self, reader: Any, rows: Sequence[Any]) -> list[dict[str, Any]]:
        names = reader.names_of([row.id for row in rows])
        return [{**self.line(row), "names": names[row.id]} for row in rows]


def _kind(resource: Resource) -> RowKind:
    named = issubclass(resource.service, MergeableService)
    return (BookKind if resource.name == "books" else NamedKind if named else RowKind)(resource)


def _kinds() -> dict[str, RowKind]:
    """Return a kind for each resource, by the type that its lines have: first the rows that others refer to."""
    tables: list[Any] = Base.metadata.sorted_tables
    written = [resource for resource in RESOURCES if isinstance(resource, Resource)]
    written.sort(key=lambda resource: tables.index(resource.service.spec.model.__table__))
    return {each.service.spec.noun: _kind(each) for each in written}


KINDS = _kinds()

_any_kind: Any = reduce(or_, (kind.schema for kind in KINDS.values()))
_exported: TypeAdapter[ExportedRow] = TypeAdapter(Annotated[_any_kind, Field(discriminator="type")])


def is_exported(row: Mapping[str, Any]) -> bool:
    """Return whether a line was written by an export: only those have a type and an id."""
    return row.get("type") in KINDS and "id" in row


def read_exported(row: Mapping[str, Any], line: int) -> ExportedRow | Reject:
    """Return the row as it was exported, or a reject that names every invalid field."""
    try:
        return _exported.validate_python(dict(row))
    except ValidationError as error:
        reasons = [
            f"{'.'.join(str(step) for step in item['loc'][1:]) or 'row'}: {detail(item)}"
            for item in error.errors(include_url=False, include_input=False)
        ]
        return Reject(line, "; ".join(reasons), dict(row))
