"""Tokens of an identity provider: what a process remembers of them, and what they cost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from diptych.core.access.recent_values import SECONDS
from diptych.core.engine.entity import now
from diptych.core.oidc import verification
from tests.services.api import Api
from tests.services.test_access_control import Clock, ask
from tests.services.twins import Twin
from tests.support.issuer import AUDIENCE, Issuer, running_issuer


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with running_issuer() as issuer:
        yield issuer


@pytest.fixture
async def api(twin: Twin, issuer: Issuer) -> AsyncIterator[Api]:
    """Yield the operations of a service that takes the tokens of the provider."""
    other = Twin(
        twin.name, twin.url, oidc_issuer=issuer.url, oidc_audience=AUDIENCE, oidc_roles="librarians=editor,staff=reader"
    )
    api = Api(other)
    yield api
    await api.close()
    await other.close()


@pytest.fixture
def clock(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(twin.module("access_control"), "monotonic", clock)
    return clock


async def begin(api: Api) -> None:
    """Begin as a server does."""
    beginning = api.application.begin()
    if api.twin.name == "aio":
        await beginning


async def test_a_token_is_verified_once_in_some_seconds_and_asks_the_database_nothing(
    api: Api, issuer: Issuer, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    await begin(api)
    token, verify, times = issuer.token(), verification.principal_of, []
    monkeypatch.setattr(verification, "principal_of", lambda *given: (times.append(1), verify(*given))[1])

    for _ in range(3):
        with api.counting.counted() as counted:
            assert (await ask(api, "tags_list", token)).status == 200
        assert len(counted.statements) == 1
    assert len(times) == 1
    clock.now += SECONDS + 1
    assert (await ask(api, "tags_list", token)).status == 200
    assert len(times) == 2
    assert (await ask(api, "tags_list", issuer.token(aud="x"))).status == 401
    assert (await ask(api, "tags_list", issuer.token(aud="x"))).status == 401
    assert len(times) == 4


async def test_a_token_that_expires_while_it_is_remembered_is_refused(
    api: Api, issuer: Issuer, twin: Twin, monkeypatch: pytest.MonkeyPatch
):
    await begin(api)
    token, moment = issuer.token(exp=int(now().timestamp()) + 100), now()

    for after, status in ((0, 200), (99, 200), (129, 200), (131, 401)):
        later = moment + timedelta(seconds=after)
        monkeypatch.setattr(twin.module("access_control"), "now", lambda later=later: later)
        assert (await ask(api, "tags_list", token)).status == status


async def test_before_the_keys_are_known_a_token_is_not_taken_for_an_anonymous_client(api: Api, issuer: Issuer):
    issuer.stop()
    try:
        assert (await ask(api, "metrics_read")).status == 200
        await begin(api)
        for name in ("tags_list", "metrics_read", "me_read"):
            response = await ask(api, name, issuer.token())
            assert response.status == 503
            assert b"keys of the identity provider" in response.body
            assert response.headers["Retry-After"] == "1"
        assert (await ask(api, "tags_list")).status == 200
        assert (await ask(api, "tags_list", "x")).status == 401
        assert (await ask(api, "health_live", issuer.token())).status == 200
    finally:
        issuer.start_again()


async def test_a_service_without_a_provider_takes_none_of_its_tokens(twin: Twin, issuer: Issuer):
    api = Api(twin)
    await begin(api)
    assert (await ask(api, "tags_list", issuer.token())).status == 401
    await api.close()
