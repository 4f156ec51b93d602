import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import isbn as oracle
from stdnum.exceptions import ValidationError

from diptych.core.catalogue.books.isbn import isbn13

nine = st.from_regex(r"[0-9]{9}", fullmatch=True)
twelve = st.from_regex(r"97[89][0-9]{9}", fullmatch=True)


@pytest.mark.parametrize(
    "text",
    [
        "9780306406157",
        "978-0-306-40615-7",
        "0-306-40615-2",
        "0306406152",
        " ISBN 0 306 40615 2 ",
        "ISBN: 0306406152",
        "isbn-13: 978-0-306-40615-7",
        "ISBN-10: 0306406152",
        "ISBN10 0306406152",
        "ISBN 13: 9780306406157",
        "978\u20100\u2011306\u201340615\u20147",
        "978\u00a00\u2009306\u00ad40615\u22127",
    ],
)
def test_an_isbn_is_taken_however_it_is_written(text):
    assert isbn13(text) == "9780306406157"


@pytest.mark.parametrize("text", ["080442957X", "080442957x", "0-8044-2957-x"])
def test_the_check_digit_x_may_be_small(text):
    assert isbn13(text) == "9780804429573"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "must have 10 or 13 digits"),
        ("ISBN", "must have 10 or 13 digits"),
        ("306406152", "must have 10 or 13 digits"),
        ("X306406152", "must have 10 or 13 digits"),
        ("978030640615X", "must have 10 or 13 digits"),
        ("٩٧٨٠٣٠٦٤٠٦١٥٧", "must have 10 or 13 digits"),
        ("".join(chr(0xFF10 + int(digit)) for digit in "9780306406157"), "must have 10 or 13 digits"),
        ("²306406152", "must have 10 or 13 digits"),
        ("0306406153", "check digit is wrong"),
        ("9780306406158", "check digit is wrong"),
        ("9770306406157", "must begin with 978 or 979"),
    ],
)
def test_what_is_no_isbn_is_refused_with_the_reason(text, reason):
    with pytest.raises(ValueError, match=reason):
        isbn13(text)


@given(nine)
def test_every_isbn_10_becomes_the_isbn_13_that_stdnum_gives(first9):
    number = first9 + oracle._calc_isbn10_check_digit(first9)
    assert isbn13(number) == oracle.to_isbn13(number)


@given(twelve)
def test_every_isbn_13_is_kept_as_it_is(first12):
    number = first12 + oracle.ean.calc_check_digit(first12)
    assert isbn13(oracle.format(number)) == number


@given(st.from_regex(r"(?:[0-9]{9}[0-9Xx]|97[789][0-9]{10}|[0-9 -]{8,15})", fullmatch=True))
def test_stdnum_agrees_on_what_is_valid_but_for_nine_digit_sbns(text):
    if len(re.sub("[ -]", "", text)) == 9:
        expected = None
    else:
        try:
            expected = oracle.validate(text, convert=True)
        except ValidationError:
            expected = None
    try:
        actual = isbn13(text)
    except ValueError:
        actual = None
    assert actual == expected


@given(st.text())
def test_any_text_gives_13_ascii_digits_or_a_value_error(text):
    try:
        number = isbn13(text)
    except ValueError:
        return
    assert re.fullmatch(r"97[89][0-9]{10}", number, re.ASCII)
