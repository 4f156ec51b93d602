"""Find commits that a synchronous standby has not confirmed.

A session that commits under synchronous replication waits for the standby. When it is cancelled in that wait, as a
deadline does, PostgreSQL reports success with a warning: the transaction is committed on the primary, and the standby
may not have it. If the primary is lost then, so is the transaction; its outcome is unknown until a later commit has
been confirmed. https://www.postgresql.org/docs/current/warm-standby.html#SYNCHRONOUS-REPLICATION
"""

from __future__ import annotations

from functools import partial
from typing import Any
from weakref import WeakKeyDictionary, ref

from psycopg import BaseConnection
from psycopg.errors import Diagnostic, TransactionResolutionUnknown

from diptych.core.db.pool import is_idle

_WARNING = "01000"
"""SQLSTATE of a warning that has none of its own. The texts are in the server's language."""

_warnings: WeakKeyDictionary[BaseConnection[Any], str] = WeakKeyDictionary()
"""By connection: the warning of its last statement, until that is checked."""


def listen(driver: BaseConnection[Any]) -> None:
    """Note the warnings of a connection."""
    driver.add_notice_handler(partial(_note, ref(driver)))


def _note(connection: ref[BaseConnection[Any]], notice: Diagnostic) -> None:
    driver = connection()
    # A warning from inside a function, such as RAISE WARNING in a trigger, has a context.
    if (
        driver is not None
        and notice.sqlstate == _WARNING
        and notice.severity_nonlocalized == "WARNING"
        and not notice.context
    ):
        _warnings[driver] = notice.message_primary or ""


def forget(driver: BaseConnection[Any]) -> None:
    """Forget the warning of an earlier statement, before a commit."""
    _warnings.pop(driver, None)


def check(driver: Any) -> None:
    """Check that the statement that has just ended was no commit with a warning. driver: of either database.

    Errors: psycopg's TransactionResolutionUnknown.
    """
    if _warnings and (warning := _warnings.pop(driver, None)) is not None and is_idle(driver):
        raise TransactionResolutionUnknown(warning)
