"""Rows of tables as books: which columns are read, and what becomes of their cells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diptych.core.catalogue.limits import DESCRIPTION_MAX, NAME_MAX, TAG_MAX, TITLE_MAX
from diptych.core.formats.record import BookRecord, Contributor, Reject, TagName
from diptych.core.import_export.column_mapping import infer_columns
from diptych.core.import_export.defaults import Defaults
from diptych.core.import_export.import_job import record_of
from diptych.core.import_export.row_books import row_book
from diptych.core.import_export.summary import Summary

ANY = infer_columns(None)
MINIMUM = {"title": "Emma", "author": "Jane Austen"}


def read(row, mapping=None, defaults=None) -> tuple[BookRecord | Reject, list[str]]:
    """Return the record of a row, or the reject, and what is told of values that are left out."""
    found = row_book(row, 1, mapping or infer_columns(list(row), sample=[row]))
    Defaults(defaults or {}).fill(found)
    summary = Summary()
    record = record_of(found, row, summary)
    return record, [f"{trouble.field} {trouble.value!r}: {trouble.reason}" for _, trouble in summary.examples.values()]


def book(row, mapping=None, defaults=None) -> BookRecord:
    record, _ = read(row, mapping, defaults)
    assert isinstance(record, BookRecord), record
    return record


def told(row, mapping=None) -> str:
    """Return what is told of values that are left out of a row that is imported all the same."""
    record, troubles = read(row, mapping)
    assert isinstance(record, BookRecord), record
    return "; ".join(troubles)


def reason(row, mapping=None, defaults=None) -> str:
    record, _ = read(row, mapping, defaults)
    assert isinstance(record, Reject), record
    assert record.raw == row
    return record.reason


def authors(row, mapping=None, defaults=None) -> list[str]:
    return [person.name for person in book(row, mapping, defaults).contributors if person.role == "author"]


def tags(row) -> tuple[str, ...]:
    return tuple(tag.name for tag in book(row).tags)


# --- columns ---


@pytest.mark.parametrize(
    ("column", "field", "expected"),
    [
        ("NAME", "title", "1999"),
        ("Original Title", "title", "1999"),
        ("ISBN-13", "isbn", None),
        ("Original Publication Year", "year", 1999),
        ("original_publication_year", "year", 1999),
        ("Year Published", "year", 1999),
        ("PubDate", "year", 1999),
        ("Published", "year", 1999),
        ("date", "year", 1999),
        ("Summary", "description", "1999"),
        ("notes", "description", "1999"),
        ("Subjects", "tags", (TagName("1999"),)),
        ("genres", "tags", (TagName("1999"),)),
        ("Key Words", "tags", (TagName("1999"),)),
        ("volume", "year", None),
    ],
)
def test_columns_are_known_by_their_usual_names(column, field, expected):
    row = {"first_author": "A", column: "" if expected is None else "1999"}
    if field != "title":
        row["title"] = "T"
    assert getattr(book(row), field) == expected or expected is None


@pytest.mark.parametrize("column", ["lang", "Language", "language_code", "LANGUAGE CODE"])
def test_language_columns_are_known(column):
    assert book({**MINIMUM, column: "eng"}).language == "en"


@pytest.mark.parametrize("column", ["author", "authors", "First Author", "creator", "by"])
def test_author_columns_are_known(column):
    assert authors({"title": "T", column: "Jane Austen"}) == ["Jane Austen"]


def test_a_better_name_wins_and_an_empty_cell_gives_way():
    row = {"original_title": "Cien años", "title": "A Hundred Years", "author": "A"}
    assert book(row).title == "A Hundred Years"
    assert book({**row, "title": " "}).title == "Cien años"


def test_an_explicit_column_wins_and_has_no_substitute():
    row = {"title": "English", "Original Title": "Deutsch", "author": "A"}
    mapping = infer_columns(list(row), [("title", "original_title")])
    assert book(row, mapping).title == "Deutsch"
    assert reason({**row, "Original Title": ""}, mapping) == "title is missing"


def test_an_empty_column_means_that_the_field_is_ignored():
    row = {**MINIMUM, "year": "18--"}
    assert book(row, infer_columns(list(row), [("year", "")])).year is None


def test_an_unknown_field_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"unknown field 'yaer': there are title, .*tags"):
        infer_columns(["title"], [("yaer", "title")])


def test_an_unknown_column_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="no column 'titel': there are title, when"):
        infer_columns(["title", "when"], [("title", "titel")])


def test_a_field_that_is_given_twice_is_read_from_both_columns():
    row = {"title": "T", "Wer": "A", "Mit": "B, C", "author": "D"}
    given = [("author", "Wer"), ("authors", "Mit")]
    assert authors(row, infer_columns(list(row), given, sample=[row])) == ["A", "B", "C"]


def test_a_file_without_a_title_column_is_refused():
    with pytest.raises(ValueError, match=r"title=COLUMN .there are Titel;Autor"):
        infer_columns(["Titel;Autor"])


# --- contributors ---


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("J.K. Rowling, Mary GrandPré", ["J.K. Rowling", "Mary GrandPré"]),
        ("AUSTEN, Jane; BRONTË, Emily", ["AUSTEN, Jane", "BRONTË, Emily"]),
        ("A | B;C", ["A", "B", "C"]),
        ("Kurt Vonnegut, Jr., Harper Lee", ["Kurt Vonnegut, Jr.", "Harper Lee"]),
        ("; A;; B ;", ["A", "B"]),
        ("A, A, B", ["A", "B"]),
        ("Le Guin,Ursula", ["Le Guin,Ursula"]),
    ],
)
def test_a_plural_column_is_split(cell, names):
    assert authors({"title": "T", "authors": cell}) == names


@pytest.mark.parametrize("column", ["author", "first_author"])
@pytest.mark.parametrize("cell", ["AUSTEN, Jane", "JOHNSON, Frank Author of “Merrow; its past”"])
def test_a_singular_column_is_one_name(column, cell):
    assert authors({"title": "T", column: cell}) == [cell]


def test_a_plural_field_splits_any_column_at_the_given_separator():
    row = {"title": "T", "Verfasser": "A, B / C"}
    assert authors(row, infer_columns(list(row), [("authors", "Verfasser")])) == ["A", "B / C"]
    assert authors(row, infer_columns(list(row), [("authors", "Verfasser")], "/")) == ["A, B", "C"]
    assert authors(row, infer_columns(list(row), [("author", "Verfasser")], "/")) == ["A, B / C"]


def test_every_role_has_its_column():
    row = {**MINIMUM, "editors": "E; F", "translator": "T, Jr.", "illustrators": "I", "contributors": "O"}
    assert book(row).contributors == (
        Contributor("O", "other"),
        Contributor("Jane Austen", "author"),
        Contributor("E", "editor"),
        Contributor("F", "editor"),
        Contributor("T, Jr.", "translator"),
        Contributor("I", "illustrator"),
    )


def test_one_person_may_have_two_roles_but_none_twice():
    row = {"title": "T", "authors": ["A", "A"], "contributors": [{"name": "A", "role": "Illustrator"}]}
    assert book(row, ANY).contributors == (Contributor("A", "illustrator"), Contributor("A", "author"))


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ([{"role": "author"}], "each contributor must have a name and a role"),
        ([{"key": "/authors/OL1A"}], "key of an author, without a name"),
        ([True], "must be text or a whole number"),
        ([{"name": "A", "role": "cook"}], "role must be one of author, editor"),
        ([{"name": "\x00", "role": "author"}], "control character"),
        ([{"name": None, "role": "author"}], "must have a name"),
    ],
)
def test_a_malformed_contributor_is_told_and_left_out(people, expected):
    row = {"title": "T", "contributors": people}
    assert expected in told(row, ANY)
    assert book(row, ANY).contributors == ()


def test_a_book_may_have_no_author_and_a_default_gives_it_one():
    row = {"title": "T", "author": "", "editor": "E"}
    assert authors(row) == []
    assert authors(row, defaults={"author": "[Anonymous; unknown]"}) == ["[Anonymous; unknown]"]
    assert authors(row, defaults={"authors": "A; B"}) == ["A", "B"]
    assert authors({**row, "author": "C"}, defaults={"author": "[Anonymous]"}) == ["C"]


def test_a_default_author_does_not_join_the_authors_among_the_contributors():
    row = {"title": "T", "contributors": [{"name": "A", "role": "author"}]}
    assert authors(row, ANY, {"author": "[Anonymous]"}) == ["A"]


# --- ISBN ---


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"isbn": "439023483"}, "9780439023481"),
        ({"isbn": "78948045X"}, "9780789480453"),
        ({"isbn": "439023483.0"}, "9780439023481"),
        ({"isbn": 439023483}, "9780439023481"),
        ({"isbn": '="0439023483"', "isbn13": '=""'}, "9780439023481"),
        ({"isbn13": "9780439023481"}, "9780439023481"),
        ({"isbn13": "9780439023481.0"}, "9780439023481"),
        ({"isbn13": "9.780439023481e+12"}, "9780439023481"),
        ({"isbn13": 9780439023481}, "9780439023481"),
        ({"isbn": "439023483", "isbn13": "9.78043902348e+12"}, "9780439023481"),
        ({"isbn": "439023483", "isbn13": "9,78044E+12"}, "9780439023481"),
        ({"isbn": "439023483", "isbn13": "25986247522.0"}, "9780439023481"),
        ({"isbn": "439023483", "isbn13": "439023483.0"}, "9780439023481"),
        ({"isbn": "", "isbn13": None}, None),
    ],
)
def test_an_isbn_is_repaired_as_far_as_it_can_be(cells, expected):
    assert book({**MINIMUM, **cells}).isbn == expected


@pytest.mark.parametrize(
    ("cells", "isbn", "expected"),
    [
        ({"isbn": "812971060"}, None, "isbn '812971060': ISBN check digit is wrong"),
        ({"isbn": "12345"}, None, "isbn '12345': ISBN must have 10 or 13 digits"),
        ({"isbn": "100005"}, None, "isbn '100005': ISBN must have 10 or 13 digits"),
        ({"isbn": "0000000000"}, None, "only zeros"),
        ({"isbn": "9790260000438"}, None, "printed music"),
        (
            {"isbn13": "9.78043902348e+12"},
            None,
            "isbn '9.78043902348e+12': a spreadsheet has cut off its last digits",
        ),
        ({"isbn": "439023483", "isbn13": "9780439023482"}, "9780439023481", "isbn '9780439023482': ISBN check digit"),
        ({"isbn": "812971060", "isbn13": "9780439023481"}, "9780439023481", "isbn '812971060': ISBN check digit"),
        (
            {"isbn": "439023483", "isbn13": "9780439554930"},
            None,
            "isbn and isbn13 disagree: they are 9780439023481 and 9780439554930",
        ),
        ({"isbn": "439023483", "isbn13": "9780439554930.0"}, None, "isbn and isbn13 disagree"),
        ({"isbn": True}, None, "must be text or a whole number"),
    ],
)
def test_an_isbn_that_cannot_be_repaired_is_told_and_the_book_is_taken(cells, isbn, expected):
    row = {**MINIMUM, **cells}
    assert expected in told(row)
    assert book(row).isbn == isbn


def test_isbns_may_be_a_list_and_the_first_is_the_book_s():
    row = {**MINIMUM, "isbn_10": ["0439023483"], "isbn_13": ["9780439023481", "9780439554930"]}
    found = book(row, ANY)
    assert (found.isbn, [(item.scheme, item.value) for item in found.identifiers]) == (
        "9780439023481",
        [("isbn", "9780439554930")],
    )


# --- the other fields ---


def test_empty_cells_are_not_said():
    row = {**MINIMUM, "isbn": "", "year": " ", "language": "", "description": "\n", "tags": "; ;"}
    austen = Contributor("Jane Austen", "author")
    assert book(row) == BookRecord(line=1, title="Emma", contributors=(austen,))


def test_years_may_be_numbers_or_text():
    assert book({**MINIMUM, "year": 1815}).year == 1815
    assert book({**MINIMUM, "year": "-750.0"}).year == -750


def test_an_undetermined_language_is_none_and_several_are():
    assert [book({**MINIMUM, "language": code}).language for code in ("mul", "und")] == ["mul", None]


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("Fiction; fiction |  Science   Fiction", ("fiction", "science fiction")),
        ("fiction,classic, love", ("fiction", "classic", "love")),
        (["Fiction, English", "", None, 1984], ("fiction, english", "1984")),
        ("-to-read", ("-to-read",)),
    ],
)
def test_tags_are_split_named_and_taken_once(cell, names):
    assert tags({**MINIMUM, "tags": cell}) == names


def test_a_description_may_have_lines_and_those_of_a_title_become_one():
    assert book({**MINIMUM, "description": " a\r\nb "}).description == "a\nb"
    assert book({**MINIMUM, "title": "a\r\nb"}).title == "a b"


@pytest.mark.parametrize(
    ("column", "limit"),
    [("title", TITLE_MAX), ("author", NAME_MAX), ("description", DESCRIPTION_MAX), ("tags", TAG_MAX)],
)
def test_a_text_may_be_as_long_as_its_limit_and_no_longer(column, limit):
    assert told({**MINIMUM, column: "x" * limit}) == ""
    row = {**MINIMUM, column: "x" * (limit + 1)}
    found = reason(row) if column == "title" else told(row)
    assert found.startswith(f"{column} 'xxx")
    assert found.endswith(f"has {limit + 1} characters, {limit} are allowed")
    assert len(found) < 150


def test_every_bad_value_is_told_and_none_of_them_rejects_the_row():
    row = {**MINIMUM, "isbn": "123", "year": "18--", "language": "klingonese", "tags": "\x01"}
    found = told({**row, "translator": "\x00", "description": "\x00", "pages": "many", "format": "scroll"})
    for field in ("isbn '123'", "published '18--'", "language 'klingonese'", "tags ", "translator "):
        assert field in found
    for field in ("description ", "pages 'many'", "format 'scroll'"):
        assert field in found


def test_the_line_of_the_row_is_kept():
    assert row_book(MINIMUM, 7, ANY).number == 7
    assert reason({}, ANY) == "title is missing"


# --- defaults ---


def test_defaults_fill_empty_cells_only():
    defaults = {"language": "fre", "year": "1900", "tags": "old; french"}
    filled = book({**MINIMUM, "language": "", "year": "1815"}, defaults=defaults)
    assert (filled.language, filled.year, filled.tags) == ("fr", 1815, (TagName("old"), TagName("french")))


@pytest.mark.parametrize(
    ("defaults", "expected"),
    [
        ({"yaer": "1900"}, "unknown field 'yaer'"),
        ({"isbn": "9780439023481"}, "isbn cannot have a default"),
        ({"year": "long ago"}, "default is not valid: published 'long ago'"),
        ({"authors": "\x00"}, "default is not valid: author"),
        ({"title": "\x00"}, "default is not valid: title"),
        ({"author": "A", "authors": "A; B"}, "author is given twice"),
    ],
)
def test_a_default_that_cannot_be_is_refused(defaults, expected):
    with pytest.raises(ValueError, match=expected):
        Defaults(defaults)


def test_good_defaults_pass():
    Defaults({"author": "[Anonymous]", "language": "eng", "tags": "a; b"})


# --- anything ---


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["name", "role", "x"]), inner),
    max_leaves=6,
)
columns = st.sampled_from(
    [
        "title",
        "author",
        "authors",
        "contributors",
        "isbn",
        "isbn13",
        "year",
        "language",
        "description",
        "tags",
        "by",
    ]
)


@given(st.dictionaries(columns, json_values))
def test_any_json_row_gives_a_valid_record_or_a_reason(row):
    found = book(row, ANY, {"title": "T", "author": "A"}) if _has_title(row) else None
    if found is not None:
        assert 1 <= len(found.title) <= TITLE_MAX
        assert len(set(found.contributors)) == len(found.contributors)
        assert len(set(found.tags)) == len(found.tags)


def _has_title(row) -> bool:
    return isinstance(read(row, ANY, {"title": "T"})[0], BookRecord)


@pytest.mark.parametrize(("field", "kept"), [("authors", "contributors"), ("tags", "tags")])
def test_of_more_than_a_hundred_in_a_list_the_first_are_kept_and_it_is_told(field: str, kept: str):
    row = {"title": "T", "authors": ["A"]} | {field: [f"N{number}" for number in range(101)]}
    assert "only the first 100 are kept" in told(row, ANY)
    assert len(getattr(book(row, ANY), kept)) == 100


@pytest.mark.parametrize(("position", "kept"), [("2.0", "2"), ("2.05", "2.05"), ("1.0.1", "1.0.1"), ("II", "II")])
def test_a_place_in_a_series_loses_a_fraction_of_nothing_alone(position, kept):
    row = {"title": "Emma", "author": "Jane Austen", "series": "Novels", "series_index": position}
    assert [each.position for each in book(row).series] == [kept]
