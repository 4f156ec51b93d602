"""Requests out of bytes: the same ones, however the bytes come."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.http.problems import Problem
from core.http.wire.receiving import Incoming
from tests.wire.table import CASES

MESSAGES = sorted({case.message.replace(b"{prefix}", b"") for case in CASES if len(case.message) < 3000})
LIMIT = 100

Outcome = tuple[object, ...]


def outcomes(pieces: list[bytes]) -> list[Outcome]:
    """What the requests in some pieces come to: head and body of each, or a problem, which is the last."""
    found: list[Outcome] = []
    incoming, waiting = Incoming(LIMIT), [*pieces]
    try:
        while True:
            while waiting:
                if incoming.feed(waiting.pop(0)):
                    break
            else:
                if incoming.end():
                    found.append((incoming.head, incoming.body))
                return found
            found.append((incoming.head, incoming.body))
            if incoming.closes:
                return found
            waiting.insert(0, incoming.rest)
            incoming = Incoming(LIMIT)
    except Problem as problem:
        return [*found, (problem.status, problem.detail, incoming.headless)]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_request_is_the_same_in_small_pieces(size: int):
    for message in MESSAGES:
        pieces = [message[start : start + size] for start in range(0, len(message), size)]

        assert outcomes(pieces) == outcomes([message]), message


@settings(max_examples=500)
@given(st.sampled_from(MESSAGES), st.lists(st.integers(0, 3000), max_size=5))
def test_a_request_is_the_same_cut_anywhere(message: bytes, cuts: list[int]):
    places = sorted({0, len(message), *(cut % (len(message) + 1) for cut in cuts)})
    pieces = [message[start:end] for start, end in itertools.pairwise(places)]

    assert outcomes(pieces) == outcomes([message])


@settings(max_examples=500)
@given(st.sampled_from(MESSAGES), st.integers(0), st.binary(max_size=3), st.integers(0, 4))
def test_whatever_comes_is_a_request_or_a_problem(message: bytes, place: int, noise: bytes, dropped: int):
    place %= len(message) + 1

    for found in outcomes([message[:place] + noise + message[place + dropped :]]):
        assert len(found) in (2, 3)


def test_what_is_too_long_is_refused_before_its_end_has_come():
    for start, piece, status in [
        (b"", b"x" * 100, 414),
        (b"GET / HTTP/1.1\r\n", b"X: yz\r\n", 431),
        (b"GET / HTTP/1.1\r\nX: ", b"x" * 100, 431),
    ]:
        incoming = Incoming(LIMIT)
        incoming.feed(start)
        with pytest.raises(Problem) as problem:
            any(incoming.feed(piece) for _ in range(4000))
        assert problem.value.status == status


def test_a_body_is_not_read_further_than_it_may_be_long():
    incoming = Incoming(LIMIT)
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

    assert not incoming.feed(head + b"64\r\n" + b"x" * LIMIT + b"\r\n")
    assert incoming.feed(b"1\r\n")
    assert incoming.closes


def test_a_head_that_comes_byte_by_byte_costs_little_more_than_one_that_comes_at_once():
    message = b"GET /authors?" + b"x" * 8000 + b" HTTP/1.1\r\nHost: a\r\n" + (b"X: " + b"y" * 155 + b"\r\n") * 100
    incoming = Incoming(LIMIT)
    started = time.process_time()

    for place in range(len(message)):
        assert not incoming.feed(message[place : place + 1])

    assert time.process_time() - started < 0.5
