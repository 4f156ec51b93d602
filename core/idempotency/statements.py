"""The statements about idempotency keys, built once each; what varies is bound as a parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Executable, bindparam, delete, func, select, text, update

from diptych.core.idempotency.model import IdempotencyKey

SWEPT = 10
"""Most expired keys that one request with a new key deletes."""

ANSWER = ("status", "content_type", "headers", "body")
"""The columns of a response."""

_KEYS: Any = IdempotencyKey.__table__
_THIS = _KEYS.c.key == bindparam("this")
_OLD = _KEYS.c.created_at <= bindparam("expired")
_OLDEST = select(_KEYS.c.key).where(_OLD).order_by(_KEYS.c.created_at).limit(SWEPT)


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements for one database dialect.

    claim: (this, lock, fingerprint, moment, expired) insert the row of a key that is unused or expired, and return it;
    no row where it is in use. find: (this, expired) the fingerprint and the response. keep: (this, expired, and "new_"
    with each of ANSWER) store the response in the row, and delete some expired keys.
    """

    claim: Executable
    find: Executable
    keep: tuple[Executable, ...]


def _claim(alone: str) -> Executable:
    """Build the claim. alone: the condition that no other request is running with this key.

    It is text, because SQLAlchemy compiles an INSERT with ON CONFLICT anew each time, which takes longer than running
    it.
    """
    sql = (
        "INSERT INTO idempotency_key (key, fingerprint, created_at) SELECT :this, :fingerprint, :moment"
        f" WHERE {alone} ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint,"
        " created_at = excluded.created_at WHERE idempotency_key.created_at <= :expired RETURNING key"
    )
    types = {"this": "key", "fingerprint": "fingerprint", "moment": "created_at", "expired": "created_at"}
    return text(sql).bindparams(*(bindparam(name, type_=_KEYS.c[column].type) for name, column in types.items()))


# An expired key is claimed again. The row is locked, which PostgreSQL writes to its log: the commit then waits for a
# synchronous standby, which confirms the first request's commit too. That may have been committed on the primary alone.
_FIND = select(_KEYS.c.fingerprint, *(_KEYS.c[name] for name in ANSWER)).where(_THIS, ~_OLD).with_for_update(read=True)

_ANSWER = update(_KEYS).where(_THIS).values({name: bindparam(f"new_{name}") for name in ANSWER})

# An array, because PostgreSQL may evaluate a locking subquery again for each row it is compared with. SKIP LOCKED:
# rows that another request is deleting are passed over, so no request waits here.
_SWEEP = delete(_KEYS).where(
    _KEYS.c.key == func.any(func.array(_OLDEST.with_for_update(skip_locked=True).scalar_subquery()))
)

STATEMENTS = {
    # The advisory lock is tried in the statement that inserts the row: ON CONFLICT sees what has been committed by
    # then, whereas a separate SELECT would use a snapshot taken before it had the lock.
    "postgresql": Statements(
        _claim("pg_try_advisory_xact_lock(:lock)"),
        _FIND,
        (_ANSWER.add_cte(_SWEEP.cte("swept")),),
    ),
    # A writer on SQLite is alone from BEGIN IMMEDIATE on.
    "sqlite": Statements(
        _claim(":lock IS NOT NULL"),
        _FIND,
        (_ANSWER, delete(_KEYS).where(_KEYS.c.key.in_(_OLDEST))),
    ),
}
"""By dialect name."""
