"""The pages of a second factor: its state, what sets it up, and its recovery codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import segno
from markupsafe import Markup
from msgspec import Struct

from diptych.core.web import templates
from diptych.core.web.forms import Form, Refused
from diptych.core.web.frame import Frame
from diptych.core.web.wording import text

GROUP = 4
"""Characters of a secret that are written together."""


class State(Struct, frozen=True):
    """The second factor of an account.

    codes: recovery codes that are left, None without a second factor. begun: whether one is being set up.
    """

    codes: int | None = None
    begun: bool = False


def state_page(frame: Frame, state: State, form: Form | None = None) -> bytes:
    """Return the page with the state, and the forms that change it."""
    return _page("second_factor.html", frame, form, state=state)


def secret_page(frame: Frame, secret: str, uri: str) -> bytes:
    """Return the page that shows a new secret, once. uri: of the secret, for apps."""
    groups = [secret[place : place + GROUP] for place in range(0, len(secret), GROUP)]
    return _page("second_factor_secret.html", frame, None, secret=" ".join(groups), uri=uri, picture=_picture(uri))


def codes_page(frame: Frame, codes: Sequence[str]) -> bytes:
    """Return the page that shows recovery codes, once."""
    return _page("recovery_codes.html", frame, None, codes=codes)


def set_up_again(refused: Refused) -> bytes:
    """Return the page to begin a second factor after a refusal."""
    return state_page(refused.frame, State(), refused.form)


def confirm_again(refused: Refused) -> bytes:
    """Return the page to confirm a second factor after a refusal."""
    return state_page(refused.frame, State(begun=True), refused.form)


def remove_again(refused: Refused) -> bytes:
    """Return the page to remove a second factor after a refusal."""
    return state_page(refused.frame, State(codes=1), refused.form)


def _page(name: str, frame: Frame, form: Form | None, **views: Any) -> bytes:
    labels = {"current_password": text("password.current"), "code": text("code.label")}
    return templates.render(name, frame, form=form or Form(), labels=labels, **views)


def _picture(uri: str) -> Markup:
    """Return the QR code of a URI as SVG. It is dark on light in any colours of the page: cameras want that."""
    code = segno.make(uri, error="m", micro=False)
    return Markup(code.svg_inline(dark="#000", light="#fff", omitsize=True))  # noqa: S704 - what segno draws
