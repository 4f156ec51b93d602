"""Both adapters give the same responses to the same bytes."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

import pytest

from tests.support.deployments import ADAPTERS
from tests.support.hosts import Hosts
from tests.support.waiting import until
from tests.support.wire import Target, connect, exchange
from tests.wire.allowed import ALLOWED
from tests.wire.case import Case
from tests.wire.table import CASES, FORM_KEY, Pair, ask, fingerprint, ids, one_in

LIVE = b"GET /health/live HTTP/1.1\r\nHost: catalogue.test\r\nConnection: close\r\n\r\n"


# What is decided before the database is used is the same on all of them.
ASKED = [case for case in CASES if case.writes or not case.own]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True, scope="session")
@pytest.mark.parametrize("case", CASES, ids=ids(CASES))
def test_both_adapters_answer_alike(pair: Pair, case: Case):
    _compare(pair, case)


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True, scope="session")
@pytest.mark.parametrize("case", one_in(4, ASKED))
def test_both_adapters_answer_alike_on_postgresql_too(pair: Pair, case: Case):
    _compare(pair, case)


def _compare(pair: Pair, case: Case) -> None:
    refused = not (case.safe or case.writes)
    before = fingerprint(pair) if refused else None

    flask, sanic = (ask(url, case, pair.rows) for url in (pair.flask, pair.sanic))

    assert flask == sanic
    assert tuple(answer.status for answer in flask.answers) == case.statuses
    assert all(answer.header("server") == "diptych" for answer in flask.answers)
    if refused:
        assert fingerprint(pair) == before


def test_nothing_of_it_has_left_a_trace_in_a_log(pair: Pair, hosts: Hosts, backend: str):
    assert exchange(Target.of(pair.sanic), LIVE, ("GET",)).answers

    logs = {adapter: hosts.log(f"{adapter}-{backend}") for adapter in ADAPTERS}

    assert all(logs.values())
    assert [adapter for adapter, log in logs.items() if "Traceback" in log or '"level":"error"' in log] == []


@pytest.mark.usefixtures("pair")
def test_the_start_has_warned_once_of_a_catalogue_that_everybody_may_change(hosts: Hosts, backend: str):
    warnings = [
        hosts.log(f"{adapter}-{backend}").count("`diptych access anonymous reader` ends that") for adapter in ADAPTERS
    ]

    assert warnings == [1, 1]


def test_the_table_is_large_and_no_case_is_there_twice():
    assert len(CASES) >= 1000
    assert len({(case.message, case.half_close) for case in CASES}) == len(CASES)
    assert max(status for case in CASES for status in case.statuses) < 500


def test_dates_differ(pair: Pair):
    def told(url: str) -> datetime:
        return parsedate_to_datetime(exchange(Target.of(url), LIVE, ("GET",)).answers[0].header("date") or "")

    first = told(pair.flask)
    until(lambda: told(pair.sanic) > first)


def test_form_keys_differ(pair: Pair):
    def shown(url: str) -> bytes:
        target = Target.of(url)
        message = f"GET {target.prefix}/ui/tags/new HTTP/1.1\r\nHost: catalogue.test\r\nConnection: close\r\n\r\n"
        return exchange(target, message.encode(), ("GET",)).answers[0].body

    one, other = shown(pair.flask), shown(pair.sanic)
    assert one != other
    assert FORM_KEY.sub(b"", one) == FORM_KEY.sub(b"", other)


def test_the_case_and_the_order_of_header_names_differ(pair: Pair):
    flask, sanic = (_names(url) for url in (pair.flask, pair.sanic))

    assert {name.lower() for name in flask} == {name.lower() for name in sanic}
    assert flask != sanic
    assert [name.lower() for name in flask] != [name.lower() for name in sanic]


def _names(url: str) -> list[str]:
    with connect(Target.of(url)) as connection:
        connection.sendall(LIVE)
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    return [line.partition(":")[0] for line in answer.partition("\r\n\r\n")[0].split("\r\n")[1:]]


def test_request_ids_differ(pair: Pair):
    ids = [
        exchange(Target.of(url), message, ("GET",)).answers[0].header("x-request-id")
        for message in (LIVE, LIVE.replace(b"Host", b"X-Request-ID: mine\r\nHost"))
        for url in (pair.flask, pair.sanic)
    ]

    assert ids[2:] == ["mine", "mine"]
    assert len(set(ids)) == 3


def test_every_difference_that_is_allowed_has_a_test_that_it_is_there():
    assert [f"test_{name.replace(' ', '_')}" in globals() for name in ALLOWED] == [True] * len(ALLOWED)
