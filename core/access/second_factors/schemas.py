"""The forms of second factors."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from diptych.core.access.sessions.schemas import Code, Typed
from diptych.core.engine.schemas.base import Input


class SetUp(Input):
    """Begin to set up a second factor."""

    current_password: Typed


class Confirmation(Input):
    """A code of the second factor that is being set up."""

    code: Annotated[Code, Field(min_length=1)]


class Removal(Input):
    """What it takes to remove the second factor."""

    current_password: Typed
    code: Annotated[Code, Field(min_length=1)]
