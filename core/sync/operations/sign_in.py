# Generated from core/aio/operations/sign_in.py by tools/unasync.py: do not edit, run "make twins".
"""Sign in and out with a password: forms of the pages, which answer with a redirection."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from uuid_utils.compat import uuid7

from diptych.core.access import passwords
from diptych.core.access.accounts.rules import account_name
from diptych.core.access.sessions import queries, rules
from diptych.core.access.sessions.schemas import NewPassword, SignIn
from diptych.core.engine.entity import now
from diptych.core.engine.row_statements import VALUE
from diptych.core.errors import FieldError, ValidationFailed
from diptych.core.http import problems
from diptych.core.http.operations import FORM, Operation, OperationRequest, OperationResult
from diptych.core.off_loop import hash_in_turn
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.unit_of_work import Database

HOME, SIGN_IN = "/ui/", "/ui/sign-in"

WRONG, WRONG_NOW = "The name or the password is wrong.", "The current password is wrong."

RETRY = 900
"""Seconds until the next attempt, after too many."""

_log = logging.getLogger("diptych")


def sign_in(database: Database, call: OperationRequest) -> OperationResult:
    """Begin a session. Errors: Problem 429; ValidationFailed for a wrong name or password; ServiceUnavailable."""
    form: SignIn = call.body
    name = _name_of(form.name)
    attempt = _reserve_attempt(database, name or form.name, call.browser.client)
    account = _find(database, queries.BY_NAME, name) if name else None
    password_hash = account[3] if account and account[2] else None
    if not hash_in_turn(partial(passwords.matches, password_hash, form.password)):
        _log.warning("a sign-in has failed")
        raise _wrong(WRONG, "password")
    assert account is not None  # noqa: S101 - nothing matches without one
    renewed = _rehashed(account[3], form.password)
    token = rules.new_session_token()
    hashes = {"verified": account[3], "password_hash": renewed}
    if not _begin(database, account[0], token, call, {**attempt, **hashes}):
        raise _wrong(WRONG, "password")
    _log.info("a sign-in has succeeded")
    return _to(HOME, rules.set_cookie(token, loopback=call.browser.loopback))


def sign_out(database: Database, call: OperationRequest) -> OperationResult:
    """End the session."""

    def write(executor: Executor) -> None:
        executor.run(queries.END, {VALUE: rules.digest_of(call.browser.token)})

    if call.browser.token:
        database.execute_write(write, in_transaction=False)
    return _to(SIGN_IN, rules.set_cookie("", loopback=call.browser.loopback))


def change_password(database: Database, call: OperationRequest) -> OperationResult:
    """Change the password, and end all sessions. Errors: as `sign_in`; ValidationFailed for an easy new password."""
    form: NewPassword = call.body
    attempt = _reserve_attempt(database, call.principal.name or "", call.browser.client)
    account = _find(database, queries.BY_ID, call.principal.id)
    if account is None or not hash_in_turn(partial(passwords.matches, account[3], form.current_password)):
        raise _wrong(WRONG_NOW, "current_password")
    try:
        new = passwords.check_password(form.new_password, account[1])
    except ValueError as error:
        raise _wrong(f"The new password {error}.", "new_password") from None
    if not store_password(database, account[0], new, account[3], attempt):
        raise _wrong(WRONG_NOW, "current_password")
    _log.info("a password has been changed")
    return _to(SIGN_IN, rules.set_cookie("", loopback=call.browser.loopback))


def store_password(
    database: Database,
    account_id: Any,
    password: str,
    verified: str | None = None,
    attempt: dict[str, str] | None = None,
) -> bool:
    """Store a password, and end all sessions of the account; return whether that was done.

    verified: the hash that the account still has to have. attempt: the account and the client whose failed attempts are
    deleted.
    """
    password_hash = hash_in_turn(partial(passwords.hash_password, password))

    def write(executor: Executor) -> bool:
        if verified is not None and not _still_has(executor, account_id, verified):
            return False
        executor.run(queries.SET_PASSWORD, {VALUE: account_id, "password_hash": password_hash})
        executor.run(queries.END_ALL, {VALUE: account_id})
        if attempt is not None:
            executor.run(queries.FORGET, attempt)
        return True

    return database.execute_write(write, in_transaction=True)


def _still_has(executor: Executor, account_id: Any, verified: str) -> bool:
    """Return whether an account still has the hash with which a password was compared, and lock it.

    Comparing takes long, and outside of transactions. Meanwhile a new password may have ended all sessions.
    """
    return executor.first(queries.STILL_HAS, {VALUE: account_id, "verified": verified}) is not None


def _name_of(text: str) -> str | None:
    """Return the name of an account; None for text that can be none."""
    try:
        return account_name(text.strip())
    except ValueError:
        return None


def _reserve_attempt(database: Database, name: str, client: str) -> dict[str, str]:
    """Count an attempt before it is made, in a transaction of its own. Errors: Problem 429.

    The attempts are counted when this one is committed: of simultaneous ones, the last sees all. One that is refused
    is deleted again: otherwise a single client could use up the attempts that all clients have for an account.
    """
    attempt_id, moment = uuid7(), now()
    of = {"account": rules.subject(name), "client": rules.subject(client)}
    since = {"recent": moment - rules.WINDOW, "day": moment - rules.DAY}

    def write(executor: Executor) -> None:
        row = {"id": attempt_id, "at": moment, **of}
        executor.run(queries.ATTEMPT, {f"new_{column}": value for column, value in row.items()})
        executor.run(queries.FORGET_OLD, {"before": since["day"]})

    def count(executor: Executor) -> Any:
        return executor.first(queries.COUNT, {**of, **since})

    def withdraw(executor: Executor) -> None:
        executor.run(queries.WITHDRAW, {VALUE: attempt_id})

    database.execute_write(write, in_transaction=True)
    of_both, of_account, of_client = database.read(count)
    if of_both > rules.PER_CLIENT or of_account > rules.PER_DAY or of_client > rules.PER_ADDRESS:
        database.execute_write(withdraw, in_transaction=False)
        raise problems.too_many_requests(RETRY)
    return of


def _find(database: Database, statement: Any, value: Any) -> Any:
    def read(executor: Executor) -> Any:
        return executor.first(statement, {VALUE: value})

    return database.read(read)


def _rehashed(password_hash: str, password: str) -> str | None:
    """Return a new hash of a password where the old one was made with other parameters."""
    if not passwords.is_outdated(password_hash):
        return None
    return hash_in_turn(partial(passwords.hash_password, password))


def _begin(
    database: Database, account_id: Any, token: str, call: OperationRequest, values: dict[str, str | None]
) -> bool:
    """Store a new session in place of the browser's old one, and forget the failed attempts before it.

    Return whether that was done: not where the password no longer counts.
    """
    moment = now()
    row = {
        "id": uuid7(),
        "account_id": account_id,
        "digest": rules.digest_of(token),
        "created_at": moment,
        "seen_at": moment,
    }

    def write(executor: Executor) -> bool:
        if not _still_has(executor, account_id, str(values["verified"])):
            return False
        executor.run(queries.FORGET, {"account": values["account"], "client": values["client"]})
        executor.run(queries.END_OLD, {"before": moment - rules.LIFETIME})
        if call.browser.token:
            executor.run(queries.END, {VALUE: rules.digest_of(call.browser.token)})
        if values["password_hash"]:
            executor.run(queries.SET_PASSWORD, {VALUE: account_id, "password_hash": values["password_hash"]})
        executor.run(queries.BEGIN, {f"new_{column}": value for column, value in row.items()})
        return True

    return database.execute_write(write, in_transaction=True)


def _wrong(detail: str, member: str) -> ValidationFailed:
    return ValidationFailed(detail, [FieldError("wrong", detail, path=(member,))])


def _to(location: str, cookie: str) -> OperationResult:
    headers = {"Location": location, "Set-Cookie": cookie, "Cache-Control": "no-store"}
    return OperationResult(status=303, headers=headers)


def _form(path: str, summary: str, run: Callable[..., Any], body: Any, *, public: bool) -> Operation:
    return Operation(
        name=f"ui_{path.replace('-', '_')}",
        method="POST",
        path=f"/ui/{path}",
        summary=summary,
        run=run,
        unit="several",
        body=body,
        accepts=(FORM,),
        status=303,
        public=public,
        permission=None if public else "me:read",
    )


operations = [
    _form("sign-in", "Sign in with a name and a password", sign_in, SignIn, public=True),
    _form("sign-out", "Sign out", sign_out, None, public=True),
    _form("password", "Change one's password, and end all sessions", change_password, NewPassword, public=False),
]
