"""The forms of signing in."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from diptych.core.access.passwords import MOST
from diptych.core.engine.schemas.base import Input
from diptych.core.engine.schemas.field_types import Text

Typed = Annotated[Text, Field(min_length=1, max_length=4 * MOST)]
"""What is typed as a password, before it is normalized."""


class SignIn(Input):
    """Name and password."""

    name: Annotated[Text, Field(min_length=1, max_length=255)]
    password: Typed


class NewPassword(Input):
    """The password that one has, and the one to have."""

    current_password: Typed
    new_password: Typed
