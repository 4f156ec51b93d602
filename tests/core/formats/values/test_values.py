"""Dates, ISBNs, languages, names and extents as files have them."""

import pytest

from diptych.core.formats.record import RawContributor
from diptych.core.formats.values.dates import month_comes_first, published_date, year_first
from diptych.core.formats.values.extents import book_format, page_count
from diptych.core.formats.values.isbns import isbns
from diptych.core.formats.values.languages import language_tags
from diptych.core.formats.values.names import filed, looks_filed, reading_order, with_role

DATES = {
    "c1999": "1999",
    "\N{COPYRIGHT SIGN}1999": "1999",
    "[1888]": "1888",
    "1988?": "1988",
    "1888, c1887": "1888",
    "1888 [i.e. 1889]": "1889",
    "2003 (1st)": "2003",
    "2008.0": "2008",
    "99": "0099",
    "MCMXC": "1990",
    "Spring 1999": "1999",
    "1998-": "1998",
    "1998-2001": "1998/2001",
    "1998\u201399": "1998/1999",
    "1998-01": "1998-01",
    "March 1999": "1999-03",
    "Mar. 5, 1999": "1999-03-05",
    "5 March 1999": "1999-03-05",
    "1999 Sept 5": "1999-09-05",
    "2019-03-05T01:00:00+01:00": "2019-03-05",
    "19990305": "1999-03-05",
    "1999-03-00": "1999-03",
    "1937/09/21/": "1937-09-21",
    "1937///": "1937",
    "25/03/2019": "2019-03-25",
    "9/16/2006": "2006-09-16",
    "05/03/2019": "2019",
    "05.03.2019": "2019-03-05",
    "-750": "-0750",
    "c. 750 B.C.": "-0750",
}


@pytest.mark.parametrize(("text", "date"), DATES.items())
def test_a_date_is_as_exact_as_it_is_certain(text, date):
    assert published_date(text)[0] == date


@pytest.mark.parametrize("text", ["0", "0.0", "n.d.", "[s.a.]", "NULL", "0000-00-00", "0101-01-01T00:00:00+00:00"])
def test_a_book_may_be_undated(text):
    assert published_date(text) == (None, None)


@pytest.mark.parametrize(
    "text",
    [
        "19--",
        "18--?",
        "199-",
        "19uu",
        "1990s",
        "17th cent.",
        "1822 or 3",
        "[between 1650 and 1700]",
        "before 1650",
        "43529",
        "12345",
        "1888.5",
        "forthcoming",
        "1888, 1890",
        "1999-02-30",
        "3001",
    ],
)
def test_without_a_certain_year_there_is_no_date(text):
    with pytest.raises(ValueError, match=r"certain year|day|between"):
        published_date(text)


def test_the_dates_of_a_column_show_whether_the_month_comes_first():
    telling = [f"9/{day}/2006" for day in range(13, 18)]
    assert month_comes_first(["5/3/2019", *telling]) is True
    assert month_comes_first(["5/3/2019", "9/16/2006"]) is None
    assert month_comes_first([*telling, "16/9/2006"]) is None
    assert year_first("5/3/2019", month_first=True) == "2019-05-03"


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ('="0241951445"', ["9780241951446"]),
        ("'9780141036144", ["9780141036144"]),
        ("9780141036144.0", ["9780141036144"]),
        ("[2070291340]", ["9782070291342"]),
        ("195153448", ["9780195153446"]),
        ("9780756411800 9780141036144", ["9780756411800", "9780141036144"]),
        ("0-8044-2957-X (pbk.) : $9.99", ["9780804429573"]),
        ("9,78014E+12", []),
        ("100005", []),
        ("0000000000", []),
        ("979-0-2600-0043-8", []),
        ("9780756411801", []),
    ],
)
def test_isbns_are_found_in_cells_and_what_is_none_has_a_reason(text, numbers):
    found, bad = isbns(text)
    assert list(found) == numbers
    assert bool(bad) == (not numbers)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("English", ["en"]),
        ("eng", ["en"]),
        ("English (United States)", ["en-US"]),
        ("Greek, Modern (1453- )", ["el"]),
        ("de; la", ["de", "la"]),
        ("eng,spa", ["en", "es"]),
        ("\u65e5\u672c\u8a9e", ["ja"]),
        ("iw", ["he"]),
        ("scr", ["hr"]),
        ("gae", ["gd"]),
        ("nl-NL-x-private", ["nl-NL-x-private"]),
        ("und", []),
        ("--", []),
    ],
)
def test_languages_are_known_by_tag_code_and_name(text, tags):
    assert list(language_tags(text)) == tags


@pytest.mark.parametrize(("text", "reason"), [("en-UK", "no region UK"), ("klingonese", "neither a language tag")])
def test_other_languages_are_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        language_tags(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("243", 243),
        ("243.0", 243),
        ("xii, 243 p. : ill.", 243),
        ("243 p., [4] leaves of plates", 243),
        ("1,200 p.", 1200),
        ("1 online resource (243 pages)", 243),
        ("186 \u0441.", 186),
        ("300 S.", 300),
        ("0", None),
    ],
)
def test_pages_are_counted(text, count):
    assert page_count(text) == count


@pytest.mark.parametrize("text", ["2 v.", "243, 56 p.", "p. 12-34", "100001", "1 v. (unpaged)"])
def test_what_is_no_one_number_of_pages_is_refused(text):
    with pytest.raises(ValueError, match=r"pages|volumes"):
        page_count(text)


def test_bindings_are_formats():
    words = ["Hardback", "Mass Market Paperback", "Kindle Edition", "Audio CD", "Board book", "Unknown Binding"]
    assert [book_format(word) for word in words] == ["hardcover", "paperback", "ebook", "audiobook", "other", None]


@pytest.mark.parametrize(
    ("sort_name", "name"),
    [
        ("Doe, Jane", "Jane Doe"),
        ("AUDEBRAND, Philibert.", "Philibert AUDEBRAND"),
        ("James, P. D.", "P. D. James"),
        ("King, Martin Luther, Jr.", "Martin Luther King, Jr."),
        ("Byron, George Gordon, Baron", "Byron, George Gordon, Baron"),
        ("Vonnegut, Jr.", "Vonnegut, Jr."),
        ("Plato", "Plato"),
    ],
)
def test_a_name_in_filing_form_is_put_into_reading_order(sort_name, name):
    assert reading_order(sort_name) == name


def test_dates_and_roles_are_no_part_of_a_name():
    person = filed(with_role("Doe, Jane, 1812-1870 [Editor]", "author"))
    assert person == RawContributor(sort_name="Doe, Jane", role="editor", birth="1812", death="1870")
    assert with_role("A [Unknown thing]", "author") == RawContributor(name="A [Unknown thing]")


def test_filing_form_shows_by_its_comma():
    assert all(map(looks_filed, ["Doe, Jane", "Doe, Jane, 1812-1870", "van Gogh, Vincent", "DE LA MARE, Walter"]))
    assert not any(map(looks_filed, ["Jane Doe", "J.K. Rowling, Mary GrandPr\u00e9", "A, B, C, D"]))
