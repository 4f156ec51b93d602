"""Plans and options of `diptych database adopt`: what they say, what is refused, and with which line to add."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from click.testing import Result

from diptych.core.legacy_import import plan_file
from diptych.core.legacy_import.plan import PlanError
from tests.support import before, commands
from tests.support.databases import BACKENDS, ROOT, Databases
from tests.support.estates import ESTATES

pytestmark = [pytest.mark.long, pytest.mark.unsampled]

both = pytest.mark.parametrize("backend", BACKENDS)

AUTHOR = "CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR(80))"
BOOK = "CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(80), author_id INTEGER REFERENCES author (id){more})"
ONE = ("INSERT INTO author VALUES (1, 'Homer')", "INSERT INTO book (id, title, author_id) VALUES (1, 'Iliad', 1)")


def estate(databases: Databases, backend: str, *more: str, columns: str = "") -> str:
    """Create a small database, with further columns of books."""
    url = databases.empty(backend)
    before.execute(url, AUTHOR, BOOK.format(more=columns), *ONE, *more)
    return url


def adopt(url: str, *options: str) -> Result:
    return commands.invoked(url, "database", "adopt", *options)


def adopted(url: str, *options: str) -> str:
    return commands.done(url, "database", "adopt", *options)


def refused(url: str, *options: str) -> list[str]:
    """Return the reasons of a refusal, which changes nothing."""
    was = before.dump(url)
    done = adopt(url, *options)
    assert done.exit_code == 1, done.output
    assert before.dump(url) == was
    *reasons, last = done.stderr.splitlines()
    assert last.startswith("Error: ")
    return reasons


def counted(told: str, column: str) -> str:
    """Return what the report says of a column: the values before and after, and what they become."""
    (line,) = [line for line in told.splitlines() if line.startswith(f"  {column} ")]
    return " ".join(line.split()[1:])


# --- files ---


@pytest.mark.parametrize("name", ESTATES)
def test_a_plan_that_was_written_adopts_what_the_options_adopt(databases: Databases, tmp_path: Path, name: str):
    url, example = databases.empty("sqlite"), ESTATES[name]("sqlite")
    before.execute(url, *example.statements)
    was = before.dump(url)
    path = tmp_path / "plan.toml"
    told = adopted(url, "--write-plan", str(path), *example.options)
    assert told.startswith(f"Wrote a plan into {path}: ")
    assert before.dump(url) == was
    dry = adopted(url, "--dry-run", *example.options)
    assert adopted(url, "--dry-run", "--plan", str(path)) == dry
    adopted(url, "--plan", str(path))
    assert before.rows(url, "SELECT count(*) FROM book") == [(len(example.books),)]


def test_a_written_plan_says_what_is_to_be_decided_and_never_overwrites_another(databases: Databases, tmp_path: Path):
    url = estate(databases, "sqlite", columns=", is_deleted BOOLEAN, price INTEGER")
    path = tmp_path / "plan.toml"
    adopted(url, "--write-plan", str(path))
    text = path.read_text()
    assert "# To be decided: book.is_deleted says which rows count: NULL in 1 row." in text
    assert tomllib.loads(text)["books"] == {
        "table": "book",
        "id": "id",
        "title": "title",
        "author_id": "author_id",
        "leave": ["is_deleted", "price"],
    }
    again = adopt(url, "--write-plan", str(path))
    assert again.exit_code == 1
    assert "exists" in again.stderr
    assert path.read_text() == text


def test_a_plan_of_unknown_tables_lists_them_to_be_completed(databases: Databases, tmp_path: Path):
    url = databases.empty("sqlite")
    before.execute(
        url, "CREATE TABLE works (number INTEGER PRIMARY KEY, heading TEXT)", "INSERT INTO works VALUES (1, 'A')"
    )
    path = tmp_path / "plan.toml"
    adopted(url, "--write-plan", str(path))
    text = path.read_text()
    assert "# There is works (number, heading).\n#\n# [books]\n" in text
    path.write_text(text + '[books]\ntable = "works"\nid = "number"\ntitle = "heading"\n')
    adopted(url, "--plan", str(path), "--default-author", "B")
    assert before.rows(url, "SELECT title, name FROM book JOIN author ON author.id = author_id") == [("A", "B")]


def test_a_plan_that_is_no_text_is_refused_in_one_line(databases: Databases, tmp_path: Path):
    path = tmp_path / "plan.toml"
    path.write_bytes(b"\xff")
    assert commands.refused(databases.empty("sqlite"), "database", "adopt", "--plan", str(path)).endswith(
        "is not UTF-8."
    )


PLAN = """
[authors]
table = "people"
id = "number"
name = ["first", "last"]
where = "last <> 'Nobody'"

[books]
table = "works"
id = "number"
title = "heading"
language = "tongue"
tags = "shelf"
tag_separator = ";"
default_author = "Anonymous"
leave = ["price"]

[books.values.language]
Anglais = "en"
"" = "fr"

[contributors]
table = "wrote"
book_id = "work"
author_id = "person"
order = "place"
role = "part"

[contributors.values.role]
writer = "author"
"""

FRENCH = (
    "CREATE TABLE people (number INTEGER PRIMARY KEY, first VARCHAR(80), last VARCHAR(80))",
    (
        "CREATE TABLE works (number INTEGER PRIMARY KEY, heading VARCHAR(80), tongue VARCHAR(80), shelf VARCHAR(20),"
        " price INTEGER)"
    ),
    "CREATE TABLE wrote (work INTEGER, person INTEGER, place INTEGER, part VARCHAR(80), PRIMARY KEY (work, person))",
    "INSERT INTO people VALUES (1, 'Jules', 'Verne'), (2, NULL, 'Homer'), (3, 'Émile', 'Zola'), (4, '', 'Nobody')",
    "INSERT INTO works VALUES (1, 'A', 'Anglais', 'Sea;Bay ;sea', 5), (2, 'B', NULL, NULL, 5), (3, 'C', 'de', '', 5)",
    "INSERT INTO wrote VALUES (1, 1, 3, 'writer'), (1, 2, 1, 'Translator'), (1, 3, 2, 'writer'), (3, 4, 1, 'writer')",
)


@both
def test_a_plan_says_everything_that_cannot_be_inferred(databases: Databases, tmp_path: Path, backend: str):
    url = databases.empty(backend)
    before.execute(url, *FRENCH)
    path = tmp_path / "plan.toml"
    path.write_text(PLAN)
    told = adopted(url, "--plan", str(path))
    assert told.endswith("Adopted 4 authors, 3 books and 2 tags.\n")
    authors = dict(before.rows(url, "SELECT id, name FROM author"))
    assert sorted(authors.values()) == ["Anonymous", "Homer", "Jules Verne", "Émile Zola"]
    books = before.rows(url, "SELECT title, author_id, language FROM book ORDER BY title")
    assert [(title, authors[author], language) for title, author, language in books] == [
        ("A", "Émile Zola", "en"),
        ("B", "Anonymous", "fr"),
        ("C", "Anonymous", "de"),
    ]
    # The translator comes first, then the first author, who has no row here.
    others = before.rows(url, "SELECT position, role, author_id FROM book_contributor ORDER BY position")
    assert [(position, role, authors[author]) for position, role, author in others] == [
        (0, "translator", "Homer"),
        (2, "author", "Jules Verne"),
    ]
    tags = before.rows(url, "SELECT tag.name FROM tag JOIN book_tag ON tag_id = tag.id ORDER BY 1")
    assert tags == [("bay",), ("sea",)]
    assert counted(told, "wrote.person") == "4 3 a book's contributors"
    assert counted(told, "people.first") == "2 2 author.name"
    assert counted(told, "works.price") == "3 - stays in before_adoption_works"
    assert "works.tongue: 2 to another value, by the plan, such as 'Anglais' -> 'en',  -> 'fr'" in told
    commands.done(url, "database", "check")


@both
def test_a_category_of_books_can_be_their_tag(databases: Databases, tmp_path: Path, backend: str):
    url = estate(
        databases,
        backend,
        "CREATE TABLE category (id INTEGER PRIMARY KEY, name VARCHAR(80))",
        "INSERT INTO category VALUES (1, 'Epic')",
        "UPDATE book SET category_id = 1",
        columns=", category_id INTEGER",
    )
    path = tmp_path / "plan.toml"
    adopted(url, "--write-plan", str(path))
    path.write_text(
        path.read_text()
        + '[tags]\ntable = "category"\nid = "id"\nname = "name"\n'
        + '[book_tags]\ntable = "book"\nbook_id = "id"\ntag_id = "category_id"\n'
    )
    adopted(url, "--plan", str(path))
    joined = "SELECT title, name FROM book_tag JOIN book ON book.id = book_id JOIN tag ON tag.id = tag_id"
    assert before.rows(url, joined) == [("Iliad", "epic")]
    commands.done(url, "database", "check")


def test_the_plan_in_the_guide_is_one():
    guide = (ROOT / "docs" / "database.md").read_text(encoding="utf-8")
    text = guide.partition("```toml\n")[2].partition("```")[0]
    plan = plan_file.read(text)
    assert list(plan.sections) == ["authors", "books", "contributors"]
    assert plan_file.read(plan_file.write(plan)) == plan


WRONG = {
    "no TOML": ("[books", "The plan is no TOML: "),
    "section": (
        '[bookz]\ntable = "book"',
        "Line 1 of the plan, '[bookz]': there is no section [bookz]; did you mean books?",
    ),
    "key": (
        '[books]\ntable = "book"\ntitel = "x"',
        "Line 3 of the plan, 'titel = \"x\"': [books] has no titel; did you mean title?",
    ),
    "table": ("[books]\nid = 'id'", '[books] in the plan needs the name of a table: table = "books".'),
    "number": (
        '[books]\ntable = "book"\ntitle = 3',
        "Line 3 of the plan, 'title = 3': title names one column or several:",
    ),
    "text": (
        '[books]\ntable = "book"\nwhere = true',
        "Line 3 of the plan, 'where = true': where is a text: where = \"...\".",
    ),
    "values": (
        '[books]\ntable = "book"\n[books.values.lang]\na = "b"',
        "Line 3 of the plan, '[books.values.lang]': [books] has no lang; did you mean language?",
    ),
    "value": (
        '[books]\ntable = "book"\n[books.values.language]\na = 3',
        "[books.values.language] in the plan has lines such as",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_plan_that_is_wrong_is_refused_with_its_line(name: str):
    text, told = WRONG[name]
    with pytest.raises(PlanError) as caught:
        plan_file.read(text)
    assert str(caught.value).startswith(told)


@both
def test_tables_and_columns_that_do_not_exist_are_refused_with_the_nearest_name(
    databases: Databases, tmp_path: Path, backend: str
):
    url = estate(databases, backend)
    path = tmp_path / "plan.toml"
    path.write_text(
        '[authors]\ntable = "auther"\nid = "id"\nname = "name"\n'
        '[books]\ntable = "book"\nid = "id"\ntitle = "titel"\nauthor_id = "author_id"\nleave = ["id", "size"]\n'
    )
    assert refused(url, "--plan", str(path)) == [
        "[authors] table = 'auther': there is no such table; did you mean author?",
        "[books] title = 'titel': book has no such column; did you mean title?",
        "[books] says that id is adopted and left behind: remove one of the two lines.",
        "[books] leave = ['size']: book has no such column; there are id, title, author_id.",
    ]


# --- options ---

OPTIONS = {
    "leave": (["--leave", "book"], "--leave book: write a table and a column, such as books.language."),
    "column": (
        ["--column", "book.size=x"],
        "--column book.size=x: there is no size to be filled; there are id, title,",
    ),
    "where": (["--where", "book"], '--where book: write --where "TABLE=CONDITION".'),
    "value": (["--value", "book.title"], '--value book.title: write --value "TABLE.COLUMN:OLD=NEW".'),
    "value of nothing": (["--value", "book.size:a=b"], "--value book.size:a=b: book.size is not adopted, so that its"),
    "table": (
        ["--where", "books=true"],
        "--where books=true: books is none of the tables that are adopted (author, book).",
    ),
    "condition": (["--where", "book=size = 3"], "[books] where = 'size = 3': "),
    "default author": (["--default-author", "x" * 256], f"The default author '{'x' * 256}' cannot be used: "),
}


@both
@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_that_is_wrong_is_refused_with_what_to_write(databases: Databases, backend: str, name: str):
    options, told = OPTIONS[name]
    reasons = refused(estate(databases, backend), *options)
    assert len(reasons) == 1
    assert reasons[0].startswith(told)


@both
def test_values_and_conditions_may_have_colons_equals_signs_and_percent_signs(databases: Databases, backend: str):
    url = estate(
        databases,
        backend,
        "INSERT INTO book VALUES (2, '50 : x', 1, 'a=b:c'), (3, 'gone', 1, NULL)",
        columns=", language VARCHAR(20)",
    )
    condition = "title LIKE '%:%' OR title NOT LIKE 'go%'"
    adopted(url, "--where", f"book={condition}", "--value", "book.language:a=b:c=en")
    assert before.rows(url, "SELECT title, language FROM book ORDER BY title") == [("50 : x", "en"), ("Iliad", None)]


@both
def test_options_go_before_the_plan(databases: Databases, tmp_path: Path, backend: str):
    url = estate(databases, backend, "INSERT INTO book VALUES (2, 'Odyssey', NULL)")
    path = tmp_path / "plan.toml"
    adopted(url, "--write-plan", str(path), "--default-author", "A")
    assert 'default_author = "A"' in path.read_text()
    adopted(url, "--plan", str(path), "--default-author", "B", "--where", "book=id = 2")
    assert before.rows(url, "SELECT title, name FROM book JOIN author ON author.id = author_id") == [("Odyssey", "B")]


@both
def test_a_value_for_no_value_fills_what_is_blank(databases: Databases, backend: str):
    url = estate(databases, backend, "INSERT INTO author VALUES (2, NULL), (3, '  ')")
    assert refused(url) == [
        (
            'author.name: no value (2 rows, the first is 2): --value "author.name:=..." gives one,'
            ' --where "author=..." leaves such rows out'
        )
    ]
    adopted(url, "--value", "author.name:=Nameless")
    assert before.rows(url, "SELECT name FROM author ORDER BY name") == [("Homer",), ("Nameless",), ("Nameless",)]


# --- rows that were dead ---

DEAD = [
    ("deleted_at TIMESTAMP", "'2020-01-01 00:00:00'", "deleted_at IS NULL", "NULL in 1 row, a time in 1 row"),
    ("is_deleted BOOLEAN", "true", "is_deleted IS NOT TRUE", "NULL in 1 row, true in 1 row"),
    ("archived BOOLEAN", "true", "archived IS NOT TRUE", "NULL in 1 row, true in 1 row"),
    ("status VARCHAR(9)", "'published'", "status = 'published'", "NULL in 1 row, published in 1 row"),
    ("is_active BOOLEAN", "true", "is_active IS TRUE", "NULL in 1 row, true in 1 row"),
    ("draft BOOLEAN", "true", "draft IS NOT TRUE", "NULL in 1 row, true in 1 row"),
]


@both
@pytest.mark.parametrize("dead", DEAD, ids=[each[0].split()[0] for each in DEAD])
def test_a_column_that_says_which_rows_count_stops_the_adoption_until_it_is_decided(
    databases: Databases, backend: str, dead: tuple[str, str, str, str]
):
    column, value, condition, values = dead
    name = column.split(maxsplit=1)[0]
    url = estate(databases, backend, f"INSERT INTO book VALUES (2, 'Odyssey', 1, {value})", columns=f", {column}")  # noqa: S608
    assert refused(url, "--dry-run") == [
        f"book.{name} says which rows count: {values}.",
        f'--where "book={condition}" adopts such rows, --where "book=true" all of them.',
    ]
    assert refused(url, "--leave", f"book.{name}")
    told = adopted(url, "--dry-run", "--where", "book=true")
    assert counted(told, "book.title") == "2 2 book.title"
    told = adopted(url, "--where", f"book={condition}")
    assert f"Adopt 1 of 2 rows of book: those where {condition}." in told
    assert before.rows(url, "SELECT count(*) FROM book") == [(1,)]
    assert before.rows(url, "SELECT count(*) FROM before_adoption_book") == [(2,)]


@both
def test_books_of_authors_that_are_left_out_are_refused_as_a_group(databases: Databases, backend: str):
    more = [
        "ALTER TABLE author ADD COLUMN deleted_at TIMESTAMP",
        "INSERT INTO author VALUES (2, 'Gone', '2020-01-01 00:00:00')",
        "INSERT INTO book VALUES (2, 'B', 2), (3, 'C', 2), (4, 'D', NULL)",
    ]
    url = estate(databases, backend, *more)
    where = ("--where", "author=deleted_at IS NULL")
    way = "author_id IN (SELECT id FROM author WHERE deleted_at IS NULL)"
    assert refused(url, *where) == [
        (
            "book.author_id: an author that is left out or does not exist (2 rows, the first is 2):"
            f' --default-author NAME gives them one, --where "book={way}" leaves them out'
        ),
        (
            "book.author_id: no author (row 4): --default-author NAME gives them one,"
            ' --where "book=author_id IS NOT NULL" leaves them out'
        ),
    ]
    adopted(url, *where, "--where", f"book={way}")
    assert before.rows(url, "SELECT title FROM book") == [("Iliad",)]
