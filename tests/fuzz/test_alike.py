"""The comparison of the fuzzing: it must find real differences, and ignore generated values."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.fuzz.alike import Different, Pairing
from tests.fuzz.rules import check_stored

IDS = [f"01a1fbd7-55dd-7561-861e-8d0bba31278{digit}" for digit in "abcd"]
TIMES = [f"2026-11-21T09:30:16.96{digit}Z" for digit in range(4)]


def answer(text: str = "{}", status: int = 200, **headers: str) -> httpx.Response:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, text=text, headers=fields, request=httpx.Request("GET", "http://a:1/"))


def row(item_id: str, slug: str = "x", time: str = TIMES[0], name: str = "x") -> str:
    return f'{{"id":"{item_id}","name":"{name}","slug":"{slug}","created_at":"{time}"}}'


def test_what_servers_choose_is_no_difference():
    pairing = Pairing()
    one = answer(row(IDS[0], "x-0123abcd"), Location=f"/authors/{IDS[0]}", ETag='"a"', Date="now", X_Request_ID="1")
    other = answer(row(IDS[1], "x-9876wxyz", TIMES[1]), Location=f"/authors/{IDS[1]}", ETag='"b"', Date="then")
    other.headers["X-Request-ID"] = "2"
    pairing.answers(one, other)
    pairing.answers(one, other)
    pairing.rows({"author": [[("id", IDS[0])]]}, {"author": [[("id", IDS[1])]]})
    assert pairing.slugs_differ


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (answer(status=200), answer(status=201)),
        (answer("{}"), answer("{ }")),
        (answer('{"a":1}'), answer('{"a":2}')),
        (answer(X_Odd="1"), answer()),
        (answer(Vary="Origin"), answer(Vary="Accept")),
        (answer(row(IDS[0], name="x")), answer(row(IDS[0], name="y"))),
        (answer(row(IDS[0], "x-0123abcd")), answer(row(IDS[0], "y-0123abcd"))),
        (answer(row(IDS[0], "x")), answer(row(IDS[0], "x-0123abcd"))),
        (answer(f"[{IDS[0]},{IDS[0]}]"), answer(f"[{IDS[1]},{IDS[2]}]")),
        (answer(f"[{IDS[0]},{IDS[1]}]"), answer(f"[{IDS[2]},{IDS[2]}]")),
        (answer(f"[{TIMES[0]},{TIMES[1]}]"), answer(f"[{TIMES[1]},{TIMES[0]}]")),
        (answer(f"[{TIMES[0]},{TIMES[0]}]"), answer(f"[{TIMES[0]},{TIMES[3]}]")),
    ],
)
def test_every_other_difference_is_one(one: httpx.Response, other: httpx.Response):
    with pytest.raises(Different):
        Pairing().answers(one, other)


@pytest.mark.parametrize(
    "there",
    [
        [],
        [[("id", IDS[2]), ("name", "x"), ("updated_at", TIMES[0])]],
        [[("id", IDS[1]), ("name", "y"), ("updated_at", TIMES[0])]],
        [[("id", IDS[1]), ("name", "x"), ("updated_at", TIMES[3])]],
    ],
)
def test_rows_are_compared_by_what_the_responses_contained(there: list[Any]):
    pairing = Pairing()
    pairing.text(row(IDS[0]), row(IDS[1]))
    with pytest.raises(Different):
        pairing.rows({"author": [[("id", IDS[0]), ("name", "x"), ("updated_at", TIMES[0])]]}, {"author": there})


@pytest.mark.parametrize("spoilt", [{"name": "E\u0301"}, {"search_text": "E"}, {"sort_key": ""}, {"updated_at": 0}])
def test_a_row_that_breaks_a_rule_is_found(spoilt: dict[str, Any]):
    tag = {"name": "é", "search_text": "e", "sort_key": "e", "created_at": 1, "updated_at": 2}
    rows: dict[str, Any] = {"author": [], "book": [], "book_contributor": [], "tag": [tag]}
    check_stored(rows)
    with pytest.raises(Different):
        check_stored(rows | {"tag": [tag | spoilt]})
