"""The pages to sign in and out, and to change one's password; diptych.core.aio.operations.sign_in has their forms."""

from __future__ import annotations

from diptych.core.aio.operations.pages.page import html, page
from diptych.core.http.operations import OperationRequest, OperationResult
from diptych.core.web import forms
from diptych.core.web.frame import frame_of


async def sign_in(_executor: None, call: OperationRequest) -> OperationResult:
    """Return the page to sign in."""
    return html(forms.sign_in(frame_of("/ui/sign-in", call.principal)))


async def sign_out(_executor: None, call: OperationRequest) -> OperationResult:
    """Return the page to sign out."""
    return html(forms.sign_out(frame_of("/ui/sign-out", call.principal)))


async def password(_executor: None, call: OperationRequest) -> OperationResult:
    """Return the page to change one's password."""
    return html(forms.password(frame_of("/ui/password", call.principal)))


operations = [
    page("sign_in", "/ui/sign-in", sign_in, "none", public=True),
    page("sign_out", "/ui/sign-out", sign_out, "none", public=True),
    page("password", "/ui/password", password, "none", permission="me:read"),
]
