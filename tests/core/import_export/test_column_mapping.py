import pytest
from hypothesis import given
from hypothesis import strategies as st

from diptych.core.catalogue.limits import DESCRIPTION_MAX, NAME_MAX, TAG_MAX, TITLE_MAX
from diptych.core.import_export.column_mapping import check_defaults, infer_columns, record
from diptych.core.import_export.import_rows import BookRecord, Contributor, Reject

ANY = infer_columns(None)
MINIMUM = {"title": "Emma", "author": "Jane Austen"}


def book(row, mapping=None, defaults=None) -> BookRecord:
    result = record(row, 1, mapping or infer_columns(list(row)), defaults or {})
    assert isinstance(result, BookRecord), result
    return result


def reason(row, mapping=None, defaults=None) -> str:
    result = record(row, 1, mapping or infer_columns(list(row)), defaults or {})
    assert isinstance(result, Reject), result
    assert result.raw == row
    return result.reason


def authors(row, mapping=None, defaults=None) -> list[str]:
    return [person.name for person in book(row, mapping, defaults).contributors if person.role == "author"]


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
        ("Subjects", "tags", ("1999",)),
        ("genres", "tags", ("1999",)),
        ("Key Words", "tags", ("1999",)),
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
    mapping = infer_columns(list(row), {"title": "original_title"})
    assert book(row, mapping).title == "Deutsch"
    assert reason({**row, "Original Title": ""}, mapping) == "title is missing"


def test_an_empty_column_means_that_the_field_is_ignored():
    row = {**MINIMUM, "year": "18--"}
    assert book(row, infer_columns(list(row), {"year": ""})).year is None


def test_an_unknown_field_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"unknown field 'yaer': there are title, .*tags"):
        infer_columns(["title"], {"yaer": "title"})


def test_an_unknown_column_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="no column 'titel': there are title, when"):
        infer_columns(["title", "when"], {"title": "titel"})


def test_a_field_and_its_plural_cannot_both_be_given():
    with pytest.raises(ValueError, match="author is given twice"):
        infer_columns(["title", "by"], {"author": "by", "authors": "by"})


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
    assert authors(row, infer_columns(list(row), {"authors": "Verfasser"})) == ["A", "B / C"]
    assert authors(row, infer_columns(list(row), {"authors": "Verfasser"}, separator="/")) == ["A, B", "C"]
    assert authors(row, infer_columns(list(row), {"author": "Verfasser"}, separator="/")) == ["A, B / C"]


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
        ([{"name": "A"}], "each contributor must have a name and a role"),
        (["A", 1], "each contributor must have a name and a role"),
        ([{"name": "A", "role": "cook"}], "role must be one of author, editor"),
        ([{"name": " ", "role": "author"}], "is empty"),
        ([{"name": None, "role": "author"}], "must be text"),
        ({"name": "A", "role": "author"}, "must be text"),
    ],
)
def test_a_malformed_contributor_is_named(people, expected):
    found = reason({"title": "T", "contributors": people}, ANY)
    assert "contributors" in found
    assert expected in found


def test_a_book_without_author_is_rejected_unless_there_is_a_default():
    row = {"title": "T", "author": "", "editor": "E"}
    assert reason(row) == "author is missing"
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
    ("cells", "expected"),
    [
        ({"isbn": "812971060"}, "isbn '812971060': ISBN check digit is wrong"),
        ({"isbn": "12345"}, "isbn '12345': ISBN must have 10 or 13 digits"),
        (
            {"isbn13": "9.78043902348e+12"},
            "isbn13 '9.78043902348e+12': a spreadsheet has cut off its last digits",
        ),
        (
            {"isbn": "439023483", "isbn13": "9780439023482"},
            "isbn13 '9780439023482': ISBN check digit is wrong",
        ),
        (
            {"isbn": "439023483", "isbn13": "9780439554930"},
            "isbn and isbn13 disagree: they are 9780439023481 and 9780439554930",
        ),
        ({"isbn": "439023483", "isbn13": "9780439554930.0"}, "isbn and isbn13 disagree"),
        ({"isbn": ["439023483"]}, "must be text or a whole number"),
        ({"isbn": True}, "must be text or a whole number"),
    ],
)
def test_an_isbn_that_cannot_be_repaired_rejects_the_row(cells, expected):
    assert expected in reason({**MINIMUM, **cells})


def test_a_bad_isbn_is_named_beside_a_good_isbn13():
    row = {**MINIMUM, "isbn": "812971060", "isbn13": "9780439023481"}
    assert reason(row) == "isbn '812971060': ISBN check digit is wrong"


# --- the other fields ---


def test_empty_cells_are_not_said():
    row = {**MINIMUM, "isbn": "", "year": " ", "language": "", "description": "\n", "tags": "; ;"}
    austen = Contributor("Jane Austen", "author")
    assert book(row) == BookRecord(1, "Emma", (austen,), None, None, None, None, ())


def test_years_may_be_numbers_or_text():
    assert book({**MINIMUM, "year": 1815}).year == 1815
    assert book({**MINIMUM, "year": "-750.0"}).year == -750


def test_languages_that_are_no_language_stay():
    assert [book({**MINIMUM, "language": code}).language for code in ("mul", "und")] == ["mul", "und"]


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        ("Fiction; fiction |  Science   Fiction", ("fiction", "science fiction")),
        ("fiction,classic, love", ("fiction", "classic", "love")),
        (["Fiction, English", "", None, 1984], ("fiction, english", "1984")),
        ("-to-read", ("-to-read",)),
    ],
)
def test_tags_are_split_named_and_taken_once(cell, tags):
    assert book({**MINIMUM, "tags": cell}).tags == tags


def test_a_description_may_have_lines_but_a_title_may_not():
    assert book({**MINIMUM, "description": " a\r\nb "}).description == "a\nb"
    assert "control character (U+000A)" in reason({**MINIMUM, "title": "a\nb"})


@pytest.mark.parametrize(
    ("column", "limit"),
    [("title", TITLE_MAX), ("author", NAME_MAX), ("description", DESCRIPTION_MAX), ("tags", TAG_MAX)],
)
def test_a_text_may_be_as_long_as_its_limit_and_no_longer(column, limit):
    assert book({**MINIMUM, column: "x" * limit})
    found = reason({**MINIMUM, column: "x" * (limit + 1)})
    assert found.startswith(f"{column} 'xxx")
    assert found.endswith(f"has {limit + 1} characters, {limit} are allowed")
    assert len(found) < 150


def test_a_reject_names_every_bad_field():
    row = {"title": "", "isbn": "123", "isbn13": "456", "year": "18--", "language": "english", "tags": "\x01"}
    found = reason({**row, "translator": "\x00", "description": "\x00"})
    for field in ("title is missing", "author is missing", "isbn '123'", "isbn13 '456'", "year '18--'"):
        assert field in found
    for field in ("language 'english'", "tags ", "translator ", "description "):
        assert field in found


def test_the_line_of_the_row_is_kept():
    assert record(MINIMUM, 7, ANY, {}).line == 7
    assert record({}, 8, ANY, {}) == Reject(8, "author is missing; title is missing", {})


# --- defaults ---


def test_defaults_fill_empty_cells_only():
    defaults = {"language": "fre", "year": "1900", "tags": "old; french"}
    filled = book({**MINIMUM, "language": "", "year": "1815"}, defaults=defaults)
    assert (filled.language, filled.year, filled.tags) == ("fr", 1815, ("old", "french"))


@pytest.mark.parametrize(
    ("defaults", "expected"),
    [
        ({"yaer": "1900"}, "unknown field 'yaer'"),
        ({"isbn": "9780439023481"}, "isbn cannot have a default"),
        ({"year": "long ago"}, "default is not valid: year 'long ago'"),
        ({"authors": "\x00"}, "default is not valid: author"),
        ({"title": "\x00"}, "default is not valid: title"),
        ({"author": "A", "authors": "A; B"}, "author is given twice"),
    ],
)
def test_a_default_that_cannot_be_is_refused(defaults, expected):
    with pytest.raises(ValueError, match=expected):
        check_defaults(defaults)


def test_good_defaults_pass():
    check_defaults({"author": "[Anonymous]", "language": "eng", "tags": "a; b"})


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
    result = record(row, 1, ANY, {"title": "T", "author": "A"})
    if isinstance(result, Reject):
        assert result.reason
    else:
        assert 1 <= len(result.title) <= TITLE_MAX
        assert any(person.role == "author" for person in result.contributors)
        assert len(set(result.contributors)) == len(result.contributors)
        assert len(set(result.tags)) == len(result.tags)


@pytest.mark.parametrize("field", ["authors", "tags"])
def test_a_row_with_more_than_a_hundred_in_a_list_is_rejected(field: str):
    row = {"title": "T", "authors": ["A"]} | {field: [f"N{number}" for number in range(101)]}
    rejected = record(row, 1, infer_columns(None), {})
    assert isinstance(rejected, Reject)
    assert "more than 100" in rejected.reason
