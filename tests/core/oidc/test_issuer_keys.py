"""The keys of an issuer are read in the background, from a real server, and no request waits for it."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from threading import Event
from typing import Any

import pytest

from diptych.core.errors import ServiceUnavailable
from diptych.core.http.problems import Problem
from diptych.core.oidc import discovery, issuer_keys
from diptych.core.oidc.discovery import SIZE, DiscoveryError, read_keys
from diptych.core.oidc.issuer_keys import IssuerKeys
from tests.support.issuer import KEYS, METADATA, Issuer, public, running_issuer
from tests.support.waiting import PATIENCE, until


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with running_issuer() as issuer:
        yield issuer


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have attempts follow each other quickly."""
    monkeypatch.setattr(issuer_keys, "INTERVAL", 0.05)


@pytest.fixture
def keys(issuer: Issuer) -> Iterator[IssuerKeys]:
    keys = IssuerKeys(issuer.url)
    yield keys
    keys.close()


def outcome(keys: IssuerKeys, key_id: str | None = "rsa", algorithm: str = "RS256") -> Any:
    """Return the id of the key that is found, or the status of the answer."""
    try:
        keys.find(key_id, algorithm)
    except Problem as problem:
        return problem.status
    except ServiceUnavailable:
        return 503
    return key_id


def test_the_keys_are_there_when_the_start_has_ended(issuer: Issuer, keys: IssuerKeys):
    keys.start(PATIENCE)

    assert [outcome(keys), outcome(keys, "ec", "ES256"), outcome(keys, "okp", "EdDSA")] == ["rsa", "ec", "okp"]
    assert issuer.requests == [METADATA, KEYS]


def test_where_nobody_has_started_it_the_first_request_does_and_does_not_wait(issuer: Issuer, keys: IssuerKeys):
    asked, answer = Event(), Event()

    def hang(handler: BaseHTTPRequestHandler) -> None:
        asked.set()
        answer.wait(PATIENCE)
        handler.send_error(500)

    issuer.answer = hang
    # This would not end if it waited for the issuer.
    assert outcome(keys) == 503
    assert asked.wait(PATIENCE)
    assert outcome(keys) == 503
    answer.set()


@pytest.mark.usefixtures("quick")
def test_a_key_that_is_new_is_found_soon(issuer: Issuer, keys: IssuerKeys):
    keys.start(PATIENCE)
    issuer.published.append("rsa-new")

    assert until(lambda: outcome(keys, "rsa-new") == "rsa-new")
    assert outcome(keys) == "rsa"


@pytest.mark.usefixtures("quick")
def test_a_key_that_is_gone_is_refused_when_the_keys_were_read_again(issuer: Issuer, keys: IssuerKeys):
    keys.start(PATIENCE)
    issuer.published.remove("rsa")

    assert outcome(keys) == "rsa"
    # Another key makes them be read again, as the next reading does that is due.
    until(lambda: outcome(keys, "made-up") and outcome(keys) != "rsa")
    issuer.published.clear()
    issuer.keys = [{"kty": "oct", "k": "eA"}]
    until(lambda: outcome(keys, "made-up") and outcome(keys, "ec", "ES256") != "ec")


@pytest.mark.usefixtures("quick")
def test_keys_are_read_again_now_and_then(issuer: Issuer, keys: IssuerKeys, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(issuer_keys, "REFRESH", 0.05)
    keys.start(PATIENCE)

    until(lambda: issuer.requests.count(KEYS) >= 3)


def test_made_up_keys_do_not_make_the_issuer_be_asked_more_often(
    issuer: Issuer, keys: IssuerKeys, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(issuer_keys, "INTERVAL", 3600.0)
    keys.start(PATIENCE)

    # The keys were read a moment ago, so that these are known to be wrong, and the next attempt has time.
    assert {outcome(keys, str(number)) for number in range(1000)} == {401}
    assert issuer.requests == [METADATA, KEYS]
    # Later nobody knows; and it is looked for once, for all that ask.
    monkeypatch.setattr(issuer_keys, "INTERVAL", 0.0)
    assert {outcome(keys, str(number)) for number in range(1000)} == {503}


@pytest.mark.usefixtures("quick")
def test_an_issuer_that_is_down_at_the_start_is_asked_again(issuer: Issuer, keys: IssuerKeys):
    issuer.stop()
    keys.start(PATIENCE)
    assert outcome(keys) == 503

    issuer.start_again()
    assert until(lambda: outcome(keys) == "rsa")


@pytest.mark.usefixtures("quick")
def test_an_issuer_that_is_down_later_leaves_its_keys(
    issuer: Issuer, keys: IssuerKeys, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    with caplog.at_level(logging.INFO, "diptych"):
        keys.start(PATIENCE)
        issuer.stop()
        assert outcome(keys, "rsa-new") in (401, 503)
        until(lambda: "were not read" in caplog.text)

        assert outcome(keys) == "rsa"
        assert outcome(keys, "rsa-new") == 503
        with monkeypatch.context() as patch:
            patch.setattr(issuer_keys, "KEPT", 0.0)
            assert outcome(keys) == 503
        issuer.start_again()
        until(lambda: caplog.text.count("keys that can be used") == 2)
    assert caplog.text.count("were not read") == 1


@pytest.mark.usefixtures("quick")
def test_an_attempt_that_does_not_end_counts_as_failed(
    issuer: Issuer, keys: IssuerKeys, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    answer = Event()
    issuer.answer = lambda _: answer.wait(PATIENCE)  # type: ignore[assignment, return-value]
    monkeypatch.setattr(issuer_keys, "OVERDUE", 0.05)
    monkeypatch.setattr(discovery, "READ_TIMEOUT", PATIENCE)
    keys.start(PATIENCE)

    until(lambda: "no answer within" in caplog.text)
    assert outcome(keys) == 503
    assert issuer.requests == [METADATA]
    issuer.answer = None
    answer.set()
    assert until(lambda: outcome(keys) == "rsa")


@pytest.mark.usefixtures("quick")
def test_an_error_that_nobody_expects_does_not_end_the_attempts(caplog: pytest.LogCaptureFixture):
    attempts = iter([ZeroDivisionError(), None])

    def read(_: str) -> Any:
        if error := next(attempts):
            raise error
        return discovery.parse_key_set({"keys": [public("rsa")]})

    keys = IssuerKeys("https://id.example.org", read)
    keys.start(PATIENCE)
    assert until(lambda: outcome(keys) == "rsa")
    keys.close()
    assert "ZeroDivisionError" in caplog.text


def test_a_forked_process_reads_the_keys_itself(issuer: Issuer, keys: IssuerKeys):
    keys.start(PATIENCE)
    if (child := os.fork()) == 0:
        keys.start(PATIENCE)
        os._exit(0 if keys._thread is not None and keys._thread.is_alive() and outcome(keys) == "rsa" else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert issuer.requests.count(KEYS) == 2


# Reading


def refusal(issuer: Issuer) -> str:
    with pytest.raises(DiscoveryError) as caught:
        read_keys(issuer.url)
    line = str(caught.value)
    assert "\n" not in line
    return line


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"issuer": "https://evil.example"}, "is not of the issuer"),
        ({"issuer": None}, "is not of the issuer"),
        ({"jwks_uri": None}, "must be an https URL"),
        ({"jwks_uri": "http://id.example.org/keys"}, "must be an https URL"),
        ({"jwks_uri": "file:///etc/passwd"}, "must be an https URL"),
        ({"jwks_uri": ["x"]}, "must be an https URL"),
    ],
)
def test_metadata_that_is_wrong_is_refused(issuer: Issuer, metadata: dict[str, Any], reason: str):
    issuer.metadata = metadata

    assert reason in refusal(issuer)
    assert issuer.requests == [METADATA]


def _answering(status: int, body: bytes = b"", **headers: str) -> Any:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (_answering(500), "answers 500"),
        (_answering(302, Location="http://127.0.0.1:1/x"), "answers 302"),
        (_answering(304), "answers 304"),
        (_answering(200, b"{"), "no JSON"),
        (_answering(200, b'{"issuer":"x","issuer":"y"}'), "no JSON"),
        (_answering(200, b"[" * 100_000), "no JSON"),
        (_answering(200, b"7"), "not of the issuer"),
        (_answering(200, b" " * (SIZE + 1)), "has more than"),
        (_answering(200, b"x" * 10 * SIZE), "has more than"),
        (lambda handler: handler.wfile.write(b"\x00\x01 nonsense\r\n\r\n"), "not answered in HTTP"),
        (lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 1000), "not answered in HTTP"),
        (lambda handler: handler.connection.shutdown(socket.SHUT_RDWR), "cannot be reached"),
    ],
)
def test_an_answer_that_cannot_be_used_is_refused(issuer: Issuer, answer: Any, reason: str):
    issuer.answer = answer

    assert reason in refusal(issuer)
    assert issuer.requests == [METADATA]


@pytest.mark.parametrize("host", ["a..invalid", "no-such-host.invalid"])
def test_a_host_that_is_not_there_is_told(host: str):
    with pytest.raises(DiscoveryError, match="cannot be reached"):
        read_keys(f"https://{host}")


def test_a_body_that_never_ends_is_given_up(issuer: Issuer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(discovery, "SECONDS", 0.0)

    assert "did not come in" in refusal(issuer)


def test_an_issuer_that_says_nothing_is_given_up(issuer: Issuer, monkeypatch: pytest.MonkeyPatch):
    answer = Event()
    issuer.answer = lambda _: answer.wait(PATIENCE)  # type: ignore[assignment, return-value]
    monkeypatch.setattr(discovery, "READ_TIMEOUT", 0.05)

    assert "timed out" in refusal(issuer)
    answer.set()


def test_a_slash_at_the_end_of_an_issuer_is_its_own(issuer: Issuer):
    issuer.metadata = {"issuer": f"{issuer.url}/"}

    assert len(read_keys(f"{issuer.url}/")) == 3
    assert issuer.requests == [METADATA, KEYS]
