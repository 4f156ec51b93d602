"""The strict parser of query strings."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diptych.core.catalogue.books.schemas import BookList, BookQuery
from diptych.core.errors import FieldError
from diptych.core.http.query_string import gather, pairs

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.tuples(TEXT, TEXT)))
def test_what_a_client_encodes_is_what_is_read(given_pairs: list[tuple[str, str]]):
    assert pairs(urlencode(given_pairs)) == given_pairs
    assert pairs("&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in given_pairs)) == (
        given_pairs
    )


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text_at_all_is_read_or_a_value_error(query: str):
    try:
        found = pairs(query)
    except ValueError as error:
        assert str(error)  # noqa: PT017 - it may as well be read
    else:
        assert len(found) == len([part for part in query.split("&") if part])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", []),
        ("&&", []),
        ("a", [("a", "")]),
        ("a=", [("a", "")]),
        ("=a", [("", "a")]),
        ("=", [("", "")]),
        ("a=b=c", [("a", "b=c")]),
        ("a=1&a=2&b=3", [("a", "1"), ("a", "2"), ("b", "3")]),
        ("a=x+y%2Bz", [("a", "x y+z")]),
        ("a+b=1", [("a b", "1")]),
        ("a=%26%3D%25", [("a", "&=%")]),
        ("a=%c3%A9", [("a", "é")]),
        ("a=1;b=2", [("a", "1;b=2")]),
        ("a=é", [("a", "é")]),
    ],
)
def test_parameters_are_split_at_ampersands_and_decoded(query: str, expected: list[tuple[str, str]]):
    assert pairs(query) == expected


@pytest.mark.parametrize("query", ["a=%", "a=%4", "a=%zz", "%=1", "a=1&b=%u0041", "a=%%41", "a=%4\u0661"])
def test_a_percent_sign_without_two_digits_is_refused(query: str):
    with pytest.raises(ValueError, match=r"^a percent sign without two hexadecimal digits after it$"):
        pairs(query)


@pytest.mark.parametrize("query", ["a=%ff", "a=%c3", "%80=1", "a=%ed%a0%80", "a=%c0%af"])
def test_escaped_bytes_that_are_not_utf_8_are_refused(query: str):
    with pytest.raises(ValueError, match=r"^percent-encoded bytes that are not UTF-8$"):
        pairs(query)


def test_a_list_takes_every_value_in_order():
    values, field_errors = gather(pairs("ids=2&ids=1&authorIdIn=x&tagsNotIn=a,b"), BookList)
    assert values == {"ids": ["2", "1"], "authorIdIn": ["x"], "tagsNotIn": ["a,b"]}
    assert field_errors == []


def test_a_scalar_given_again_is_a_fault_each_time_even_with_the_same_value():
    values, field_errors = gather(pairs("pageSize=5&pageSize=5&currentPage=1&pageSize=6"), BookList)
    assert values == {"pageSize": "5", "currentPage": "1"}
    assert field_errors == [FieldError("repeated", "given more than once", parameter="pageSize")] * 2


def test_a_list_that_has_a_default_is_a_list_too():
    assert gather(pairs("include=tags&include=contributors"), BookQuery) == (
        {"include": ["tags", "contributors"]},
        [],
    )


def test_an_unknown_parameter_is_kept_for_the_model_to_refuse():
    assert gather(pairs("nosuch=1&page_size=2"), BookList)[0] == {"nosuch": "1", "page_size": "2"}
