"""Which hosts are answered: a page of another host could otherwise use a service under its own name (DNS rebinding)."""

from __future__ import annotations

import pytest

from diptych.core.http.problems import Problem
from diptych.core.http.wire.allowed_hosts import AllowedHosts, allowed_hosts, is_loopback


def answers(hosts: AllowedHosts, host: str | None, target: str = "/books") -> bool:
    try:
        hosts.require(host, target)
    except Problem as problem:
        return problem.kind.name != "misdirected-request"
    return True


@pytest.mark.parametrize("host", ["shop.example", "Shop.Example:8000", "shop.example.", "shop.example:", "[::2]:80"])
def test_a_host_of_the_list_is_answered_with_any_port_and_in_any_case(host: str):
    assert answers(AllowedHosts("shop.example, [::2]"), host)


@pytest.mark.parametrize(
    "host", [None, "evil.example", "shop.example.evil.example", "a.shop.example", "shop", "127.0.0.1"]
)
def test_any_other_is_not(host: str | None):
    assert not answers(AllowedHosts("shop.example"), host)


def test_health_is_answered_under_any_host():
    assert answers(AllowedHosts("shop.example"), "10.0.0.7:8000", "/health/ready?verbose")
    assert not answers(AllowedHosts("shop.example"), "10.0.0.7:8000", "/healthy")


@pytest.mark.parametrize(
    ("addresses", "loopback"),
    [
        ([("127.0.0.1", 8000)], True),
        ([("127.0.0.1", 8000), ("::1", 8000, 0, 0)], True),
        ([("127.0.0.1", 8000), ("10.0.0.7", 8000)], False),
        ([("0.0.0.0", 8000)], False),  # noqa: S104 - not bound here
        ([("::", 8000, 0, 0)], False),
        ([("fe80::1%eth0", 8000, 0, 2)], False),
        (["/run/diptych.sock"], False),
        ([], False),
    ],
)
def test_without_a_list_a_server_on_loopback_alone_answers_the_names_of_loopback(
    addresses: list[object],
    loopback: bool,  # noqa: FBT001 - a parameter of the test
):
    assert is_loopback(addresses) == loopback
    hosts = allowed_hosts("", addresses)
    assert [answers(hosts, host) for host in ("localhost:8000", "127.0.0.1", "[::1]:8000")] == [True] * 3
    assert answers(hosts, "evil.example") != loopback


def test_a_star_answers_any_host_wherever_the_server_listens():
    assert answers(allowed_hosts("*", [("127.0.0.1", 8000)]), "evil.example")
