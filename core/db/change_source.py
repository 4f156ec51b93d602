"""Tell the triggers that record changes who makes those of a transaction: diptych.core.engine.history_triggers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import sql
from sqlalchemy import Connection

from diptych.core import attribution
from diptych.core.attribution import Attribution
from diptych.core.engine.history_triggers import ATTRIBUTION, SOURCE

_TOLD = "diptych_change_source"
"""Key in the info of a SQLite connection whose transaction has told it."""

_TELL = f"INSERT INTO {SOURCE} (principal, name, via, request_id) VALUES (?, ?, ?, ?)"  # noqa: S608 - a constant
_FORGET = f"DELETE FROM {SOURCE}"  # noqa: S608 - a constant


def statement() -> str | None:
    """Return PostgreSQL's statement that tells it until the transaction ends; None where nobody has said who it is."""
    who = attribution.current()
    return None if who is None else f"SELECT set_config('{ATTRIBUTION}',{sql.quote(who.as_text())}, true)"


@contextmanager
def attributing(connection: Connection, who: Attribution) -> Iterator[None]:
    """Attribute the changes in a block, which is a part of a transaction. Errors: SQLAlchemy's."""
    with attribution.attributed_to(who):
        if connection.dialect.name == "sqlite":
            tell_sqlite(connection)
        else:
            connection.exec_driver_sql(str(statement()))
    yield
    if connection.dialect.name == "sqlite":
        forget_on_sqlite(connection)


def tell_sqlite(connection: Connection) -> None:
    """Tell it, at the beginning of a transaction of SQLite's. Errors: SQLAlchemy's."""
    if who := attribution.current():
        connection.exec_driver_sql(_TELL, (who.principal, who.name, who.via, who.request_id))
    _info(connection)[_TOLD] = who is not None


def forget_on_sqlite(connection: Connection) -> None:
    """Take it back, before a commit: other programs' changes are not this one's. Errors: SQLAlchemy's."""
    if _info(connection).pop(_TOLD, False):
        connection.exec_driver_sql(_FORGET)


def _info(connection: Connection) -> dict[Any, Any]:
    return connection.info
