# Generated from core/aio/operations/pages/me.py by tools/unasync.py: do not edit, run "make twins".
"""The page of one's own account: sessions, tokens, and the way to the password and the second factor."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from diptych.core.access.second_factors.queries import CONFIRMED
from diptych.core.access.sessions import queries
from diptych.core.access.sessions.rules import digest_of, is_over
from diptych.core.access.sessions.schemas import EndingForm
from diptych.core.access.tokens.schemas import TokenForm, TokenInput
from diptych.core.engine.entity import now
from diptych.core.engine.row_statements import VALUE
from diptych.core.http.operations import Operation, OperationRequest, OperationResult
from diptych.core.sync.operations import tokens
from diptych.core.sync.operations.pages.page import button, form, html, page, see_other
from diptych.core.sync.operations.sign_in import reauthenticate, use_up
from diptych.core.sync.services.second_factors import log_use
from diptych.core.sync.services.security_events import record
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.unit_of_work import Database
from diptych.core.web import administration as views
from diptych.core.web.frame import HTML, frame_of

MINE = "ui/me"

END_ONE, END_OTHERS = "/ui/me/sessions/{id}/end", "/ui/me/sessions/end-others"
"""The paths at which sessions are ended."""


def show(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the page of one's own account."""
    who = call.principal
    assert who.id is not None  # noqa: S101 - an anonymous client has no permission
    moment, digest = now(), digest_of(call.browser.token)
    sessions = [
        views.Session(row_id, created_at, seen_at, stored == digest)
        for row_id, created_at, seen_at, stored in executor.all(queries.OF_ACCOUNT, {VALUE: who.id})
        if not is_over(created_at, seen_at, moment)
    ]
    second_factor = executor.first(CONFIRMED, {VALUE: who.id}) is not None
    own = tokens.of_account(executor, who.id)
    frame = frame_of("/ui/me", who)
    return html(views.me_page(frame, who.role, sessions, own, second_factor=second_factor))


def ending(_executor: None, call: OperationRequest) -> OperationResult:
    """Return the page that asks who one is before sessions end."""
    path, address = _ending_places(call)
    return html(views.ending_page(frame_of(path, call.principal), address))


def end_sessions(database: Database, call: OperationRequest) -> OperationResult:
    """End one of one's own sessions, or all but this one. Errors: as `reauthenticate`."""
    given: EndingForm = call.body
    known = reauthenticate(database, call, given.current_password, given.code)
    who, session_id = call.principal.id, call.parameters.get("id")

    def write(executor: Executor) -> None:
        use_up(executor, known)
        if session_id is None:
            executor.run(queries.END_OTHERS, {VALUE: who, "kept": digest_of(call.browser.token)})
        else:
            executor.run(queries.END_ONE, {VALUE: who, "session": session_id})
        record(executor, "sign_out", who, client=call.browser.client)

    database.execute_write(write, in_transaction=True)
    log_use(known.code)
    return see_other(MINE)


def _ending_places(call: OperationRequest) -> tuple[str, str]:
    """Return the path and the address of the form that ends sessions."""
    session_id = call.parameters.get("id")
    if session_id is None:
        return END_OTHERS, END_OTHERS[1:]
    return END_ONE, f"ui/me/sessions/{session_id}/end"


def new_token(_executor: None, call: OperationRequest) -> OperationResult:
    """Return the page to create a token, of one's own account or of another."""
    path, address, _ = _places(call)
    return html(views.new_token_page(frame_of(path, call.principal), address))


def create_token(database: Database, call: OperationRequest) -> OperationResult:
    """Create a token, and return the page that shows it, once.

    It outlives a session by far: who has signed in shows again who they are.

    Errors: those of `reauthenticate` and of the operation of the API.
    """
    given: TokenForm = call.body
    path, _, account_id = _places(call)
    known = None
    if call.principal.via == "session":
        known = reauthenticate(database, call, given.current_password, given.code)
    body = _input_of(given, account_id)

    def write(executor: Executor) -> Any:
        if known is not None:
            use_up(executor, known)
        return tokens.issue(executor, body, call.principal)

    made = database.execute_write(write, in_transaction=True)
    if known is not None:
        log_use(known.code)
    shown = views.token_page(frame_of(path, call.principal), made, _back(call, made.account.id))
    return html(shown, {"Cache-Control": "no-store"})


def _input_of(given: TokenForm, account_id: UUID | None) -> TokenInput:
    """Return what the operation of the API takes for a form."""
    days = None if given.days == "never" else int(given.days)
    expires_at = None if days is None else f"{now() + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
    account = {} if account_id is None else {"account_id": str(account_id)}
    return TokenInput.model_validate({"label": given.label, "scope": given.scope, "expires_at": expires_at, **account})


def revoke_token(executor: Executor, call: OperationRequest) -> OperationResult:
    """Revoke a token. Errors: NotFound, also for one that the visitor may not revoke."""
    token = tokens.resource.own(executor, call)
    tokens.resource.writer(executor).remove(token.id)
    return see_other(_back(call, token.account.id))


def _places(call: OperationRequest) -> tuple[str, str, UUID | None]:
    """Return the path and the address of the form of a new token, and the account that the path names."""
    account_id = call.parameters.get("id")
    if account_id is None:
        return "/ui/me/tokens/new", "ui/me/tokens/new", None
    return "/ui/account/{id}/tokens/new", f"ui/account/{account_id}/tokens/new", account_id


def _back(call: OperationRequest, account_id: UUID) -> str:
    """Return the address of the page of an account: one's own, or another."""
    return MINE if account_id == call.principal.id else f"ui/account/{account_id}"


_OWN: dict[str, Any] = {"permission": "me:read"}
_MANAGING: dict[str, Any] = {"permission": "accounts:manage"}


def _new_token(name: str, path: str, permission: dict[str, Any]) -> tuple[Operation, Operation]:
    """Return the page to create a token, and its form, which answers with the token."""
    shows: dict[str, Any] = {"body": TokenForm, "secret": True, "status": 200, "media_type": HTML, **permission}
    return (
        page(name, path, new_token, "none", **permission),
        form(name, path, create_token, views.new_token_again, "several", **shows),
    )


operations = [
    page("me", "/ui/me", show, **_OWN),
    page("end_session", END_ONE, ending, "none", **_OWN),
    form("end_session", END_ONE, end_sessions, views.ending_again, "several", body=EndingForm, **_OWN),
    page("end_other_sessions", END_OTHERS, ending, "none", **_OWN),
    form("end_other_sessions", END_OTHERS, end_sessions, views.ending_again, "several", body=EndingForm, **_OWN),
    *_new_token("new_own_token", "/ui/me/tokens/new", _OWN),
    *_new_token("new_token", "/ui/account/{id}/tokens/new", _MANAGING),
    button("revoke_token", "/ui/token/{id}/revoke", revoke_token, permission="tokens:manage"),
]
