"""The statements about keys of requests, each made once: what changes from one time to the next are parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Executable, bindparam, delete, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.models import IdempotencyKey

SWEPT = 10
"""Keys that are too old, of which a request with a new one deletes so many at most."""

ANSWER = ("status", "content_type", "headers", "body")
"""The columns of an answer."""

_KEYS: Any = IdempotencyKey.__table__
_THIS = _KEYS.c.key == bindparam("this")
_OLD = _KEYS.c.created_at <= bindparam("expired")
_OLDEST = select(_KEYS.c.key).where(_OLD).order_by(_KEYS.c.created_at).limit(SWEPT)


@dataclass(frozen=True, slots=True)
class Statements:
    """Those for one kind of database.

    claim: (this, lock, fingerprint, moment, expired) make the row of a key that nobody has used, or not since it
    expired, and return it; no row where it is in use. find: (this) the fingerprint and the answer. keep: (this,
    expired, and "new_" with each of ANSWER) put the answer into the row, and delete some that have expired.
    """

    claim: Executable
    find: Executable
    keep: tuple[Executable, ...]


def _claim(insert: Any, alone: ColumnElement[bool]) -> Executable:
    """alone: whether nobody else is at work with this key."""
    row = {"key": "this", "fingerprint": "fingerprint", "created_at": "moment"}
    values = [bindparam(name, type_=_KEYS.c[column].type) for column, name in row.items()]
    made = insert(_KEYS).from_select(list(row), select(*values).where(alone))
    renewed = {name: made.excluded[name] for name in ("fingerprint", "created_at")}
    found: Executable = made.on_conflict_do_update(index_elements=["key"], set_=renewed, where=_OLD).returning(
        _KEYS.c.key
    )
    return found


_FIND = select(_KEYS.c.fingerprint, *(_KEYS.c[name] for name in ANSWER)).where(_THIS)

_ANSWER = update(_KEYS).where(_THIS).values({name: bindparam(f"new_{name}") for name in ANSWER})

# An array, because PostgreSQL may run a subquery that locks again for each row it is compared with. Rows that
# somebody else sweeps are passed over: nobody waits for another's sweeping.
_SWEEP = delete(_KEYS).where(
    _KEYS.c.key == func.any(func.array(_OLDEST.with_for_update(skip_locked=True).scalar_subquery()))
)

STATEMENTS = {
    # The lock is tried in the statement that makes the row: that sees what has been committed by then, whereas a
    # SELECT sees what was there when it began, before it had the lock.
    "postgresql": Statements(
        _claim(postgresql.insert, func.pg_try_advisory_xact_lock(bindparam("lock", type_=BigInteger))),
        _FIND,
        (_ANSWER.add_cte(_SWEEP.cte("swept")),),
    ),
    # Whoever writes to SQLite is alone.
    "sqlite": Statements(
        _claim(sqlite.insert, literal(True)),
        _FIND,
        (_ANSWER, delete(_KEYS).where(_KEYS.c.key.in_(_OLDEST))),
    ),
}
"""By the dialect's name."""
