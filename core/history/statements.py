"""What commands do to the history, which is otherwise only added to."""

from __future__ import annotations

from sqlalchemy import Text, bindparam, delete, or_, select, update

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
