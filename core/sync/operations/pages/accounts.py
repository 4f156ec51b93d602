# Generated from core/aio/operations/pages/accounts.py by tools/unasync.py: do not edit, run "make twins".
"""The pages to sign in and out, and to change one's password; diptych.core.sync.operations.sign_in has their forms."""

from __future__ import annotations

from diptych.core.access.second_factors.queries import PATIENCE, STATE
from diptych.core.engine.entity import now
from diptych.core.engine.row_statements import VALUE
from diptych.core.http.operations import OperationRequest, OperationResult
from diptych.core.sync.operations.pages.page import html, page
from diptych.core.sync.statement_executor import Executor
from diptych.core.web import forms
from diptych.core.web.frame import frame_of
from diptych.core.web.second_factor import State, state_page


def sign_in(_executor: None, call: OperationRequest) -> OperationResult:
    """Return the page to sign in."""
    return html(forms.sign_in(frame_of("/ui/sign-in", call.principal)))


def sign_out(_executor: None, call: OperationRequest) -> OperationResult:
    """Return the page to sign out."""
    return html(forms.sign_out(frame_of("/ui/sign-out", call.principal)))


def password(_executor: None, call: OperationRequest) -> OperationResult:
    """Return the page to change one's password."""
    return html(forms.password(frame_of("/ui/password", call.principal)))


def second_factor(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the page of one's second factor."""
    state, row = State(), executor.first(STATE, {VALUE: call.principal.id})
    if row is not None:
        confirmed_at, created_at, codes = row
        is_confirmed = confirmed_at is not None
        state = State(codes if is_confirmed else None, not is_confirmed and created_at > now() - PATIENCE)
    return html(state_page(frame_of("/ui/second-factor", call.principal), state))


operations = [
    page("sign_in", "/ui/sign-in", sign_in, "none", public=True),
    page("sign_out", "/ui/sign-out", sign_out, "none", public=True),
    page("password", "/ui/password", password, "none", permission="me:read"),
    page("second_factor", "/ui/second-factor", second_factor, permission="me:read"),
]
