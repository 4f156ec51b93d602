"""The statements about keys of requests, each made once: what changes from one time to the next are parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Executable, bindparam, delete, func, select, text, update

from diptych.core.idempotency.model import IdempotencyKey

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
    expired, and return it; no row where it is in use. find: (this, expired) the fingerprint and the answer.
    keep: (this, expired, and "new_" with each of ANSWER) put the answer into the row, and delete some that expired.
    """

    claim: Executable
    find: Executable
    keep: tuple[Executable, ...]


def _claim(alone: str) -> Executable:
    """alone: whether nobody else is at work with this key.

    As text, because SQLAlchemy compiles an INSERT with ON CONFLICT anew each time, which takes longer than it runs.
    """
    sql = (
        "INSERT INTO idempotency_key (key, fingerprint, created_at) SELECT :this, :fingerprint, :moment"
        f" WHERE {alone} ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint,"
        " created_at = excluded.created_at WHERE idempotency_key.created_at <= :expired RETURNING key"
    )
    types = {"this": "key", "fingerprint": "fingerprint", "moment": "created_at", "expired": "created_at"}
    return text(sql).bindparams(*(bindparam(name, type_=_KEYS.c[column].type) for name, column in types.items()))


# One that has expired is being answered anew.
_FIND = select(_KEYS.c.fingerprint, *(_KEYS.c[name] for name in ANSWER)).where(_THIS, ~_OLD)

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
        _claim("pg_try_advisory_xact_lock(:lock)"),
        _FIND,
        (_ANSWER.add_cte(_SWEEP.cte("swept")),),
    ),
    # Whoever writes to SQLite is alone.
    "sqlite": Statements(
        _claim(":lock IS NOT NULL"),
        _FIND,
        (_ANSWER, delete(_KEYS).where(_KEYS.c.key.in_(_OLDEST))),
    ),
}
"""By the dialect's name."""
