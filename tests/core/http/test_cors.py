"""Which origins may read responses."""

from __future__ import annotations

import pytest

from diptych.core.http.cors import EXPOSED, MAX_AGE, REQUESTED, Cors

ORIGIN = "https://shop.example.org"
OTHER = "https://other.example.org"
ASKED = {"origin": ORIGIN, "access-control-request-method": "PATCH"}


def test_nobody_may_unless_a_setting_says_so():
    assert Cors(()).headers(ASKED) == {}
    assert Cors(()).preflight(ASKED, ("GET",)) == {}
    assert not Cors(()).varies


@pytest.mark.parametrize("origins", [(ORIGIN,), (OTHER, ORIGIN)])
def test_an_origin_that_is_named_may_and_is_named_back(origins: tuple[str, ...]):
    assert Cors(origins).headers({"origin": ORIGIN}) == {
        "Access-Control-Allow-Origin": ORIGIN,
        "Access-Control-Expose-Headers": EXPOSED,
    }
    assert Cors(origins).varies


@pytest.mark.parametrize("asked", [{}, {"origin": OTHER}, {"origin": "null"}, {"origin": ORIGIN + "/"}])
def test_any_other_origin_learns_nothing(asked: dict[str, str]):
    cors = Cors((ORIGIN,))
    assert cors.headers(asked) == {}
    assert cors.preflight({**asked, "access-control-request-method": "GET"}, ("GET",)) == {}


@pytest.mark.parametrize("asked", [{}, {"origin": OTHER}])
def test_all_may_and_the_answer_is_the_same_for_all(asked: dict[str, str]):
    assert Cors(("*",)).headers(asked)["Access-Control-Allow-Origin"] == "*"
    assert not Cors(("*",)).varies


def test_a_preflight_is_told_the_methods_of_the_path_and_the_headers():
    assert Cors((ORIGIN,)).preflight(ASKED, ("GET", "PATCH")) == {
        "Access-Control-Allow-Methods": "GET, PATCH",
        "Access-Control-Allow-Headers": REQUESTED,
        "Access-Control-Max-Age": MAX_AGE,
    }


def test_options_without_the_question_is_no_preflight():
    assert Cors((ORIGIN,)).preflight({"origin": ORIGIN}, ("GET",)) == {}
