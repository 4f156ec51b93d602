"""Whom a server answers by the host that a request names: alike under both adapters."""

from __future__ import annotations

import tempfile

import pytest

from tests.support.databases import Databases
from tests.support.deployments import ADAPTERS, command, deployment, free_port, server
from tests.support.wire import Answer, Target, exchange
from tests.wire.case import CLOSE, head

OTHER = "Host: evil.example"


def ask(url: str, method: str, target: str, host: str) -> Answer:
    (answer,) = exchange(Target.of(url), head(method, target, host, CLOSE), (method,)).answers
    return answer


@pytest.mark.long
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_server_on_loopback_answers_for_loopback_alone(databases: Databases, adapter: str):
    with deployment(adapter, databases.migrated("sqlite"), DIPTYCH_HOSTS="") as url:
        for host in ("Host: localhost:8000", "Host: 127.0.0.1", "Host: [::1]:1"):
            assert ask(url, "GET", "/authors", host).status == 200
        refused = ask(url, "DELETE", "/authors/batch", OTHER)
        assert (refused.status, refused.reason) == (421, "Misdirected Request")
        assert b'"type":"/problems/misdirected-request"' in refused.body
        assert refused.header("connection") == "close"
        # The host of an absolute target counts, whatever Host says (RFC 9112 section 3.2.2).
        assert ask(url, "GET", "http://evil.example/authors", "Host: localhost").status == 421
        assert ask(url, "GET", "http://localhost:1/authors", OTHER).status == 200
        assert ask(url, "GET", "/nothing", OTHER).status == 421
        assert ask(url, "GET", "/health/live", OTHER).status == 200


@pytest.mark.long
@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("hosts", ["", "shop.example"])
def test_a_server_that_others_reach_recommends_a_list_once_and_keeps_to_it(
    databases: Databases, adapter: str, hosts: str
):
    port = free_port()
    options = ["--bind", f"0.0.0.0:{port}"] if adapter == "flask" else ["--host", "0.0.0.0"]  # noqa: S104 - is what is tested
    url = f"http://127.0.0.1:{port}"
    settings = {"DATABASE_URL": databases.migrated("sqlite"), "DIPTYCH_HOSTS": hosts}
    with tempfile.TemporaryFile("w+") as log, server([*command(adapter, port), *options], url, log=log, **settings):
        assert ask(url, "GET", "/authors", OTHER).status == (421 if hosts else 200)
        assert ask(url, "GET", "/authors", "Host: shop.example").status == 200
        log.seek(0)
        assert log.read().count("DIPTYCH_HOSTS") == (0 if hosts else 2)
