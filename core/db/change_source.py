"""Pass the attribution of a transaction to the triggers that record changes (diptych.core.engine.history_triggers)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql
from sqlalchemy import Connection

from diptych.core import attribution
from diptych.core.attribution import Attribution
from diptych.core.engine.history_triggers import ATTRIBUTION, SOURCE

_ATTRIBUTED = "diptych_change_source"
"""Key in the info of a SQLite connection whose transaction has an attribution."""

FORGET = f"DELETE FROM {SOURCE}"  # noqa: S608 - a constant
"""SQLite's statement that removes the attribution."""


def statement() -> str | None:
    """Return PostgreSQL's statement that sets the attribution until the transaction ends; None if there is none."""
    who = attribution.current()
    return None if who is None else f"SELECT set_config('{ATTRIBUTION}',{sql.quote(who.as_text())}, true)"


@contextmanager
def attributing(connection: Connection, who: Attribution) -> Iterator[None]:
    """Attribute the changes in a block, which is a part of a transaction. Errors: SQLAlchemy's."""
    with attribution.attributed_to(who):
        sqlite = connection.dialect.name == "sqlite"
        connection.exec_driver_sql(str(of_sqlite() if sqlite else statement()))
    yield
    if sqlite:
        connection.exec_driver_sql(FORGET)


def of_sqlite() -> str | None:
    """Return SQLite's statement that sets the attribution; None if there is none."""
    who = attribution.current()
    if who is None:
        return None
    literals = ("NULL" if value is None else "'" + value.replace("'", "''") + "'" for value in who.values().values())
    return f"INSERT INTO {SOURCE} (principal, name, via, request_id) VALUES ({', '.join(literals)})"  # noqa: S608 - quoted


def remember(connection: Connection, *, attributed: bool) -> None:
    """Remember whether the transaction of a SQLite connection has an attribution."""
    connection.info[_ATTRIBUTED] = attributed


def was_attributed(connection: Connection) -> bool:
    """Return whether the transaction of a SQLite connection has an attribution, and forget that."""
    return bool(connection.info.pop(_ATTRIBUTED, False))
