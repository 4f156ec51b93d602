"""Choose between psycopg's raw cursors and a connection's own execute().

A raw cursor sends a statement as it is. psycopg's other cursors search its text for psycopg's placeholders. They cache
the result for texts of up to 4,096 characters, and search longer ones again at each execution.
"""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection, AsyncCursor, AsyncRawCursor, Connection, Cursor, RawCursor

_RAW: dict[Any, tuple[Any, Any]] = {
    Connection.execute: (Cursor, RawCursor),
    AsyncConnection.execute: (AsyncCursor, AsyncRawCursor),
}
"""The execute() of each class of connections -> its default class of cursors, and the corresponding raw one."""


def raw_cursor_of(driver: Any) -> Any:
    """Return the class of raw cursors for a driver's connection; None if its own execute() has to be called.

    None is for connections to SQLite, and for those that a tracing library has wrapped, or given a cursor_factory.
    """
    default, raw = _RAW.get(type(driver).execute, (None, None))
    return raw if default is not None and driver.cursor_factory is default else None
