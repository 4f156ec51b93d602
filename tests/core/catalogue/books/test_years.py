import pytest
from hypothesis import given
from hypothesis import strategies as st

from diptych.core.catalogue.books.years import YEAR_MAX, YEAR_MIN, year


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1888", 1888),
        (" 1888 ", 1888),
        ("1888.", 1888),
        ("[1888]", 1888),
        ("[1888.]", 1888),
        ("c1888", 1888),
        ("c. 1888", 1888),
        ("C 1888", 1888),
        ("ca. 1888", 1888),
        ("circa 1888", 1888),
        ("[c1888]", 1888),
        ("2008.0", 2008),
        ("-750", -750),
        ("-750.0", -750),
        ("\u2212750", -750),
        ("8.0", 8),
        ("0008", 8),
        ("-4000", YEAR_MIN),
        ("3000", YEAR_MAX),
    ],
)
def test_a_year_is_read_as_catalogues_write_it(text, expected):
    assert year(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1822 or 3",
        "17th cent.",
        "18--",
        "188-?",
        "1888?",
        "1888-1890",
        "1888, 1890",
        "[1888",
        "1888]",
        "1888.5",
        "1e3",
        "MDCCC",
        "c.",
        "c. -750",
        "٢٠٠٨",
        "²008",
        "12345",
        "--5",
    ],
)
def test_what_is_not_one_certain_year_is_refused(text):
    with pytest.raises(ValueError, match="year is not one certain year"):
        year(text)


@pytest.mark.parametrize("text", ["-4001", "3001", "9999", "-9999.0"])
def test_a_year_out_of_bounds_is_refused(text):
    with pytest.raises(ValueError, match="between -4000 and 3000"):
        year(text)


@given(st.integers(YEAR_MIN, YEAR_MAX), st.sampled_from(["{}", "{}.0", "[{}]", " {}. "]))
def test_every_year_within_bounds_is_taken(number, form):
    assert year(form.format(number)) == number
