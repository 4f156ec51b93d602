"""Which requests are costly, and which are answered beside all others."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diptych.core.aio.operations import OPERATIONS
from diptych.core.http.lanes import Lane, lane_of
from tests.support.work import calls

LIST = "/authors"

COSTLY = [
    "q=homer",
    "q=the*&include=tags,contributors&pageSize=1000",
    "orderBy=name&q=a",
    "searchString=h",
    "pageSize=5&searchString=h",
    "currentPage=52",
    "currentPage=1002&pageSize=1",
    "pageSize=1000&currentPage=3",
    "currentPage=0000000003&pageSize=1000",
]

CHEAP = [
    "",
    "pageSize=1000",
    "pageSize=1000&currentPage=1",
    "pageSize=1000&currentPage=2",
    "currentPage=51",
    "currentPage=1001&pageSize=1",
    "currentPage=-9999",
    "q=",
    "q",
    "q=&searchString=&currentPage=2",
    "searchIgnoreCase=false",
    "nameIn=q",
    "nameIn=q=x",
    "nameIn=a%26q=x",
    "nameIn=a%26currentPage=500",
    "cursor=abc&orderBy=name",
]


@pytest.mark.parametrize("query", COSTLY)
def test_searches_and_deep_pages_are_costly(query: str):
    assert lane_of(LIST, query) is Lane.COSTLY


@pytest.mark.parametrize("query", CHEAP)
def test_other_lists_are_ordinary(query: str):
    assert lane_of(LIST, query) is Lane.ORDINARY


@given(st.sampled_from(COSTLY), st.data())
def test_percent_encoding_hides_no_cost(query: str, data: st.DataObject):
    encoded = "".join(
        f"%{ord(letter):02x}" if letter not in "&=" and data.draw(st.booleans()) else letter for letter in query
    )

    assert lane_of(LIST, encoded) is Lane.COSTLY


@pytest.mark.parametrize("query", [COSTLY[5], COSTLY[7]])
def test_no_value_hides_the_cost_of_a_page(query: str):
    hidden = quote("x&currentPage=1&pageSize=1", safe="")

    assert lane_of(LIST, f"{query}&nameIn={hidden}") is Lane.COSTLY
    assert lane_of(LIST, f"nameIn={hidden}&{query}") is Lane.COSTLY


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126)))
def test_any_query_has_a_lane(query: str):
    assert lane_of(LIST, query) in (Lane.COSTLY, Lane.ORDINARY)


def test_a_query_of_many_parameters_costs_as_many_calls_as_one_of_few():
    assert calls(lambda: lane_of(LIST, "x=1&" * 2000)) == calls(lambda: lane_of(LIST, "x=1"))


def test_the_lanes_of_all_paths():
    lanes = {operation.path: lane_of(operation.path, "") for operation in OPERATIONS}

    assert {path: lane for path, lane in lanes.items() if lane is not Lane.ORDINARY} == {
        "/health/live": Lane.PROBE,
        "/metrics": Lane.METRICS,
        "/health/ready": Lane.READINESS,
        **{operation.path: Lane.COSTLY for operation in OPERATIONS if operation.unit == "stream"},
        "/ui/sign-in": Lane.COSTLY,
        "/ui/password": Lane.COSTLY,
        "/ui/second-factor": Lane.COSTLY,
        "/ui/second-factor/remove": Lane.COSTLY,
        "/ui/me/tokens/new": Lane.COSTLY,
        "/ui/me/sessions/{id}/end": Lane.COSTLY,
        "/ui/me/sessions/end-others": Lane.COSTLY,
        "/ui/account/{id}/tokens/new": Lane.COSTLY,
    }


@pytest.mark.parametrize("path", ["/health/live", "/metrics", "/health/ready"])
def test_no_query_keeps_a_probe_from_its_lane(path: str):
    assert lane_of(path, "q=x") is lane_of(path, "")


def test_lists_within_others_are_costly_too():
    assert lane_of("/authors/{id}/books", "q=x") is Lane.COSTLY
