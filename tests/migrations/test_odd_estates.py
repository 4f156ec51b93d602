"""`diptych database adopt` on keys, names and types that few databases have."""

# ruff: noqa: S608 - the values are constants of this file

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from tests.support import before, commands
from tests.support.databases import BACKENDS, Databases

pytestmark = [pytest.mark.long, pytest.mark.unsampled]

both = pytest.mark.parametrize("backend", BACKENDS)

BOOKS = "SELECT title, name FROM book JOIN author ON author.id = author_id ORDER BY title"


def adopted(databases: Databases, backend: str, *statements: str, options: tuple[str, ...] = ()) -> tuple[str, str]:
    """Create a database and adopt it; return its URL and what the command said."""
    url = databases.empty(backend)
    before.execute(url, *statements)
    told = commands.done(url, "database", "adopt", *options)
    commands.done(url, "database", "check")
    return url, told


@both
def test_names_with_capitals_and_blanks_are_quoted(databases: Databases, backend: str):
    url, told = adopted(
        databases,
        backend,
        'CREATE TABLE "Author" ("Id" INTEGER PRIMARY KEY, "Full Name" VARCHAR(80))',
        'CREATE TABLE "Book" ("Id" INTEGER PRIMARY KEY, "Title" VARCHAR(80), "Net Price" INTEGER,'
        ' "AuthorId" INTEGER REFERENCES "Author" ("Id"))',
        """INSERT INTO "Author" VALUES (1, 'Homer')""",
        """INSERT INTO "Book" VALUES (1, 'Iliad', 3, 1), (2, 'Odyssey', 4, 1)""",
        options=("--column", "Author.name=Full Name", "--where", 'Book="Id" = 1'),
    )
    assert before.rows(url, BOOKS) == [("Iliad", "Homer")]
    (found,) = [line for line in told.splitlines() if line.startswith("  SELECT")]
    prices = [price for _, price in before.rows(url, found)]
    assert prices == [3]


@both
def test_ids_may_be_words_or_uuids_in_any_column(databases: Databases, backend: str):
    kept = UUID(int=5 << 64 | 4 << 76)
    url, _ = adopted(
        databases,
        backend,
        "CREATE TABLE authors (slug VARCHAR(40) PRIMARY KEY, name VARCHAR(80))",
        "CREATE TABLE books (key CHAR(36) PRIMARY KEY, title VARCHAR(80), by VARCHAR(40) REFERENCES authors (slug))",
        "CREATE TABLE tags (id VARCHAR(36) PRIMARY KEY, name VARCHAR(80))",
        "CREATE TABLE books_tags (book CHAR(36) REFERENCES books (key), tag VARCHAR(36) REFERENCES tags (id))",
        "INSERT INTO authors VALUES ('homer', 'Homer'), ('Ω', 'Omega')",
        f"INSERT INTO books VALUES ('{str(kept).upper()}', 'Iliad', 'homer'), ('two', 'Letters', 'Ω')",
        f"INSERT INTO tags VALUES ('{kept}', 'Epic'), ('x', 'epic')",
        f"INSERT INTO books_tags VALUES ('{str(kept).upper()}', 'x'), ('{str(kept).upper()}', '{kept}'), ('two', 'x')",
    )
    assert before.rows(url, BOOKS) == [("Iliad", "Homer"), ("Letters", "Omega")]
    ((iliad,),) = before.rows(url, "SELECT id FROM book WHERE title = 'Iliad'")
    assert UUID(str(iliad)) == kept
    ((tag, name),) = before.rows(url, "SELECT id, name FROM tag")
    assert (UUID(str(tag)), name) == (kept, "epic")
    assert before.rows(url, "SELECT count(*) FROM book_tag") == [(2,)]
    assert before.rows(url, "SELECT count(*) FROM adopted_id WHERE kind = 'tag'") == [(1,)]


@both
def test_several_authors_in_one_text_are_contributors_in_their_order(
    databases: Databases, tmp_path: Path, backend: str
):
    path = tmp_path / "plan.toml"
    path.write_text('[books]\ntable = "book"\nid = "id"\ntitle = "title"\nauthor = "by"\nauthor_separator = ";"\n')
    url, _ = adopted(
        databases,
        backend,
        "CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(80), by VARCHAR(80))",
        "INSERT INTO book VALUES (1, 'Good Omens', 'Terry Pratchett; Neil  Gaiman;'), (2, 'Stardust', 'Neil Gaiman')",
        options=("--plan", str(path)),
    )
    assert before.rows(url, BOOKS) == [("Good Omens", "Terry Pratchett"), ("Stardust", "Neil Gaiman")]
    others = "SELECT position, name FROM book_contributor JOIN author ON author.id = author_id"
    assert before.rows(url, others) == [(1, "Neil Gaiman")]
    assert before.rows(url, "SELECT count(*) FROM author") == [(2,)]


@both
def test_authors_may_be_users_of_the_old_application(databases: Databases, tmp_path: Path, backend: str):
    statements = (
        'CREATE TABLE "user" (id INTEGER PRIMARY KEY, username VARCHAR(80), email VARCHAR(80))',
        'CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(80), author_id INTEGER REFERENCES "user" (id))',
        """INSERT INTO "user" VALUES (1, 'homer', 'h@example.org')""",
        "INSERT INTO book VALUES (1, 'Iliad', 1)",
    )
    path = tmp_path / "plan.toml"
    path.write_text(
        '[authors]\ntable = "user"\nid = "id"\nname = "username"\n'
        '[books]\ntable = "book"\nid = "id"\ntitle = "title"\nauthor_id = "author_id"\n'
    )
    url, _ = adopted(databases, backend, *statements, options=("--plan", str(path)))
    assert before.rows(url, BOOKS) == [("Iliad", "homer")]
    assert before.rows(url, "SELECT email FROM before_adoption_user") == [("h@example.org",)]


@both
def test_an_author_on_the_book_comes_before_those_of_a_link_table(databases: Databases, backend: str):
    url, _ = adopted(
        databases,
        backend,
        "CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR(80))",
        "CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(80), author_id INTEGER REFERENCES author (id))",
        "CREATE TABLE book_coauthor (book_id INTEGER REFERENCES book (id), author_id INTEGER REFERENCES author (id),"
        " position INTEGER, role VARCHAR(20))",
        "INSERT INTO author VALUES (1, 'A'), (2, 'B'), (3, 'C')",
        "INSERT INTO book VALUES (1, 'X', 3)",
        "INSERT INTO book_coauthor VALUES (1, 1, 3, NULL), (1, 2, 2, 'Editor'), (1, 3, 1, ''), (1, 2, NULL, NULL)",
    )
    assert before.rows(url, BOOKS) == [("X", "C")]
    others = "SELECT position, role, name FROM book_contributor JOIN author ON author.id = author_id ORDER BY position"
    assert before.rows(url, others) == [(1, "editor", "B"), (2, "author", "A"), (3, "author", "B")]


@both
@pytest.mark.parametrize(("kind", "value"), [("INTEGER", "1969"), ("DATE", "'1969-03-01'")])
def test_a_column_that_says_when_a_book_was_published_can_be_its_year(
    databases: Databases, backend: str, kind: str, value: str
):
    statements = (
        "CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR(80))",
        (
            f"CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(80), published {kind},"
            " author_id INTEGER REFERENCES author (id))"
        ),
        "INSERT INTO author VALUES (1, 'A')",
        f"INSERT INTO book VALUES (1, 'X', {value}, 1)",
    )
    _, told = adopted(databases, backend, *statements)
    assert "book.published can fill year: --column book.year=published.\n" in told
    url, _ = adopted(databases, backend, *statements, options=("--column", "book.year=published"))
    assert before.rows(url, "SELECT year FROM book") == [(1969,)]


def test_columns_of_types_that_are_unknown_stay_behind(databases: Databases):
    url, told = adopted(
        databases,
        "postgresql",
        "CREATE TYPE size AS (width INTEGER, height INTEGER)",
        "CREATE TABLE author (id NUMERIC(10) PRIMARY KEY, name VARCHAR(80), data JSONB, aliases VARCHAR(9)[])",
        "CREATE TABLE book (id BIGINT PRIMARY KEY, title CHAR(9), year DOUBLE PRECISION, format size,"
        " author_id NUMERIC(10) REFERENCES author (id))",
        """INSERT INTO author VALUES (1, 'Homer', '{"a": 1}', '{b,c}')""",
        "INSERT INTO book VALUES (5000000000, 'Iliad', -750, '(1,2)', 1)",
    )
    assert before.rows(url, BOOKS) == [("Iliad", "Homer")]
    assert before.rows(url, "SELECT year FROM book") == [(-750,)]
    for column in ("author.data", "author.aliases", "book.format"):
        assert f"  {column} " in told


def test_sqlite_tables_without_rowids_and_with_ids_of_mixed_types_are_read(databases: Databases):
    url, _ = adopted(
        databases,
        "sqlite",
        "CREATE TABLE author (id PRIMARY KEY, name TEXT) WITHOUT ROWID",
        "CREATE TABLE book (id PRIMARY KEY, title TEXT, author_id REFERENCES author (id)) WITHOUT ROWID",
        "INSERT INTO author VALUES (1, 'A'), ('one', 'B'), (x'0102', 'C')",
        "INSERT INTO book VALUES (1, 'x', 1), (2.0, 'y', 'one'), ('3', 'z', x'0102')",
    )
    assert before.rows(url, BOOKS) == [("x", "A"), ("y", "B"), ("z", "C")]


LINKED = (
    "CREATE TABLE authors (id INTEGER PRIMARY KEY, name VARCHAR(80))",
    "CREATE TABLE books (id INTEGER PRIMARY KEY, title VARCHAR(80))",
    "CREATE TABLE book_authors (id INTEGER PRIMARY KEY, book_id INTEGER, author_id INTEGER, position VARCHAR(9))",
    "INSERT INTO authors VALUES (1, 'A'), (2, 'B'), (3, 'C')",
    "INSERT INTO books VALUES (1, 'Iliad')",
)


@both
def test_positions_that_are_kept_as_text_are_numbers_and_lost_links_are_counted(databases: Databases, backend: str):
    url, told = adopted(
        databases,
        backend,
        *LINKED,
        "INSERT INTO book_authors VALUES (1, 1, 1, '10'), (2, 1, 2, '9'), (3, 1, 3, '2')",
        "INSERT INTO book_authors VALUES (4, 1, 7, '1'), (5, 8, 1, '1')",
    )
    others = "SELECT name FROM book_contributor JOIN author ON author.id = author_id ORDER BY position"
    assert before.rows(url, BOOKS) == [("Iliad", "C")]
    assert before.rows(url, others) == [("B",), ("A",)]
    assert "2 rows of book_authors are dropped: the book, author or tag is left out, does not exist" in told


@both
def test_of_tags_with_one_name_the_descriptions_that_are_lost_are_not_counted_as_kept(
    databases: Databases, backend: str
):
    _, told = adopted(
        databases,
        backend,
        *LINKED[:2],
        "ALTER TABLE books ADD COLUMN author_id INTEGER REFERENCES authors (id)",
        "CREATE TABLE tags (id INTEGER PRIMARY KEY, name VARCHAR(80), description VARCHAR(80))",
        "CREATE TABLE book_tags (book_id INTEGER REFERENCES books (id), tag_id INTEGER REFERENCES tags (id))",
        "INSERT INTO tags VALUES (1, 'sf', NULL), (2, ' sf', 'lost'), (3, 'poems', 'kept')",
    )
    (line,) = [line.split() for line in told.splitlines() if line.startswith("  tags.description")]
    assert line[1:3] == ["2", "1"]


def test_a_column_called_rowid_does_not_hide_rows(databases: Databases):
    url, _ = adopted(
        databases,
        "sqlite",
        "CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT)",
        "CREATE TABLE book (id TEXT PRIMARY KEY, title TEXT, author_id INTEGER REFERENCES author (id), rowid INTEGER)",
        "INSERT INTO author VALUES (1, 'Homer')",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)"
        " INSERT INTO book SELECT 'b' || i, 'Book ' || i, 1, i / 3 FROM n",
    )
    assert before.rows(url, "SELECT count(*) FROM book") == [(2500,)]


@both
def test_tables_beside_a_catalogue_that_was_created_before_them_are_named(databases: Databases, backend: str):
    url = databases.empty(backend)
    before.execute(url, *LINKED[:2])
    commands.done(url, "database", "upgrade")
    refused = commands.invoked(url, "database", "adopt")
    assert refused.exit_code == 1
    mend = 'run "diptych database drop-all", then adopt.'
    assert f"The catalogue is empty, and authors and books beside it are not adopted: {mend}" in refused.output


def test_a_condition_is_one_statement_on_postgresql(databases: Databases):
    url = databases.empty("postgresql")
    before.execute(url, *LINKED, "CREATE TABLE precious (id INTEGER)")
    condition = "books=true); commit; drop table precious; --"
    refused = commands.invoked(url, "database", "adopt", "--dry-run", "--where", condition)
    assert refused.exit_code == 1
    assert before.rows(url, "SELECT count(*) FROM precious") == [(0,)]


@both
def test_deletions_are_found_by_other_spellings_and_not_by_a_mention_in_a_text(databases: Databases, backend: str):
    url = databases.empty(backend)
    before.execute(
        url,
        "CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR(80))",
        'CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(80), author_id INTEGER, "deletedAt" TIMESTAMP)',
    )
    refused = commands.invoked(url, "database", "adopt", "--where", "book=title <> 'deletedAt'")
    assert "book.deletedAt says which rows count" in refused.output


FULLER = (
    (
        "CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR(80), birth_year INTEGER, death_year INTEGER,"
        " sort_name VARCHAR(80))"
    ),
    (
        "CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(80), subtitle VARCHAR(80), publisher VARCHAR(80),"
        " edition VARCHAR(20), binding VARCHAR(20), page_count VARCHAR(20), publication_date DATE,"
        " original_title VARCHAR(80), original_language VARCHAR(20), original_year INTEGER, url VARCHAR(80),"
        " series VARCHAR(80), series_number VARCHAR(9), author_id INTEGER REFERENCES author (id))"
    ),
    "INSERT INTO author VALUES (1, 'Tove Jansson', 1914, 2001, 'Jansson, Tove')",
    (
        "INSERT INTO book VALUES (1, 'Moominland Midwinter', 'A novel', 'Benn', '1st', 'Hardback', '165 p.',"
        " '1958-09-01', 'Trollvinter', 'Swedish', 1957, 'https://example.org/1', 'Moomins', '6', 1)"
    ),
    (
        "INSERT INTO book VALUES (2, 'Tales', NULL, 'Benn', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'Moomins',"
        " NULL, 1)"
    ),
)


@both
def test_what_is_known_of_a_book_besides_is_adopted(databases: Databases, backend: str):
    url, told = adopted(databases, backend, *FULLER)

    own = "subtitle, edition, format, pages, published, year, original_title, original_language, original_year, url"
    assert before.rows(url, f"SELECT {own} FROM book ORDER BY title") == [
        ("A novel", "1st", "hardcover", 165, "1958-09-01", 1958, "Trollvinter", "sv", 1957, "https://example.org/1"),
        (None,) * 10,
    ]
    assert before.rows(url, "SELECT DISTINCT p.name, p.slug FROM book JOIN publisher p ON p.id = publisher_id") == [
        ("Benn", "benn")
    ]
    places = "SELECT s.name, position, number FROM book_series JOIN series s ON s.id = series_id ORDER BY position"
    assert sorted(before.rows(url, places), key=str) == [("Moomins", "6", 6.0), ("Moomins", None, None)]
    life = "SELECT birth_year, death_year, sort_name FROM author"
    assert before.rows(url, life) == [(1914, 2001, "Jansson, Tove")]
    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert "book.publisher 2 2 publisher.name" in lines
    assert "book.series_number 1 1 the place in a series" in lines


@both
def test_a_number_is_no_name_of_a_publisher_and_a_place_is_written_as_people_do(databases: Databases, backend: str):
    url, told = adopted(
        databases,
        backend,
        "CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR(80))",
        (
            "CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(80), publisher INTEGER, series VARCHAR(80),"
            " series_index REAL, author_id INTEGER REFERENCES author (id))"
        ),
        "INSERT INTO author VALUES (1, 'A')",
        "INSERT INTO book VALUES (1, 'T', 7, 'Moomins', 2.0, 1), (2, 'U', 7, 'Moomins', 2.5, 1)",
    )

    assert before.rows(url, "SELECT publisher_id FROM book") == [(None,), (None,)]
    assert "book.publisher 2 - stays in" in " ".join(told.split())
    assert sorted(before.rows(url, "SELECT position, number FROM book_series")) == [("2", 2.0), ("2.5", 2.5)]


@both
def test_dates_that_contradict_each_other_are_refused_with_what_settles_it(databases: Databases, backend: str):
    url = databases.empty(backend)
    before.execute(
        url,
        "CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR(80), birth_year INTEGER, death_year INTEGER)",
        "CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(80), year INTEGER, publication_date DATE,"
        " author_id INTEGER REFERENCES author (id))",
        "INSERT INTO author VALUES (1, 'Homer', 1900, 1850)",
        "INSERT INTO book VALUES (1, 'Iliad', 1999, '2001-05-01', 1)",
    )

    refused = commands.invoked(url, "database", "adopt").stderr

    assert "--leave author.death_year" in refused
    assert "the year of 2001-05-01 is 2001, not 1999" in refused
    commands.done(url, "database", "adopt", "--leave", "author.death_year", "--leave", "book.publication_date")
    assert before.rows(url, "SELECT year, published FROM book") == [(1999, None)]
