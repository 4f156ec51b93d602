"""Single values, as people write them."""

from __future__ import annotations

import pytest

from diptych.core.web.values import date_text, language_text, life_text, year_text


@pytest.mark.parametrize(("year", "words"), [(None, ""), (1972, "1972"), (-750, "750 BC"), (0, "0")])
def test_a_year_before_our_era_is_no_negative_number(year: int | None, words: str):
    assert year_text(year) == words


@pytest.mark.parametrize(
    ("date", "words"),
    [
        ("1972", "1972"), ("1972-05", "May 1972"), ("2003-05-12", "12 May 2003"), ("-0750", "750 BC"),
        ("-0750-01-31", "31 January 750 BC"), ("1972/1975-02", "1972\N{EN DASH}February 1975"),
    ],
)  # fmt: skip
def test_a_date_is_as_precise_as_it_was(date: str, words: str):
    assert date_text(date) == words


@pytest.mark.parametrize(
    ("tag", "words"), [("sv", "Swedish"), ("pt-BR", "Portuguese (BR)"), ("zh-Hant", "Chinese (Hant)"), ("xyz", "xyz")]
)
def test_a_language_without_a_name_here_stays_a_tag(tag: str, words: str):
    assert language_text(tag) == words


def test_a_life_may_have_an_open_end():
    assert life_text(1962, None) == "1962\N{EN DASH}"
    assert life_text(None, None) == ""
