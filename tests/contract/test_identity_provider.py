"""Tokens of an identity provider: a real one of the tests, whose tokens all deployments take."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import httpx
import pytest

from diptych.core.access.permissions import SCOPES
from tests.contract.conftest import CONTRACT_URL
from tests.contract.making import Row, made, make_tag, marker, new_id, read, refused
from tests.contract.test_access import INVALID as INVALID_TOKEN
from tests.contract.test_access import ClientOf, bearer, forbidden, unauthorized
from tests.support import patient
from tests.support.hosts import Hosts
from tests.support.issuer import Issuer, hs256, key, signed, signer
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(bool(CONTRACT_URL), reason="that deployment takes the tokens of another provider")


@pytest.fixture
def issuer(hosts: Hosts) -> Issuer:
    return hosts.issuer


@pytest.fixture
def client_of(url: str, issuer: Issuer) -> Iterator[ClientOf]:
    """Return a function from the value of the role claim, and further claims, to a client with such a token."""
    with ExitStack() as stack:

        def client(*roles: str, algorithm: str = "RS256", **claims: Any) -> httpx.Client:
            token = issuer.token(algorithm, **{"sub": marker(), "roles": roles, **claims})
            return stack.enter_context(patient.Client(base_url=url, headers=bearer(token)))

        yield client


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_token_of_the_provider_does_what_its_role_allows(client_of: ClientOf, algorithm: str):
    reader, editor = client_of("staff", algorithm=algorithm), client_of("librarians", "staff", algorithm=algorithm)
    tag = make_tag(editor)

    assert read(reader, f"/tags/{tag['id']}") == tag
    forbidden(reader.delete(f"/tags/{tag['id']}"), "catalogue:write")
    forbidden(editor.get("/accounts"), "accounts:manage")
    assert client_of("heads", algorithm=algorithm).get("/accounts").status_code == 200
    assert editor.delete(f"/tags/{tag['id']}").status_code == 204


def test_me_tells_who_the_token_speaks_of(client_of: ClientOf):
    subject = marker()
    me = read(client_of("librarians", sub=subject, preferred_username="Tove Jansson", exp=4_000_000_000), "/me")

    assert me == {
        "id": me["id"],
        "name": "Tove Jansson",
        "role": "editor",
        "permissions": [each for each in SCOPES if each in me["permissions"]],
        "token_id": None,
        "expires_at": "2096-10-02T07:06:40Z",
        "second_factor": False,
    }
    assert "catalogue:write" in me["permissions"]
    assert read(client_of("staff", sub=subject), "/me")["id"] == me["id"]
    assert read(client_of("staff"), "/me")["id"] != me["id"]


def test_a_scope_of_ours_narrows_the_role_and_another_does_not(client_of: ClientOf):
    narrow, other = client_of("heads", scope="openid catalogue:read"), client_of("staff", scope="openid email")

    assert other.get("/tags").status_code == narrow.get("/tags").status_code == 200
    forbidden(narrow.post("/tags", json={"name": marker()}), "catalogue:write")


@pytest.mark.parametrize("claims", [{"roles": None}, {"roles": ["visitors"]}, {"roles": {"heads": True}}])
def test_a_token_without_a_role_is_allowed_nothing_even_what_anonymous_clients_are(
    client_of: ClientOf, claims: dict[str, Any]
):
    client = client_of(**claims)

    for method, path, scope in (("GET", "/tags", "catalogue:read"), ("GET", "/me", "me:read")):
        response = client.request(method, path)
        forbidden(response, scope)
        assert response.json()["detail"] == f"This needs {scope}, and the token gives no role here."
    forbidden(client.post("/tags", content=b"{"), "catalogue:write")
    assert client.get("/health/ready").status_code == 200


def _wrong(issuer: Issuer) -> dict[str, str]:
    whole, own = issuer.token(), key("rsa-of-an-attacker")
    header, payload, _ = whole.split(".")
    brought = {"jwk": own.as_dict(private=False), "jku": f"{issuer.url}/evil", "x5u": f"{issuer.url}/evil"}
    now = int(time.time())
    return {
        "audience": issuer.token(aud="another"),
        "issuer": issuer.token(iss="https://id.example.org"),
        "expired": issuer.token(exp=now - 60),
        "not yet": issuer.token(nbf=now + 3600),
        "no exp": issuer.token(exp=None),
        "no sub": issuer.token(sub=None),
        "none": issuer.token("none", sign=lambda _: b""),
        "none, and something": issuer.token("none", sign=lambda _: b"x"),
        "no signature": f"{header}.{payload}.",
        "HS256 with the public key": issuer.token("HS256", sign=hs256(key("rsa").as_pem(private=False))),
        "RS256 with a key of EC": issuer.token("RS256", key_id="ec", sign=signer("ES256", "ec")),
        "another key": issuer.token(sign=signer("RS256", "rsa-of-an-attacker")),
        "a key that it brings": issuer.token(header=brought, sign=signer("RS256", "rsa-of-an-attacker")),
        "crit": issuer.token(header={"crit": ["exp"], "exp": now + 60}),
        "b64": issuer.token(header={"crit": ["b64"], "b64": False}),
        "type": issuer.token(header={"typ": "logout+jwt"}),
        "ID token": issuer.token(header={"typ": "JWT"}, nonce="x"),
        "bound": issuer.token(cnf={"jkt": "x"}),
        "duplicate": signed(
            json.dumps({"alg": "RS256", "kid": "rsa", "typ": "at+jwt"}).encode(),
            b'{"roles":["staff"],"roles":["heads"]}',
            signer("RS256", "rsa"),
        ),
        "deep": signed(b"[" * 7000, b"{}", signer("RS256", "rsa")),
        "JWE": f"{whole}.x.x",
        "half": whole[: len(whole) // 2],
    }


def test_a_wrong_token_is_refused_as_our_own_are(api: httpx.Client, issuer: Issuer):
    path = f"/tags/{make_tag(api)['id']}"
    tagged = {"If-None-Match": api.get(path).headers["ETag"]}

    def known(token: str) -> httpx.Response | None:
        """Return the answer to a token, once the issuer's keys were read lately: before, it may be 503."""
        response = api.get(path, headers={**tagged, **bearer(token)})
        return None if response.status_code == 503 else response

    for token in _wrong(issuer).values():
        unauthorized(until(partial(known, token)), INVALID_TOKEN)
    refused(api.get(path, headers=bearer(issuer.token(x="x" * 12_500))), 431)
    # What a header brings or points to is not fetched.
    assert {*issuer.requests} == {"/.well-known/openid-configuration", "/keys"}


def test_a_key_that_the_issuer_does_not_have_is_refused_or_looked_for(api: httpx.Client, issuer: Issuer):
    response = api.get("/tags", headers=bearer(issuer.token(key_id="rsa-made-up")))

    if response.status_code == 503:
        assert response.headers["Retry-After"] == "1"
        assert "looked for" in refused(response, 503)["detail"]
    else:
        unauthorized(response, INVALID_TOKEN)


def test_our_own_tokens_go_on_beside_it(api: httpx.Client, administrator: httpx.Client):
    assert read(administrator, "/me")["token_id"] is not None
    unauthorized(api.get("/tags", headers=bearer("dpt_" + "a" * 49)), INVALID_TOKEN)
    assert api.get("/tags", headers={"Authorization": "Basic dG92ZTp4"}).status_code == 200


def test_who_has_no_account_here_has_no_tokens_of_their_own(client_of: ClientOf, administrator: httpx.Client):
    account = made(administrator.post("/accounts", json={"name": marker()}))
    body = {"label": "x", "account_id": account["id"]}

    refused(client_of("librarians").post("/tokens", json={"label": "x"}), 422, "/account_id")
    refused(client_of("librarians").post("/tokens", json=body), 422, "/account_id")
    assert made(client_of("heads").post("/tokens", json=body))["account"]["id"] == account["id"]
    assert read(client_of("librarians"), "/tokens")["items"] == []


def test_the_history_names_who_the_token_speaks_of(client_of: ClientOf, administrator: httpx.Client):
    editor = client_of("librarians", preferred_username="Tove")
    me, tag = read(editor, "/me"), make_tag(editor)

    [change] = _changes(administrator, tag)
    assert (change["via"], change["principal"], change["name"]) == ("oidc", me["id"], "Tove")
    assert [change] == read(administrator, "/changes", viaIn="oidc", principalIn=me["id"])["items"]


def _changes(administrator: httpx.Client, tag: Row) -> list[Row]:
    found: list[Row] = read(administrator, f"/tags/{tag['id']}/changes")["items"]
    return found


def test_no_shared_cache_keeps_it_and_keys_are_the_subjects_own(client_of: ClientOf):
    one, other = client_of("librarians"), client_of("librarians")
    body, headers = {"name": marker()}, {"Idempotency-Key": new_id()}

    first, again = (made(one.post("/authors", json=body, headers=headers)) for _ in range(2))
    assert first == again
    assert made(other.post("/authors", json=body, headers=headers))["id"] != first["id"]
    assert one.get(f"/authors/{first['id']}").headers["Cache-Control"] == "private, no-cache"
