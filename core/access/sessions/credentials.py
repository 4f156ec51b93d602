"""What an account is recognized by."""

from __future__ import annotations

from uuid import UUID

from msgspec import Struct


class Credentials(Struct, frozen=True):
    """What an account is recognized by, as diptych.core.access.sessions.queries selects it.

    secret, last_step: of the second factor, the secret encrypted; None without one.
    """

    account_id: UUID
    name: str
    active: bool
    password_hash: str | None
    secret: str | None
    last_step: int | None
