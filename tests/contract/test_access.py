"""Accounts and tokens: who may do what.

These deployments let anonymous clients write; others: tests/adapters/test_access_policy.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from tests.contract.conftest import each_once
from tests.contract.making import LIMIT, Row, made, make, make_tag, marker, new_id, read, refused, send
from tests.support import patient
from tests.support.waiting import until

REALM = 'Bearer realm="diptych"'
INVALID = f'{REALM}, error="invalid_token", error_description='

ClientOf = Callable[..., httpx.Client]


@pytest.fixture
def client_of(url: str, administrator: httpx.Client) -> Iterator[ClientOf]:
    """Return a function from a role, and the members of a token, to a client of a new account's new token."""
    with ExitStack() as stack:

        def client(role: str, **token: Any) -> httpx.Client:
            account = make_account(administrator, role=role)
            secret = make_token(administrator, account_id=account["id"], **token)["token"]
            return stack.enter_context(patient.Client(base_url=url, headers=bearer(secret)))

        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def make_account(administrator: httpx.Client, **values: Any) -> Row:
    return made(administrator.post("/accounts", json={"name": marker(), **values}))


def make_token(api: httpx.Client, **values: Any) -> Row:
    return made(api.post("/tokens", json={"label": "Test", **values}))


def unauthorized(response: httpx.Response, challenge: str = REALM) -> None:
    assert refused(response, 401)["type"].endswith("/problems/unauthorized")
    assert response.headers["WWW-Authenticate"].startswith(challenge)
    assert response.headers["Cache-Control"] == "no-store"


def forbidden(response: httpx.Response, scope: str) -> None:
    assert refused(response, 403)["type"].endswith("/problems/forbidden")
    assert response.headers["WWW-Authenticate"] == f'{REALM}, error="insufficient_scope", scope="{scope}"'


# What anonymous clients and tokens get


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/accounts"), ("POST", "/accounts"), ("GET", "/tokens"), ("GET", "/me")]
)
def test_an_anonymous_client_manages_no_accounts(api: httpx.Client, method: str, path: str):
    with patient.Client(base_url=api.base_url) as client:
        unauthorized(client.request(method, path, content=b"{"))


@pytest.mark.parametrize("token", ["", "x", "dpt_", "dpt_" + "a" * 49, "a b", "Ünknown", "Bearer", "x, Bearer y"])
def test_a_token_that_cannot_be_one_is_refused_where_anonymous_clients_may_read(api: httpx.Client, token: str):
    unauthorized(api.get("/tags", headers={"Authorization": f"bEARER {token}".strip().encode()}), INVALID)


def test_an_unknown_token_is_refused(api: httpx.Client, administrator: httpx.Client):
    token = make_token(administrator)
    assert administrator.delete(f"/tokens/{token['id']}").status_code == 204

    unauthorized(api.get("/tags", headers=bearer(token["token"])), INVALID)


def test_credentials_of_another_scheme_are_the_proxys_and_not_read(api: httpx.Client):
    assert api.get("/tags", headers={"Authorization": "Basic dG92ZTp4"}).status_code == 200


def test_a_token_does_what_its_role_and_its_scope_allow(client_of: ClientOf):
    reader, editor, narrow = client_of("reader"), client_of("editor"), client_of("editor", scope="catalogue:read")
    tag = make_tag(editor)

    for client in (reader, editor, narrow):
        assert read(client, f"/tags/{tag['id']}") == tag
        forbidden(client.get("/accounts"), "accounts:manage")
    for client in (reader, narrow):
        forbidden(client.delete(f"/tags/{tag['id']}"), "catalogue:write")
    assert read(editor, f"/tags/{tag['id']}") == tag
    assert editor.delete(f"/tags/{tag['id']}").status_code == 204


def test_a_scope_gives_nothing_that_the_role_does_not(client_of: ClientOf):
    reader = client_of("reader", scope="catalogue:write accounts:manage")

    forbidden(reader.post("/tags", json={"name": marker()}), "catalogue:write")
    forbidden(reader.get("/accounts"), "accounts:manage")
    forbidden(reader.get("/tags"), "catalogue:read")


def test_me_tells_whose_token_it_is_and_what_it_allows(administrator: httpx.Client):
    account = make_account(administrator, role="editor")
    token = make_token(administrator, account_id=account["id"], expires_at=None)

    assert read(administrator, "/me")["role"] == "administrator"
    assert administrator.get("/me", headers=bearer(token["token"])).json() == {
        "id": account["id"],
        "name": account["name"],
        "role": "editor",
        "permissions": ["catalogue:read", "catalogue:write"],
        "token_id": token["id"],
        "expires_at": None,
        "second_factor": False,
    }


# The order of complaints


def test_the_route_and_the_method_are_complained_of_before_the_token(api: httpx.Client):
    headers = bearer("x")

    refused(api.get("/nowhere", headers=headers), 404)
    refused(api.get("/tags/x", headers=headers), 404)
    refused(api.put("/tags", headers=headers), 405)
    assert api.options("/accounts", headers=headers).status_code == 204


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b" " * (LIMIT + 1), "application/json"),
        (b"{}", "text/plain"),
        (b"{", "application/json"),
        (b"{}", "application/json"),
    ],
    ids=["413", "415", "400", "422"],
)
def test_the_token_is_complained_of_before_anything_of_the_body(client_of: ClientOf, body: bytes, media_type: str):
    reader = client_of("reader")
    path = f"/tags/{new_id()}"

    forbidden(send(reader, "PATCH", path, body, media_type), "catalogue:write")
    reader.headers.update(bearer("x"))
    unauthorized(send(reader, "PATCH", path, body, media_type), INVALID)


def test_the_token_is_complained_of_before_a_precondition_and_a_304(api: httpx.Client, client_of: ClientOf):
    tag = make_tag(api)
    path = f"/tags/{tag['id']}"
    current = {"If-None-Match": api.get(path).headers["ETag"]}
    assert api.get(path, headers=current).status_code == 304

    unauthorized(api.get(path, headers={**current, **bearer("x")}), INVALID)
    forbidden(client_of("reader").delete(path, headers={"If-Match": '"x"'}), "catalogue:write")
    assert read(api, path) == tag


def test_a_batch_and_a_head_need_what_their_operation_needs(client_of: ClientOf):
    reader, unable = client_of("reader"), client_of("reader", scope="metrics:read")

    forbidden(reader.post("/tags/batch", json={"items": [{"name": marker()}]}), "catalogue:write")
    assert reader.head("/tags").status_code == 200
    assert unable.head("/tags").status_code == 403
    assert unable.get("/metrics").status_code == 200
    forbidden(reader.get("/metrics"), "metrics:read")
    assert unable.get("/health/ready").status_code == 200


# Accounts


def test_an_administrator_creates_changes_and_deletes_accounts(administrator: httpx.Client):
    name = marker()
    account = make_account(administrator, name=name.upper(), kind="service", role="editor")
    path = f"/accounts/{account['id']}"
    assert account == {
        **account, "name": name, "kind": "service", "role": "editor", "active": True
    }  # fmt: skip
    assert read(administrator, path) == account
    assert account in read(administrator, "/accounts", nameIn=name)["items"]

    changed = administrator.patch(path, json={"role": "reader", "active": False}).json()
    assert (changed["role"], changed["active"]) == ("reader", False)
    assert read(administrator, path) == changed
    refused(administrator.post("/accounts", json={"name": name}), 409)
    refused(administrator.post("/accounts", json={"name": "with space"}), 422, "/name")
    refused(administrator.patch(path, json={"role": "owner"}), 422, "/role")

    assert administrator.delete(path).status_code == 204
    refused(administrator.get(path), 404)


@each_once
def test_a_disabled_or_demoted_account_loses_its_permissions_within_seconds(
    administrator: httpx.Client, api: httpx.Client
):
    account = make_account(administrator, role="editor")
    headers = bearer(make_token(administrator, account_id=account["id"])["token"])
    assert api.get("/tags", headers=headers).status_code == 200

    administrator.patch(f"/accounts/{account['id']}", json={"role": "reader"})
    until(lambda: api.post("/tags", json={"name": marker()}, headers=headers).status_code == 403)
    administrator.patch(f"/accounts/{account['id']}", json={"active": False})
    until(lambda: api.get("/tags", headers=headers).status_code == 401)
    administrator.patch(f"/accounts/{account['id']}", json={"active": True})
    assert api.get("/tags", headers=headers).status_code == 200


# Tokens


def test_a_token_is_shown_once(administrator: httpx.Client):
    token = make_token(administrator, label=" nightly  import ", scope="catalogue:write catalogue:read")
    secret = token.pop("token")

    assert (token["label"], token["scope"]) == ("nightly import", "catalogue:read catalogue:write")
    assert secret.endswith(token["last_four"])
    assert token["expires_at"] is not None
    assert read(administrator, f"/tokens/{token['id']}") == token
    assert secret not in administrator.get("/tokens", params={"pageSize": 1000}).text


def test_a_response_with_a_token_is_not_kept(administrator: httpx.Client):
    refused(administrator.post("/tokens", json={"label": "Test"}, headers={"Idempotency-Key": marker()}), 400)

    response = administrator.post("/tokens", json={"label": "Test"})
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Location"] == f"/tokens/{made(response)['id']}"
    assert not {"ETag", "Content-Location"} & {*response.headers}


def test_everybody_manages_their_own_tokens_and_only_these(administrator: httpx.Client, client_of: ClientOf):
    one, other = (client_of("reader", scope="catalogue:read tokens:manage") for _ in range(2))
    token = make_token(one, scope="catalogue:read")

    assert token["account"]["id"] == read(one, "/me")["id"]
    assert token["id"] in {each["id"] for each in read(one, "/tokens")["items"]}
    assert token["id"] not in {each["id"] for each in read(other, "/tokens")["items"]}
    refused(other.get(f"/tokens/{token['id']}"), 404)
    refused(other.delete(f"/tokens/{token['id']}"), 404)
    assert token["id"] in {each["id"] for each in read(administrator, "/tokens", pageSize=1000)["items"]}
    assert one.delete(f"/tokens/{token['id']}").status_code == 204
    refused(one.get(f"/tokens/{token['id']}"), 404)


def test_a_token_gives_on_no_more_than_it_has(administrator: httpx.Client, client_of: ClientOf):
    editor = client_of("editor", scope="catalogue:read tokens:manage")
    other = make_account(administrator)

    refused(editor.post("/tokens", json={"label": "x", "scope": "catalogue:write"}), 422, "/scope")
    refused(editor.post("/tokens", json={"label": "x", "account_id": other["id"]}), 422, "/account_id")
    assert make_token(editor)["scope"] == "catalogue:read"
    short = client_of("editor", scope="tokens:manage", expires_at="2100-01-01T00:00:00Z")
    for expires_at in (None, "2100-01-02T00:00:00Z"):
        body = {"label": "x", "scope": "tokens:manage", "expires_at": expires_at}
        refused(short.post("/tokens", json=body), 422, "/expires_at")
    refused(short.post("/tokens", json={"label": "x"}), 422, "/scope")
    made(short.post("/tokens", json={"label": "x", "scope": "tokens:manage", "expires_at": "2099-01-01T00:00:00Z"}))


def test_a_token_expires(administrator: httpx.Client):
    refused(
        administrator.post("/tokens", json={"label": "x", "expires_at": "2020-01-31T12:00:00Z"}), 422, "/expires_at"
    )
    refused(administrator.post("/tokens", json={"label": "x", "scope": "everything"}), 422, "/scope")
    refused(administrator.post("/tokens", json={"label": "x", "account_id": new_id()}), 422, "/account_id")


@each_once
def test_a_revoked_token_is_refused_within_seconds(administrator: httpx.Client, api: httpx.Client):
    token = make_token(administrator)
    headers = bearer(token["token"])
    assert api.get("/tags", headers=headers).status_code == 200
    used = read(administrator, f"/tokens/{token['id']}")["last_used_at"]
    assert used is not None

    assert administrator.delete(f"/tokens/{token['id']}").status_code == 204
    until(lambda: api.get("/tags", headers=headers).status_code == 401)


# Caches and keys


def test_no_shared_cache_keeps_what_a_token_got(api: httpx.Client, administrator: httpx.Client):
    tag = make(api, "tags")

    with patient.Client(base_url=api.base_url) as client:
        assert client.get(f"/tags/{tag['id']}").headers["Cache-Control"] == "no-cache"
    own = administrator.get(f"/tags/{tag['id']}")
    assert own.headers["Cache-Control"] == "private, no-cache"
    assert own.headers["Vary"] == "Accept-Encoding, Authorization"
    assert own.json() == tag
    assert administrator.get(f"/tags/{tag['id']}", headers={"If-None-Match": own.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("path", ["/me", "/accounts", "/tokens", "/changes", "/security-events"])
def test_no_cache_keeps_what_is_about_people(administrator: httpx.Client, path: str):
    answer = administrator.get(path)

    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")


def test_a_key_is_the_clients_own(client_of: ClientOf):
    key, name = {"Idempotency-Key": marker()}, marker()
    one, other = client_of("editor"), client_of("editor")
    created = one.post("/authors", json={"name": name}, headers=key)

    again = one.post("/authors", json={"name": name}, headers=key)
    others = other.post("/authors", json={"name": name}, headers=key)

    assert made(created) == made(again)
    assert made(others)["id"] != made(created)["id"]
