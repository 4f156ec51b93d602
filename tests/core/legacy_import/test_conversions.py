"""Values of earlier databases, whatever type they have there."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from diptych.core.catalogue.books.language import language_tag
from diptych.core.catalogue.books.language_names import TAGS
from diptych.core.legacy_import import conversions


@pytest.mark.parametrize(
    ("value", "kind", "converted"),
    [
        (1969, "integer", (1969, "")),
        (-750, "integer", (-750, "")),
        ("1969", "text", (1969, "text to year")),
        (" c. 1965 ", "text", (1965, "text to year")),
        (1969.0, "number", (1969, "number to year")),
        ("1969.0", "number", (1969, "number to year")),
        ("1969-03-01", "date", (1969, "date to year")),
        ("1969-03-01 00:00:00", "time", (1969, "timestamp to year")),
    ],
)
def test_a_year_is_converted(value: Any, kind: str, converted: tuple[int, str]):
    assert conversions.to_year(value, kind) == converted


@pytest.mark.parametrize("value", ["18--", "17th cent.", 3001, 1969.5, True, b"\xff", "1822 or 3"])
def test_what_is_no_certain_year_is_refused(value: Any):
    with pytest.raises(ValueError, match=r"\w"):
        conversions.to_year(value, "text")


@pytest.mark.parametrize(
    ("value", "kind", "converted"),
    [
        (9780441478125, "integer", ("9780441478125", "number to ISBN")),
        ("9780441478125", "number", ("9780441478125", "number to ISBN")),
        # The zeros at the beginning of ISBN-10s are lost in numbers.
        (385474547, "integer", ("9780385474542", "number to ISBN")),
        (7117116, "integer", ("9780007117116", "number to ISBN")),
        ("0 385 47454 7", "text", ("9780385474542", "text to ISBN")),
        ("9780441478125", "text", ("9780441478125", "")),
    ],
)
def test_an_isbn_is_converted(value: Any, kind: str, converted: tuple[str, str]):
    assert conversions.to_isbn(value, kind) == converted


@pytest.mark.parametrize("value", [0, 12, -385474547, 385474548, 9780441478125.5, "978044147812"])
def test_what_is_no_isbn_is_refused(value: Any):
    with pytest.raises(ValueError, match=r"ISBN|whole number"):
        conversions.to_isbn(value, "integer")


@pytest.mark.parametrize(
    ("value", "kind", "converted"),
    [
        ("1929-10-21", "date", (date(1929, 10, 21), "")),
        ("1929-10-21", "text", (date(1929, 10, 21), "text to date")),
        ("1929-10-21 00:00", "text", (date(1929, 10, 21), "timestamp to date")),
        ("1929-10-21 00:00:00.000000", "time", (date(1929, 10, 21), "timestamp to date")),
        ("1929-10-21T00:00:00+05:30", "aware time", (date(1929, 10, 21), "timestamp to date")),
    ],
)
def test_a_date_is_converted(value: Any, kind: str, converted: tuple[date, str]):
    assert conversions.to_date(value, kind) == converted


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("1929-10-21 17:05:00", "has a time of day, and only midnight is a date"),
        ("21.10.1929", "is no date"),
        ("1929-02-30", "is no date"),
        ("infinity", "is no date"),
        (1929, "is no date"),
        (b"1929-10-21", "is bytes"),
    ],
)
def test_what_is_no_date_is_refused(value: Any, reason: str):
    with pytest.raises(ValueError, match=f"^{reason}"):
        conversions.to_date(value, "time")


def test_a_time_without_an_offset_is_taken_as_utc():
    noon = datetime(2020, 1, 1, 12, tzinfo=UTC)
    assert conversions.to_moment("2020-01-01 12:00:00", "time") == (noon, "")
    assert conversions.to_moment("2020-01-01 14:00:00+02:00", "aware time") == (noon, "")
    assert conversions.to_moment("2020-01-01 12:00", "text") == (noon, "text to time")


@pytest.mark.parametrize(
    ("value", "converted"),
    [
        ("en", ("en", "")),
        ("en_gb", ("en-GB", "in another form")),
        ("fre", ("fr", "in another form")),
        ("English", ("en", "language name to tag")),
        (" ancient  GREEK ", ("grc", "language name to tag")),
    ],
)
def test_a_language_is_converted(value: str, converted: tuple[str, str]):
    assert conversions.to_language(value, "text") == converted


def test_every_name_of_a_language_has_a_tag_in_its_canonical_form():
    assert {tag for tag in TAGS.values() if language_tag(tag) != tag} == set()
    assert {name for name in TAGS if name != name.strip().casefold()} == set()
    assert len(set(TAGS.values())) > 180


def test_ids_that_mean_the_same_are_equal_however_they_are_stored():
    given = UUID("01a1fbd7-55dd-7561-861e-8d0bba31278f")
    assert {conversions.key_of(each) for each in (given, given.bytes, given.hex, str(given).upper())} == {str(given)}
    assert conversions.key_of(7) == conversions.key_of("7") == "7"
    assert conversions.uuid_of(str(given)) == given
    assert conversions.uuid_of("7") is None
