"""What a process remembers of tokens and of the policy, for how long, and during an outage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import pytest

from diptych.core.access.permissions import SCOPES
from diptych.core.access.recent_values import OUTAGE, SECONDS
from diptych.core.http.request_response import Request, Response
from tests.services.api import Api
from tests.services.twins import Twin
from tests.support import before


class Clock:
    """A clock that tests set, an hour ahead so that no deadline passes."""

    def __init__(self) -> None:
        self.now = monotonic() + 3600

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(twin.module("access_control"), "monotonic", clock)
    return clock


async def ask(api: Api, name: str, token: str = "", **parameters: str) -> Response:
    """Send a request of a client that is no user of a host."""
    route = api.routes[name]
    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer = api.application.handle(
        route, Request(route.methods[0], "", parameters, "", headers, b"", arrived=monotonic() + 7200)
    )
    return await answer if api.twin.name == "aio" else answer


async def make_token(api: Api) -> tuple[str, dict[str, str]]:
    account = await api.made("accounts_create", {"name": "tove", "role": "administrator"})
    token = await api.made("tokens_create", {"label": "x", "account_id": account["id"], "scope": " ".join(SCOPES)})
    return token["token"], {"account": account["id"], "token": token["id"]}


async def test_who_sends_a_request_is_looked_up_once_in_some_seconds(api: Api, clock: Clock):
    token, _ = await make_token(api)

    async def statements(sent: str) -> int:
        with api.counting.counted() as counted:
            assert (await ask(api, "tags_list", sent)).status == 200
        return len(counted.statements)

    assert [await statements("") for _ in range(3)] == [2, 1, 1]
    # The first use of a token is stored.
    assert [await statements(token) for _ in range(3)] == [3, 1, 1]
    clock.now += SECONDS + 1
    assert [await statements(""), await statements(token)] == [2, 2]


async def test_what_was_revoked_is_refused_when_some_seconds_have_passed(api: Api, clock: Clock):
    token, ids = await make_token(api)
    assert (await ask(api, "accounts_list", token)).status == 200
    await api.call("tokens_delete", id=ids["token"])

    assert (await ask(api, "accounts_list", token)).status == 200
    clock.now += SECONDS + 1
    assert (await ask(api, "accounts_list", token)).status == 401


@contextmanager
def outage(api: Api) -> Iterator[None]:
    """Rename a table that each lookup reads, so that the database answers nothing about access."""
    before.execute(
        api.twin.url, "ALTER TABLE access_policy RENAME TO away", "ALTER TABLE api_token RENAME TO also_away"
    )
    try:
        yield
    finally:
        before.execute(
            api.twin.url, "ALTER TABLE away RENAME TO access_policy", "ALTER TABLE also_away RENAME TO api_token"
        )


async def test_the_metrics_are_answered_in_an_outage_by_what_was_known_and_nothing_else_ever_is(api: Api, clock: Clock):
    token, ids = await make_token(api)
    for sent in ("", token):
        assert (await ask(api, "metrics_read", sent)).status == 200
    before.execute(api.twin.url, "UPDATE access_policy SET anonymous = 'none'")
    await api.call("tokens_delete", id=ids["token"])
    clock.now += SECONDS + 1

    with outage(api):
        for sent in ("", token):
            assert (await ask(api, "metrics_read", sent)).status == 200
            assert (await ask(api, "tags_list", sent)).status == 503
    for name in ("tags_list", "accounts_list", "metrics_read"):
        assert [(await ask(api, name, sent)).status for sent in ("", token)] == [401, 401]
    with outage(api):
        assert (await ask(api, "metrics_read", token)).status == 503
    before.execute(api.twin.url, "UPDATE access_policy SET anonymous = 'editor'")


async def test_who_may_not_read_the_catalogue_gets_the_form_to_sign_in_in_place_of_a_page(api: Api, clock: Clock):
    assert (await ask(api, "page_home")).status == 200
    before.execute(api.twin.url, "UPDATE access_policy SET anonymous = 'none'")
    clock.now += SECONDS + 1
    try:
        refused = await ask(api, "page_home")
        assert refused.status == 401
        assert b'name="password"' in refused.body
        assert b'value="ui/"' in refused.body
        assert (await ask(api, "page_sign_in")).status == 200
        assert (await api.call("page_home"))[0].status == 200
    finally:
        before.execute(api.twin.url, "UPDATE access_policy SET anonymous = 'editor'")


async def test_the_first_page_leads_to_how_the_first_account_is_made_until_there_is_one(api: Api):
    note = b'href="../ui/first-account"'
    before_it = (await ask(api, "page_home")).body
    await api.made("accounts_create", {"name": "tove"})

    assert note in before_it
    assert note not in (await ask(api, "page_home")).body
    assert note not in (await api.call("page_home"))[0].body


async def test_what_was_known_long_ago_counts_no_more(api: Api, clock: Clock):
    assert (await ask(api, "metrics_read")).status == 200
    clock.now += OUTAGE + 1

    with outage(api):
        assert (await ask(api, "metrics_read")).status == 503
