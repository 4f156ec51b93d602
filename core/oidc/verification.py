"""Verify JWT access tokens (RFC 9068, RFC 8725).

joserfc checks the encoding, the signature, and the claims that it is told of. By itself it takes every algorithm that
it recommends, HS256 among them, extensions that it knows (`b64`), objects with a member twice, and any type of token.
So what a header and a payload say is read and decided here. Keys and addresses of keys in a header (`jwk`, `jku`,
`x5c`, `x5u`) are used by nobody.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from joserfc import jws
from joserfc.errors import (
    BadSignatureError,
    ExpiredTokenError,
    InvalidClaimError,
    JoseError,
    MissingClaimError,
    UnsupportedAlgorithmError,
)
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry
from msgspec import Struct

from diptych.core.access.principal import Principal
from diptych.core.http import json
from diptych.core.http.problems import Problem, unauthorized
from diptych.core.oidc.key_set import ALGORITHMS
from diptych.core.oidc.provider import LEEWAY, LENGTH, TEXT, UNTYPED, Provider, permissions_of, type_of

ACCESS_TOKEN = "at+jwt"  # noqa: S105 - the type of RFC 9068 section 2.1

ELSEWHERE = ("nonce", "at_hash", "c_hash", "s_hash", "events")
"""Claims of ID tokens and of logout tokens, which tell them from access tokens where no type does."""

LATEST = datetime(9999, 12, 30, tzinfo=UTC)
"""The expiry of tokens that expire later."""

FindKey = Callable[[str | None, str], Key]
"""Returns the issuer's key with an id, for an algorithm. Errors: Problem 401; ServiceUnavailable."""

_ALLOWED = frozenset(name for names in ALGORITHMS.values() for name in names)

_WRONG = {
    "iss": "The token is of another issuer",
    "aud": "The token is for another audience",
    "nbf": "The token is not valid yet",
    "iat": "The token was issued in the future",
}
"""What is wrong with a claim that has a wrong value."""


class _Registry(JWSRegistry):
    """joserfc's algorithms, of which only ours are taken, without a warning of EdDSA for each token."""

    max_header_length = LENGTH
    max_payload_length = LENGTH

    def get_alg(self, name: str) -> Any:
        if name not in _ALLOWED:
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


# Parameters that nobody knows are ignored (RFC 7515 section 4), unless they are critical.
_REGISTRY = _Registry(strict_check_header=False)


class Header(Struct, frozen=True):
    """What counts in the header of a token. typ: as `type_of` writes it."""

    alg: str
    kid: str | None
    typ: str


def principal_of(token: str, provider: Provider, find_key: FindKey, moment: datetime) -> Principal:
    """Return who a token speaks of, and what they may do. token: text that `jwt_digest` knows.

    Errors: Problem 401 for a token that is not to be taken; ServiceUnavailable where the issuer's keys are not known.
    """
    header = _header(token, provider)
    claims = _payload(token, find_key(header.kid, header.alg))
    _check_claims(header, claims, provider, moment)
    role = provider.role(claims)
    try:
        permissions = permissions_of(role, claims)
    except ValueError as error:
        raise unauthorized(str(error)) from None
    subject, name = claims["sub"], claims.get("preferred_username")
    return Principal(
        "oidc",
        role,
        permissions,
        provider.principal_id(subject),
        name if _is_text(name) else subject,
        expires_at=datetime.fromtimestamp(min(claims["exp"], LATEST.timestamp()), UTC),
    )


def _header(token: str, provider: Provider) -> Header:
    """Return the header of a token. Errors: Problem 401."""
    try:
        found = json.decode(urlsafe_b64decode(token.partition(".")[0] + "=="))
    except ValueError:
        raise _malformed() from None
    if not isinstance(found, dict) or not all(isinstance(found.get(name, ""), str) for name in ("alg", "kid", "typ")):
        raise _malformed()
    if {"crit", "b64"} & found.keys():
        # RFC 7515 section 4.1.11; RFC 7797 section 7 forbids b64 in a JWT.
        raise unauthorized("The token needs an extension that is not supported")
    if found.get("alg") not in _ALLOWED:
        raise unauthorized("The token is not signed with an algorithm that is taken here")
    typ = type_of(found.get("typ", UNTYPED))
    if typ not in provider.types:
        raise unauthorized("The token is not of a type that is taken here")
    return Header(found["alg"], found.get("kid"), typ)


def _payload(token: str, key: Key) -> dict[str, Any]:
    """Return the claims of a token that is signed with a key. Errors: Problem 401."""
    try:
        claims = json.decode(jws.deserialize_compact(token, key, registry=_REGISTRY).payload)
    except BadSignatureError:
        raise unauthorized("The signature of the token is wrong") from None
    except (JoseError, ValueError):
        raise _malformed() from None
    if not isinstance(claims, dict):
        raise _malformed()
    return claims


def _check_claims(header: Header, claims: Mapping[str, Any], provider: Provider, moment: datetime) -> None:
    """Errors: Problem 401."""
    registry = JWTClaimsRegistry(
        now=int(moment.timestamp()),
        leeway=int(LEEWAY.total_seconds()),
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.audience},
        exp={"essential": True},
        sub={"essential": True},
    )
    try:
        registry.validate(dict(claims))
    except MissingClaimError as error:
        raise unauthorized(f"The token lacks a claim that is needed: {error.claim}") from None
    except ExpiredTokenError:
        raise unauthorized("The token is expired") from None
    except InvalidClaimError as error:
        raise unauthorized(_WRONG.get(error.claim, f"The claim {error.claim} of the token is malformed")) from None
    if not _is_text(claims["sub"]):
        raise unauthorized("The claim sub of the token is malformed")
    if header.typ != ACCESS_TOKEN and not claims.keys().isdisjoint(ELSEWHERE):
        raise unauthorized("The token is no access token")
    if "cnf" in claims:
        # It is for a client that proves to have a key (RFC 7800), which nobody checks here.
        raise unauthorized("The token is bound to a key, and such tokens are not supported")
    if "authorization_details" in claims:
        # They would narrow what the token allows (RFC 9396 section 9.1), in terms that nobody reads here.
        raise unauthorized("The token has authorization details, and such tokens are not supported")


def _is_text(value: object) -> bool:
    """Return whether a value is a line of text that can be stored and sent."""
    return isinstance(value, str) and 0 < len(value) <= TEXT and value.isprintable()


def _malformed() -> Problem:
    return unauthorized("The token is malformed")
