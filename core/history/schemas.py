"""Changes, out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from msgspec import Meta, Struct
from pydantic import ConfigDict, Field, PlainValidator, Strict, create_model, model_validator
from pydantic_core import PydanticCustomError

from diptych.core.engine import cursors
from diptych.core.engine.cursors import Cursor
from diptych.core.engine.schemas.base import Input
from diptych.core.engine.schemas.field_types import (
    Instant,
    Length,
    Line,
    SchemaMetadata,
    UtcTimestamp,
    line_pattern,
    ruled,
)
from diptych.core.engine.schemas.pagination import PageQuery

ACTIONS = ("create", "update", "delete")
VIAS = ("anonymous", "token", "session", "host", "oidc", "cli", "import", "load", "adopt", "unknown")

State = Annotated[dict[str, Any], Meta(examples=[{"name": "Tove Jansson"}])]


PrincipalOut = Annotated[str, Meta(examples=["01a1fbd7-55dd-7561-861e-8d0bba31278f"])]
NameOut = Annotated[str, Meta(examples=["ann"])]
ViaOut = Annotated[str, Meta(examples=["token"], extra_json_schema={"enum": list(VIAS)})]
RequestIdOut = Annotated[str, Meta(examples=["4bf92f3577b34da6a3ce929d0e0e4736"])]


class Change(Struct, frozen=True):
    """A change of a row, or of the rows that belong to it.

    principal: the id of the account that made it, and name its name then. before, after: the columns of the row, or
    rows of one part of it, such as tags: those that went, and those that came.
    """

    id: Annotated[int, Meta(examples=[42])]
    at: UtcTimestamp
    principal: PrincipalOut | None
    name: NameOut | None
    via: ViaOut
    request_id: RequestIdOut | None
    action: Annotated[str, Meta(examples=["update"], extra_json_schema={"enum": list(ACTIONS)})]
    resource: Annotated[str, Meta(examples=["authors"])]
    resource_id: UUID
    before: State | None
    after: State | None


class Attribution(Struct, frozen=True):
    """Who made a change, how and when. principal: the id of the account; name: its name then."""

    principal: PrincipalOut | None
    name: NameOut | None
    via: ViaOut
    at: UtcTimestamp
    request_id: RequestIdOut | None


class UndoneRow(Struct, frozen=True):
    """A row that is again what it was. action: what that took: its creation, a change of it, or its deletion."""

    resource: Annotated[str, Meta(examples=["books"])]
    resource_id: UUID
    action: Annotated[str, Meta(examples=["update"], extra_json_schema={"enum": list(ACTIONS)})]


class Undone(Struct, frozen=True):
    """What an undo has changed; nothing, where all was already as it was before."""

    items: list[UndoneRow]


_CHANGE_ID_MAX = 2**63 - 1
_REQUEST_ID = "4bf92f3577b34da6a3ce929d0e0e4736"

_LENGTH = 255
PrincipalId = Annotated[
    Line,
    Length(1, _LENGTH, searched=False),
    SchemaMetadata("01a1fbd7-55dd-7561-861e-8d0bba31278f", line_pattern(_LENGTH)),
]
RequestId = Annotated[
    Line,
    Length(1, _LENGTH, searched=False),
    SchemaMetadata(_REQUEST_ID, line_pattern(_LENGTH)),
]


class UndoRequest(Input):
    """What to undo: one change, or all changes of one request."""

    model_config = ConfigDict(
        json_schema_extra={"minProperties": 1, "maxProperties": 1, "examples": [{"request_id": _REQUEST_ID}]}
    )

    change_id: Annotated[int, Strict(), Field(ge=1, le=_CHANGE_ID_MAX), SchemaMetadata(42)] = Field(None)  # type: ignore[assignment]
    request_id: RequestId = Field(None)  # type: ignore[assignment]

    @model_validator(mode="after")
    def _one(self) -> UndoRequest:
        if len(self.model_fields_set) != 1:
            raise PydanticCustomError("missing", "give a change_id or a request_id, and not both")
        return self


def _cursor(example: Cursor) -> Any:
    return Annotated[
        Cursor,
        PlainValidator(ruled("cursor", cursors.parse), json_schema_input_type=str),
        SchemaMetadata(str(example), "^[0-9A-Za-z_-]+$", max_length=cursors.LENGTH),
    ]


ChangeCursor: Any = _cursor(Cursor("id", "asc", True, False, 42, 42))
CursorByTime: Any = _cursor(Cursor("at", "asc", True, False, "2026-11-30T12:00:00Z", 42))


class RowChanges(PageQuery):
    """What can be asked of the changes of one row."""

    # What the pages of other lists ask of their queries.
    q: ClassVar[None] = None
    order_by: ClassVar[str] = "id"

    cursor: ChangeCursor | None = Field(None, description=PageQuery.model_fields["cursor"].description)
    principal_in: list[PrincipalId] | None = Field(None, description="Only what these accounts changed, by their ids.")
    via_in: list[Literal[VIAS]] | None = Field(None, description="Only what was changed in one of these ways.")  # type: ignore[valid-type]
    action_in: list[Literal[ACTIONS]] | None = Field(None, description="Only changes of these kinds.")  # type: ignore[valid-type]
    request_id_in: list[RequestId] | None = Field(
        None, description="Only changes of these requests, or runs of commands."
    )
    created_before: Instant | None = Field(None, description="Only what was changed before this moment.")
    created_after: Instant | None = Field(None, description="Only what was changed after this moment.")
    sort_order: Literal["asc", "desc"] = Field("desc", description="The oldest first, or the newest.")

    def scope(self) -> dict[str, Any]:
        """Return the values of the filters that were given, by the names of diptych.core.history.queries."""
        lists = ("principal_in", "via_in", "action_in", "request_id_in")
        found = {name: getattr(self, name) for name in lists} | {
            "before": self.created_before,
            "after": self.created_after,
        }
        return {name: value for name, value in found.items() if value is not None}


class AllChanges(RowChanges):
    """What can be asked of all changes.

    They are ordered by time: numbers are in the order of the changes of one row, and a range of time would be searched
    for among all of them.
    """

    order_by: ClassVar[str] = "at"
    cursor: CursorByTime | None = Field(None, description=PageQuery.model_fields["cursor"].description)


def change_list(resources: Iterable[str]) -> type[AllChanges]:
    """Return the parameters of the list of all changes, of resources of these names."""
    kind: Any = Literal[tuple(resources)]
    only = Field(None, description="Only changes of rows of these resources.")
    return create_model("ChangeList", __base__=AllChanges, resource_in=(list[kind] | None, only))
