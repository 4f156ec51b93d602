"""Whose request it is: a client that could choose its address would have as many limits as it likes."""

from __future__ import annotations

import pytest

from diptych.core.http.client_address import TrustedProxies, bucket_of

PROXIES = ("10.0.0.0/8", "2001:db8::1", "unix")


@pytest.mark.parametrize(
    ("peer", "headers", "client"),
    [
        ("192.0.2.7", {}, "192.0.2.7"),
        # Nobody but a trusted proxy is believed.
        ("192.0.2.7", {"x-forwarded-for": "198.51.100.1"}, "192.0.2.7"),
        ("192.0.2.7", {"forwarded": "for=198.51.100.1"}, "192.0.2.7"),
        ("10.0.0.1", {"x-forwarded-for": "198.51.100.1"}, "198.51.100.1"),
        ("10.0.0.1", {"x-forwarded-for": "203.0.113.9, 198.51.100.1"}, "198.51.100.1"),
        ("10.0.0.1", {"x-forwarded-for": "203.0.113.9, 198.51.100.1,10.9.9.9"}, "198.51.100.1"),
        ("10.0.0.1", {"x-forwarded-for": "198.51.100.1:4711"}, "198.51.100.1"),
        ("10.0.0.1", {"x-forwarded-for": "[2001:db8::7]:80"}, "2001:db8::7"),
        ("10.0.0.1", {"x-forwarded-for": "unknown"}, "10.0.0.1"),
        ("10.0.0.1", {"x-forwarded-for": ""}, "10.0.0.1"),
        ("10.0.0.1", {"x-forwarded-for": "10.0.0.2"}, "10.0.0.2"),
        ("::ffff:10.0.0.1", {"x-forwarded-for": "198.51.100.1"}, "198.51.100.1"),
        ("2001:db8::1", {"forwarded": 'for=203.0.113.9, For="[2001:db8::7]:80";proto=https'}, "2001:db8::7"),
        ("10.0.0.1", {"forwarded": "proto=http;for=198.51.100.1"}, "198.51.100.1"),
        ("10.0.0.1", {"forwarded": "for=_hidden"}, "10.0.0.1"),
        ("10.0.0.1", {"forwarded": "proto=http"}, "10.0.0.1"),
        ("", {"x-forwarded-for": "198.51.100.1"}, "198.51.100.1"),
    ],
)
def test_the_client_is_the_last_that_is_no_trusted_proxy(peer: str, headers: dict[str, str], client: str):
    assert TrustedProxies(PROXIES).client_of(peer, headers) == client


def test_what_connects_to_a_unix_socket_is_believed_only_if_that_is_said():
    assert TrustedProxies(["10.0.0.0/8"]).client_of("", {"x-forwarded-for": "198.51.100.1"}) == ""


@pytest.mark.parametrize(
    ("client", "bucket"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
    ],
)
def test_one_customer_counts_as_one_client(client: str, bucket: str):
    assert bucket_of(client) == bucket
