"""What a process keeps for its clients is bounded, for all of them and for each."""

from __future__ import annotations

import logging

import pytest

from diptych.core.http.buffers import SPOOLS, UNCOUNTED, Buffer, Buffers, Direction, buffers_of, spools_of
from diptych.core.http.client_address import TrustedProxies
from diptych.core.observability import metrics
from diptych.core.settings import BODIES, Settings

BODY = 1_000_000
SHARE = BODY
"""Bytes that one client may have."""


def buffers(**settings: str) -> Buffers:
    return buffers_of(Settings(max_body_bytes=BODY, buffer_bytes=BODIES * BODY, **settings))  # type: ignore[arg-type]


def buffer(of: Buffers, peer: str, client: str | None = None) -> Buffer:
    made = Buffer(of, peer)
    made.headers = {"x-forwarded-for": client} if client else {}
    return made


def test_a_client_may_have_a_quarter_on_all_its_connections_together():
    all_of_them = buffers()
    first, second = (buffer(all_of_them, "192.0.2.1") for _ in range(2))

    assert first.keep(SHARE - 100_000, Direction.REQUEST)
    assert second.keep(100_000, Direction.REQUEST)
    assert not second.keep(100_001, Direction.REQUEST)
    # What is given up makes room.
    assert first.keep(SHARE, Direction.REQUEST)


def test_all_clients_together_may_have_no_more_than_the_limit():
    all_of_them = buffers()
    for number in range(BODIES):
        assert buffer(all_of_them, f"192.0.2.{number}").keep(SHARE, Direction.RESPONSE)

    assert not buffer(all_of_them, "192.0.2.100").keep(UNCOUNTED + 1, Direction.REQUEST)


def test_the_only_response_of_a_client_is_sent_however_large_it_is():
    all_of_them = buffers()
    first, second = (buffer(all_of_them, "192.0.2.1") for _ in range(2))

    assert first.keep(100 * BODY, Direction.RESPONSE)
    assert not second.keep(UNCOUNTED + 1, Direction.RESPONSE)
    assert not buffer(all_of_them, "192.0.2.2").keep(UNCOUNTED + 1, Direction.RESPONSE)


def test_the_client_of_a_request_in_many_pieces_is_found_once(monkeypatch: pytest.MonkeyPatch):
    all_of_them = buffers(trusted_proxies="192.0.2.10")
    received = buffer(all_of_them, "192.0.2.10", "198.51.100.1")
    found: list[object] = []
    client_of = TrustedProxies.client_of
    monkeypatch.setattr(TrustedProxies, "client_of", lambda *given: found.append(given) or client_of(*given))

    for size in range(UNCOUNTED + 1, UNCOUNTED + 100):
        assert received.keep(size, Direction.REQUEST)
    assert len(found) == 1


def test_small_ones_are_served_however_full_it_is():
    all_of_them = buffers()
    for number in range(BODIES):
        assert buffer(all_of_them, f"192.0.2.{number}").keep(SHARE, Direction.REQUEST)

    assert all(buffer(all_of_them, "192.0.2.1").keep(UNCOUNTED, Direction.REQUEST) for _ in range(1000))


def test_what_shrinks_and_what_is_released_can_be_kept_by_others():
    all_of_them = buffers()
    first, second = (buffer(all_of_them, "192.0.2.1") for _ in range(2))
    assert first.keep(SHARE, Direction.RESPONSE)
    assert first.keep(SHARE // 2, Direction.RESPONSE)
    assert second.keep(SHARE // 2, Direction.RESPONSE)

    first.release()
    assert second.keep(SHARE, Direction.RESPONSE)


def test_clients_behind_a_trusted_proxy_have_a_quarter_each():
    all_of_them = buffers(trusted_proxies="192.0.2.10")
    kept = [buffer(all_of_them, "192.0.2.10", f"198.51.100.{number}") for number in range(BODIES)]

    assert all(each.keep(SHARE, Direction.REQUEST) for each in kept)
    assert not buffer(all_of_them, "192.0.2.10", "198.51.100.1").keep(SHARE, Direction.REQUEST)


def test_clients_cannot_name_themselves():
    all_of_them = buffers()
    assert buffer(all_of_them, "192.0.2.1", "198.51.100.1").keep(SHARE, Direction.REQUEST)

    assert not buffer(all_of_them, "192.0.2.1", "198.51.100.2").keep(SHARE, Direction.REQUEST)


def test_a_network_that_one_customer_has_is_one_client():
    all_of_them = buffers()
    assert buffer(all_of_them, "2001:db8::1").keep(SHARE, Direction.REQUEST)

    assert not buffer(all_of_them, "2001:db8::2").keep(SHARE, Direction.REQUEST)


def test_each_refusal_is_counted_and_the_first_is_logged(caplog: pytest.LogCaptureFixture):
    def counted() -> str:
        lines = metrics.exposition().decode().splitlines()
        return next(line for line in lines if line.startswith('diptych_buffers_full_total{direction="request"}'))

    before = float(counted().rpartition(" ")[2])
    all_of_them = buffers()
    assert buffer(all_of_them, "192.0.2.1").keep(SHARE, Direction.REQUEST)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert not buffer(all_of_them, "192.0.2.1").keep(SHARE, Direction.REQUEST)

    assert float(counted().rpartition(" ")[2]) == before + 3
    assert [record.getMessage() for record in caplog.records] == [
        "buffers full: 1000000 of 4000000 bytes are in use, 1000000 by 192.0.2.1; its request was dropped"
    ]


def test_files_that_arrive_are_counted_as_some_size_at_least():
    settings = Settings(max_file_bytes=SPOOLS * 1000)
    least = settings.spool_limit // SPOOLS
    of_all = spools_of(settings)
    kept = [Buffer(of_all, "192.0.2.1") for _ in range(SPOOLS // BODIES)]

    assert all(each.keep(1, Direction.REQUEST) for each in kept)
    assert not Buffer(of_all, "192.0.2.1").keep(1, Direction.REQUEST)
    # A file that is not there yet is not counted, and one that is gone leaves its room to another.
    assert Buffer(of_all, "192.0.2.1").keep(0, Direction.REQUEST)
    kept.pop().release()
    assert Buffer(of_all, "192.0.2.1").keep(least, Direction.REQUEST)
