"""The lines of an export: whole rows, with their ids, slugs and times, that an import restores as they were.

Every resource that can be written has a kind of line, made of its input and its answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Annotated, Any, ClassVar, Literal

from msgspec.structs import asdict
from pydantic import Field, TypeAdapter, ValidationError, create_model

from diptych.core.catalogue.books.schemas import ContributorInput
from diptych.core.catalogue.field_types import LIST_LIMIT
from diptych.core.catalogue.models import Base
from diptych.core.catalogue.tags.schemas import TagName
from diptych.core.engine.schemas.base import Input
from diptych.core.engine.schemas.error_messages import detail
from diptych.core.engine.schemas.field_types import Id, Instant, Slug
from diptych.core.import_export.import_rows import Reject
from diptych.core.sync.operations import RESOURCES
from diptych.core.sync.operations.crud_operations import Resource


class ExportedRow(Input):
    """The members of every line, besides its type."""

    type: str
    id: Id
    created_at: Instant
    updated_at: Instant


class BookLists(Input):
    """The members of a book's line from other tables: its contributors in order, its tags by name."""

    contributors: Annotated[list[ContributorInput], Field(min_length=1, max_length=LIST_LIMIT)]
    tags: Annotated[list[TagName], Field(max_length=LIST_LIMIT)]


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

    def columns(self, exported: ExportedRow) -> dict[str, Any]:
        """Return the columns of the row that a line is of."""
        return exported.model_dump(exclude={"type", *self.lists.model_fields})


class BookKind(RowKind):
    """Books with their contributors and tags."""

    lists = BookLists

    def line(self, row: Any) -> dict[str, Any]:
        contributors = [{"author_id": item.author.id, "role": item.role} for item in row.contributors]
        return {**super().line(row), "contributors": contributors, "tags": sorted(tag.name for tag in row.tags)}


_OWN_KINDS: dict[str, type[RowKind]] = {"books": BookKind}


def _kinds() -> dict[str, RowKind]:
    """Return a kind for each resource, by the type that its lines have: first the rows that others refer to."""
    tables: list[Any] = Base.metadata.sorted_tables
    written = [resource for resource in RESOURCES if isinstance(resource, Resource)]
    written.sort(key=lambda resource: tables.index(resource.service.spec.model.__table__))
    return {each.service.spec.noun: _OWN_KINDS.get(each.name, RowKind)(each) for each in written}


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
