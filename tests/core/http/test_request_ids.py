"""Request ids: the request's own, if it is valid."""

from __future__ import annotations

import re

import pytest

from diptych.core.http.request_ids import request_id


@pytest.mark.parametrize("given", ["1", "a.b_c~d:e+f/g=h-i", "0" * 128])
def test_what_is_fit_is_kept(given: str):
    assert request_id({"x-request-id": given}) == given


@pytest.mark.parametrize(
    "given", ["", " ", "a b", "a,b", "a\nb", "a\n", 'a"b', "a\\b", "{a}", "é", "\x1b[31m", "<b>", "0" * 129]
)
def test_what_is_not_is_replaced_whole(given: str):
    made = request_id({"x-request-id": given})

    assert re.fullmatch(r"[0-9a-f]{32}", made)
    assert made != request_id({"x-request-id": given})


def test_one_that_says_nothing_gets_one_of_its_own():
    assert len({request_id({}) for _ in range(100)}) == 100
