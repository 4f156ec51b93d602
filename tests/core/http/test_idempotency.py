"""Idempotency keys, and the fingerprints of requests."""

from __future__ import annotations

from diptych.core.http.idempotency import RequestKey


def test_a_key_is_of_one_method_address_and_body():
    requests = [
        ("POST", "/tags?", b"{}"),
        ("PUT", "/tags?", b"{}"),
        ("POST", "/tags?a", b"{}"),
        ("POST", "/books?", b"{}"),
        ("POST", "/tags?", b"{} "),
        ("POST", "/tags?", b""),
    ]

    assert len({RequestKey.of("a", *request).fingerprint for request in requests}) == len(requests)
    assert RequestKey.of("a", *requests[0]) == RequestKey.of('"a"', *requests[0])
    assert RequestKey.of("a", *requests[0]).fingerprint == RequestKey.of("b", *requests[0]).fingerprint


def test_a_lock_is_a_number_of_64_bits_with_a_sign():
    locks = {RequestKey.of(f"key-{number}", "POST", "/tags?", b"").lock for number in range(1000)}

    assert len(locks) == 1000
    assert min(locks) < 0 < max(locks)
    assert all(-(2**63) <= lock < 2**63 for lock in locks)
