"""Which cursor of psycopg executes the statements of a connection.

A raw cursor sends a text as it is. The others look for psycopg's placeholders in each text, and each time in one of
more than 4,096 characters.
"""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection, AsyncCursor, AsyncRawCursor, Connection, Cursor, RawCursor

_RAW: dict[Any, tuple[Any, Any]] = {
    Connection.execute: (Cursor, RawCursor),
    AsyncConnection.execute: (AsyncCursor, AsyncRawCursor),
}
"""By the function with which connections execute statements: the cursor that they have, and the raw one."""


def raw_cursor_of(driver: Any) -> Any:
    """Return the class of raw cursors for a driver's connection, or None where it has to execute statements itself.

    That is one of SQLite, and one to which another program has given functions or cursors of its own, to trace
    statements.
    """
    given, raw = _RAW.get(type(driver).execute, (None, None))
    return raw if given is not None and driver.cursor_factory is given else None
