"""What requests cost, and what a client hears of it."""

from __future__ import annotations

import pytest

from diptych.core.aio.operations import OPERATIONS
from diptych.core.http.client_address import TrustedProxies
from diptych.core.http.rate_limit import BATCH, LIST, ROW, SEARCH, WRITE, Quota, RateLimit, cost
from diptych.core.http.request_response import Request

NAMED = {operation.name: operation for operation in OPERATIONS}


@pytest.mark.parametrize(
    ("name", "query", "price"),
    [
        ("health_live", "", 0),
        ("health_ready", "", 0),
        ("metrics_read", "", 0),
        ("documents_openapi", "", 0),
        ("books_get", "include=tags", ROW),
        ("books_list", "pageSize=1000", LIST),
        ("tags_list_books", "", LIST),
        ("books_list", "q=war", SEARCH),
        ("books_get_facets", "", LIST),
        ("books_get_facets", "q=war", SEARCH),
        ("page_search", "q=war", SEARCH),
        ("page_books", "", LIST),
        ("page_book", "", ROW),
        ("books_list", "%71=war", SEARCH),
        ("books_list", "q=&searchString=", LIST),
        ("authors_list", "pageSize=1&searchString=x", SEARCH),
        ("books_create", "", WRITE),
        ("books_delete", "", WRITE),
        ("books_create_batch", "", BATCH),
    ],
)
def test_a_request_costs_what_the_database_does_for_it(name: str, query: str, price: int):
    assert cost(NAMED[name], query) == price


def test_options_costs_as_much_as_a_row():
    assert cost(None, "") == ROW


def test_a_response_tells_what_is_left_and_a_refusal_how_long_to_wait(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("diptych.core.http.rate_limit.time.monotonic", lambda: 1000.0)
    limit = RateLimit(30, TrustedProxies([]), None)
    asked = Request("POST", "", {}, "", {}, b"", client="192.0.2.7")

    found = [limit.spend(NAMED["books_create_batch"], asked) for _ in range(4)]

    assert found == [Quota(30, 20), Quota(30, 10), Quota(30, 0), Quota(30, 0, 20)]
    assert found[0].headers == {"RateLimit-Policy": '"default";q=30;w=60', "RateLimit": '"default";r=20;t=20'}
    assert found[0].refusal is None
    assert found[3].refusal is not None
    assert found[3].refusal.headers == {"Retry-After": "20"}
    assert limit.spend(NAMED["health_live"], asked).refusal is None


def test_a_limit_below_the_price_of_a_request_lets_one_through_a_minute():
    limit = RateLimit(1, TrustedProxies([]), None)
    asked = Request("POST", "", {}, "", {}, b"")
    assert limit.spend(NAMED["books_create_batch"], asked).refusal is None
    assert limit.spend(NAMED["books_create_batch"], asked).refusal is not None
