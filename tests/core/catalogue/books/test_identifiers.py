"""The forms in which identifiers are kept."""

import pytest

from diptych.core.catalogue.books.identifiers import identifier_value


@pytest.mark.parametrize(
    ("scheme", "value", "kept"),
    [
        ("isbn", "0-8044-2957-X", "9780804429573"),
        ("isbn_invalid", " 0-8044-2957-1 ", "0-8044-2957-1"),
        ("issn", "ISSN 1050124x", "1050-124X"),
        ("oclc", "(OCoLC)ocm00012345", "12345"),
        ("oclc", "on1234567890", "1234567890"),
        ("lccn", "n78-890351", "n78890351"),
        ("lccn", "85-2 ", "85000002"),
        ("lccn", "   75425165 //r75", "75425165"),
        ("doi", "https://doi.org/10.1000/ABC.1", "10.1000/abc.1"),
        ("olid", "/books/ol7353617m", "OL7353617M"),
        ("asin", "b00005n5pf", "B00005N5PF"),
        ("ean", "4-006381-333931", "4006381333931"),
        ("ean", "9790060115615", "9790060115615"),
        ("goodreads", "12", "12"),
    ],
)
def test_an_identifier_is_kept_in_one_form(scheme, value, kept):
    assert identifier_value(scheme, value) == kept
    assert identifier_value(scheme, kept) == kept


@pytest.mark.parametrize(
    ("scheme", "value", "reason"),
    [
        ("uuid", "x", "scheme must be one of"),
        ("isbn", "100005", "10 or 13 digits"),
        ("issn", "0317-8472", "check digit"),
        ("oclc", "0", "whole number"),
        ("lccn", "n78-8903512", "LCCN must"),
        ("doi", "11.1000/182", "of the form"),
        ("olid", "OL7353617W", "of the form"),
        ("asin", "B00005", "10 letters"),
        ("ean", "4006381333932", "check digit"),
        ("ean", "9780804429573", "is an ISBN"),
        ("goodreads", "1\n2", "control character"),
        ("goodreads", "", "is empty"),
    ],
)
def test_what_is_no_identifier_is_refused(scheme, value, reason):
    with pytest.raises(ValueError, match=reason):
        identifier_value(scheme, value)
