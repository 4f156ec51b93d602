"""Security events, out."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from msgspec import Meta, Struct
from pydantic import Field

from diptych.core.engine.schemas.field_types import Id, Instant, UtcTimestamp
from diptych.core.engine.schemas.pagination import PageQuery
from diptych.core.history.schemas import VIAS, CursorByTime, State

EVENTS = (
    "sign_in",
    "sign_in_failed",
    "sign_out",
    "reauthentication_failed",
    "password_changed",
    "account_created",
    "account_changed",
    "account_deleted",
    "token_created",
    "token_changed",
    "token_deleted",
    "second_factor_created",
    "second_factor_changed",
    "second_factor_deleted",
    "policy_created",
    "policy_changed",
    "policy_deleted",
)

FAILURES = ("sign_in_failed", "reauthentication_failed")
"""Those that anybody can cause, any number of times."""


class SecurityEvent(Struct, frozen=True):
    """Something that happened to accounts, tokens or the policy.

    principal, name: of the account that caused it. account_id: of the account that it happened to. client: the network
    address of a sign-in. before, after: the row that was changed, without hashes.
    """

    id: Annotated[int, Meta(examples=[42])]
    at: UtcTimestamp
    principal: Annotated[str, Meta(examples=["01a1fbd7-55dd-7561-861e-8d0bba31278f"])] | None
    name: Annotated[str, Meta(examples=["ann"])] | None
    via: Annotated[str, Meta(examples=["token"], extra_json_schema={"enum": list(VIAS)})]
    request_id: Annotated[str, Meta(examples=["4bf92f3577b34da6a3ce929d0e0e4736"])] | None
    event: Annotated[str, Meta(examples=["sign_in"], extra_json_schema={"enum": list(EVENTS)})]
    account_id: UUID | None
    client: Annotated[str, Meta(examples=["192.0.2.7"])] | None
    before: State | None
    after: State | None


class EventList(PageQuery):
    """What can be asked of security events."""

    # What the pages of other lists ask of their queries.
    q: ClassVar[None] = None
    order_by: ClassVar[str] = "at"

    cursor: CursorByTime | None = Field(None, description=PageQuery.model_fields["cursor"].description)
    event_in: list[Literal[EVENTS]] | None = Field(None, description="Only events of these kinds.")  # type: ignore[valid-type]
    account_id_in: list[Id] | None = Field(None, description="Only what happened to these accounts.")
    created_before: Instant | None = Field(None, description="Only what happened before this moment.")
    created_after: Instant | None = Field(None, description="Only what happened after this moment.")
    sort_order: Literal["asc", "desc"] = Field("desc", description="The oldest first, or the newest.")

    def scope(self) -> dict[str, Any]:
        """Return the values of the filters that were given, by the names of diptych.core.access.events.queries."""
        found = {
            "event_in": self.event_in,
            "account_id_in": self.account_id_in,
            "before": self.created_before,
            "after": self.created_after,
        }
        return {name: value for name, value in found.items() if value is not None}
