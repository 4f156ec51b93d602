"""The forms of signing in."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from diptych.core.access.passwords import MOST
from diptych.core.engine.schemas.base import Input
from diptych.core.engine.schemas.field_types import Text

Typed = Annotated[Text, Field(min_length=1, max_length=4 * MOST)]
"""What is typed as a password, before it is normalized."""

Code = Annotated[Text, Field(max_length=100)]
"""What is typed as a code of a second factor, or as a recovery code."""


CARRIED = 1024 * 1024
"""Bytes of a form that is kept while somebody signs in, at most: one with its longest values has half of that."""


class SignIn(Input):
    """Name and password, and a code where the account has a second factor.

    next: the page to go to then, from the root of the mount, and so of no other site. form: what was typed there, as
    it was sent, where the session had ended meanwhile.
    """

    name: Annotated[Text, Field(min_length=1, max_length=255)]
    password: Typed
    code: Code = ""
    next: Annotated[Text, Field(pattern=r"^ui/[!-~]*$", max_length=4000)] | None = None
    form: Annotated[Text, Field(max_length=CARRIED)] = ""


class NewPassword(Input):
    """The password that one has, and the one to have, and a code where the account has a second factor."""

    current_password: Typed
    new_password: Typed
    code: Code = ""


class EndingForm(Input):
    """What it takes to end one's own sessions: the password, and a code where the account has a second factor."""

    current_password: Typed
    code: Code = ""
