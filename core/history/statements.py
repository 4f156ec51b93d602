"""The statements on the history, which is otherwise only added to and listed."""

from __future__ import annotations

from sqlalchemy import Text, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.orm import aliased

from diptych.core.history.model import Change

TRIMMED = 10_000
"""Changes that one transaction deletes, at most."""

_OLDEST = select(Change.id).where(Change.at < bindparam("before", type_=Change.at.type)).order_by(Change.at, Change.id)

TRIM = delete(Change).where(Change.id.in_(_OLDEST.limit(TRIMMED))).returning(Change.id)
"""Delete the oldest changes made before the moment `before`, and return their ids."""

_WHOM = select(Change.principal).where(Change.name == bindparam("account", type_=Text), Change.principal.is_not(None))

REDACT = (
    update(Change)
    .where(
        Change.name.is_not(None),
        or_(
            Change.name == bindparam("account", type_=Text),
            Change.principal == bindparam("account", type_=Text),
            Change.principal.in_(_WHOM),
        ),
    )
    .values(name=None)
    .returning(Change.id)
)
"""Take the name out of the changes of an `account`, which is given by its id or by a name that it had."""

UNDONE = 10_000
"""Changes that one request undoes, at most; a command undoes any number."""

_RECORDED = select(
    Change.id,
    Change.principal,
    Change.via,
    Change.resource,
    Change.resource_id,
    Change.request_id,
    Change.action,
    Change.before,
    Change.after,
)
_REQUEST = Change.request_id == bindparam("request_id", type_=Text)
_SENDER = and_(
    Change.principal.is_not_distinct_from(bindparam("principal", type_=Text)),
    Change.via == bindparam("via", type_=Text),
)
_ROWS = Change.resource_id.in_(bindparam("rows", expanding=True, type_=Change.resource_id.type))

CHANGE = _RECORDED.where(Change.id == bindparam("id", type_=Change.id.type))
"""Select the change with an `id`."""

CHANGES_OF_REQUEST = _RECORDED.where(_REQUEST).order_by(Change.id).limit(UNDONE + 1)
"""Select the changes that a request, or the run of a command, has made (`request_id`): one more than may be undone."""

_OF_ROW = _RECORDED.where(
    Change.resource == bindparam("resource", type_=Text),
    Change.resource_id == bindparam("resource_id", type_=Change.resource_id.type),
)

CHANGES_AFTER = _OF_ROW.where(Change.id > bindparam("id", type_=Change.id.type)).order_by(Change.id).limit(UNDONE)
"""Select the changes of a row (`resource`, `resource_id`) after the one with an `id`, in order."""

CHANGES_BEFORE = (
    _OF_ROW.where(Change.id < bindparam("id", type_=Change.id.type)).order_by(Change.id.desc()).limit(UNDONE)
)
"""Select the changes of a row before the one with an `id`, the last first."""

CHANGES_OF_ROWS = _RECORDED.where(_REQUEST, _SENDER, _ROWS).order_by(Change.id)
"""Select the changes that a request of one sender (`principal`, `via`) has made to the `rows` of these ids."""

_CREATION = aliased(Change)
_OF_NEW_ROW = (
    select(_CREATION.id)
    .where(
        _CREATION.resource_id == Change.resource_id,
        _CREATION.resource == Change.resource,
        # Of this, SQLite would rather use the index of requests, and read all of one for each of its changes.
        func.coalesce(_CREATION.request_id, "") == Change.request_id,
        _CREATION.action == "create",
    )
    .exists()
)
_LOOKED_AT = or_(Change.action != "update", ~_OF_NEW_ROW)
"""What came with a new row goes with it: it is not to be looked at by itself."""

PAGE = 1000

SOME_OF_REQUEST = (
    select(Change.id, Change.resource_id)
    .where(
        _REQUEST,
        _SENDER,
        Change.resource == bindparam("table", type_=Text),
        Change.action == bindparam("action", type_=Text),
        _LOOKED_AT,
        Change.id < bindparam("before_id", type_=Change.id.type),
    )
    .order_by(Change.id.desc())
    .limit(PAGE)
)
"""Select a page of the rows of a `table` that a request has changed by an `action`, the newest change first."""

KINDS_OF_REQUEST = (
    select(Change.principal, Change.via, Change.resource, Change.action, func.max(Change.id))
    .where(_REQUEST)
    .group_by(Change.principal, Change.via, Change.resource, Change.action)
)
"""Select the senders, tables and actions of the changes that a request has made, each with the id of the last."""

COUNT_OF_REQUEST = select(func.count()).select_from(Change).where(_REQUEST, _LOOKED_AT)
"""Count the changes that a request has made, without those that came with a new row."""
