"""Token buckets that processes share: a limit that each worker keeps by itself would be several limits."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from diptych.core import token_buckets
from diptych.core.token_buckets import TokenBuckets


def taken(path: Path, times: int) -> int:
    """Return how often a token could be taken. No time passes."""
    buckets = TokenBuckets(1000, 1, path)
    with ThreadPoolExecutor(4) as pool:
        return sum(pool.map(lambda _: buckets.take(b"client", 1, now=0)[0], range(times)))


def test_processes_and_threads_that_share_a_bucket_take_no_token_twice(tmp_path: Path):
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(3, context) as pool:
        found = pool.map(taken, [tmp_path / "buckets"] * 3, [600] * 3)
        assert sum(found) == 1000


def test_a_bucket_is_refilled_steadily_and_never_more_than_full():
    buckets = TokenBuckets(10, 0.5, None)
    assert [buckets.take(b"a", 4, 0) for _ in range(3)] == [(True, 6), (True, 2), (False, 2)]
    assert buckets.take(b"a", 4, 4) == (True, 0)
    assert buckets.take(b"a", 0, 1000) == (True, 10)


def test_a_clock_that_begins_again_takes_no_tokens_away():
    buckets = TokenBuckets(10, 1, None)
    assert buckets.take(b"a", 4, 5000) == (True, 6)
    assert buckets.take(b"a", 4, 10) == (True, 2)
    assert buckets.take(b"a", 4, 12) == (True, 0)


def test_each_client_has_a_bucket_of_its_own():
    buckets = TokenBuckets(1, 0, None)
    assert all(buckets.take(str(number).encode(), 1, 0)[0] for number in range(100))
    assert not any(buckets.take(str(number).encode(), 1, 0)[0] for number in range(100))


def test_where_there_is_no_room_the_fullest_bucket_makes_room(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(token_buckets, "SLOTS", token_buckets.PROBES + 1)
    buckets = TokenBuckets(10, 0, None)
    spent = [bytes([number]) for number in range(token_buckets.PROBES)]
    assert all(buckets.take(key, 9 if number else 1, 0)[0] for number, key in enumerate(spent))
    assert buckets.take(b"new", 9, 0) == (True, 1)
    assert [buckets.take(key, 9, 0)[0] for key in spent[1:]] == [False] * len(spent[1:])


def test_only_its_user_may_read_the_file(tmp_path: Path):
    before = os.umask(0)
    try:
        TokenBuckets(1, 1, tmp_path / "buckets")
    finally:
        os.umask(before)
    assert (tmp_path / "buckets").stat().st_mode & 0o777 == 0o600
