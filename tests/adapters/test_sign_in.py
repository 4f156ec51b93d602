"""Signing in with a password: sessions that both adapters know, and what ends them."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, text

from diptych.core.access.encryption import new_key
from diptych.core.access.hashing_turns import lock_path
from diptych.core.access.second_factors.totp import code_at, step_at
from diptych.core.access.sessions.rules import IDLE, LIFETIME, PER_ADDRESS, PER_CLIENT
from diptych.core.db.config import connection_string
from diptych.core.engine.entity import now
from diptych.core.settings import Settings
from tests.support import patient
from tests.support.commands import done, refused
from tests.support.databases import BACKENDS, Databases
from tests.support.deployments import ADAPTERS, deployment
from tests.support.markup import codes_in, secret_in

PASSWORD, OTHER = "the moomins of the valley", "a comet over the mountains"
COOKIE = "diptych-session"
KEYS = new_key()

pytestmark = pytest.mark.long


class Service:
    """Both adapters on one database."""

    def __init__(self, database: str, clients: dict[str, httpx.Client], logs: dict[str, Path]) -> None:
        self.database, self.clients, self.logs = database, clients, logs
        self._accounts = 0

    def account(self, **options: Any) -> str:
        """Create an account with the password, and return its name."""
        self._accounts += 1
        name = f"tove-{self._accounts}"
        done(self.database, "accounts", "create", name, "--role", options.get("role", "editor"))
        done(self.database, "accounts", "password", name, stdin=f"{PASSWORD}\n")
        return name

    def execute(self, statement: str, **values: Any) -> Any:
        engine = create_engine(connection_string(Settings(database_url=self.database)))
        with engine.begin() as connection:
            result = connection.execute(text(statement), values)
            found = result.scalar() if result.returns_rows else None
        engine.dispose()
        return found

    def forget_attempts(self) -> None:
        self.execute("DELETE FROM sign_in_attempt")


HERE = [pytest.param(each, marks=pytest.mark.unsampled if each == "sqlite" else ()) for each in BACKENDS]


@pytest.fixture(scope="module", params=HERE)
def service(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    database = databases.migrated(request.param)
    directory = tmp_path_factory.mktemp("logs")
    with ExitStack() as stack:
        clients = {}
        for adapter in ADAPTERS:
            log = stack.enter_context((directory / adapter).open("w+"))
            settings = {"DIPTYCH_TRUSTED_PROXIES": "127.0.0.1", "DIPTYCH_ENCRYPTION_KEYS": KEYS}
            url = stack.enter_context(deployment(adapter, database, log=log, **settings))
            clients[adapter] = stack.enter_context(patient.Client(base_url=url))
        yield Service(database, clients, {adapter: directory / adapter for adapter in ADAPTERS})


@pytest.fixture
def api(service: Service) -> httpx.Client:
    """Return a client of one adapter that keeps no cookies: on each database another."""
    service.forget_attempts()
    client = service.clients["flask" if service.database.startswith("sqlite") else "sanic"]
    client.cookies.clear()
    return client


def sign_in(api: httpx.Client, name: str, password: str = PASSWORD, token: str = "", **headers: str) -> httpx.Response:
    api.cookies.clear()
    cookie = {"Cookie": f"{COOKIE}={token}"} if token else {}
    response = api.post("/ui/sign-in", data={"name": name, "password": password}, headers={**cookie, **headers})
    api.cookies.clear()
    return response


def token_of(response: httpx.Response) -> str:
    assert response.status_code == 303, response.text
    return response.headers["Set-Cookie"].partition("=")[2].partition(";")[0]


def is_signed_in(api: httpx.Client, token: str) -> bool:
    """Return whether a token is of a session: with one, a password is asked for before it is changed."""
    form = {"current_password": PASSWORD, "new_password": "short"}
    response = api.post("/ui/password", data=form, headers={"Cookie": f"x=1; {COOKIE}={token}"})
    assert response.status_code in (401, 422), response.text
    return response.status_code == 422


def test_signing_in_begins_a_session_that_both_adapters_know(service: Service, api: httpx.Client):
    response = sign_in(api, service.account().upper())
    token = token_of(response)

    assert response.headers["Location"] == "../ui/"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Set-Cookie"] == f"{COOKIE}={token}; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax"
    assert all(is_signed_in(client, token) for client in service.clients.values())
    assert not any(is_signed_in(client, f"{token[:-1]}x") for client in service.clients.values())


def test_elsewhere_than_on_loopback_the_cookie_is_of_this_host_alone(service: Service, api: httpx.Client):
    response = sign_in(api, service.account(), Host="catalogue.example.org")

    assert response.headers["Set-Cookie"].startswith("__Host-diptych-session=")
    assert response.headers["Set-Cookie"].endswith("; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure")
    form = {"current_password": PASSWORD, "new_password": "short"}
    headers = {"Host": "catalogue.example.org", "Cookie": f"{COOKIE}={token_of(response)}"}
    assert api.post("/ui/password", data=form, headers=headers).status_code == 401


def test_a_wrong_name_and_a_wrong_password_are_told_alike(service: Service, api: httpx.Client):
    name, without, disabled = service.account(), f"without-{api.base_url.port}", service.account()
    done(service.database, "accounts", "create", without)
    done(service.database, "accounts", "disable", disabled)
    attempts = [
        (name, OTHER),
        (without, PASSWORD),
        (disabled, PASSWORD),
        ("nobody", PASSWORD),
        ("two words\0", PASSWORD),
    ]

    answers = [sign_in(api, *attempt) for attempt in attempts]

    assert {answer.status_code for answer in answers} == {422}
    assert len({re.sub(r'id="name"[^>]*', "", answer.text) for answer in answers}) == 1
    assert "Set-Cookie" not in answers[0].headers


def test_a_page_shows_who_has_signed_in_and_is_kept_for_them_alone(service: Service, api: httpx.Client):
    name = service.account(role="reader")
    token = token_of(sign_in(api, name))
    pages = [
        client.get("/ui/", headers={"Cookie": f"{COOKIE}={each}"})
        for each in (token, f"{token[:-1]}x")
        for client in service.clients.values()
    ]

    assert [f"Signed in as {name}" in page.text for page in pages] == [True, True, False, False]
    assert [page.headers["Cache-Control"] for page in pages] == [*["private, no-cache"] * 2, *["no-cache"] * 2]
    assert {page.headers["Vary"] for page in pages} == {"Accept-Encoding, Cookie"}


def test_after_signing_in_one_is_back_at_the_page_that_needed_it(service: Service, api: httpx.Client):
    form = {"name": service.account(), "password": PASSWORD, "next": "ui/books?q=x&yearIn=1"}

    response = api.post("/ui/sign-in", data=form)

    assert (response.status_code, response.headers["Location"]) == (303, "../ui/books?q=x&yearIn=1")


def test_a_session_means_nothing_outside_the_pages(service: Service, api: httpx.Client):
    headers = {"Cookie": f"{COOKIE}={token_of(sign_in(api, service.account(role='administrator')))}"}

    assert api.get("/me", headers=headers).status_code == 401
    assert api.get("/accounts", headers=headers).status_code == 401


def test_signing_in_gives_a_new_session_and_ends_the_old_one(service: Service, api: httpx.Client):
    name = service.account()
    planted, first = "planted-by-somebody-else", token_of(sign_in(api, name))
    second = token_of(sign_in(api, name, token=first))
    third = token_of(sign_in(api, name, token=planted))

    assert len({planted, first, second, third}) == 4
    assert [is_signed_in(api, each) for each in (planted, first, second, third)] == [False, False, True, True]


def test_signing_out_ends_the_session_everywhere(service: Service, api: httpx.Client):
    name = service.account()
    token, other = (token_of(sign_in(api, name)) for _ in range(2))

    response = api.post("/ui/sign-out", data={}, headers={"Cookie": f"{COOKIE}={token}"})

    assert (response.status_code, response.headers["Location"]) == (303, "../ui/sign-in")
    assert response.headers["Clear-Site-Data"] == '"cache"'
    assert f"{COOKIE}=; Path=/; Max-Age=0" in response.headers["Set-Cookie"]
    for client in service.clients.values():
        assert not is_signed_in(client, token)
        assert is_signed_in(client, other)


def test_a_new_password_ends_all_sessions(service: Service, api: httpx.Client):
    name = service.account()
    token, other = (token_of(sign_in(api, name)) for _ in range(2))
    headers = {"Cookie": f"{COOKIE}={token}"}

    wrong = api.post("/ui/password", data={"current_password": OTHER, "new_password": OTHER}, headers=headers)
    easy = api.post("/ui/password", data={"current_password": PASSWORD, "new_password": name * 5}, headers=headers)
    assert 'id="current_password-mistake"' in wrong.text
    assert 'id="new_password-mistake"' in easy.text
    assert is_signed_in(api, other)

    changed = api.post("/ui/password", data={"current_password": PASSWORD, "new_password": OTHER}, headers=headers)
    assert (changed.status_code, changed.headers["Location"]) == (303, "../ui/sign-in")
    assert not any(is_signed_in(api, each) for each in (token, other))
    assert sign_in(api, name).status_code == 422
    assert is_signed_in(api, token_of(sign_in(api, name, OTHER))) is True


@pytest.mark.parametrize("column", ["seen_at", "created_at"])
def test_a_session_ends_when_it_is_idle_or_old(service: Service, api: httpx.Client, column: str):
    name = service.account()
    token = token_of(sign_in(api, name))
    age = IDLE if column == "seen_at" else LIFETIME
    ages = {False: age - timedelta(minutes=1), True: age + timedelta(minutes=1)}

    for ended, since in ages.items():
        moment = now() - since
        value = moment.replace(tzinfo=None).isoformat(" ") if "sqlite" in service.database else moment
        owner = "(SELECT id FROM account WHERE name = :name)"
        change = f"UPDATE browser_session SET {column} = :moment WHERE account_id = {owner}"  # noqa: S608 - constants
        service.execute(change, moment=value, name=name)
        assert is_signed_in(api, token) is not ended


def test_a_page_of_another_site_can_do_none_of_it(service: Service, api: httpx.Client):
    name = service.account()
    token = token_of(sign_in(api, name))
    foreign = {"Origin": "https://evil.example"}

    assert sign_in(api, name, **foreign).status_code == 403
    assert api.post("/ui/sign-out", data={}, headers={"Cookie": f"{COOKIE}={token}", **foreign}).status_code == 403
    assert is_signed_in(api, token)
    assert sign_in(api, name, **{"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_only_whole_forms_are_taken(api: httpx.Client):
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    for json in ("application/json", "application/vnd.example+json"):
        headers = {"Content-Type": json}
        assert api.post("/ui/sign-in", content=b'{"name": "x", "password": "y"}', headers=headers).status_code == 415
    for body, status in (
        (b"name=x&password=y&name=z", 400),
        (b"name=%ff&password=y", 400),
        (b"name=x&password=y&more=z", 422),
        (b"name=x", 422),
        (b"", 422),
        ("name=ö&password=y".encode(), 400),
    ):
        answer = api.post("/ui/sign-in", content=body, headers=form)
        assert answer.status_code == status, body
        assert "JSON" not in answer.text


def test_failures_are_counted_by_both_adapters_together_and_survive_the_failing_request(
    service: Service, api: httpx.Client
):
    name, other = service.account(), service.account()
    for number in range(PER_CLIENT):
        client = [*service.clients.values()][number % 2]
        assert sign_in(client, name, OTHER).status_code == 422
    assert service.execute("SELECT count(*) FROM sign_in_attempt") == PER_CLIENT

    for client in service.clients.values():
        response = sign_in(client, name)
        assert response.status_code == 429
        assert int(response.headers["Retry-After"]) > 0
    # Else a client could use up the day's attempts of all others.
    assert service.execute("SELECT count(*) FROM sign_in_attempt") == PER_CLIENT
    assert sign_in(api, other).status_code == 303
    assert sign_in(api, name, **{"X-Forwarded-For": "203.0.113.7"}).status_code == 303


def test_two_guesses_at_once_count_two(service: Service, api: httpx.Client):
    name = service.account()
    with ThreadPoolExecutor(2 * PER_CLIENT) as pool:
        answers = [*pool.map(lambda _: sign_in(api, name, OTHER).status_code, range(2 * PER_CLIENT))]

    assert answers.count(422) <= PER_CLIENT
    assert set(answers) <= {422, 429, 503}


def test_one_client_cannot_try_many_accounts(service: Service, api: httpx.Client):
    for number in range(PER_ADDRESS):
        moment = now() - timedelta(minutes=1)
        value = moment.replace(tzinfo=None).isoformat(" ") if "sqlite" in service.database else moment
        service.execute(
            "INSERT INTO sign_in_attempt (id, account, client, at) SELECT :id, :account, :client, :at",
            id=f"{number:032x}", account=str(number), client="x", at=value,
        )  # fmt: skip
    before = sign_in(api, "nobody", **{"X-Forwarded-For": "203.0.113.9"})
    client = service.execute("SELECT client FROM sign_in_attempt WHERE account <> '1' AND client <> 'x'")
    service.execute("UPDATE sign_in_attempt SET client = :client", client=client)

    assert before.status_code == 422
    assert sign_in(api, "nobody", **{"X-Forwarded-For": "203.0.113.9"}).status_code == 429


def test_a_sign_in_that_gets_no_turn_is_refused_and_the_catalogue_goes_on(service: Service, api: httpx.Client):
    name = service.account()
    held = os.open(lock_path(), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        response = sign_in(api, name)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
        assert api.get("/tags").status_code == 200
    finally:
        os.close(held)
    service.forget_attempts()
    assert sign_in(api, name).status_code == 303


def test_a_second_factor_counts_at_both_adapters_and_each_code_once(service: Service, api: httpx.Client):
    name = service.account()
    flask, sanic = service.clients.values()
    cookie = {"Cookie": f"{COOKIE}={token_of(sign_in(api, name))}"}
    begun = flask.post("/ui/second-factor", data={"current_password": PASSWORD}, headers=cookie)
    secret = secret_in(begun.text)
    confirmed = sanic.post("/ui/second-factor/confirm", data={"code": code_at(secret, step_at(now()))}, headers=cookie)
    codes = codes_in(confirmed.text)
    token = confirmed.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    assert is_signed_in(api, token)
    assert not is_signed_in(api, cookie["Cookie"].partition("=")[2])

    # A sign-in ends the session whose cookie comes with it.
    sanic.cookies.clear()
    for code in (code_at(secret, step_at(now()) + 1), codes[0]):
        service.forget_attempts()
        with ThreadPoolExecutor(4) as pool:
            form = {"name": name, "password": PASSWORD, "code": code}
            sent = [pool.submit(client.post, "/ui/sign-in", data=form) for client in (flask, sanic) for _ in range(2)]
            answers = [each.result().status_code for each in sent]
        answers.append(flask.post("/ui/sign-in", data=form).status_code)
        assert answers.count(303) == 1
        assert set(answers) <= {303, 422, 503}
    flask.cookies.clear()
    sanic.cookies.clear()
    assert sign_in(api, name).status_code == 422
    service.forget_attempts()
    form = {"current_password": PASSWORD, "code": codes[1]}
    foreign = {"Cookie": f"{COOKIE}={token}", "Origin": "https://evil.example"}
    assert api.post("/ui/second-factor/remove", data=form, headers=foreign).status_code == 403
    removed = api.post("/ui/second-factor/remove", data=form, headers={"Cookie": f"{COOKIE}={token}"})
    assert removed.status_code == 303, removed.text
    assert sign_in(api, name).status_code == 303
    for log in service.logs.values():
        assert not [each for each in (secret, *codes, KEYS.partition(":")[2]) if each in log.read_text("utf-8")]


def test_an_easy_password_is_refused_by_the_command(service: Service):
    name = service.account()

    assert "should have 15 to 1,024 characters" in refused(
        service.database, "accounts", "password", name, stdin="short\n"
    )
    assert "There is no account 'nobody'" in refused(
        service.database, "accounts", "password", "nobody", stdin=f"{OTHER}\n"
    )


def test_no_password_no_token_and_no_name_is_in_a_log(service: Service, api: httpx.Client):
    name = service.account()
    token = token_of(sign_in(api, name))
    sign_in(api, name, OTHER)

    logs = [log.read_text(encoding="utf-8") for log in service.logs.values()]
    for event in ("sign_in", "sign_in_failed"):
        assert any(f'"message":"{event}"' in written for written in logs)
    for written in logs:
        assert not [each for each in (name, token, PASSWORD, OTHER, "moomins", "argon2") if each in written]
