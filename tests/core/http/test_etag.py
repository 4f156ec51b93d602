"""Entity tags, and If-None-Match."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diptych.core.http.etag import coded, entity_tag, none_match_fails

TAG = '"abc"'


@given(st.binary(), st.binary())
def test_a_tag_is_the_same_for_the_same_bytes_alone(one: bytes, other: bytes):
    assert (entity_tag(one) == entity_tag(other)) == (one == other)


@given(st.binary())
def test_a_tag_is_strong_and_quoted(body: bytes):
    tag = entity_tag(body)
    assert tag[0] == tag[-1] == '"'
    assert tag[1:-1].isalnum()


def test_another_coding_has_another_tag():
    assert len({coded(TAG, coding) for coding in (None, "gzip", "br", "zstd")}) == 4
    assert coded(TAG, "gzip") == '"abc-gzip"'


@pytest.mark.parametrize(
    "field",
    [
        "*",
        " * ",
        '"abc"',
        'W/"abc"',
        '"x", "abc"',
        '"abc" , "x"',
        'W/"x",W/"abc"',
        '"a,b", "abc"',
        '"", "abc"',
        ', "abc"',
        '"x",,"abc"',
        '"abc",',
        '"x", ,\t"abc" , ,',
    ],
)
def test_a_field_that_names_the_tag_matches(field: str):
    assert none_match_fails(field, TAG)


@pytest.mark.parametrize(
    "field",
    ["", '"x"', '"ABC"', '"abc', 'abc"', "abc", 'w/"abc"', '"x" "abc"', '"x"; "abc"', '"abc-gzip"', "**", '"*"'],
)
def test_a_field_that_names_another_or_cannot_be_read_does_not(field: str):
    assert not none_match_fails(field, TAG)


@given(st.text(alphabet='W/"*, abc'))
def test_any_field_matches_or_does_not(field: str):
    assert none_match_fails(field, TAG) in (True, False)
