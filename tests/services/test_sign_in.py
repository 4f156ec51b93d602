"""What happens to an account while its password is being hashed, which takes longer than anything else here."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest
from argon2 import PasswordHasher

from diptych.core.access import passwords
from diptych.core.http.operations import FORM
from diptych.core.http.request_response import Request, Response
from tests.services.api import Api
from tests.support import before
from tests.support.commands import done

PASSWORD, OTHER = "the moomins of the valley", "a comet over the mountains"
HASH, OTHER_HASH = passwords.hash_password(PASSWORD), passwords.hash_password(OTHER)


def storing(password_hash: str) -> str:
    """Return the statement that gives all accounts a hash."""
    return f"UPDATE account SET password_hash = '{password_hash}'"  # noqa: S608 - no text from outside


async def post(api: Api, operation: str, /, token: str = "", **fields: str) -> Response:
    """Send a form, as a browser does."""
    route = api.routes[operation]
    headers = {"content-type": FORM, "host": "localhost", "cookie": f"diptych-session={token}"}
    body = "&".join(f"{field}={value.replace(' ', '+')}" for field, value in fields.items())
    answer = api.application.handle(
        route, Request(route.methods[0], "", {}, "", headers, body.encode(), arrived=monotonic())
    )
    return await answer if api.twin.name == "aio" else answer


async def make_account(api: Api) -> str:
    """Return the id of an account with a password."""
    made = await api.made("accounts_create", {"name": "tove", "role": "editor"})
    before.execute(api.twin.url, storing(HASH), "DELETE FROM sign_in_attempt")
    return str(made["id"])


def sessions(api: Api) -> int:
    [(found,)] = before.rows(api.twin.url, "SELECT count(*) FROM browser_session")
    return int(found)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function by which statements are executed after a password has been compared, before it is known."""

    def arrange(api: Api, *statements: str) -> None:
        compare = passwords.matches

        def matches(*arguments: Any) -> bool:
            found = compare(*arguments)
            for statement in statements:
                before.execute(api.twin.url, statement)
            return found

        monkeypatch.setattr(passwords, "matches", matches)

    return arrange


NEW_PASSWORD = storing(OTHER_HASH)


@pytest.mark.parametrize("change", [NEW_PASSWORD, "UPDATE account SET active = false"])
async def test_no_session_begins_with_a_password_that_no_longer_counts(
    api: Api, meanwhile: Callable[..., None], change: str
):
    await make_account(api)
    meanwhile(api, change, "DELETE FROM browser_session")

    answer = await post(api, "ui_sign_in", name="tove", password=PASSWORD)

    assert (answer.status, sessions(api)) == (422, 0)
    assert "Set-Cookie" not in answer.headers


async def test_a_password_is_not_changed_by_one_that_no_longer_counts(api: Api, meanwhile: Callable[..., None]):
    await make_account(api)
    signed_in = await post(api, "ui_sign_in", name="tove", password=PASSWORD)
    token = signed_in.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    meanwhile(api, NEW_PASSWORD)

    form = {"current_password": PASSWORD, "new_password": "third and last of all"}
    answer = await post(api, "ui_password", token, **form)

    assert answer.status == 422, answer.body
    assert before.rows(api.twin.url, "SELECT password_hash FROM account") == [(OTHER_HASH,)]


async def test_renewing_a_hash_does_not_bring_back_an_old_password(api: Api, meanwhile: Callable[..., None]):
    await make_account(api)
    weaker = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    before.execute(api.twin.url, storing(weaker))
    meanwhile(api, NEW_PASSWORD)

    assert (await post(api, "ui_sign_in", name="tove", password=PASSWORD)).status == 422
    assert before.rows(api.twin.url, "SELECT password_hash FROM account") == [(OTHER_HASH,)]


@pytest.mark.parametrize("way", ["request", "command"])
async def test_disabling_an_account_ends_its_sessions(api: Api, way: str):
    account = await make_account(api)
    await post(api, "ui_sign_in", name="tove", password=PASSWORD)
    await api.made("accounts_change", {"role": "reader"}, id=account)
    assert sessions(api) == 1

    # Else enabling it would bring them back.
    if way == "command":
        done(api.twin.url, "accounts", "disable", "tove")
    else:
        await api.made("accounts_change", {"active": False}, id=account)

    assert sessions(api) == 0
