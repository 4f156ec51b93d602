"""The log of either adapter with several workers: one line a request, without any value that was sent."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO, Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.support import patient
from tests.support.commands import done
from tests.support.databases import LOCK_QUEUE, Databases
from tests.support.deployments import ADAPTERS, command, free_port, server
from tests.support.metrics import scraped
from tests.support.security_lines import in_lines
from tests.support.waiting import until
from tests.support.wire import Target, connect, exchange

WORD = "pa55word-of-the-database"
VALUE = "value-that-was-sent"
MEMBERS = ["time", "level", "request_id", "method", "path", "status", "duration_ms", "db_ms", "bytes"]
NOBODY = "01a1fbd7-55dd-7561-861e-8d0bba31278f"
SECRETS = {"Authorization": f"Basic {VALUE}", "Cookie": f"c={VALUE}", "Idempotency-Key": VALUE, "X-Other": VALUE}

# Method, path, body.
REQUESTS: list[tuple[str, str, Any]] = [
    ("GET", "/authors?pageSize=1", None),
    ("HEAD", "/authors", None),
    ("GET", f"/authors?searchString={VALUE}", None),
    ("GET", f"/authors?{VALUE}=1", None),
    ("GET", f"/authors/slug/{VALUE}", None),
    ("GET", f"/authors/{NOBODY}", None),
    ("GET", f"/{VALUE}", None),
    ("OPTIONS", "/authors", None),
    ("DELETE", "/authors", None),
    ("SECRET", "/authors", None),
    ("POST", "/authors", {"name": VALUE, "dob": VALUE}),
    ("POST", "/tags", {"name": VALUE}),
    ("POST", "/tags", {"name": VALUE}),
    ("POST", "/tags", {"name": "refused by a constraint", "description": VALUE}),
    ("GET", "/health/live", None),
    ("GET", "/docs", None),
]

UNREADABLE = [
    (b"GET /%s HTTP/1.1\r\nHost : x\r\n\r\n", "GET"),
    (b"HEAD /%s HTTP/1.1\r\nHost : x\r\n\r\n", "HEAD"),
    (b"GET /%s" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", "GET"),
]


class Served:
    """A deployment with two workers on PostgreSQL, where inserting a tag fails with an unexpected error."""

    def __init__(self, adapter: str, databases: Databases, stack: ExitStack, workers: int = 2, **settings: str) -> None:
        database = databases.migrated("postgresql")
        self.database = database
        self.direct = stack.enter_context(psycopg.connect(database, autocommit=True))
        self.direct.execute(
            "CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN NEW.search_text := NULL; RETURN NEW; END'"
        )
        self.direct.execute(
            "CREATE TRIGGER forget BEFORE INSERT ON tag FOR EACH ROW WHEN (NEW.name = 'refused by a constraint')"
            " EXECUTE FUNCTION forget()"
        )
        self._log: IO[str] = stack.enter_context(tempfile.TemporaryFile("w+"))  # noqa: SIM115 - the stack closes it
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        options = ["--workers", str(workers)] if adapter == "sanic" and workers > 1 else []
        if adapter == "sanic" and workers == 1:
            # `python -m sanic` changes logging in its own process, which serves by itself here.
            options = ["--single-process"]
        secret = make_url(database).set(password=WORD).render_as_string(hide_password=False)
        settings = {"DATABASE_URL": secret, "FLASK_PORT": str(port), "DIPTYCH_WORKERS": str(workers), **settings}
        stack.enter_context(server([*command(adapter, port), *options], url, log=self._log, **settings))
        self.api = stack.enter_context(patient.Client(base_url=url))
        self.target = Target.of(url)
        # A Sanic worker that is stopped while it starts logs in Sanic's own format.
        if adapter == "sanic" and workers > 1:
            until(lambda: self.text().count("Worker ready") >= workers)

    def text(self) -> str:
        self._log.seek(0)
        return self._log.read()

    def lines(self) -> list[dict[str, Any]]:
        """Return every line. Errors: ValueError where one is not JSON."""
        return [json.loads(line) for line in self.text().splitlines()]

    def requests(self) -> list[dict[str, Any]]:
        """Return the access log lines, without those of the readiness checks."""
        return [line for line in self.lines() if "logger" not in line and line["path"] != "/health/ready"]


@pytest.fixture(scope="module", params=ADAPTERS)
def served(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Served]:
    with ExitStack() as stack:
        yield Served(request.param, databases, stack, DIPTYCH_LOG_LEVEL="debug")


@pytest.mark.long
def test_there_is_one_line_for_each_request_and_nothing_in_it_that_was_sent(served: Served):
    before = len(served.requests())
    answers = {}
    for number, (method, path, body) in enumerate(REQUESTS):
        headers = {**SECRETS, "X-Request-ID": f"test-{number}"}
        answered = served.api.request(method, path, json=body, headers=headers)
        answers[f"test-{number}"] = answered.status_code, answered.num_bytes_downloaded
    for message, method in UNREADABLE:
        (answer,) = exchange(served.target, message % VALUE.encode(), (method,)).answers
        answers[answer.header("x-request-id") or ""] = answer.status, len(answer.body)
    half = b"PUT /%s HTTP/1.1\r\nHost: x\r\nX-Request-ID: half\r\nContent-Length: 9\r\n\r\n" % VALUE.encode()
    (answer,) = exchange(served.target, half, ("PUT",)).answers
    answers["half"] = answer.status, len(answer.body)

    lines = served.requests()[before:]

    assert sorted(line["request_id"] for line in lines) == sorted(answers)
    assert all(list(line) == MEMBERS for line in lines)
    for line in lines:
        assert (line["status"], line["bytes"]) == answers[line["request_id"]]
        assert 0 <= line["db_ms"] <= line["duration_ms"]
    assert {line["path"] for line in lines} == {
        *("/authors", "/authors/{id}", "/authors/slug/{slug}", "/tags", "/health/live", "/docs", "")
    }
    by_id = {line["request_id"]: line for line in lines}
    assert (by_id["half"]["method"], by_id["half"]["status"]) == ("PUT", 408)
    asked = [line["db_ms"] > 0 for line in (by_id[f"test-{number}"] for number in range(len(REQUESTS)))]
    # Of the others, any may have looked up what anonymous clients may do.
    assert [asked[place] for place in (0, 1, 2, 4, 5, 11, 12, 13)] == [True] * 8
    assert [asked[place] for place in (14, 15)] == [False] * 2


def test_a_change_of_who_may_do_what_is_a_line_and_so_is_who_was_refused(served: Served):
    done(served.database, "accounts", "create", "ann", "--role", "administrator")
    done(served.database, "accounts", "create", "tove")
    tokens = {
        name: done(served.database, "tokens", "create", name, "--scope", scope).strip()
        for name, scope in (("ann", "catalogue:read tokens:manage accounts:manage"), ("tove", "catalogue:read"))
    }
    ann, tove = ({"Authorization": f"Bearer {tokens[name]}", "X-Request-ID": f"by-{name[0]}"} for name in tokens)
    ids = {name: served.api.get("/me", headers=each).json()["id"] for name, each in (("ann", ann), ("tove", tove))}
    counted = scraped(served.api)

    made = served.api.post("/tokens", json={"label": "x", "account_id": ids["tove"]}, headers=ann).json()
    assert served.api.patch(f"/accounts/{ids['tove']}", json={"role": "editor"}, headers=ann).status_code == 200
    assert served.api.post("/accounts", json={"name": "tove"}, headers=ann).status_code == 409
    assert served.api.delete(f"/tokens/{made['id']}", headers=ann).status_code == 204
    assert served.api.delete(f"/accounts/{ids['ann']}", headers=tove).status_code == 403
    served.api.post("/ui/sign-in", data={"name": "tove", "password": "wrong"}, headers={"X-Request-ID": "signing-in"})

    wanted = ["token_created", "account_changed", "token_deleted"]
    assert in_lines(served.text().splitlines()) == [
        *((event, ids["tove"], ids["ann"], "token", "by-a") for event in wanted),
        ("sign_in_failed", ids["tove"], None, "anonymous", "signing-in"),
    ]
    (refused,) = [line for line in served.requests() if line["status"] == 403]
    assert (refused["request_id"], refused["principal"]) == ("by-t", ids["tove"])
    later = scraped(served.api)
    for event in (*wanted, "sign_in_failed"):
        key = ("diptych_security_events_total", event)
        assert later[key] == counted.get(key, 0) + 1
    assert not [each for each in ("tove", *tokens.values(), made["token"]) if each in served.text()]


def test_an_unexpected_error_is_a_bare_500_and_logs_its_trace_once(served: Served):
    answer = served.api.post(
        "/tags", json={"name": "refused by a constraint", "description": VALUE}, headers={"X-Request-ID": "broken"}
    )

    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "application/problem+json")
    assert answer.json().keys() == {"type", "title", "status", "detail"}
    told, line = [line for line in served.lines() if line.get("request_id") == "broken"]
    assert (told["level"], told["logger"], told["message"]) == ("error", "diptych", "unexpected error")
    assert (
        'SQLSTATE 23502, null value in column "search_text" of relation "tag" violates not-null constraint'
        in told["trace"]
    )
    assert "core/aio/services" in told["trace"] or "core/sync/services" in told["trace"]
    assert (line["level"], line["status"]) == ("error", 500)


def test_a_client_that_has_gone_in_the_middle_has_one_line_too(served: Served):
    body = b'{"name":"abandoned"}'
    head = b"POST /tags HTTP/1.1\r\nHost: x\r\nX-Request-ID: gone\r\nContent-Type: application/json\r\nContent-Length: "
    with psycopg.connect(served.direct.info.dsn, dbname=served.direct.info.dbname) as holder:
        holder.execute("LOCK TABLE tag IN ACCESS EXCLUSIVE MODE")
        with connect(served.target) as client:
            client.sendall(head + str(len(body)).encode() + b"\r\n\r\n" + body)
            until(lambda: served.direct.execute(LOCK_QUEUE).fetchone())
        time.sleep(1.1)
        holder.rollback()

    until(lambda: "gone" in served.text())
    # There could be a second line.
    time.sleep(0.5)
    (line,) = [line for line in served.lines() if line.get("request_id") == "gone"]
    assert (line["status"], line["path"]) == (201, "/tags")
    assert line["db_ms"] > 1000


def test_every_line_is_json_and_none_has_a_secret_or_a_value_in_it(served: Served):
    for method, path, body in REQUESTS:
        served.api.request(method, path, json=body, headers=SECRETS)

    text = served.text()
    others = [line for line in served.lines() if "logger" in line]

    assert {"time", "level", "logger", "process", "message"} <= set.intersection(*(set(line) for line in others))
    assert any(line["logger"].startswith(("gunicorn", "sanic")) for line in others)
    assert len(served.requests()) >= len(REQUESTS)
    for secret in (WORD, VALUE, NOBODY, "refused by a constraint", "abandoned", "SECRET", "pageSize"):
        assert secret not in text


@pytest.mark.unsampled
@pytest.mark.long
def test_both_adapters_write_the_same_of_the_same_requests(databases: Databases):
    found = []
    for adapter in ADAPTERS:
        with ExitStack() as stack:
            served = Served(adapter, databases, stack)
            for number, (method, path, body) in enumerate(REQUESTS):
                served.api.request(method, path, json=body, headers={"X-Request-ID": f"{number}"})
            lines = sorted(served.requests(), key=lambda line: int(line["request_id"]))
            # A stored time may fall on the full second, and is shorter then.
            found.append([{**line, "time": 0, "duration_ms": 0, "db_ms": line["db_ms"] > 0} for line in lines])
            created = [line for line in found[-1] if line["status"] == 201]
            assert len(created) == 1
            created[0]["bytes"] = 0

    assert len(found[0]) == len(REQUESTS)
    assert found[0] == found[1]


@pytest.mark.long
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_higher_level_leaves_the_lines_of_requests_that_went_well_out(databases: Databases, adapter: str):
    with ExitStack() as stack:
        served = Served(adapter, databases, stack, 1, DIPTYCH_LOG_LEVEL="warning")
        assert served.api.get("/authors").status_code == 200
        assert served.api.post("/tags", json={"name": "refused by a constraint"}).status_code == 500

        assert [line["status"] for line in served.requests()] == [500]
