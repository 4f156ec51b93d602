"""An identity provider, as the settings name it: who issues tokens, for whom, and which roles they give."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import unquote
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Struct

from diptych.core.access.permissions import PERMISSIONS, SCOPES, AccountRole, Role, permitted

_URL = re.compile(
    r"(?:https://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])|http://(?:localhost|127\.0\.0\.1|\[::1\]))"
    r"(?::(?P<port>[0-9]{1,5}))?(?:/[!-~]*)?"
)
"""A URL with TLS, or of a loopback host, and without a user and a password."""

LENGTH = 16_384
"""Most characters of a token: the server takes no longer fields."""

LEEWAY = timedelta(seconds=30)
"""By how much the issuer's clock may differ from ours."""

UNTYPED = "jwt"
"""The type of tokens that do not say what they are for: `JWT`, or none."""

SCOPE_CLAIMS = ("scope", "scp")
"""Where the scope of a token is: RFC 9068 section 2.2.3 names the first, some providers use the second."""

TEXT = 255
"""Most characters of a subject or a name (OpenID Connect Core section 2)."""


_TOKEN = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){2}")


def jwt_digest(token: str) -> bytes | None:
    """Return the SHA-256 of a JWT, by which it is remembered; None for text that is none."""
    return sha256(token.encode()).digest() if len(token) <= LENGTH and _TOKEN.fullmatch(token) else None


class Provider(Struct, frozen=True):
    """An identity provider.

    issuer: its URL. audience: what it calls this service. types: the types of tokens that are taken, in lower case.
    role_claim: the names of the members that lead to the claim with the roles. roles: what the claim's values mean.
    """

    issuer: str
    audience: str
    types: frozenset[str]
    role_claim: tuple[str, ...]
    roles: Mapping[str, AccountRole]

    def role(self, claims: Mapping[str, Any]) -> Role:
        """Return the highest role that the claims of a token give."""
        value: Any = claims
        for name in self.role_claim:
            value = value.get(name) if isinstance(value, Mapping) else None
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list):
            return "none"
        given = {self.roles.get(each) for each in values if isinstance(each, str)}
        return next((role for role in reversed(_ROLES) if role in given), "none")

    def principal_id(self, subject: str) -> UUID:
        """Return the id of a subject: the same wherever this issuer is configured, and no other issuer's."""
        return uuid5(uuid5(NAMESPACE_URL, self.issuer), subject)


_ROLES: tuple[AccountRole, ...] = ("reader", "editor", "administrator")


def permissions_of(role: Role, claims: Mapping[str, Any]) -> frozenset[str]:
    """Return the permissions of a role, within the scopes of this service that a token names, if it names any.

    Errors: ValueError for a scope that is neither text nor a list of texts.
    """
    if role == "none":
        return frozenset()
    held = permitted(role)
    for claim in SCOPE_CLAIMS:
        given = claims.get(claim, [])
        names = given.split() if isinstance(given, str) else given
        if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
            raise ValueError(f"the claim {claim} of the token is neither text nor a list of texts")
        if ours := [each for each in names if each in SCOPES]:
            held &= permitted(role, " ".join(ours))
    return held


# The settings, as text


def issuer_url(text: str) -> str:
    """Check the URL of an issuer and return it as given. Errors: ValueError."""
    if text:
        check_url(text)
        if "?" in text or "#" in text:
            raise ValueError(f"must have no query and no fragment, not {text!r}")
    return text


def check_url(text: str) -> None:
    """Errors: ValueError for what is not an https URL, or an http URL of a loopback host."""
    found = _URL.fullmatch(text)
    if found is None or int(found["port"] or 443) not in range(1, 65536):
        raise ValueError(f"must be an https URL such as https://id.example.org, not {text!r}")


def audience(text: str) -> str:
    """Check what a provider calls this service and return it as given. Errors: ValueError."""
    if text and (not text.isprintable() or text.strip() != text or len(text) > TEXT):
        raise ValueError(f"must be what the provider calls this service, such as diptych, not {text!r}")
    return text


def token_types(text: str) -> str:
    """Check a list of types of tokens and return it as given. Errors: ValueError."""
    if not parse_types(text):
        raise ValueError("must name a type of tokens, such as at+jwt, or JWT for tokens that do not say their type")
    return text


def parse_types(text: str) -> frozenset[str]:
    """Return the types of a comma-separated list, as `type_of` writes them."""
    return frozenset(type_of(each.strip()) for each in text.split(",") if each.strip())


def type_of(typ: str) -> str:
    """Return the type of a token in one spelling (RFC 7515 section 4.1.9)."""
    return typ.lower().removeprefix("application/")


def role_claim(text: str) -> str:
    """Check the name of a claim, or a JSON Pointer to one, and return it as given. Errors: ValueError."""
    if not all(parse_role_claim(text)):
        raise ValueError(
            f"must be the name of a claim, such as roles, or a JSON Pointer, such as /realm_access/roles, not {text!r}"
        )
    return text


def parse_role_claim(text: str) -> tuple[str, ...]:
    """Return the names of the members that lead to a claim: of a JSON Pointer (RFC 6901), or the one name."""
    if not text.startswith("/"):
        return (text,)
    return tuple(each.replace("~1", "/").replace("~0", "~") for each in text[1:].split("/"))


def role_mapping(text: str) -> str:
    """Check what the values of the role claim mean and return it as given. Errors: ValueError."""
    parse_roles(text)
    return text


def parse_roles(text: str) -> dict[str, AccountRole]:
    """Return the role for each value of the role claim, of a list such as `librarians=editor,staff=reader`.

    A comma of a value is written %2C, and a percent sign %25. Errors: ValueError.
    """
    found: dict[str, AccountRole] = {}
    for item in filter(None, map(str.strip, text.split(","))):
        value, _, role = (each.strip() for each in item.rpartition("="))
        if not value or role not in PERMISSIONS:
            raise ValueError(f"must be like librarians=editor,staff=reader, with {', '.join(_ROLES)}, not {item!r}")
        if unquote(value) in found:
            raise ValueError(f"gives {value!r} two roles")
        found[unquote(value)] = next(each for each in _ROLES if each == role)
    return found
