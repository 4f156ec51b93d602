# Generated from core/aio/services/passwords.py by tools/unasync.py: do not edit, run "make twins".
"""Passwords of accounts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from diptych.core.access import passwords
from diptych.core.access.sessions import queries
from diptych.core.engine.row_statements import VALUE
from diptych.core.off_loop import hash_in_turn
from diptych.core.sync.services.security_events import record
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.unit_of_work import Database


def store_password(
    database: Database, account_id: Any, password: str, check: Callable[[Executor], None] | None = None
) -> None:
    """Store a password, and end all sessions of the account.

    check: what has to hold in the same transaction. Errors: what it raises.
    """
    password_hash = hash_in_turn(partial(passwords.hash_password, password))

    def write(executor: Executor) -> None:
        if check is not None:
            check(executor)
        executor.run(queries.SET_PASSWORD, {VALUE: account_id, "password_hash": password_hash})
        executor.run(queries.END_ALL, {VALUE: account_id})
        record(executor, "password_changed", account_id)

    database.execute_write(write, in_transaction=True)
