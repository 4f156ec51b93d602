"""An identity provider of the tests' own: a real server on loopback, with real keys."""

from __future__ import annotations

import contextlib
import hmac
import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

AUDIENCE = "diptych-of-the-tests"

METADATA, KEYS = "/.well-known/openid-configuration", "/keys"

ROLES = {"staff": "reader", "librarians": "editor", "heads": "administrator"}

KEY_OF = {"RS256": "rsa", "PS256": "rsa", "ES256": "ec", "EdDSA": "okp", "Ed25519": "okp"}
"""The id of the key that signs by an algorithm, unless a test says otherwise."""


_making = threading.Lock()


def key(key_id: str) -> Key:
    """Return a private key. key_id: its type, with a suffix for another one of that type."""
    with _making:  # for one request at a time: two would make two
        return _key(key_id)


@cache
def _key(key_id: str) -> Key:
    match key_id.partition("-")[0]:
        case "rsa":
            return RSAKey.generate_key(2048)
        case "ec":
            return ECKey.generate_key("P-256")
    return OKPKey.generate_key("Ed25519")


def public(key_id: str) -> dict[str, Any]:
    """Return a public key as the issuer publishes it."""
    return {**key(key_id).as_dict(private=False), "kid": key_id, "use": "sig"}


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header: bytes, payload: bytes, sign: Callable[[bytes], bytes]) -> str:
    """Return a token with these bytes in it."""
    content = f"{encoded(header)}.{encoded(payload)}"
    return f"{content}.{encoded(sign(content.encode()))}"


def signer(algorithm: str, key_id: str) -> Callable[[bytes], bytes]:
    """Return the function that signs by an algorithm with a key."""
    return lambda content: JWSRegistry.algorithms[algorithm].sign(content, key(key_id))


def hs256(secret: bytes) -> Callable[[bytes], bytes]:
    """Return the function that signs by HS256 with a secret."""
    return lambda content: hmac.digest(secret, content, "sha256")


def token(
    issuer: str,
    algorithm: str = "RS256",
    *,
    key_id: str | None = None,
    header: dict[str, Any] | None = None,
    sign: Callable[[bytes], bytes] | None = None,
    **claims: Any,
) -> str:
    """Return a token of a librarian. header, claims: beside the usual ones, or instead of them; None leaves one out."""
    key_id = key_id or KEY_OF.get(algorithm, "rsa")
    usual = {"iss": issuer, "aud": AUDIENCE, "sub": "tove", "exp": int(time.time()) + 300, "iat": int(time.time())}
    members = {"alg": algorithm, "kid": key_id, "typ": "at+jwt", **(header or {})}
    payload = {**usual, "roles": ["librarians"], **claims}
    return signed(_json(members), _json(payload), sign or signer(algorithm, key_id))


def _json(members: dict[str, Any]) -> bytes:
    return json.dumps({name: value for name, value in members.items() if value is not None}).encode()


class Issuer:
    """A running issuer.

    published: the ids of the keys in its key set. metadata: beside the usual, or instead of it. requests: the paths
    that were asked for. answer: what answers a request instead of the server, given the handler; None for the usual.
    """

    def __init__(self, port: int = 0) -> None:
        self.published = ["rsa", "ec", "okp"]
        self.metadata: dict[str, Any] = {}
        self.keys: list[dict[str, Any]] | None = None
        self.requests: list[str] = []
        self.answer: Callable[[BaseHTTPRequestHandler], None] | None = None
        self._server = _server(self, port)
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a service that takes its tokens."""
        roles = ",".join(f"{value}={role}" for value, role in ROLES.items())
        names = ("ISSUER", self.url), ("AUDIENCE", AUDIENCE), ("ROLES", roles), ("TYPES", "at+jwt,JWT")
        return {f"DIPTYCH_OIDC_{name}": value for name, value in names}

    def token(self, algorithm: str = "RS256", **options: Any) -> str:
        """Return a token, as `token` makes it."""
        return token(self.url, algorithm, **options)

    def stop(self) -> None:
        """Be down."""
        self._server.shutdown()
        self._server.server_close()

    def start_again(self) -> None:
        """Be back, at the same address."""
        self._server = _server(self, self.port)


def _server(issuer: Issuer, port: int) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.requests.append(self.path)
            if issuer.answer is not None:
                issuer.answer(self)
                return
            documents = {
                METADATA: {"issuer": issuer.url, "jwks_uri": issuer.url + KEYS, **issuer.metadata},
                KEYS: {"keys": issuer.keys or [public(each) for each in issuer.published]},
            }
            body = json.dumps(documents[self.path]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server


@contextlib.contextmanager
def running_issuer() -> Iterator[Issuer]:
    """Run an issuer for the block."""
    issuer = Issuer()
    try:
        yield issuer
    finally:
        issuer.stop()
