"""Who sends a request."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

from msgspec import Struct

from diptych.core.access.permissions import ANONYMOUS, PERMISSIONS, AccountRole, AnonymousRole, permitted

Via = Literal["anonymous", "token", "session", "host", "oidc"]

HOST_USERS = UUID("5f0c5f0e-2f0b-5d0e-9c55-6b1b7a7d1c11")
"""The namespace of the ids that users of a host application have here."""


class HostUser(Struct, frozen=True):
    """A user of an application that mounts the catalogue. id: the application's own, as text."""

    id: str
    name: str
    role: AccountRole = "reader"

    def __post_init__(self) -> None:
        """Refuse an unknown role, and another type than text. Errors: ValueError, TypeError."""
        if not isinstance(self.id, str) or not isinstance(self.name, str):
            raise TypeError("the id and the name of a HostUser are text")
        if self.role not in PERMISSIONS:
            raise ValueError(f"there is no role {self.role!r}; roles are {', '.join(PERMISSIONS)}")


class Principal(Struct, frozen=True):
    """Who sends a request, and what they may do.

    id: of the account; of a host's user, or a subject of an identity provider, a UUID made of the id there; None for an
    anonymous client. role: of the account, before the scope of a token. token_id, expires_at: of the token, if that is
    how the request came; a token of an identity provider has no id.
    """

    via: Via
    role: str
    permissions: frozenset[str]
    id: UUID | None = None
    name: str | None = None
    token_id: UUID | None = None
    expires_at: datetime | None = None

    @property
    def is_anonymous(self) -> bool:
        """Whether the client has no account, or none that is known."""
        return self.id is None

    @property
    def account_id(self) -> UUID | None:
        """The id of the account; None for those who have none here."""
        return self.id if self.via in ("token", "session") else None


def anonymous(role: AnonymousRole) -> Principal:
    """Return the principal of clients without an account."""
    return Principal("anonymous", role, ANONYMOUS.get(role, frozenset()))


def of_host(user: HostUser) -> Principal:
    """Return the principal of a user of the host application."""
    if not isinstance(user, HostUser):
        raise TypeError(f"principal has returned {type(user).__name__}, and not a HostUser or None")
    return Principal("host", user.role, permitted(user.role), uuid5(HOST_USERS, user.id), user.name)


UNKNOWN = Principal("anonymous", "none", frozenset())
"""The principal of requests for public operations, which are not authenticated."""
