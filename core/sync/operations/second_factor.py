# Generated from core/aio/operations/second_factor.py by tools/unasync.py: do not edit, run "make twins".
"""Set up and remove the second factor of one's own account: forms of the pages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from diptych.core.access.events.log import note_security_event
from diptych.core.access.second_factors import queries, recovery_codes, totp
from diptych.core.access.second_factors.schemas import Confirmation, Removal, SetUp
from diptych.core.access.second_factors.verification import place_of_secret, secret_of
from diptych.core.access.sessions.queries import BY_DIGEST, END_ALL, FORGET, LOCK
from diptych.core.access.sessions.rules import digest_of, set_cookie
from diptych.core.engine.entity import now
from diptych.core.engine.row_statements import VALUE
from diptych.core.errors import Conflict, FieldError, ValidationFailed
from diptych.core.http import problems
from diptych.core.http.operations import OperationRequest, OperationResult
from diptych.core.sync.operations.sign_in import (
    begin_session,
    form_operation,
    reauthenticate,
    redirection,
    reserve_attempt,
    use_up,
    wrong,
)
from diptych.core.sync.services.second_factors import log_use
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.unit_of_work import Database
from diptych.core.web import second_factor as pages
from diptych.core.web.frame import HEADERS, HTML, frame_of

STATE = "/ui/second-factor"
"""The page to which removing one leads."""

NO_KEYS = "A second factor cannot be set up here: the operator of this service has set no DIPTYCH_ENCRYPTION_KEYS."
HAS_ONE = "The account has a second factor already: remove it first."
HAS_NONE = "The account has no second factor."
TOO_LATE = "No second factor is being set up, or it was begun too long ago: begin again."


def set_up(database: Database, call: OperationRequest) -> OperationResult:
    """Begin to set up a second factor, and return its secret.

    Errors: as `reauthenticate`; ValidationFailed without encryption keys; Conflict with a second factor.
    """
    form: SetUp = call.body
    if not database.keyring:
        raise ValidationFailed(NO_KEYS, [FieldError("not_available", NO_KEYS, path=())])
    earlier = _find(database, queries.STATE, {VALUE: call.principal.id})
    if earlier is not None and earlier[0] is not None:
        raise Conflict(HAS_ONE)
    known = reauthenticate(database, call, form.current_password, "")
    secret = totp.new_secret()
    account_id = known.account.account_id
    encrypted = database.keyring.encrypt(secret, place_of_secret(account_id))

    def write(executor: Executor) -> None:
        values = {VALUE: account_id, "secret": encrypted, "moment": now()}
        use_up(executor, known)
        if executor.first(queries.SET_UP, values) is None:
            raise Conflict(HAS_ONE)
        note_security_event("second_factor_created" if earlier is None else "second_factor_changed", account_id)

    database.execute_write(write, in_transaction=True)
    uri = totp.provisioning_uri(secret, known.account.name)
    return _shown(pages.secret_page(frame_of("/ui/second-factor", call.principal), secret, uri))


def confirm(database: Database, call: OperationRequest) -> OperationResult:
    """Set up a second factor by its first code; return the recovery codes, and a new session in place of all others.

    Errors: Problem 429; ValidationFailed for a wrong code; Conflict where none is being set up; ServiceUnavailable.
    """
    form: Confirmation = call.body
    account_id, moment = call.principal.id, now()
    assert account_id is not None  # noqa: S101 - an anonymous client has no permission
    pending = _find(database, queries.PENDING, {VALUE: account_id, "moment": moment - queries.PATIENCE})
    if pending is None:
        raise Conflict(TOO_LATE)
    attempt = reserve_attempt(database, call.principal.name or "", call.browser.client)
    secret = secret_of(database.keyring, account_id, pending[0])
    step = totp.accepted_step(secret, recovery_codes.plain(form.code), moment, 0)
    if step is None:
        raise wrong("The code is wrong.", "code")
    codes = recovery_codes.new_codes()

    def write(executor: Executor) -> str:
        values = {VALUE: account_id, "secret": pending[0], "moment": moment, "step": step}
        # What ends the account's sessions locks the account, too: a session that has ended confirms nothing.
        executor.first(LOCK, {VALUE: account_id})
        if executor.first(BY_DIGEST, {VALUE: digest_of(call.browser.token)}) is None:
            raise problems.unauthorized()
        if executor.first(queries.CONFIRM, values) is None:
            raise Conflict(TOO_LATE)
        note_security_event("second_factor_changed", account_id)
        for code in codes:
            digest = recovery_codes.digest_of(recovery_codes.plain(code))
            executor.run(queries.ADD_CODE, {VALUE: account_id, "digest": digest})
        executor.run(END_ALL, {VALUE: account_id})
        executor.run(FORGET, attempt)
        return begin_session(executor, account_id)

    token = database.execute_write(write, in_transaction=True)
    page = pages.codes_page(frame_of("/ui/second-factor/confirm", call.principal), codes)
    return _shown(page, {"Set-Cookie": set_cookie(token, loopback=call.browser.loopback)})


def remove(database: Database, call: OperationRequest) -> OperationResult:
    """Remove the second factor, and begin a new session in place of all others.

    Errors: as `reauthenticate`; Conflict without a second factor.
    """
    form: Removal = call.body
    if _find(database, queries.CONFIRMED, {VALUE: call.principal.id}) is None:
        raise Conflict(HAS_NONE)
    known = reauthenticate(database, call, form.current_password, form.code)
    account_id = known.account.account_id

    def write(executor: Executor) -> str:
        use_up(executor, known)
        if executor.first(queries.REMOVE, {VALUE: account_id}) is None:
            raise Conflict(HAS_NONE)
        note_security_event("second_factor_deleted", account_id)
        executor.run(END_ALL, {VALUE: account_id})
        return begin_session(executor, account_id)

    token = database.execute_write(write, in_transaction=True)
    log_use(known.code)
    return redirection(STATE, set_cookie(token, loopback=call.browser.loopback))


def _find(database: Database, statement: Any, values: dict[str, Any]) -> Any:
    def read(executor: Executor) -> Any:
        return executor.first(statement, values)

    return database.read(read)


def _shown(page: bytes, headers: Mapping[str, str] | None = None) -> OperationResult:
    """Return the result of a page that nothing keeps."""
    return OperationResult(page, headers={**HEADERS, **(headers or {}), "Cache-Control": "no-store"})


_showing = partial(form_operation, status=200, media_type=HTML, secret=True)

operations = [
    _showing("second-factor", "Begin to set up a second factor", set_up, SetUp, refused=pages.set_up_again),
    _showing(
        "second-factor/confirm",
        "Set up the second factor by its first code",
        confirm,
        Confirmation,
        refused=pages.confirm_again,
    ),
    form_operation("second-factor/remove", "Remove the second factor", remove, Removal, refused=pages.remove_again),
]
