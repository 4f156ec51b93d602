"""Check the codes of second factors, and use them up."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from diptych.core.access.second_factors import queries, recovery_codes
from diptych.core.access.second_factors.verification import (
    CodeCheck,
    check_app_code,
    check_none,
    check_recovery_code,
)
from diptych.core.access.sessions.credentials import Credentials
from diptych.core.aio.statement_executor import Executor
from diptych.core.aio.unit_of_work import Database
from diptych.core.engine.entity import now
from diptych.core.engine.row_statements import VALUE

_log = logging.getLogger("diptych")

_NOBODY = UUID(int=0)


async def check_code(database: Database, account: Credentials | None, typed: str) -> CodeCheck:
    """Check a code, or a recovery code, without using it up. Without a second factor none is needed.

    A recovery code is looked for whatever the account: the time that it takes says nothing about the password.

    Errors: ServiceUnavailable, logged, where the secret cannot be decrypted.
    """
    code = recovery_codes.plain(typed)
    digest = recovery_codes.digest_of(code)
    account_id = account.account_id if account else _NOBODY
    stored = digest is not None and await _has_code(database, account_id, digest)
    if account is None or account.secret is None:
        return check_none(account_id)
    if digest is not None:
        return check_recovery_code(account, digest, stored=stored)
    return check_app_code(database.keyring, account, code, now())


async def use_code(executor: Executor, check: CodeCheck) -> bool:
    """Use a right code up; return whether nobody else has done so, nor set a second factor up, meanwhile."""
    return await executor.first(check.use, check.values) is not None


def log_use(check: CodeCheck) -> None:
    """Tell the log of a recovery code that was used: its owner may have lost the second factor."""
    if check.recovery:
        _log.warning("a recovery code has been used")


async def _has_code(database: Database, account_id: UUID, digest: bytes) -> bool:
    async def read(executor: Executor) -> Any:
        return await executor.first(queries.HAS_CODE, {VALUE: account_id, "digest": digest})

    return await database.read(read) is not None
