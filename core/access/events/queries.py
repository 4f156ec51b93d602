"""How security events are selected, added and deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import fields
from sqlalchemy import Integer, TextClause, bindparam, delete, func, insert, select, text

from diptych.core import attribution
from diptych.core.access.events import schemas
from diptych.core.access.events.model import SecurityEvent
from diptych.core.engine.entity import now
from diptych.core.engine.resource_spec import ResourceSpec, any_of

Values = dict[str, Any]

_COLUMNS = [getattr(SecurityEvent, each.name) for each in fields(schemas.SecurityEvent)]
_MODEL: Any = SecurityEvent
_MOMENT = SecurityEvent.at.type

spec = ResourceSpec(
    model=_MODEL,
    columns=tuple(each.key for each in _COLUMNS),
    select=select(*_COLUMNS),
    returning=_COLUMNS,
    represent=lambda row: schemas.SecurityEvent(*row),
    search_exactly=None,
    search_folded=None,
    order_by={"id": SecurityEvent.id, "at": SecurityEvent.at},
    filters={},
    scopes={
        "event_in": any_of(SecurityEvent.event),
        "account_id_in": any_of(SecurityEvent.account_id),
        "before": lambda name: SecurityEvent.at < bindparam(name, type_=_MOMENT),
        "after": lambda name: SecurityEvent.at > bindparam(name, type_=_MOMENT),
    },
)

LAST = (
    select(
        SecurityEvent.at,
        SecurityEvent.event,
        SecurityEvent.account_id,
        SecurityEvent.name,
        SecurityEvent.via,
        SecurityEvent.request_id,
        SecurityEvent.client,
    )
    .order_by(SecurityEvent.id.desc())
    .limit(bindparam("limit", type_=Integer))
)
"""Select the last `limit` events, the newest first."""

_TABLE: Any = SecurityEvent.__table__
_ADDED = ("at", "principal", "name", "via", "request_id", "event", "account_id", "client")

_NEW = {name: bindparam(f"new_{name}", type_=_TABLE.c[name].type) for name in _ADDED}

ADD = insert(_TABLE).values(_NEW)
"""Add an event, with the values of `values_of`."""

FAILURES_KEPT = 10
"""Events of one kind and account that are kept in a minute, of those that anybody can cause."""

_LATEST = (
    select(SecurityEvent.id)
    .where(
        SecurityEvent.at > bindparam("since", type_=_MOMENT),
        SecurityEvent.event == _NEW["event"],
        SecurityEvent.account_id.is_not_distinct_from(_NEW["account_id"]),
    )
    .limit(FAILURES_KEPT)
    .subquery()
)

ADD_FAILURE = insert(_TABLE).from_select(
    list(_NEW),
    select(*_NEW.values()).where(select(func.count()).select_from(_LATEST).scalar_subquery() < FAILURES_KEPT),
)
"""Add an event as ADD does, unless FAILURES_KEPT have been added `since` a moment."""

TRIMMED = 10_000
"""Events that one transaction deletes, at most."""

_OLDEST = (
    select(SecurityEvent.id).where(SecurityEvent.at < bindparam("before", type_=_MOMENT)).order_by(SecurityEvent.id)
)

TRIM = delete(SecurityEvent).where(SecurityEvent.id.in_(_OLDEST.limit(TRIMMED))).returning(SecurityEvent.id)
"""Delete some of the events before the moment `before`, and return their ids."""


def values_of(event: str, account_id: UUID | None, name: str | None = None, client: str | None = None) -> Values:
    """Return the values for ADD and ADD_FAILURE of an event that happens to an account.

    client: the network address of the browser. name: of the account, where it is the account itself that causes the
    event, as when it signs in.
    """
    who = attribution.current()
    values: Values = {"principal": None, "name": None, "via": attribution.UNKNOWN, "request_id": None}
    values |= {} if who is None else who.values()
    values |= {} if name is None else {"principal": str(account_id), "name": name, "via": "session"}
    moment = now()
    values |= {"at": moment, "event": event, "account_id": account_id, "client": client or None}
    return {**{f"new_{column}": values[column] for column in _ADDED}, "since": moment - timedelta(minutes=1)}


def redactions(dialect: str) -> tuple[TextClause, ...]:
    """Return the statements that take the name of an `account`, given by its id or a name, out of all events.

    They delete it from the rows of accounts, and from what the account has caused.
    """
    same_id = "CAST(account_id AS text)" if dialect == "postgresql" else _TEXT_ID
    without = "{0} - 'name'" if dialect == "postgresql" else "json_remove({0}, '$.name')"
    named = "{0} ->> 'name' = :account"
    whom = (
        f"SELECT account_id FROM security_event WHERE event LIKE 'account%' AND"  # noqa: S608 - constants
        f" ({named.format('before')} OR {named.format('after')} OR {same_id} = :account)"
    )
    return (
        text(
            "UPDATE security_event SET name = NULL WHERE name IS NOT NULL AND"
            " (name = :account OR principal = :account) RETURNING id"
        ),
        text(
            f"UPDATE security_event SET before = {without.format('before')}, after = {without.format('after')}"  # noqa: S608 - constants
            f" WHERE event LIKE 'account%' AND account_id IN ({whom}) RETURNING id"
        ),
    )


_TEXT_ID = " || '-' || ".join(
    f"substr(account_id, {first}, {length})" for first, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
)
