"""Dates of publication in EDTF level 0."""

import re

import pytest

from diptych.core.catalogue.books.published import PATTERN, PUBLISHED_LENGTH, edtf, year_of

DATES = {
    "1999": 1999,
    "1999-03": 1999,
    "2000-02-29": 2000,
    "1998/2001": 1998,
    "1998-05/1998": 1998,
    "1998/1998-05-02": 1998,
    "-0750": -750,
    "-0750-01-31/-0740-12-31": -750,
    "0099": 99,
}


@pytest.mark.parametrize(("date", "year"), DATES.items())
def test_a_date_or_interval_is_kept_and_its_first_year_is_known(date, year):
    assert edtf(date) == date
    assert year_of(date) == year
    assert re.fullmatch(PATTERN, date)
    assert len(date) <= PUBLISHED_LENGTH


@pytest.mark.parametrize(
    ("date", "reason"),
    [
        ("99", "form"),
        (" 1999", "form"),
        ("1999-3", "form"),
        ("1999?", "form"),
        ("-0000", "form"),
        ("1998/", "form"),
        ("1998/../2001", "form"),
        ("\u0661\u0669\u0669\u0669", "form"),
        ("1999-13", "month"),
        ("1900-02-29", "day that is not between 01 and 28"),
        ("2001/1998", "ends before it starts"),
        ("1998-02/1998-01", "ends before it starts"),
        ("3001", "between -4000 and 3000"),
    ],
)
def test_other_texts_are_no_dates(date, reason):
    with pytest.raises(ValueError, match=reason):
        edtf(date)
