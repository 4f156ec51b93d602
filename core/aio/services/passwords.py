"""Passwords of accounts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from diptych.core.access import passwords
from diptych.core.access.sessions import queries
from diptych.core.aio.services.security_events import record
from diptych.core.aio.statement_executor import Executor
from diptych.core.aio.unit_of_work import Database
from diptych.core.engine.row_statements import VALUE
from diptych.core.off_loop import hash_in_turn_async


async def store_password(
    database: Database, account_id: Any, password: str, check: Callable[[Executor], Awaitable[None]] | None = None
) -> None:
    """Store a password, and end all sessions of the account.

    check: what has to hold in the same transaction. Errors: what it raises.
    """
    password_hash = await hash_in_turn_async(partial(passwords.hash_password, password))

    async def write(executor: Executor) -> None:
        if check is not None:
            await check(executor)
        await executor.run(queries.SET_PASSWORD, {VALUE: account_id, "password_hash": password_hash})
        await executor.run(queries.END_ALL, {VALUE: account_id})
        await record(executor, "password_changed", account_id)

    await database.execute_write(write, in_transaction=True)
