"""`diptych database adopt --copy-from`: the other database stays as it is, and new rows can be brought over later."""

# ruff: noqa: S608 - the names are constants of this file

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy.engine import make_url

from diptych.core.db.schema_version import head
from tests.support import before, commands
from tests.support.changes import changes
from tests.support.databases import BACKENDS, Databases, tables
from tests.support.estates import AUTHORS, ESTATES, Example
from tests.support.secrets import PASSWORD

pytestmark = [pytest.mark.long, pytest.mark.unsampled]

WAYS = [("sqlite", "postgresql"), ("postgresql", "sqlite"), ("sqlite", "sqlite"), ("postgresql", "postgresql")]

every_way = pytest.mark.parametrize(("backend", "other"), WAYS)
both = pytest.mark.parametrize("backend", BACKENDS)


def made(databases: Databases, backend: str, name: str) -> tuple[str, Example]:
    """Return the URL of an estate and what it is."""
    url, example = databases.empty(backend), ESTATES[name](backend)
    before.execute(url, *example.statements)
    return url, example


def copy(url: str, other: str, *options: str) -> Result:
    return commands.invoked(url, "database", "adopt", "--copy-from", other, *options)


def copied(url: str, other: str, *options: str) -> str:
    return commands.done(url, "database", "adopt", "--copy-from", other, *options)


def refused(url: str, other: str, *options: str) -> str:
    """Return everything that a refusal says."""
    done = copy(url, other, *options)
    assert done.exit_code == 1, done.output
    assert "Traceback" not in done.output
    return done.stderr


def content(url: str) -> object:
    """Return the bytes of a SQLite file, or all of a PostgreSQL database."""
    return Path(url.removeprefix("sqlite:///")).read_bytes() if url.startswith("sqlite") else before.dump(url)


def titles(url: str) -> list[str]:
    return sorted(title for (title,) in before.rows(url, "SELECT title FROM book"))


# --- the first copy ---


@every_way
@pytest.mark.parametrize("name", ["bookalchemy", "rich", "own_tags", "text_author"])
def test_every_row_is_copied_and_the_other_database_is_untouched(
    databases: Databases, backend: str, other: str, name: str
):
    source, example = made(databases, other, name)
    was = content(source)
    url = databases.empty(backend)
    dry = copied(url, source, "--dry-run", *example.options)
    assert backend == "postgresql" or not Path(url.removeprefix("sqlite:///")).exists()
    assert backend == "sqlite" or tables(url) == set()
    told = copied(url, source, *example.options)
    assert told.splitlines()[:-1] == dry.splitlines()[:-1]
    assert content(source) == was

    columns = "title, name, isbn, year, language"
    found = before.rows(url, f"SELECT {columns} FROM book JOIN author ON author.id = author_id")
    wanted = [(book.title, book.authors[0], book.isbn, book.year, book.language) for book in example.books]
    assert Counter(found) == Counter(wanted)
    tagged = before.rows(
        url, "SELECT title, name FROM book_tag JOIN book ON book.id = book_id JOIN tag ON tag.id = tag_id"
    )
    assert Counter(tagged) == Counter((book.title, tag) for book in example.books for tag in book.tags)
    mapped = before.rows(url, "SELECT count(*) FROM adopted_id WHERE kind = 'book' AND digest IS NOT NULL")
    assert mapped == [(len(example.books),)]
    assert before.rows(url, "SELECT version_num FROM alembic_versions") == [(head(),)]
    commands.done(url, "database", "check")
    # The old application goes on.
    before.execute(source, f"UPDATE {'book' if name != 'rich' else 'books'} SET title = 'changed' WHERE id = 1")


def test_a_schema_of_the_same_database_can_be_copied(databases: Databases):
    url = databases.empty("postgresql")
    example = ESTATES["plural"]("postgresql")
    before.execute(url, "CREATE SCHEMA legacy", "SET search_path TO legacy", *example.statements)
    other = make_url(url).update_query_dict({"options": "-csearch_path=legacy"}).render_as_string(hide_password=False)
    told = copied(url, other, *example.options)
    assert told.endswith("Copied 9 authors and 40 books.\n")
    assert before.rows(url, "SELECT count(*) FROM legacy.books") == [(40,)]
    commands.done(url, "database", "check")


def test_a_user_who_may_only_read_is_enough_and_a_condition_cannot_write(databases: Databases):
    source, example = made(databases, "postgresql", "rich")
    role = f"reader_{make_url(source).database}"
    before.execute(
        source,
        "CREATE SEQUENCE counter",
        f"CREATE ROLE {role} LOGIN",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT ALL ON SEQUENCE counter TO {role}",
    )
    other = make_url(source).set(username=role).render_as_string(hide_password=False)
    url = databases.empty("sqlite")
    try:
        writing = "nextval('counter') > 0 AND status = 'published' AND is_deleted IS NOT TRUE"
        told = refused(url, other, *example.options, "--where", f"books={writing}")
        assert "cannot execute nextval() in a read-only transaction" in told
        assert copied(url, other, *example.options).endswith("Copied 8 authors, 40 books and 1 tag.\n")
    finally:
        before.execute(source, f"DROP OWNED BY {role}", f"DROP ROLE {role}")


@both
def test_an_empty_catalogue_that_is_migrated_already_can_be_filled(databases: Databases, backend: str):
    source, _ = made(databases, "sqlite", "bookalchemy")
    url = databases.migrated(backend)
    told = copied(url, source)
    assert "Record that the database" not in told
    assert told.endswith("Copied 8 authors and 32 books.\n")
    commands.done(url, "database", "check")


@both
def test_what_cannot_be_copied_into_is_refused(databases: Databases, backend: str):
    source, _ = made(databases, "sqlite", "bookalchemy")
    copied(databases.migrated(backend), source)
    catalogue = databases.migrated(backend)
    was = before.dump(catalogue)
    assert refused(catalogue, source, "--again").startswith("Nothing was copied into it before: leave out --again.\n")
    assert before.dump(catalogue) == was
    before.execute(
        catalogue,
        """INSERT INTO author (id, name, slug, search_text, sort_key, created_at, updated_at) VALUES
        ('01a1fbd755dd7561861e8d0bba31278f', 'A', 'a', 'a', 'a', '2020-01-01 00:00:00', '2020-01-01 00:00:00')""",
    )
    assert "There are rows in the catalogue: copy into an empty one." in refused(catalogue, source)
    behind = databases.migrated(backend)
    commands.done(behind, "database", "downgrade", "--no-prompt", "0002")
    assert f"has to be at {head()}: `diptych database upgrade`." in refused(behind, source)
    in_place, example = made(databases, backend, "bookalchemy")
    commands.done(in_place, "database", "adopt", *example.options)
    assert "Its rows were adopted in place, and not by --copy-from." in refused(in_place, source, "--again")
    taken = databases.empty(backend)
    before.execute(taken, "CREATE TABLE tag (id INTEGER)")
    assert "There is tag already, and its name is needed: rename it first." in refused(taken, source)
    assert tables(taken) == {"tag"}


def test_what_cannot_be_copied_from_is_refused_in_one_line_without_the_password(databases: Databases, tmp_path: Path):
    source, _ = made(databases, "postgresql", "bookalchemy")
    url = databases.empty("sqlite")
    assert "names 'mysql'; PostgreSQL and SQLite are served" in refused(url, "mysql://u@h/db")
    assert "--copy-from names the database of the catalogue itself" in refused(url, url)
    for one, other in ((url, url.replace("sqlite:////", "sqlite://///")), (source, source.replace("@/", "@:5432/"))):
        assert other != one
        assert "--copy-from names the database of the catalogue itself" in refused(one, other)
    assert "cannot be read: unable to open" in refused(url, f"sqlite:///{tmp_path}/none.db")
    gone = make_url(source).set(database="nosuch").render_as_string(hide_password=False)
    assert PASSWORD in gone
    assert refused(url, gone).startswith("Error: The other database, postgresql")
    assert "`diptych load`" in refused(url, databases.migrated("postgresql"))
    assert "The other database has no tables" in refused(url, databases.empty("postgresql"))
    assert not Path(url.removeprefix("sqlite:///")).exists()
    done = commands.invoked(url, "database", "adopt", "--again")
    assert done.exit_code == 2


@both
def test_a_plan_can_be_written_from_the_other_database(databases: Databases, tmp_path: Path, backend: str):
    source, example = made(databases, backend, "rich")
    url = databases.empty("sqlite")
    path = tmp_path / "plan.toml"
    copied(url, source, "--write-plan", str(path), *example.options)
    told = copied(url, source, "--plan", str(path))
    assert told.endswith("Copied 8 authors, 40 books and 1 tag.\n")


@both
def test_rows_that_cannot_be_copied_are_refused_before_anything_is_made(databases: Databases, backend: str):
    source, _ = made(databases, "sqlite", "plural")
    url = databases.empty(backend)
    assert "books.author_id: no author (row 20)" in refused(url, source)
    assert backend == "postgresql" or not Path(url.removeprefix("sqlite:///")).exists()
    assert backend == "sqlite" or tables(url) == set()


# --- again ---


@every_way
def test_a_later_copy_brings_what_is_new_and_reports_what_was_changed_or_deleted(
    databases: Databases, backend: str, other: str
):
    source, example = made(databases, other, "rich")
    url = databases.empty(backend)
    copied(url, source, *example.options)
    assert copied(url, source, "--again", *example.options).splitlines() == ["Nothing is new."]
    assert "Rows were copied into it before: --again" in refused(url, source, *example.options)

    columns = "id, title, isbn, year, status, is_deleted, language, author_id"
    before.execute(
        source,
        "INSERT INTO authors (id, name) VALUES (9, 'Zoë')",
        "INSERT INTO tags VALUES (2, 'New'), (3, 'SF')",
        f"INSERT INTO books ({columns}) VALUES (101, 'New', NULL, '2001', 'published', false, 'Swedish', 9)",
        f"INSERT INTO books ({columns}) VALUES (102, 'Old author', NULL, '2002', 'published', false, 'en', 1)",
        "INSERT INTO book_tags VALUES (101, 1), (101, 2), (102, 3), (3, 1)",
        "UPDATE books SET title = 'Changed' WHERE id = 2",
        "UPDATE books SET price = 1 WHERE id = 4",
        "UPDATE books SET is_deleted = true WHERE id = 5",
        "DELETE FROM books WHERE id = 6",
    )
    was = content(source)
    there = before.rows(url, "SELECT id, title, updated_at FROM book")
    dry = copied(url, source, "--again", "--dry-run", *example.options)
    assert before.rows(url, "SELECT count(*) FROM book") == [(40,)]
    told = copied(url, source, "--again", *example.options)

    reported = [
        "2 books changed since, or have more that is read now, and stayed as copied: 2, 3.",
        "2 books deleted or left out since, and kept here: 5, 6.",
    ]
    *lines, new, last = dry.splitlines()
    assert (lines, new) == (reported, "New are 1 author, 2 books and 2 tags.")
    assert last == "This was a dry run: nothing was changed."
    assert told.splitlines() == [*reported, "Copied 1 author, 2 books and 1 tag, new since the last copy."]
    assert content(source) == was
    assert set(there) < set(before.rows(url, "SELECT id, title, updated_at FROM book"))
    new = "SELECT title, name, year, language FROM book JOIN author ON author.id = author_id WHERE title = 'New'"
    assert before.rows(url, new) == [("New", "Zoë", 2001, "sv")]
    joined = "SELECT title, name FROM book_tag JOIN book ON book.id = book_id JOIN tag ON tag.id = tag_id"
    assert sorted(before.rows(url, joined)) == [
        ("New", "new"),
        ("New", "sf"),
        ("Old author", "sf"),
        ("The Left Hand of Darkness", "sf"),
    ]
    assert copied(url, source, "--again", *example.options).splitlines() == [*reported, "Nothing is new."]
    commands.done(url, "database", "check")


@both
def test_a_later_copy_finds_authors_by_the_name_that_they_had(databases: Databases, backend: str):
    source, _ = made(databases, "sqlite", "text_author")
    url = databases.empty(backend)
    copied(url, source)
    before.execute(url, f"UPDATE author SET name = 'U. K. Le Guin' WHERE name = '{AUTHORS[0]}'")
    new = f"VALUES (20, 'Lavinia', '{AUTHORS[0]}', 'novel', NULL, NULL, 1), (21, 'X', 'Nobody', 'novel', NULL, NULL, 1)"
    before.execute(source, f"INSERT INTO book {new}")
    assert copied(url, source, "--again").endswith("Copied 1 author and 2 books, new since the last copy.\n")
    joined = "SELECT title, name FROM book JOIN author ON author.id = author_id WHERE title IN ('Lavinia', 'X')"
    assert sorted(before.rows(url, joined)) == [("Lavinia", "U. K. Le Guin"), ("X", "Nobody")]
    # The history begins when the first copy is done, and is told what comes later.
    assert [each.via for each in changes(url)] == ["unknown", *["adopt"] * 3]
    before.execute(url, "UPDATE author SET name = 'Ursula' WHERE name = 'U. K. Le Guin'")
    assert changes(url)[-1].via == "unknown"


@both
def test_a_later_copy_refuses_what_the_catalogue_has_or_has_no_more(databases: Databases, backend: str):
    source, _ = made(databases, "sqlite", "bookalchemy")
    url = databases.empty(backend)
    copied(url, source)
    # The catalogue has gone on by itself.
    before.execute(
        url,
        "DELETE FROM book WHERE author_id IN (SELECT id FROM author WHERE name = 'Jane Austen')",
        "DELETE FROM author WHERE name = 'Jane Austen'",
        "UPDATE book SET isbn = '9780060512750' WHERE title = 'Solaris'",
    )
    before.execute(
        source,
        "INSERT INTO book VALUES (101, 5, 'Persuasion', '1817', NULL)",
        "INSERT INTO book VALUES (102, 1, 'The Dispossessed', '1974', 9780060512750)",
    )
    assert refused(url, source, "--again").splitlines()[:2] == [
        (
            "book.author_id: an author that was deleted in the catalogue, is left out or does not exist (row 101):"
            ' --default-author NAME gives them one, --where "book=id <> ..." leaves them out'
        ),
        (
            "book.isbn: '9780060512750' (row 102) is the ISBN of a book that the catalogue has already:"
            ' --value "book.isbn:9780060512750=" adopts rows with this value without it, or --leave book.isbn'
        ),
    ]
    options = ("--default-author", "Unknown", "--value", "book.isbn:9780060512750=")
    assert copied(url, source, "--again", *options).endswith("Copied 1 author and 2 books, new since the last copy.\n")
    # What was deleted here is not brought back.
    assert "Emma" not in titles(url)


def test_rows_are_reported_by_id_up_to_a_number(databases: Databases):
    source, _ = made(databases, "sqlite", "plural")
    url = databases.empty("sqlite")
    options = ("--default-author", "Unknown")
    copied(url, source, *options)
    before.execute(source, "DELETE FROM ratings", "DELETE FROM books WHERE id > 15")
    told = copied(url, source, "--again", *options)
    assert "25 books deleted or left out since, and kept here: " in told
    assert " and 5 more.\n" in told


def test_batches_of_any_number_arrive_with_their_links(databases: Databases):
    rows = [(number, f"Book {number}", "") for number in range(1, 2501)]
    source, url = databases.empty("postgresql"), databases.empty("sqlite")
    before.execute(
        source,
        "CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR(80))",
        "CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(80), isbn VARCHAR(20))",
        "CREATE TABLE book_author (book_id INTEGER REFERENCES book (id), author_id INTEGER REFERENCES author (id))",
        "INSERT INTO author VALUES " + ", ".join(f"({number}, 'Author {number}')" for number in range(1, 1201)),
        f"INSERT INTO book VALUES {', '.join(map(str, rows))}",
        "INSERT INTO book_author SELECT id, 1 + mod(id, 1200) FROM book",
        "INSERT INTO book_author SELECT id, 1 + mod(id + 7, 1200) FROM book",
    )
    assert copied(url, source).endswith("Copied 1,200 authors and 2,500 books.\n")
    assert before.rows(url, "SELECT count(*) FROM book_contributor") == [(2500,)]
    wrong = """SELECT b.title FROM book b JOIN author a ON a.id = b.author_id
        JOIN book_contributor c ON c.book_id = b.id JOIN author o ON o.id = c.author_id
        WHERE ABS(CAST(substr(a.name, 8) AS INTEGER) - CAST(substr(o.name, 8) AS INTEGER)) NOT IN (7, 1193)"""
    assert before.rows(url, wrong) == []
