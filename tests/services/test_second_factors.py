"""Second factors: set up, used, removed, and what becomes of them without their key."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Sequence
from importlib import import_module
from typing import Any

import pytest

from diptych.core.access import passwords
from diptych.core.access.encryption import new_key
from diptych.core.access.second_factors.totp import code_at, step_at
from diptych.core.access.sessions.rules import PER_CLIENT
from diptych.core.catalogue.models import Base
from diptych.core.engine.entity import now
from diptych.core.http.operations import FORM
from diptych.core.http.request_response import Request, Response
from diptych.core.settings import Settings
from diptych.core.startup_checks import check_revision
from tests.services.twins import TWINS, Twin
from tests.support import before
from tests.support.commands import done, invoked, refused
from tests.support.markup import Page, codes_in, secret_in
from tests.support.security_lines import logged as logged_events
from tests.support.security_lines import stored

PASSWORD, OTHER = "the moomins of the valley", "a comet over the mountains"
KEYS = new_key()

MOMENT = now()
"""When all codes are checked: no test depends on how long it takes."""


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in TWINS:
        for module in ("services.second_factors", "operations.second_factor", "operations.pages.accounts"):
            monkeypatch.setattr(import_module(f"diptych.core.{name}.{module}"), "now", lambda: MOMENT)


class Pages:
    """The forms of one twin, as a browser sends them, and the account of a person with a password."""

    def __init__(self, name: str, url: str, keys: str = KEYS) -> None:
        self.twin = Twin(name, url, encryption_keys=keys)
        self.application = self.twin.module("application").Application(self.twin.settings)
        self._routes = {route.path: route for route in self.application.routes if "POST" in route.methods}

    async def post(self, path: str, token: str = "", *, key: str = "", **form: str) -> Response:
        headers = {"content-type": FORM, "host": "localhost", "cookie": f"diptych-session={token}"}
        headers |= {"idempotency-key": key} if key else {}
        body = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in form.items()).encode()
        request = Request("POST", "", {}, "", headers, body)
        route = self._routes[f"/ui/{path}"]
        if self.twin.name == "aio":
            return await self.application.handle(route, request)
        return await asyncio.to_thread(self.application.handle, route, request)

    async def get(self, path: str, token: str) -> str:
        """Return the text of a page."""
        headers = {"host": "localhost", "cookie": f"diptych-session={token}"}
        route = next(each for each in self.application.routes if each.path == f"/ui/{path}" and "GET" in each.methods)
        handled = self.application.handle(route, Request("GET", "", {}, "", headers, b""))
        response = await handled if self.twin.name == "aio" else handled
        assert response.status == 200, response.body
        return Page.of(response.body.decode()).text

    async def sign_in(self, name: str, code: str = "", password: str = PASSWORD) -> Response:
        return await self.post("sign-in", name=name, password=password, code=code)

    async def session(self, name: str, code: str = "") -> str:
        return token_of(await self.sign_in(name, code))

    async def is_signed_in(self, token: str) -> bool:
        response = await self.post("second-factor/confirm", token, code="no code")
        return response.status != 401

    async def set_up(self, name: str) -> tuple[str, list[str], str]:
        """Set up a second factor; return its secret, the recovery codes, and the token of the session."""
        token = await self.session(name)
        begun = await self.post("second-factor", token, current_password=PASSWORD)
        assert begun.status == 200, begun.body
        secret = secret_in(begun.body.decode())
        confirmed = await self.post("second-factor/confirm", token, code=code_of(secret))
        assert confirmed.status == 200, confirmed.body
        return secret, codes_in(confirmed.body.decode()), token_of(confirmed)

    async def close(self) -> None:
        closing = self.application.close()
        if self.twin.name == "aio":
            await closing
        await self.twin.close()


def code_of(secret: str, later: int = 0) -> str:
    """Return the code of the present step, or of one after it."""
    return code_at(secret, step_at(MOMENT) + later)


def wrong_fields(response: Response) -> list[str]:
    """Return the fields of a form with which a page finds something wrong."""
    return ["".join(found) for found in re.findall(r'id="(\w+)-mistake"|<code>/(\w+)</code>', response.body.decode())]


def token_of(response: Response) -> str:
    assert response.status in (200, 303), response.body
    return response.headers["Set-Cookie"].partition("=")[2].partition(";")[0]


def attempts(url: str) -> int:
    return int(before.rows(url, "SELECT count(*) FROM sign_in_attempt")[0][0])


def forget_last_step(url: str) -> None:
    """Let the present code be accepted again, as if half a minute had passed."""
    before.execute(url, "UPDATE second_factor SET last_step = 0")


def _pair(name: str, backend: str, *marks: Any) -> Any:
    return pytest.param((name, backend), marks=marks, id=f"{name}-{backend}")


PAIRS = [
    _pair("aio", "postgresql"),
    _pair("sync", "sqlite"),
    _pair("aio", "sqlite", pytest.mark.unsampled),
    _pair("sync", "postgresql", pytest.mark.unsampled),
]


@pytest.fixture(params=PAIRS)
async def twin(request: pytest.FixtureRequest, urls: dict[str, str]) -> AsyncIterator[Twin]:
    """Yield a twin on an empty catalogue, of two of the four that there are in the sample."""
    name, backend = request.param
    twin = Twin(name, urls[backend])
    await twin.emptied()
    yield twin
    await twin.close()


@pytest.fixture
async def pages(twin: Twin) -> AsyncIterator[Pages]:
    before.execute(twin.url, "DELETE FROM sign_in_attempt")
    pages = Pages(twin.name, twin.url)
    yield pages
    await pages.close()


@pytest.fixture
def tove(twin: Twin) -> str:
    done(twin.url, "accounts", "create", "tove")
    done(twin.url, "accounts", "password", "tove", stdin=f"{PASSWORD}\n")
    return "tove"


async def test_the_page_shows_how_far_it_is_and_the_secret_only_once(pages: Pages, tove: str):
    token = await pages.session(tove)
    before_it = await pages.get("second-factor", token)
    begun = await pages.post("second-factor", token, current_password=PASSWORD)
    secret = secret_in(begun.body.decode())
    during = await pages.get("second-factor", token)
    confirmed = await pages.post("second-factor/confirm", token, code=code_of(secret))
    codes = codes_in(confirmed.body.decode())
    after = await pages.get("second-factor", token_of(confirmed))
    token = token_of(await pages.sign_in(tove, codes[0]))

    assert "Begin" in before_it
    assert "<svg" in begun.body.decode()
    assert "Turn it on" in during
    assert "10 recovery codes are left" in after
    assert "9 recovery codes are left" in await pages.get("second-factor", token)
    shown_later = during.replace(" ", "") + after
    assert not [each for each in (secret, *codes) if each in shown_later]


async def test_a_second_factor_counts_once_a_code_has_confirmed_it(pages: Pages, tove: str):
    token, other = await pages.session(tove), await pages.session(tove)
    wrong = await pages.post("second-factor", token, current_password=OTHER)
    begun = await pages.post("second-factor", token, current_password=PASSWORD)
    secret = secret_in(begun.body.decode())

    assert (wrong.status, wrong_fields(wrong)) == (422, ["current_password"])
    assert f'href="otpauth://totp/Diptych%3Atove?secret={secret}&amp;' in begun.body.decode()
    assert begun.headers["Cache-Control"] == "no-store"
    assert (await pages.sign_in(tove)).status == 303
    refusal = await pages.post("second-factor/confirm", token, code=code_of(secret, 5))
    assert (refusal.status, wrong_fields(refusal)) == (422, ["code"])

    confirmed = await pages.post("second-factor/confirm", token, code=code_of(secret))
    assert len(codes_in(confirmed.body.decode())) == 10
    assert confirmed.headers["Cache-Control"] == "no-store"
    assert [await pages.is_signed_in(each) for each in (token, other, token_of(confirmed))] == [False, False, True]
    assert (await pages.post("second-factor", token_of(confirmed), current_password=PASSWORD)).status == 409
    assert (await pages.sign_in(tove)).status == 422
    assert "tove: reader, person, second factor" in done(pages.twin.url, "accounts", "list")


async def test_each_code_signs_in_once(pages: Pages, tove: str):
    secret, recovery_codes, _ = await pages.set_up(tove)

    # The one that has confirmed the second factor is used up, too.
    assert (await pages.sign_in(tove, code_of(secret))).status == 422
    code = code_of(secret, 1)
    assert (await pages.sign_in(tove, f"{code[:3]} {code[3:]}")).status == 303
    assert (await pages.sign_in(tove, code)).status == 422
    assert (await pages.sign_in(tove, recovery_codes[0])).status == 303
    assert (await pages.sign_in(tove, recovery_codes[0])).status == 422
    assert (await pages.sign_in(tove, recovery_codes[1].upper())).status == 303


@pytest.fixture
async def both(backend: str, urls: dict[str, str]) -> AsyncIterator[list[Pages]]:
    """Yield both twins on one empty catalogue."""
    both = [Pages(name, urls[backend]) for name in TWINS]
    await both[0].twin.emptied()
    yield both
    for pages in both:
        await pages.close()


async def test_one_code_sent_to_both_stacks_at_once_signs_in_once(both: list[Pages]):
    url = both[0].twin.url
    done(url, "accounts", "create", "tove")
    done(url, "accounts", "password", "tove", stdin=f"{PASSWORD}\n")
    secret, recovery_codes, _ = await both[0].set_up("tove")

    for code in (code_of(secret, 1), recovery_codes[0]):
        before.execute(url, "DELETE FROM sign_in_attempt")
        sent = [pages.sign_in("tove", code) for pages in both for _ in range(2)]
        answers = [response.status for response in await asyncio.gather(*sent)]
        # On a busy machine, those who wait for a turn to hash get a 503: perhaps the last one only signs in.
        answers.append((await both[1].sign_in("tove", code)).status)
        assert answers.count(303) == 1
        assert set(answers) <= {303, 422, 503}


async def test_no_session_begins_without_a_code_while_a_second_factor_is_set_up(
    pages: Pages, tove: str, monkeypatch: pytest.MonkeyPatch
):
    token = await pages.session(tove)
    assert (await pages.post("second-factor", token, current_password=PASSWORD)).status == 200
    compare = passwords.matches

    def matches(*arguments: Any) -> bool:
        # As if it were confirmed while the password is compared, which takes longer than anything else.
        confirmed = "UPDATE second_factor SET confirmed_at = created_at"
        before.execute(pages.twin.url, confirmed, "DELETE FROM browser_session")
        return compare(*arguments)

    monkeypatch.setattr(passwords, "matches", matches)

    assert (await pages.sign_in(tove)).status == 422
    assert before.rows(pages.twin.url, "SELECT count(*) FROM browser_session")[0][0] == 0


async def test_a_session_that_ends_meanwhile_confirms_no_second_factor(
    pages: Pages, tove: str, monkeypatch: pytest.MonkeyPatch
):
    token = await pages.session(tove)
    begun = await pages.post("second-factor", token, current_password=PASSWORD)
    module = pages.twin.module("operations.second_factor")
    real = module.recovery_codes.new_codes

    def new_codes() -> list[str]:
        before.execute(pages.twin.url, "DELETE FROM browser_session")
        return real()

    monkeypatch.setattr(module.recovery_codes, "new_codes", new_codes)
    confirmed = await pages.post("second-factor/confirm", token, code=code_of(secret_in(begun.body.decode())))

    assert confirmed.status == 401
    assert (await pages.sign_in(tove)).status == 303


async def test_whatever_is_wrong_is_told_alike_and_uses_no_code_up(pages: Pages, tove: str):
    secret, recovery_codes, _ = await pages.set_up(tove)
    code = code_of(secret, 1)
    tried = [
        ("nobody", code, PASSWORD),
        ("nobody", recovery_codes[0], PASSWORD),
        (tove, "", PASSWORD),
        (tove, "123", PASSWORD),
        (tove, code_of(secret, 5), PASSWORD),
        (tove, code, OTHER),
        (tove, recovery_codes[0], OTHER),
        (tove, recovery_codes[0][:-1] + "x", OTHER),
    ]
    answers = [await pages.sign_in(*each) for each in tried]

    # The name is shown again, as it was typed.
    bodies = [each.body.replace(name.encode(), b"tove") for each, (name, *_) in zip(answers, tried, strict=True)]
    assert {each.status for each in answers} == {422}
    assert len(set(bodies)) == 1
    before.execute(pages.twin.url, "DELETE FROM sign_in_attempt")
    assert (await pages.sign_in(tove, code)).status == 303
    assert (await pages.sign_in(tove, recovery_codes[0])).status == 303


async def test_wrong_codes_are_throttled_as_wrong_passwords_are(pages: Pages, tove: str):
    secret, _, token = await pages.set_up(tove)
    for number in range(PER_CLIENT):
        if number % 2:
            form = {"current_password": PASSWORD, "code": code_of(secret, 5)}
            assert (await pages.post("second-factor/remove", token, **form)).status == 422
        else:
            assert (await pages.sign_in(tove, code_of(secret, 5))).status == 422

    assert (await pages.sign_in(tove, code_of(secret, 1))).status == 429
    form = {"current_password": PASSWORD, "code": code_of(secret, 1)}
    assert (await pages.post("second-factor/remove", token, **form)).status == 429


async def test_a_new_password_needs_a_code_and_leaves_the_second_factor(pages: Pages, tove: str):
    secret, _, token = await pages.set_up(tove)
    code = code_of(secret, 1)
    forms = [
        {"current_password": PASSWORD, "new_password": OTHER},
        {"current_password": OTHER, "new_password": OTHER, "code": code},
        {"current_password": PASSWORD, "new_password": OTHER, "code": code_of(secret, 5)},
    ]
    answers = [await pages.post("password", token, **form) for form in forms]

    assert {(each.status, each.body) for each in answers} == {(422, answers[0].body)}
    assert wrong_fields(answers[0]) == ["current_password", "code"]
    form = {"current_password": PASSWORD, "new_password": OTHER, "code": code}
    assert (await pages.post("password", token, **form)).status == 303
    forget_last_step(pages.twin.url)
    assert (await pages.sign_in(tove, "", OTHER)).status == 422
    assert (await pages.sign_in(tove, code_of(secret), OTHER)).status == 303
    done(pages.twin.url, "accounts", "password", tove, stdin=f"{PASSWORD}\n")
    assert (await pages.sign_in(tove)).status == 422


async def test_a_new_password_that_is_too_easy_costs_no_attempt(pages: Pages, tove: str):
    token = await pages.session(tove)
    for _ in range(PER_CLIENT + 1):
        form = {"current_password": OTHER, "new_password": "tovetovetovetove"}
        response = await pages.post("password", token, **form)
        assert wrong_fields(response) == ["new_password"]

    assert attempts(pages.twin.url) == 0


async def test_removing_it_takes_a_code_and_ends_the_other_sessions(pages: Pages, tove: str):
    secret, _, token = await pages.set_up(tove)
    other = await pages.session(tove, code_of(secret, 1))
    forget_last_step(pages.twin.url)
    for form in (
        {"current_password": OTHER, "code": code_of(secret)},
        {"current_password": PASSWORD, "code": code_of(secret, 5)},
    ):
        assert (await pages.post("second-factor/remove", token, **form)).status == 422

    form = {"current_password": PASSWORD, "code": code_of(secret)}
    removed = await pages.post("second-factor/remove", token, **form)
    assert (removed.status, removed.headers["Location"]) == (303, "../../ui/second-factor")
    assert [await pages.is_signed_in(each) for each in (token, other, token_of(removed))] == [False, False, True]
    assert (await pages.sign_in(tove)).status == 303
    assert (await pages.post("second-factor/remove", token_of(removed), **form)).status == 409
    assert before.rows(pages.twin.url, "SELECT count(*) FROM recovery_code")[0][0] == 0


async def test_an_operator_removes_it_for_somebody_who_has_lost_everything(pages: Pages, tove: str):
    _, _, token = await pages.set_up(tove)

    assert done(pages.twin.url, "accounts", "remove-second-factor", "TOVE") == (
        "tove has no second factor, and no sessions.\n"
    )
    assert not await pages.is_signed_in(token)
    assert (await pages.sign_in(tove)).status == 303
    assert "'tove' has no second factor" in refused(pages.twin.url, "accounts", "remove-second-factor", tove)
    assert "There is no account 'nobody'" in refused(pages.twin.url, "accounts", "remove-second-factor", "nobody")


async def test_what_becomes_of_one_is_a_line_of_the_log(pages: Pages, tove: str, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "diptych")
    before = len(stored(pages.twin.url))
    secret, _, token = await pages.set_up(tove)
    form = {"current_password": PASSWORD, "code": code_of(secret, 1)}
    assert (await pages.post("second-factor/remove", token, **form)).status == 303

    found = stored(pages.twin.url, after=before)
    assert [event.removeprefix("second_factor_") for event, *_ in found] == [
        "sign_in", "created", "changed", "deleted"
    ]  # fmt: skip
    assert logged_events(caplog.records) == found


async def test_what_was_begun_long_ago_or_replaced_is_not_confirmed(pages: Pages, tove: str):
    token = await pages.session(tove)
    secrets = []
    for _ in range(2):
        begun = await pages.post("second-factor", token, current_password=PASSWORD)
        secrets.append(secret_in(begun.body.decode()))

    assert (await pages.post("second-factor/confirm", token, code=code_of(secrets[0]))).status == 422
    before.execute(pages.twin.url, "UPDATE second_factor SET created_at = '2026-01-01 00:00:00.000000+00:00'")
    assert (await pages.post("second-factor/confirm", token, code=code_of(secrets[1]))).status == 409


def logged(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR)


@pytest.mark.parametrize(
    ("keys", "told"),
    [("", "DIPTYCH_ENCRYPTION_KEYS is not set, and needs the key"), (new_key(), "does not have the key")],
    ids=["no keys", "other keys"],
)
async def test_without_its_key_a_second_factor_is_an_outage_and_not_a_wrong_code(
    pages: Pages, tove: str, keys: str, told: str, caplog: pytest.LogCaptureFixture
):
    secret, recovery_codes, token = await pages.set_up(tove)
    without = Pages(pages.twin.name, pages.twin.url, keys)

    # Whether the password is right: otherwise the outage would tell.
    answers = [await without.sign_in(tove, code_of(secret, 1), password) for password in (PASSWORD, OTHER)]
    assert {each.status for each in answers} == {503}
    assert told in logged(caplog)
    form = {"current_password": PASSWORD, "new_password": OTHER, "code": code_of(secret, 1)}
    assert (await without.post("password", token, **form)).status == 503
    assert (await without.sign_in(tove, recovery_codes[0])).status == 303
    assert (await pages.sign_in(tove, code_of(secret, 1))).status == 303
    await without.close()


MOVED = """
    UPDATE second_factor SET secret = (
        SELECT max(other.secret) FROM second_factor other WHERE other.account_id <> second_factor.account_id
    )
"""


@pytest.mark.parametrize(
    "damage", [MOVED, "UPDATE second_factor SET secret = secret || 'AAAA'"], ids=["moved", "changed"]
)
async def test_a_secret_that_was_moved_or_changed_is_an_outage_and_not_a_wrong_code(
    pages: Pages, tove: str, damage: str, caplog: pytest.LogCaptureFixture
):
    secret, _, _ = await pages.set_up(tove)
    done(pages.twin.url, "accounts", "create", "mallory")
    done(pages.twin.url, "accounts", "password", "mallory", stdin=f"{PASSWORD}\n")
    own, _, _ = await pages.set_up("mallory")
    before.execute(pages.twin.url, damage)

    for code in (code_of(secret, 1), code_of(own, 1)):
        assert (await pages.sign_in(tove, code)).status == 503
    assert "was changed or comes from another row or column" in logged(caplog)
    assert not [each for each in (secret, own, KEYS.partition(":")[2]) if each in caplog.text]


async def test_without_keys_none_is_set_up(pages: Pages, tove: str):
    token, without = await pages.session(tove), Pages(pages.twin.name, pages.twin.url, "")
    response = await without.post("second-factor", token, current_password=PASSWORD)

    assert response.status == 422
    assert b"has set no DIPTYCH_ENCRYPTION_KEYS" in response.body
    assert attempts(pages.twin.url) == 0
    await without.close()


async def test_the_start_tells_of_secrets_whose_keys_are_missing(pages: Pages, tove: str):
    def warnings(keys: str) -> Sequence[str]:
        found = check_revision(Settings(database_url=pages.twin.url, encryption_keys=keys)).warnings()
        return [each for each in found if "ENCRYPTION" in each]

    assert warnings("") == []
    await pages.set_up(tove)
    for keys in ("", new_key()):
        assert "does not have the keys of 1 secrets" in warnings(keys)[0]
    assert warnings(KEYS) == warnings(f"{new_key()},{KEYS}") == []


async def test_secrets_are_shown_once_and_found_nowhere(pages: Pages, tove: str, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    secret, recovery_codes, token = await pages.set_up(tove)
    kept = await pages.post("second-factor", token, key="again", current_password=PASSWORD)
    assert kept.status == 400
    await pages.sign_in(tove, recovery_codes[0])

    stored = [
        str(before.rows(pages.twin.url, f"SELECT * FROM {table.name}"))  # noqa: S608 - the name of a table
        for table in Base.metadata.sorted_tables
    ]
    written = [caplog.text, *stored, done(pages.twin.url, "database", "dump-data")]
    written += [invoked(pages.twin.url, "accounts", "list").output, done(pages.twin.url, "export", "--format", "jsonl")]
    for each in written:
        assert not [word for word in (secret, *recovery_codes, KEYS.partition(":")[2]) if word in each]


async def test_me_tells_whether_there_is_one(pages: Pages, tove: str):
    bearer = done(pages.twin.url, "tokens", "create", tove).strip()
    route = next(each for each in pages.application.routes if each.name == "me_read")

    async def second_factor() -> Any:
        request = Request("GET", "", {}, "", {"authorization": f"Bearer {bearer}"}, b"")
        answer = pages.application.handle(route, request)
        response = await answer if pages.twin.name == "aio" else answer
        return json.loads(response.body)["second_factor"]

    assert await second_factor() is False
    await pages.set_up(tove)
    assert await second_factor() is True
