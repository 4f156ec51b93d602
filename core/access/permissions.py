"""Permissions, and the roles that have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Permission = Literal[
    "catalogue:read",
    "catalogue:write",
    "history:read",
    "history:undo",
    "metrics:read",
    "jobs:manage",
    "tokens:manage",
    "accounts:manage",
    "me:read",
]
"""What an operation may need. They are the scopes of tokens too (RFC 6749 section 3.3), but for me:read.

history:undo: undo changes, also those of others. Anonymous clients never may: deleted rows come back by it.
jobs:manage: see and cancel everybody's jobs; one's own need catalogue:write alone. tokens:manage: create and revoke
tokens of one's own account. accounts:manage: all accounts and all tokens. me:read: read who one is; everybody with an
account may.
"""

ABOUT_PEOPLE: frozenset[str] = frozenset({"history:read", "tokens:manage", "accounts:manage", "me:read"})
"""The permissions of operations that return personal data, such as the names of accounts: no cache stores it."""

Role = Literal["none", "reader", "editor", "administrator"]

AccountRole = Literal["reader", "editor", "administrator"]
"""The role of an account."""

AnonymousRole = Literal["none", "reader", "editor"]
"""The role of clients without an account."""

_READER: frozenset[str] = frozenset({"catalogue:read", "metrics:read"})
_EDITOR = _READER | {"catalogue:write"}
_OWN: frozenset[str] = frozenset({"tokens:manage", "me:read"})
_UNDO: frozenset[str] = frozenset({"history:undo"})
_ADMINISTRATOR = _EDITOR | _UNDO | {"history:read", "jobs:manage", "accounts:manage"}

ANONYMOUS: Mapping[str, frozenset[str]] = {"none": frozenset(), "reader": _READER, "editor": _EDITOR}
"""The permissions of clients without an account, by role."""

PERMISSIONS: Mapping[str, frozenset[str]] = {
    "reader": _READER | _OWN,
    "editor": _EDITOR | _UNDO | _OWN,
    "administrator": _ADMINISTRATOR | _OWN,
}
"""The permissions of accounts, by role."""

SCOPES: tuple[str, ...] = tuple(each for each in get_args(Permission) if each != "me:read")
"""The scopes that a token can have."""

DEFAULT_SCOPE = "catalogue:read catalogue:write"


def parse_scope(text: str) -> str:
    """Return a scope (RFC 6749 section 3.3) in one spelling: its tokens once each, in the order of SCOPES.

    Errors: ValueError for an unknown one, or none.
    """
    given = text.split()
    unknown = [each for each in given if each not in SCOPES]
    if unknown or not given:
        wrong = f"there is no scope {unknown[0]!r}" if unknown else "a token needs a scope"
        raise ValueError(f"{wrong}; scopes are {', '.join(SCOPES)}")
    return " ".join(each for each in SCOPES if each in given)


def permitted(role: str, scope: str | None = None) -> frozenset[str]:
    """Return the permissions of an account's role, within the scope of a token if there is one."""
    held = PERMISSIONS[role]
    if scope is not None:
        held &= {*scope.split(), "me:read"}
    # Everybody's tokens include one's own.
    return held | {"tokens:manage"} if "accounts:manage" in held else held
