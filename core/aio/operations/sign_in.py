"""Sign in and out with a password: forms of the pages, which answer with a redirection."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from diptych.core.access import passwords
from diptych.core.access.accounts.rules import account_name
from diptych.core.access.second_factors.verification import CodeCheck
from diptych.core.access.sessions import queries, rules
from diptych.core.access.sessions.credentials import Credentials
from diptych.core.access.sessions.schemas import NewPassword, SignIn
from diptych.core.aio.services.passwords import store_password
from diptych.core.aio.services.second_factors import check_code, log_use, use_code
from diptych.core.aio.services.security_events import record
from diptych.core.aio.statement_executor import Executor
from diptych.core.aio.unit_of_work import Database
from diptych.core.engine.entity import now
from diptych.core.engine.row_statements import VALUE
from diptych.core.errors import FieldError, ValidationFailed
from diptych.core.http import problems
from diptych.core.http.operations import FORM, Operation, OperationRequest, OperationResult
from diptych.core.http.request_parsing import decode_form
from diptych.core.off_loop import hash_in_turn_async
from diptych.core.web.forms import go_on, password_again, sign_in_again
from diptych.core.web.frame import HEADERS, HTML, frame_of

HOME, SIGN_IN = "/ui/", "/ui/sign-in"

RETRY = 900
"""Seconds until the next attempt, after too many."""


class Reauthenticated(Struct, frozen=True):
    """Somebody who is signed in and has shown again who they are.

    attempt: the reserved one, to be forgotten. code: to be used up. refusal: to be raised if it is used up already.
    """

    account: Credentials
    attempt: dict[str, str]
    code: CodeCheck
    refusal: ValidationFailed


async def sign_in(database: Database, call: OperationRequest) -> OperationResult:
    """Begin a session.

    The error does not tell which of name, password and code is wrong: passwords could be tried without a code.

    Errors: Problem 429; ValidationFailed for a wrong name, password or code; ServiceUnavailable.
    """
    form: SignIn = call.body
    kept = _kept(form)
    name = _name_of(form.name)
    attempt = await reserve_attempt(database, name or form.name, call.browser.client)
    account = await _find(database, queries.BY_NAME, name) if name else None
    code = await check_code(database, account, form.code)
    password_hash = account.password_hash if account and account.active else None
    is_right = await hash_in_turn_async(partial(passwords.matches, password_hash, form.password))
    if not is_right or not code.is_right:
        raise await _refused_sign_in(database, account, call)
    assert account is not None  # noqa: S101 - nothing matches without one
    renewed = await _rehashed(password_hash or "", form.password)

    async def write(executor: Executor) -> str | None:
        if not await still_counts(executor, account) or not await use_code(executor, code):
            return None
        await executor.run(queries.FORGET, attempt)
        if call.browser.token:
            await executor.run(queries.END, {VALUE: rules.digest_of(call.browser.token)})
        if renewed:
            await executor.run(queries.SET_PASSWORD, {VALUE: account.account_id, "password_hash": renewed})
        await record(executor, "sign_in", account.account_id, account.name, call.browser.client)
        return await begin_session(executor, account.account_id)

    token = await database.execute_write(write, in_transaction=True)
    if token is None:
        raise await _refused_sign_in(database, account, call)
    log_use(code)
    cookie = rules.set_cookie(token, loopback=call.browser.loopback)
    if kept and form.next:
        page = go_on(frame_of(SIGN_IN, call.principal), form.next, kept)
        headers = {**HEADERS, "Set-Cookie": cookie, "Cache-Control": "no-store"}
        return OperationResult(page, status=200, headers=headers, media_type=HTML)
    return redirection(f"/{form.next}" if form.next else HOME, cookie)


async def sign_out(database: Database, call: OperationRequest) -> OperationResult:
    """End the session."""

    async def write(executor: Executor) -> None:
        ended = await executor.first(queries.END, {VALUE: rules.digest_of(call.browser.token)})
        if ended is not None:
            await record(executor, "sign_out", ended[0], client=call.browser.client)

    if call.browser.token:
        await database.execute_write(write, in_transaction=True)
    return _signed_out(call)


def _signed_out(call: OperationRequest) -> OperationResult:
    """Return the redirection to the sign-in form. It removes the cookie and has the browser forget the pages."""
    led = redirection(SIGN_IN, rules.set_cookie("", loopback=call.browser.loopback))
    return replace(led, headers={**led.headers, "Clear-Site-Data": '"cache"'})


async def change_password(database: Database, call: OperationRequest) -> OperationResult:
    """Change the password, and end all sessions. Errors: as `reauthenticate`; ValidationFailed for an easy new one."""
    form: NewPassword = call.body
    try:
        new = passwords.check_password(form.new_password, call.principal.name or "")
    except ValueError as error:
        raise wrong(f"The new password {error}.", "new_password") from None
    known = await reauthenticate(database, call, form.current_password, form.code)
    await store_password(database, known.account.account_id, new, partial(use_up, known=known))
    log_use(known.code)
    return _signed_out(call)


async def reauthenticate(database: Database, call: OperationRequest, password: str, code: str) -> Reauthenticated:
    """Check the password of the account that is signed in, and a code if it has a second factor.

    Errors: Problem 429; ValidationFailed; ServiceUnavailable.
    """
    attempt = await reserve_attempt(database, call.principal.name or "", call.browser.client)
    account = await _find(database, queries.BY_ID, call.principal.id)
    checked = await check_code(database, account, code)
    password_hash = account.password_hash if account else None
    is_right = await hash_in_turn_async(partial(passwords.matches, password_hash, password))
    if checked.needed:
        refusal = wrong("The current password or the code is wrong.", "current_password", "code")
    else:
        refusal = wrong("The current password is wrong.", "current_password")
    if account is None or not is_right or not checked.is_right:
        await _record_failure(database, "reauthentication_failed", call.principal.id, call)
        raise refusal
    return Reauthenticated(account, attempt, checked, refusal)


async def use_up(executor: Executor, known: Reauthenticated) -> None:
    """Use the code up, and forget the attempt. Errors: ValidationFailed where password or code count no more."""
    if not await still_counts(executor, known.account) or not await use_code(executor, known.code):
        raise known.refusal
    await executor.run(queries.FORGET, known.attempt)


async def still_counts(executor: Executor, account: Credentials) -> bool:
    """Return whether an account still has the hash with which a password was compared, and lock it.

    Comparing takes long, and outside of transactions. Meanwhile a new password may have ended all sessions.
    """
    values = {VALUE: account.account_id, "verified": account.password_hash}
    return await executor.first(queries.STILL_HAS, values) is not None


def _kept(form: SignIn) -> dict[str, str]:
    """Return what was typed into another form before. Errors: ValidationFailed for what no page has sent."""
    try:
        return decode_form(form.form.encode("ascii"))
    except ValueError:
        raise wrong("What was typed before cannot be read.", "form") from None


def _name_of(text: str) -> str | None:
    """Return the name of an account; None for text that can be none."""
    try:
        return account_name(text.strip())
    except ValueError:
        return None


async def reserve_attempt(database: Database, name: str, client: str) -> dict[str, str]:
    """Count an attempt before it is made, in a transaction of its own. Errors: Problem 429.

    The attempts are counted when this one is committed: of simultaneous ones, the last sees all. One that is refused
    is deleted again: otherwise a single client could use up the attempts that all clients have for an account.
    """
    attempt_id, moment = uuid7(), now()
    of = {"account": rules.subject(name), "client": rules.subject(client)}
    since = {"recent": moment - rules.WINDOW, "day": moment - rules.DAY}

    async def write(executor: Executor) -> None:
        row = {"id": attempt_id, "at": moment, **of}
        await executor.run(queries.ATTEMPT, {f"new_{column}": value for column, value in row.items()})
        await executor.run(queries.FORGET_OLD, {"before": since["day"]})

    async def count(executor: Executor) -> Any:
        return await executor.first(queries.COUNT, {**of, **since})

    async def withdraw(executor: Executor) -> None:
        await executor.run(queries.WITHDRAW, {VALUE: attempt_id})

    await database.execute_write(write, in_transaction=True)
    of_both, of_account, of_client = await database.read(count)
    if of_both > rules.PER_CLIENT or of_account > rules.PER_DAY or of_client > rules.PER_ADDRESS:
        await database.execute_write(withdraw, in_transaction=False)
        raise problems.too_many_requests(RETRY)
    return of


async def _find(database: Database, statement: Any, value: Any) -> Credentials | None:
    async def read(executor: Executor) -> Any:
        return await executor.first(statement, {VALUE: value})

    row = await database.read(read)
    return Credentials(*row) if row else None


async def _rehashed(password_hash: str, password: str) -> str | None:
    """Return a new hash of a password where the old one was made with other parameters."""
    if not passwords.is_outdated(password_hash):
        return None
    return await hash_in_turn_async(partial(passwords.hash_password, password))


async def begin_session(executor: Executor, account_id: Any) -> str:
    """Store a new session, and return its token."""
    token, moment = rules.new_session_token(), now()
    row = {
        "id": uuid7(),
        "account_id": account_id,
        "digest": rules.digest_of(token),
        "created_at": moment,
        "seen_at": moment,
    }
    await executor.run(queries.END_OLD, {"before": moment - rules.LIFETIME})
    await executor.run(queries.BEGIN, {f"new_{column}": value for column, value in row.items()})
    return token


def wrong(detail: str, *members: str) -> ValidationFailed:
    """Return the error for what one member is wrong in, or one of several: which is not told."""
    return ValidationFailed(detail, [FieldError("wrong", detail, path=(member,)) for member in members])


async def _refused_sign_in(database: Database, account: Credentials | None, call: OperationRequest) -> ValidationFailed:
    """Record that a sign-in has failed, and return the error. The name that was typed is not recorded."""
    await _record_failure(database, "sign_in_failed", account.account_id if account else None, call)
    return wrong(
        "The name or the password is wrong, or the code is: an account with a second factor needs one.", "password"
    )


async def _record_failure(database: Database, event: str, account_id: Any, call: OperationRequest) -> None:
    async def write(executor: Executor) -> None:
        await record(executor, event, account_id, client=call.browser.client)

    await database.execute_write(write, in_transaction=False)


def redirection(location: str, cookie: str) -> OperationResult:
    """Return a redirection to a page, with a cookie."""
    headers = {"Location": location, "Set-Cookie": cookie, "Cache-Control": "no-store"}
    return OperationResult(status=303, headers=headers)


def form_operation(path: str, summary: str, run: Callable[..., Any], body: Any, **more: Any) -> Operation:
    """Return the operation of a form; by default it needs a session. more: other members of an Operation."""
    return Operation(
        name=f"ui_{path.replace('-', '_').replace('/', '_')}",
        method="POST",
        path=f"/ui/{path}",
        summary=summary,
        run=run,
        unit="several",
        body=body,
        accepts=(FORM,),
        **{"status": 303, "permission": None if more.get("public") else "me:read", **more},
    )


operations = [
    form_operation(
        "sign-in", "Sign in with a name and a password", sign_in, SignIn, public=True, refused=sign_in_again
    ),
    form_operation("sign-out", "Sign out", sign_out, None, public=True),
    form_operation(
        "password", "Change one's password, and end all sessions", change_password, NewPassword, refused=password_again
    ),
]
