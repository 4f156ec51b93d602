"""The rules by which the values of all formats become those of a book."""

import pytest

from diptych.core.formats.normalization import normalized
from diptych.core.formats.record import (
    BookRecord,
    Contributor,
    Identifier,
    RawBook,
    RawContributor,
    Reject,
    SeriesPosition,
    TagName,
    Trouble,
)


def record(**values) -> BookRecord:
    found = normalized(RawBook(number=1, **{"title": "T"} | values))
    assert not isinstance(found, Reject)
    return found[0]


def told(**values) -> list[tuple[str, str, str]]:
    found = normalized(RawBook(number=1, **{"title": "T"} | values))
    assert not isinstance(found, Reject)
    return [(trouble.field, trouble.value, trouble.reason) for trouble in found[1]]


def test_every_member_is_taken_in_its_normal_form():
    raw = RawBook(
        number=7,
        title="  The\nBook\u200b ",
        subtitle="A  Tale",
        original_title="Le livre",
        contributors=[
            RawContributor(sort_name="Doe, Jane", birth="1812", death="1870?", kind="person"),
            RawContributor(name="Acme, Inc.", kind="body", role="compiler"),
        ],
        identifiers=[("isbn", "0-8044-2957-X (pbk.)"), ("isbn", "9780439023481"), ("oclc", "(OCoLC)ocm00012")],
        published=["c1999"],
        original_published=["March 1950"],
        languages=["English"],
        original_languages=["fre"],
        publisher="O'Reilly",
        edition="2nd ed.",
        format="Mass Market Paperback",
        pages="xii, 243 p.",
        series=[("Tales", "2")],
        description="<p>Nice &amp; <i>short</i></p><p>x</p>",
        tags=[("Fiction", "LCSH"), ("fiction", None)],
        url="https://example.org/1",
        record_id="r1",
    )
    assert normalized(raw) == (
        BookRecord(
            line=7,
            title="The Book",
            subtitle="A Tale",
            original_title="Le livre",
            contributors=(
                Contributor("Jane Doe", "author", "Doe, Jane", "person", 1812, 1870),
                Contributor("Acme, Inc.", "compiler", kind="body"),
            ),
            isbn="9780804429573",
            identifiers=(Identifier("isbn", "9780439023481"), Identifier("oclc", "12")),
            published="1999",
            year=1999,
            original_year=1950,
            language="en",
            original_language="fr",
            publisher="O'Reilly",
            edition="2nd ed.",
            format="paperback",
            pages=243,
            series=(SeriesPosition("Tales", "2"),),
            description="Nice & short\nx",
            tags=(TagName("fiction", "lcsh"),),
            url="https://example.org/1",
            record_id="r1",
        ),
        [
            Trouble("title", "  The\nBook\u200b ", "the invisible character U+200B"),
            Trouble("description", "<p>Nice &amp; <i>short</i></p><p>x</p>", "HTML tags"),
        ],
    )


@pytest.mark.parametrize("title", [None, "", " ", "nan", "NULL", "\\N", "\u200b", "a\x01", "x" * 1001])
def test_only_a_book_without_a_usable_title_is_rejected(title):
    found = normalized(RawBook(number=3, title=title, raw={"a": "b"}))
    assert isinstance(found, Reject)
    assert (found.line, found.raw) == (3, {"a": "b"})
    assert found.reason.startswith("title")


def test_a_bad_value_costs_its_field_and_is_told():
    bad = {
        "published": ["18--"],
        "languages": ["klingonese"],
        "identifiers": [("lccn", "x"), ("isbn", "9780439023482")],
        "format": "scroll",
        "pages": "many",
        "url": "ftp://x",
        "tags": [("\x01", None)],
        "series": [("\x01", None)],
        "publisher": "\x01",
        "contributors": [RawContributor(name="\x01"), RawContributor(name="A", birth="18--")],
    }
    assert record(**bad) == BookRecord(line=1, title="T", contributors=(Contributor("A", "author"),))
    assert sorted(field for field, _, _ in told(**bad)) == sorted(
        [
            "published",
            "language",
            "lccn",
            "isbn",
            "format",
            "pages",
            "url",
            "tags",
            "series",
            "publisher",
            "author",
            "author",
        ]
    )


def test_a_death_before_the_birth_costs_both_years():
    people = [RawContributor(name="A", birth="1900", death="1850")]

    assert record(contributors=people).contributors == (Contributor("A", "author"),)
    assert [field for field, _, _ in told(contributors=people)] == ["author"]


@pytest.mark.parametrize("nothing", ["NULL", "null", "nan", "NaN", "None", "N/A", "\\N", "--", " "])
def test_words_that_say_nothing_are_nothing_and_are_told(nothing):
    fields = dict.fromkeys(("subtitle", "publisher", "edition", "format", "pages", "description", "url"), nothing)
    lists = {"published": [nothing], "languages": [nothing], "tags": [(nothing, None)], "series": [(nothing, None)]}
    people = [RawContributor(name=nothing)]
    given = {**fields, **lists, "contributors": people, "identifiers": [("isbn", nothing), ("oclc", nothing)]}
    assert record(**given) == BookRecord(line=1, title="T")
    names = [*fields, "author", "isbn", "oclc", "published", "language", "series", "tags"] if nothing.strip() else []
    assert sorted(told(**given)) == sorted((name, nothing, "says that there is none") for name in names)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"published": ["0"]}, ("published", "0", "says that there is none")),
        ({"original_published": ["n.d."]}, ("original_year", "n.d.", "says that there is none")),
        ({"pages": "0"}, ("pages", "0", "says that there is none")),
        ({"languages": ["und"]}, ("language", "und", "says that there is none")),
        ({"publisher": "[s.n.]"}, ("publisher", "[s.n.]", "says that there is none")),
        ({"subtitle": "a\u200db"}, ("subtitle", "a\u200db", "the invisible character U+200D")),
        ({"tags": [("a\u2066b", None)]}, ("tags", "a\u2066b", "the invisible character U+2066")),
        ({"contributors": [RawContributor(name="A\ufeff")]}, ("author", "A\ufeff", "the invisible character U+FEFF")),
        ({"description": "1 <b>2</b>"}, ("description", "1 <b>2</b>", "HTML tags")),
    ],
)
def test_nothing_is_changed_without_a_word(given, expected):
    assert told(**given) == [expected]


def test_what_stays_as_it_is_is_not_told():
    persian = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    contributors = [RawContributor(name=persian), RawContributor(sort_name="Doe, Jane")]
    assert (
        told(subtitle=persian, description="1 < 2\u200d, <x>", contributors=contributors, identifiers=[("isbn", "")])
        == []
    )


def test_people_called_null_and_books_called_none_exist():
    assert record(title="NaN").title == "NaN"
    assert record(title="None", contributors=[RawContributor(name="Null")]).contributors == (
        Contributor("Null", "author"),
    )


@pytest.mark.parametrize("name", ["Unknown", "unknown author", "et al."])
def test_nobody_is_no_author_and_it_is_told(name):
    given = {"contributors": [RawContributor(name=name)]}
    assert record(**given).contributors == ()
    assert told(**given) == [("author", name, "names nobody")]


def test_invisible_characters_are_no_part_of_a_name_but_joiners_of_scripts_are():
    names = [
        "\u202aWilliam\u200e  Gib\u200bson\ufeff",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "by Ann Writer",
    ]
    people = record(contributors=[RawContributor(name=name) for name in names]).contributors
    assert [person.name for person in people] == [
        "William Gibson",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "Ann Writer",
    ]


def test_an_ean_that_is_an_isbn_is_one():
    assert record(identifiers=[("ean", "9780439023481")]).isbn == "9780439023481"
    assert record(identifiers=[("ean", "9790260000438")]).identifiers == (Identifier("ean", "9790260000438"),)


def test_a_book_has_one_language_and_the_others_are_told():
    assert record(languages=["eng,spa"]).language == "en"
    assert told(languages=["eng,spa"]) == [("language", "es", "only the first language is kept")]


def test_the_first_date_that_is_certain_counts():
    assert record(published=["19uu", "[1999]"]).published == "1999"
    assert told(published=["05/03/2019"]) == [
        ("published", "05/03/2019", "the day and the month may be either way round: only the year is kept")
    ]
