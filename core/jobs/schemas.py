"""Jobs, out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from msgspec import Meta, Struct
from pydantic import Field

from diptych.core.engine.schemas.field_types import Instant, Length, Line, QueryCursorById, UtcTimestamp
from diptych.core.engine.schemas.pagination import PageQuery
from diptych.core.jobs.rules import STATES, TYPE_LENGTH


class Job(Struct, frozen=True):
    """A job.

    type: what it does. parameters: with what. done: how much of total, which is null while that is not known. counts:
    what has been done, by name. error: why it has failed. principal: the id of the account that asked for it.
    """

    id: UUID
    type: Annotated[str, Meta(examples=["import"], max_length=TYPE_LENGTH)]
    state: Annotated[str, Meta(examples=["running"], extra_json_schema={"enum": list(STATES)})]
    parameters: Annotated[dict[str, Any], Meta(examples=[{}])]
    done: Annotated[int, Meta(examples=[2000])]
    total: Annotated[int, Meta(examples=[20_992])] | None
    counts: Annotated[dict[str, int], Meta(examples=[{"created": 1990, "rejected": 10}])]
    error: Annotated[str, Meta(examples=["The file is no longer there."])] | None
    principal: Annotated[str, Meta(examples=["01a1fbd7-55dd-7561-861e-8d0bba31278f"])] | None
    created_at: UtcTimestamp
    started_at: UtcTimestamp | None
    finished_at: UtcTimestamp | None


class TakenJob(Struct, frozen=True):
    """A job as the worker sees that has taken it; the members are those of the table."""

    id: UUID
    type: str
    parameters: dict[str, Any]
    principal: str | None
    name: str | None
    via: Any
    request_id: str | None
    attempts: int
    position: Any
    done: int
    total: int | None
    counts: dict[str, int]


class UnfinishedJobs(Struct, frozen=True):
    """How many jobs wait, how many are being done, and since when the oldest waits."""

    queued: int = 0
    running: int = 0
    oldest: datetime | None = None


_Text = Annotated[Line, Length(1, 255, searched=False)]


class JobList(PageQuery):
    """What can be asked of jobs."""

    # What the pages of other lists ask of their queries.
    q: ClassVar[None] = None
    order_by: ClassVar[str] = "id"

    cursor: QueryCursorById | None = Field(None, description=PageQuery.model_fields["cursor"].description)
    state_in: list[Literal[STATES]] | None = Field(None, description="Only jobs in one of these states.")  # type: ignore[valid-type]
    type_in: list[_Text] | None = Field(None, description="Only jobs of these types.")
    principal_in: list[_Text] | None = Field(None, description="Only jobs that these accounts asked for, by their ids.")
    created_before: Instant | None = Field(None, description="Only what was asked for before this moment.")
    created_after: Instant | None = Field(None, description="Only what was asked for after this moment.")
    sort_order: Literal["asc", "desc"] = Field("desc", description="The oldest first, or the newest.")

    def scope(self) -> dict[str, Any]:
        """Return the values of the filters that were given, by the names of diptych.core.jobs.queries."""
        names = ("state_in", "type_in", "principal_in", "created_before", "created_after")
        found = {name: getattr(self, name) for name in names}
        return {name: value for name, value in found.items() if value is not None}
