"""`diptych database adopt`: databases of earlier applications."""

# ruff: noqa: S608 - the statements are constants of this file

from __future__ import annotations

import contextlib
import os
import pty
import select
import sqlite3
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import psycopg
import pytest
from click.testing import Result
from sqlalchemy.engine import make_url

from diptych.core.catalogue.models import Base
from diptych.core.db.migration_lock import LOCK
from diptych.core.db.schema_version import head
from diptych.core.engine.history_triggers import SOURCE
from tests.support import before, commands, patient
from tests.support.databases import BACKENDS, DIPTYCH, ROOT, Databases, environment, run, tables
from tests.support.deployments import ADAPTERS, deployment
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.long

ADOPT = [*DIPTYCH, "database", "adopt"]
FLASK_ADOPT = [sys.executable, "-m", "flask", "--app", "diptych.flask_app", "database", "adopt"]

both = pytest.mark.parametrize("backend", BACKENDS)


def adopt(url: str, *arguments: str) -> Result:
    """Run the command in this process, which saves its start-up time."""
    return commands.invoked(url, "database", "adopt", *arguments)


def adopted(url: str, *arguments: str) -> str:
    """Run the command, and return its output when it succeeds."""
    return commands.done(url, "database", "adopt", *arguments)


def refused(url: str, *arguments: str) -> list[str]:
    """Return the reasons why a database is refused; check that it is unchanged, and that a dry run says the same."""
    was = before.dump(url)
    done = adopt(url, *arguments)
    assert done.exit_code == 1, done.output
    assert before.dump(url) == was
    dry = adopt(url, "--dry-run", *arguments)
    assert (dry.exit_code, dry.output) == (1, done.output)
    assert before.dump(url) == was
    *reasons, last = done.stderr.splitlines()
    assert last.startswith("Error: ")
    assert "nothing was changed" in last
    return reasons


def check_is_clean(url: str) -> None:
    commands.done(url, "database", "check")


def everything(base: str, path: str) -> list[dict[str, object]]:
    """Return every row that a deployment lists."""
    found: list[dict[str, object]] = []
    while True:
        page = len(found) // 100 + 1
        body = patient.get(f"{base}/{path}", params={"pageSize": 100, "currentPage": page, "orderBy": "id"}).json()
        found += body["items"]
        if len(found) == body["total"]:
            return found


CLASSIC = (
    "CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR(400))",
    "CREATE TABLE book (id INTEGER PRIMARY KEY, title TEXT, author_id INTEGER REFERENCES author (id))",
)


def classic(databases: Databases, backend: str, *more: str) -> str:
    """Create a small database with integer ids, and a test's additions."""
    url = databases.empty(backend)
    before.execute(url, *CLASSIC, *more)
    return url


# --- earlier applications ---


@both
@pytest.mark.parametrize("kept_by", ["flask-migrate", "nobody"])
@pytest.mark.parametrize("application", ["classic", "guide"])
def test_an_earlier_application_s_database_is_adopted_with_every_row(
    databases: Databases, tmp_path: Path, backend: str, application: str, kept_by: str
):
    url = before.make(application, databases.empty(backend), tmp_path, kept=kept_by == "flask-migrate")
    names = ["author", "book", *(["alembic_version"] if kept_by == "flask-migrate" else [])]
    was = {name: before.rows(url, f"SELECT * FROM {name} ORDER BY 1") for name in names}
    whole = before.dump(url)
    file = Path(url.removeprefix("sqlite:///"))
    content = file.read_bytes() if backend == "sqlite" else b""

    dry = adopted(url, "--dry-run")
    assert before.dump(url) == whole
    assert backend != "sqlite" or file.read_bytes() == content

    done = run(ADOPT, DATABASE_URL=url)
    assert done.stderr == ""
    assert done.stdout.splitlines()[:-1] == dry.splitlines()[:-1]
    assert dry.endswith("This was a dry run: nothing was changed.\n")
    assert done.stdout.endswith("Adopted 3 authors and 9 books.\n")
    assert {name: before.rows(url, f"SELECT * FROM before_adoption_{name} ORDER BY 1") for name in names} == was
    assert ("adopted_id" in tables(url)) == (application == "classic")
    assert "alembic_version" not in tables(url)
    check_is_clean(url)

    assert adopted(url) == f"There is nothing to adopt: this is the catalogue, at the newest revision, {head()}.\n"


@pytest.mark.parametrize("backend", BACKENDS)
def test_numbers_become_uuids_and_the_map_says_which(databases: Databases, tmp_path: Path, backend: str):
    # More than two batches of books.
    url = before.make("classic", databases.empty(backend), tmp_path, kept=True, authors=700)
    old_authors = before.rows(url, "SELECT id, name, dob FROM author")
    old_books = before.rows(url, "SELECT id, title, author_id, created_at FROM book")
    started = datetime.now(UTC)
    run(FLASK_ADOPT, DATABASE_URL=url)

    pairs = before.rows(url, "SELECT kind, old_id, new_id FROM adopted_id")
    new = {(kind, old): UUID(str(given)) for kind, old, given in pairs}
    assert len(set(new.values())) == len(pairs) == 700 + 2100
    assert {given.version for given in new.values()} == {7}
    for adapter in ADAPTERS if backend == "postgresql" else ADAPTERS[:1]:
        with deployment(adapter, url) as base:
            authors = {UUID(str(item["id"])): item for item in everything(base, "authors")}
            books = {UUID(str(item["id"])): item for item in everything(base, "books")}
    assert len(authors) == 700
    assert len(books) == 2100
    for number, name, dob in old_authors:
        author = authors[new["author", str(number)]]
        assert (author["name"], author["dob"]) == (name, None if dob is None else str(dob))
        assert author["created_at"] == author["updated_at"] >= started.isoformat()
    for number, title, author_id, created in old_books:
        book = books[new["book", str(number)]]
        assert (book["title"], book["author"]["id"]) == (title, str(new["author", str(author_id)]))  # type: ignore[index]
        assert datetime.fromisoformat(str(book["created_at"])).replace(tzinfo=None).isoformat(" ") == str(created)
        assert book["updated_at"] == book["created_at"]
    assert len({book["slug"] for book in books.values()}) == 2100


@pytest.mark.parametrize(
    ("backend", "adapter"), [("postgresql", "flask"), ("postgresql", "sanic"), ("sqlite", "sanic")]
)
def test_uuids_and_times_are_kept_and_both_adapters_serve_them(
    databases: Databases, tmp_path: Path, backend: str, adapter: str
):
    url = before.make("guide", databases.empty(backend), tmp_path, kept=True)
    binary = "hex(%s)" if backend == "sqlite" else "%s::text"
    old_authors = before.rows(url, f"SELECT {binary % 'id'}, name, dob FROM author")
    old_books = before.rows(url, f"SELECT {binary % 'id'}, title, {binary % 'author_id'} FROM book")
    adopted(url)
    with deployment(adapter, url) as base:
        authors, books = everything(base, "authors"), everything(base, "books")
        one = books[0]
        assert patient.get(f"{base}/authors", params={"searchString": "ZOFIE no3"}).json()["total"] == 1
        made = patient.post(f"{base}/books", json={"title": "Émile", "author_id": authors[0]["id"]})
        assert made.status_code == httpx.codes.CREATED, made.text
        assert patient.patch(f"{base}/books/{one['id']}", json={"year": 1999}).status_code == httpx.codes.OK
    wanted = {(UUID(given), name, None if dob is None else str(dob)) for given, name, dob in old_authors}
    assert {(UUID(str(item["id"])), item["name"], item["dob"]) for item in authors} == wanted
    assert {(UUID(str(item["id"])), item["title"], UUID(item["author"]["id"])) for item in books} == {  # type: ignore[index]
        (UUID(given), title, UUID(author)) for given, title, author in old_books
    }
    first = datetime(2019, 3, 4, 5, 6, 7, 89, UTC)
    assert {datetime.fromisoformat(str(item["created_at"])) for item in books} == {
        first + timedelta(number) for number in (1, 2, 3)
    }
    for item in books:
        made_at, changed = (datetime.fromisoformat(str(item[name])) for name in ("created_at", "updated_at"))
        assert changed - made_at == timedelta(hours=1)


PLURAL = (
    "CREATE TABLE authors (id {id} PRIMARY KEY, name TEXT, birth_date DATE, created {aware}, bio TEXT)",
    "CREATE UNIQUE INDEX ix_author_name ON authors (name)",
    """CREATE TABLE books (id {id} PRIMARY KEY, title TEXT NOT NULL, author_id {id} NOT NULL REFERENCES authors (id),
        isbn VARCHAR(20), publication_year INTEGER, language VARCHAR(50), description TEXT, updated_at TIMESTAMP)""",
    'CREATE INDEX "an index of theirs" ON books (title)',
    "CREATE TABLE review (id INTEGER PRIMARY KEY, book_id {id} REFERENCES books (id))",
    "CREATE VIEW titles AS SELECT title FROM books",
    "INSERT INTO authors VALUES ('{one}', 'Zoë', '1900-02-28', '2020-01-01 12:00:00+02:00', 'x')",
    "INSERT INTO authors VALUES ('{two}', 'Ōe', NULL, NULL, NULL)",
    "INSERT INTO books VALUES ('{three}', 'A', '{one}', '0-306-40615-2', -750, 'en_gb', 'l1\r\nl2', '2021-01-01')",
    "INSERT INTO books VALUES ('{four}', 'A', '{one}', ' ', NULL, '', NULL, NULL)",
    "INSERT INTO review VALUES (1, '{three}')",
)


@both
def test_what_the_catalogue_has_a_place_for_is_carried_under_its_own_name(databases: Databases, backend: str):
    url = databases.empty(backend)
    kinds = {"sqlite": ("VARCHAR(36)", "TIMESTAMP"), "postgresql": ("UUID", "TIMESTAMPTZ")}[backend]
    ids = {name: str(UUID(int=number << 100 | 4 << 76)) for number, name in enumerate(["one", "two", "three", "four"])}
    before.execute(url, *(item.format(id=kinds[0], aware=kinds[1], **ids) for item in PLURAL))
    was = {name: before.rows(url, f"SELECT * FROM {name} ORDER BY id") for name in ("authors", "books")}
    told = adopted(url)

    assert {name: before.rows(url, f"SELECT * FROM before_adoption_{name} ORDER BY id") for name in was} == was
    books = before.rows(url, "SELECT title, isbn, year, language, description FROM book ORDER BY id")
    assert books == [("A", "9780306406157", -750, "en-GB", "l1\nl2"), ("A", None, None, None, None)]
    dobs = before.rows(url, "SELECT name, dob FROM author ORDER BY id")
    assert [(name, dob and str(dob)) for name, dob in dobs] == [("Zoë", "1900-02-28"), ("Ōe", None)]
    ((made, changed),) = before.rows(url, "SELECT created_at, updated_at FROM author WHERE name = 'Zoë'")
    assert made == changed
    assert str(made).startswith("2020-01-01 10:00:00")
    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert "authors.birth_date 1 1 author.dob" in lines
    assert "authors.bio 1 - stays in before_adoption_authors" in lines
    assert "books.isbn: 1 text to ISBN, such as '0-306-40615-2' -> '9780306406157'" in told
    assert "What refers to these tables refers to them under the new names: review." in told
    check_is_clean(url)

    # What referred to the old tables still does.
    assert before.rows(url, "SELECT title FROM titles") == [("A",), ("A",)]
    query = "SELECT title FROM review JOIN before_adoption_books b ON b.id = review.book_id"
    assert before.rows(url, query) == [("A",)]
    catalog = "SELECT name FROM sqlite_master" if backend == "sqlite" else "SELECT relname FROM pg_class"
    relations = {name for (name,) in before.rows(url, catalog)}
    assert {"before_adoption_ix_author_name", "before_adoption_an index of theirs", "ix_author_name"} <= relations
    with pytest.raises(Exception, match=r"UNIQUE|unique"):
        before.execute(url, f"INSERT INTO before_adoption_authors (id, name) VALUES ('{UUID(int=9)}', 'Zoë')")


@pytest.mark.unsampled
@both
def test_a_version_table_of_advanced_alchemy_s_makes_room_for_ours(databases: Databases, tmp_path: Path, backend: str):
    url = before.make("guide", databases.empty(backend), tmp_path, kept=False)
    # Even if its revision has the name of one of ours.
    before.execute(
        url,
        "CREATE TABLE alembic_versions (version_num VARCHAR(32) NOT NULL, "
        "CONSTRAINT alembic_versions_pkc PRIMARY KEY (version_num))",
        "INSERT INTO alembic_versions VALUES ('0001')",
    )
    told = adopted(url)
    assert "alembic_versions is advanced-alchemy's table of versions, at revision 0001." in told
    assert before.rows(url, "SELECT * FROM before_adoption_alembic_versions") == [("0001",)]
    assert before.rows(url, "SELECT * FROM alembic_versions") == [(head(),)]
    check_is_clean(url)


# --- our own tables ---


@both
def test_what_create_all_makes_is_what_the_history_makes_and_is_only_written_down(databases: Databases, backend: str):
    url = databases.empty(backend)
    engine = before.engine(url)
    Base.metadata.create_all(engine)
    engine.dispose()
    before.execute(url, "CREATE TABLE loan (id INTEGER PRIMARY KEY)", *AN_AUTHOR)
    rows = before.rows(url, "SELECT * FROM author")
    told = adopted(url)
    assert told == (
        f"Found the catalogue's own tables, exactly as revision {head()} makes them.\n"
        f"  1. Record that the database is at revision {head()}.\n"
        "Adopted the catalogue.\n"
    )
    assert before.rows(url, "SELECT * FROM alembic_versions") == [(head(),)]
    assert before.rows(url, "SELECT * FROM author") == rows
    source = {SOURCE} if backend == "sqlite" else set()
    assert tables(url) == {*Base.metadata.tables, "loan", "alembic_versions"} | source
    check_is_clean(url)


AN_AUTHOR = (
    """INSERT INTO author (id, name, slug, search_text, sort_key, created_at, updated_at) VALUES
        ('01a1fbd755dd7561861e8d0bba31278f', 'A', 'a', 'a', 'a', '2020-01-01 00:00:00', '2020-01-01 00:00:00')""",
)


@both
def test_an_earlier_revision_s_tables_are_found_and_upgraded(databases: Databases, backend: str):
    url = databases.empty(backend)
    commands.done(url, "database", "upgrade", "--no-prompt", "0001")
    before.execute(url, "DROP TABLE alembic_versions", *AN_AUTHOR)
    columns = "SELECT id, name, dob, slug, search_text, sort_key, created_at, updated_at FROM author"
    rows = before.rows(url, columns)
    told = adopted(url)
    # On SQLite the second revision changes nothing.
    revision = "0001" if backend == "postgresql" else "0002"
    assert f"exactly as revision {revision} makes them." in told
    assert f"Upgrade it to revision {head()}." in told
    assert before.rows(url, "SELECT * FROM alembic_versions") == [(head(),)]
    assert before.rows(url, columns) == rows
    check_is_clean(url)
    if backend == "postgresql":
        collations = "SELECT DISTINCT collation_name FROM information_schema.columns WHERE column_name = 'slug'"
        assert before.rows(url, collations) == [("C",)]


@pytest.mark.unsampled
@both
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("DROP INDEX ix_book_author_id", "book has no index ix_book_author_id."),
        ("ALTER TABLE tag ADD COLUMN colour VARCHAR(9)", "tag has a column colour too many."),
        ("CREATE UNIQUE INDEX ix_book_title ON book (title)", "book has an index ix_book_title too many."),
    ],
)
def test_tables_of_ours_that_were_changed_by_hand_are_refused(
    databases: Databases, backend: str, change: str, told: str
):
    url = databases.migrated(backend)
    before.execute(url, "DROP TABLE alembic_versions", change)
    assert refused(url) == [f"This looks like the catalogue at revision {head()}, but {told}"]


@both
def test_what_is_kept_already_is_left_alone(databases: Databases, backend: str):
    url = databases.migrated(backend)
    was = before.dump(url)
    done = adopt(url)
    assert (done.exit_code, before.dump(url)) == (0, was)
    assert done.output == f"There is nothing to adopt: this is the catalogue, at the newest revision, {head()}.\n"
    commands.done(url, "database", "downgrade", "--no-prompt", "0001")
    assert adopt(url).output == (
        "There is nothing to adopt: this is the catalogue, at revision 0001. `diptych database upgrade` goes on.\n"
    )


@both
def test_a_newer_releases_revision_is_not_taken_for_another_applications(databases: Databases, backend: str):
    url = databases.migrated(backend)
    before.execute(url, "UPDATE alembic_versions SET version_num = '9999'")
    assert refused(url) == ["This looks like the catalogue at revision 9999, which is not one of this release's."]


# --- nothing, and what is not known ---


@both
def test_there_is_nothing_to_adopt_where_there_is_nothing(databases: Databases, backend: str):
    url = databases.empty(backend)
    done = adopt(url)
    assert done.exit_code == 0
    assert done.output.startswith("There is nothing to adopt: ")
    assert done.output.endswith(" `diptych database upgrade` makes them.\n") or backend == "sqlite"
    assert backend == "postgresql" or not Path(url.removeprefix("sqlite:///")).exists()
    commands.done(url, "database", "upgrade", "--no-prompt")
    check_is_clean(url)


AUTHOR, BOOK = CLASSIC
PLAN = "`diptych database adopt --write-plan plan.toml` writes a plan to complete, and `--plan plan.toml` uses it."
UNKNOWN = {
    "other tables": (
        ["CREATE TABLE member (id INTEGER)", "CREATE TABLE loan (id INTEGER)"],
        ["There are tables here (loan, member), but none is known to hold books.", PLAN],
    ),
    "no books": ([AUTHOR], ["There are tables here (author), but none is known to hold books.", PLAN]),
    "two of each": (
        [AUTHOR, BOOK, AUTHOR.replace("author", "authors"), BOOK.replace("book", "books")],
        [
            'author and authors may both hold authors: a plan says which, [authors] table = "...".',
            'book and books may both hold books: a plan says which, [books] table = "...".',
        ],
    ),
    "other columns": (
        [AUTHOR.replace("name", "pen"), BOOK.replace("title", "tittle")],
        [
            (
                "author has no column name; it has id, pen. Say which it is: --column author.name=COLUMN,"
                ' or name = "COLUMN" under [authors] in a plan.'
            ),
            (
                "book has no column title; it has id, tittle, author_id. Say which it is: --column book.title=tittle,"
                ' or title = "tittle" under [books] in a plan.'
            ),
        ],
    ),
    "another key": (
        [
            "CREATE TABLE author (id INTEGER, name TEXT, PRIMARY KEY (id, name))",
            BOOK.replace("REFERENCES author (id)", ""),
        ],
        ['author has no primary key of one column: [authors] id = "..." in a plan names a unique one.'],
    ),
    "no author": (
        [BOOK.replace("author_id INTEGER REFERENCES author (id)", "pages INTEGER")],
        [
            (
                "book has no author: --column book.author=COLUMN for a column with names,"
                ' author_id = "COLUMN" under [books] in a plan for a reference to the table that [authors] names,'
                " a section [contributors] in a plan for a table that ties books to authors, or --default-author NAME."
            )
        ],
    ),
    "no reference": (
        [AUTHOR, BOOK.replace("author_id INTEGER REFERENCES author (id)", "pages INTEGER")],
        [
            (
                "book has no author: --column book.author=COLUMN for a column with names,"
                " --column book.author_id=COLUMN for a reference to author,"
                " a section [contributors] in a plan for a table that ties books to authors, or --default-author NAME."
            )
        ],
    ),
    "two references": (
        [AUTHOR, BOOK.replace("author_id", "editor INTEGER REFERENCES author (id), writer")],
        ['editor and writer of book refer to authors: author_id = "..." says which.'],
    ),
    "a view in the way": (
        [AUTHOR, BOOK, "CREATE VIEW tag AS SELECT 1 AS id"],
        ["There is tag already, and its name is needed: rename it first."],
    ),
    "a view in the way of a later revision": (
        [AUTHOR, BOOK, *(f"CREATE VIEW {name} AS SELECT 1 AS x" for name in ("ix_book_isbn_id", "ix_tag_created_at"))],
        [
            "There is ix_book_isbn_id already, and its name is needed: rename it first.",
            "There is ix_tag_created_at already, and its name is needed: rename it first.",
        ],
    ),
    "a kept table in the way": (
        [AUTHOR, BOOK, "CREATE TABLE before_adoption_book (id INTEGER)", "CREATE TABLE adopted_id (id INTEGER)"],
        [
            "There is adopted_id already, and its name is needed: rename it first.",
            "There is before_adoption_book already, and its name is needed: rename it first.",
        ],
    ),
}


@both
@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_known_is_refused_with_every_reason(databases: Databases, backend: str, name: str):
    statements, reasons = UNKNOWN[name]
    url = databases.empty(backend)
    before.execute(url, *statements)
    assert refused(url) == reasons


WORDS = {
    "sqlite": ("CREATE VIEW book_words AS SELECT 1 AS x", "book_words"),
    "postgresql": (
        "CREATE FUNCTION catalogue_words(text) RETURNS text LANGUAGE sql AS 'SELECT $1'",
        "catalogue_words()",
    ),
}


@both
def test_names_that_only_the_word_index_needs_are_looked_at_before_anything_is_done(databases: Databases, backend: str):
    statement, name = WORDS[backend]
    url = classic(databases, backend, statement, *ONE)
    assert refused(url) == [f"There is {name} already, and its name is needed: rename it first."]


@pytest.mark.unsampled
@both
def test_a_column_can_be_left_where_it_is(databases: Databases, backend: str):
    more = ("ALTER TABLE book ADD COLUMN language VARCHAR(40)", "ALTER TABLE book ADD COLUMN year VARCHAR(4)")
    url = classic(databases, backend, *more, *ONE, "UPDATE book SET language = 'Klingonish', year = '18--'")
    leave = ("--leave", "book.language", "--leave", "book.year")
    assert refused(url, *leave[2:]) == [
        (
            "book.language: 'Klingonish' (row 1) is not a BCP 47 tag, such as en or zh-Hant-TW:"
            ' --value "book.language:Klingonish=..." or --leave book.language'
        )
    ]
    assert refused(url, *leave, "--leave", "book.langage") == [
        "--leave book.langage: there is no such column; did you mean language?"
    ]
    assert refused(url, *leave, "--leave", "book.title")[0].startswith("book has no column title; it has id, title,")
    assert "  book.year            1      -  stays in before_adoption_book\n" in adopted(url, *leave)
    assert before.rows(url, "SELECT language, year FROM book") == [(None, None)]
    assert before.rows(url, "SELECT language, year FROM before_adoption_book") == [("Klingonish", "18--")]


@both
def test_tables_and_indexes_in_the_way_are_renamed_and_others_keep_their_names(databases: Databases, backend: str):
    url = classic(
        databases,
        backend,
        *ONE,
        "CREATE TABLE tag (id INTEGER, colour TEXT)",
        "CREATE TABLE shop (id INTEGER)",
        "CREATE INDEX ix_book_author_id ON shop (id)",
        "CREATE INDEX ix_colour ON tag (colour)",
        "INSERT INTO tag VALUES (1, 'red')",
    )
    told = adopted(url)
    assert "tag to before_adoption_tag, ix_book_author_id to before_adoption_ix_book_author_id." in told
    assert "Other tables are left alone: shop." in told
    assert before.rows(url, "SELECT * FROM before_adoption_tag") == [(1, "red")]
    assert before.rows(url, "SELECT count(*) FROM tag") == [(0,)]
    check_is_clean(url)


@both
def test_a_foreign_key_that_was_never_declared_is_followed(databases: Databases, backend: str):
    url = databases.empty(backend)
    before.execute(url, AUTHOR, BOOK.replace("REFERENCES author (id)", ""), *ONE)
    before.execute(url, "INSERT INTO book VALUES (2, 'Odyssey', 7)")
    assert refused(url) == [
        (
            "book.author_id: an author that is left out or does not exist (row 2):"
            " --default-author NAME gives them one,"
            ' --where "book=author_id IN (SELECT id FROM author WHERE true)" leaves them out'
        )
    ]
    adopted(url, "--where", "book=author_id IN (SELECT id FROM author WHERE true)")
    assert before.rows(url, "SELECT title, name FROM book JOIN author ON author.id = author_id") == [("Iliad", "Homer")]


# --- rows that cannot be carried ---

ONE = ("INSERT INTO author VALUES (1, 'Homer')", "INSERT INTO book (id, title, author_id) VALUES (1, 'Iliad', 1)")


@both
def test_every_row_that_cannot_be_copied_is_reported_at_once(databases: Databases, backend: str):
    marks = f"e{chr(0x301) * 31}"
    url = classic(
        databases,
        backend,
        "ALTER TABLE book ADD COLUMN isbn VARCHAR(20)",
        "ALTER TABLE book ADD COLUMN year INTEGER",
        f"INSERT INTO author VALUES (1, ''), (2, NULL), (3, '{'x' * 256}'), (4, 'a\x01b'), (5, ' \t'), (6, 'Homer')",
        f"INSERT INTO author VALUES (7, '{marks}')",
        f"INSERT INTO book VALUES (1, '{'y' * 1001}', 6, '9780306406157', 3001), (2, 'b', NULL, '0306406152', 1)",
        "INSERT INTO book VALUES (3, 'c', 6, '9780306406158', NULL)",
    )
    assert refused(url) == [
        (
            'author.name: no value (3 rows, the first is 1): --value "author.name:=..." gives one,'
            ' --where "author=..." leaves such rows out'
        ),
        (
            f"author.name: '{'x' * 55}...' (row 3) has 256 characters, and 255 is the most:"
            ' --where "author=..." leaves such rows out'
        ),
        (
            "author.name: 'a\\x01b' (row 4) contains a control character (U+0001):"
            ' --where "author=..." leaves such rows out'
        ),
        (
            f"author.name: '{marks}' (row 7) has more than 30 combining marks in a row: --value"
            f' "author.name:{marks}=..." or --where "author=..." leaves such rows out'
        ),
        (
            f"book.title: '{'y' * 55}...' (row 1) has 1,001 characters, and 1,000 is the most:"
            ' --where "book=..." leaves such rows out'
        ),
        'book.year: 3001 (row 1) is not between -4000 and 3000: --value "book.year:3001=..." or --leave book.year',
        (
            "book.author_id: no author (row 2): --default-author NAME gives them one,"
            ' --where "book=author_id IS NOT NULL" leaves them out'
        ),
        (
            "book.isbn: '9780306406157' (row 2) is the ISBN of another row too:"
            ' --value "book.isbn:0306406152=" adopts rows with this value without it, or --leave book.isbn'
        ),
        (
            "book.isbn: '9780306406158' (row 3) cannot be used: ISBN check digit is wrong:"
            ' --value "book.isbn:9780306406158=..." or --leave book.isbn'
        ),
    ]


@both
def test_what_is_refused_is_grouped_by_value_and_a_limited_number_of_values_is_listed(
    databases: Databases, backend: str
):
    more = ["ALTER TABLE book ADD COLUMN language VARCHAR(40)", *ONE]
    rows = [f"({2 + number}, 'x', 1, 'Klingonish {number % 30}')" for number in range(2100)]
    url = classic(databases, backend, *more, f"INSERT INTO book VALUES {', '.join(rows)}")
    reasons = refused(url)
    assert len(reasons) == 21
    assert reasons[0] == (
        "book.language: 'Klingonish 0' (70 rows, the first is 2) is not a BCP 47 tag, such as en or zh-Hant-TW:"
        ' --value "book.language:Klingonish 0=..." or --leave book.language'
    )
    assert reasons[20] == "book.language: and 10 more values"


def test_sqlite_may_hold_anything_anywhere(databases: Databases):
    url = databases.empty("sqlite")
    good = UUID(int=5).hex
    before.execute(
        url,
        "CREATE TABLE author (id BINARY(16) NOT NULL, name VARCHAR, dob DATE, created_at DATETIME, PRIMARY KEY (id))",
        "CREATE TABLE book (id CHAR(32) PRIMARY KEY, title BLOB, author_id BINARY(16) REFERENCES author (id))",
        f"INSERT INTO author VALUES (x'{good}', 'ok', '1900-01-01', '2020-01-01T00:00:00Z')",
        "INSERT INTO author VALUES (7, x'00ff', '1.1.1900', 12), (x'01', CAST(x'ff' AS TEXT), 1900, 'noon')",
        f"INSERT INTO author VALUES ('{UUID(int=5)}', 'a' || char(0) || 'b', '0000-01-01', '2020-13-01 00:00:00')",
        f"INSERT INTO book VALUES (NULL, 'no id', x'{good}'), ('{UUID(int=6)}', 'gone', x'{UUID(int=9).hex}')",
        f"INSERT INTO book VALUES ('{UUID(int=6).hex}', 'twice', x'{good}'), ('6', 3.5, x'{good}')",
    )
    five, six = UUID(int=5), UUID(int=6)
    without = '--where "author=..." leaves such rows out'
    no_date, no_time = "is no date of the years 1 to 9999, written YYYY-MM-DD:", "is no time of the years 1 to 9999:"
    assert refused(url) == [
        f'author.name: 00ff (row 7) is bytes that are no UTF-8 text: --value "author.name:00ff=..." or {without}',
        f'author.name: ff (row 01) is bytes that are no UTF-8 text: --value "author.name:ff=..." or {without}',
        f"author.name: 'a\\x00b' (row {five}) contains a control character (U+0000): {without}",
        f"author.dob: '1.1.1900' (row 7) {no_date} --value \"author.dob:1.1.1900=...\" or --leave author.dob",
        f'author.dob: 1900 (row 01) {no_date} --value "author.dob:1900=..." or --leave author.dob',
        f"author.dob: '0000-01-01' (row {five}) {no_date} --value \"author.dob:0000-01-01=...\" or --leave author.dob",
        f'author.created_at: 12 (row 7) {no_time} --value "author.created_at:12=..." or --leave author.created_at',
        (
            f"author.created_at: 'noon' (row 01) {no_time} --value \"author.created_at:noon=...\""
            " or --leave author.created_at"
        ),
        (
            f"author.created_at: '2020-13-01 00:00:00' (row {five}) {no_time}"
            ' --value "author.created_at:2020-13-01 00:00:00=..." or --leave author.created_at'
        ),
        f"author.id: '{five}' (row {five}) is the id of another row too: --where \"author=...\" leaves one of them out",
        'book.id: no value (row without an id): --where "book=..." leaves such rows out',
        (
            f"book.id: '{six.hex}' (row {six.hex}) is the id of another row too:"
            ' --where "book=..." leaves one of them out'
        ),
        (
            f"book.author_id: an author that is left out or does not exist (row {six}):"
            " --default-author NAME gives them one,"
            ' --where "book=author_id IN (SELECT id FROM author WHERE true)" leaves them out'
        ),
    ]


@pytest.mark.unsampled
def test_postgresql_has_days_and_times_that_are_in_no_calendar(databases: Databases):
    url = databases.empty("postgresql")
    no_date = "is no date of the years 1 to 9999, written YYYY-MM-DD: --value"
    no_time = "is no time of the years 1 to 9999: --value"
    # In this database alone: other tests have others on the same server.
    database = f"ALTER DATABASE {make_url(url).database}"
    before.execute(
        url,
        "CREATE TABLE author (id UUID PRIMARY KEY, name TEXT, dob DATE, updated_at TIMESTAMPTZ)",
        "CREATE TABLE book (id UUID PRIMARY KEY, title TEXT, author_id UUID REFERENCES author (id))",
        f"INSERT INTO author VALUES ('{UUID(int=1)}', 'a', '-infinity', 'infinity')",
        f"INSERT INTO author VALUES ('{UUID(int=2)}', 'Cicero', '0106-01-03 BC', '10000-01-01')",
        f"INSERT INTO author VALUES ('{UUID(int=3)}', 'ok', '1999-12-31', '2020-02-03 04:05:06.5+05:30')",
        f"{database} SET datestyle = 'German'",
    )
    try:
        assert refused(url) == [
            f"author.dob: '-infinity' (row {UUID(int=1)}) {no_date} \"author.dob:-infinity=...\" or --leave author.dob",
            (
                f"author.dob: '0106-01-03 BC' (row {UUID(int=2)}) {no_date} \"author.dob:0106-01-03 BC=...\""
                " or --leave author.dob"
            ),
            (
                f"author.updated_at: 'infinity' (row {UUID(int=1)}) {no_time} \"author.updated_at:infinity=...\""
                " or --leave author.updated_at"
            ),
            (
                f"author.updated_at: '10000-01-01 00:00:00+00' (row {UUID(int=2)}) {no_time}"
                ' "author.updated_at:10000-01-01 00:00:00+00=..." or --leave author.updated_at'
            ),
        ]
        before.execute(url, "DELETE FROM author WHERE name <> 'ok'")
        adopted(url)
    finally:
        before.execute(url, f"{database} RESET datestyle")
    ((dob, changed),) = before.rows(url, "SELECT dob, updated_at FROM author")
    assert (dob, changed) == (date(1999, 12, 31), datetime(2020, 2, 2, 22, 35, 6, 500000, UTC))


@both
def test_text_is_put_into_nfc_and_the_plan_says_of_how_much(databases: Databases, backend: str):
    decomposed = unicodedata.normalize("NFD", "Émile")
    url = classic(
        databases,
        backend,
        f"INSERT INTO author VALUES (1, 'Zola'), (2, '{decomposed}'), (3, ' {decomposed} ')",
        f"INSERT INTO book VALUES (1, '{decomposed}', 1)",
    )
    told = adopted(url, "--dry-run")
    assert f"author.name: 2 in another form, such as '{decomposed}' -> 'Émile', ' {decomposed} ' -> 'Émile'\n" in told
    assert f"book.title: 1 in another form, such as '{decomposed}' -> 'Émile'\n" in told
    adopted(url)
    assert before.rows(url, "SELECT DISTINCT name FROM author ORDER BY name") == [("Zola",), ("Émile",)]
    assert before.rows(url, "SELECT name FROM before_adoption_author WHERE id = 2") == [(decomposed,)]
    assert before.rows(url, "SELECT title, slug, search_text, sort_key FROM book") == [
        ("Émile", "emile", "emile", "emile")
    ]


# --- whole or not at all ---

REFUSING = {
    "sqlite": (
        "CREATE TRIGGER no BEFORE INSERT ON alembic_versions BEGIN SELECT RAISE(ABORT, 'not today'); END",
        "DROP TRIGGER no",
    ),
    "postgresql": (
        """CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$;
        CREATE TRIGGER no BEFORE INSERT ON alembic_versions FOR EACH ROW EXECUTE FUNCTION no()""",
        "DROP TRIGGER no ON alembic_versions",
    ),
}


@both
def test_a_failure_in_the_last_step_leaves_nothing_behind(databases: Databases, tmp_path: Path, backend: str):
    url = before.make("classic", databases.empty(backend), tmp_path, kept=True)
    refuse, allow = REFUSING[backend]
    before.execute(url, "CREATE TABLE alembic_versions (version_num VARCHAR(32) NOT NULL PRIMARY KEY)", refuse)
    was = before.dump(url)
    done = adopt(url)
    assert done.exit_code == 1
    assert done.stderr == "Error: The database refused a statement, and nothing was changed: not today\n"
    assert before.dump(url) == was
    before.execute(url, allow)
    adopted(url)
    check_is_clean(url)


@pytest.mark.unsampled
@both
def test_there_is_a_way_back(databases: Databases, tmp_path: Path, backend: str):
    url = before.make("classic", databases.empty(backend), tmp_path, kept=True)
    names = ("author", "book", "alembic_version")
    was = {name: before.rows(url, f"SELECT * FROM {name} ORDER BY 1") for name in names}
    adopted(url)
    commands.done(url, "database", "downgrade", "--no-prompt", "base")
    before.execute(
        url, "DROP TABLE adopted_id", *(f"ALTER TABLE before_adoption_{name} RENAME TO {name}" for name in names)
    )
    assert {name: before.rows(url, f"SELECT * FROM {name} ORDER BY 1") for name in names} == was
    adopted(url)
    check_is_clean(url)


@pytest.mark.unsampled
@both
def test_of_two_adoptions_at_once_one_finds_nothing_to_do(databases: Databases, tmp_path: Path, backend: str):
    url = before.make("guide", databases.empty(backend), tmp_path, kept=True, authors=40)
    if backend == "sqlite":
        # Otherwise SQLite fails to commit after a tenth of a second in which another connection reads.
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
    started = [
        subprocess.Popen(
            ADOPT,
            cwd=ROOT,
            env=environment(DATABASE_URL=url),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(3)
    ]
    told = [process.communicate(timeout=PATIENCE)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], "\n".join(told)
    assert sum("Adopted 40 authors and 120 books.\n" in item for item in told) == 1
    assert sum("There is nothing to adopt" in item for item in told) == 2
    check_is_clean(url)


@pytest.mark.unsampled
def test_an_adoption_waits_for_a_migration(databases: Databases, tmp_path: Path):
    url = before.make("guide", databases.empty("postgresql"), tmp_path, kept=False)
    with psycopg.connect(url) as connection:
        connection.execute(f"SELECT pg_advisory_xact_lock({LOCK})")
        with subprocess.Popen(ADOPT, cwd=ROOT, env=environment(DATABASE_URL=url), stdout=subprocess.PIPE) as waiting:
            with pytest.raises(subprocess.TimeoutExpired):
                waiting.wait(timeout=6)
            there = tables(url)
            connection.rollback()
            assert waiting.wait(timeout=PATIENCE) == 0
    assert there == {"author", "book"}
    check_is_clean(url)


@pytest.mark.unsampled
def test_sessions_that_still_use_the_tables_are_not_waited_for_long(databases: Databases):
    url = classic(databases, "postgresql", *ONE)
    was = before.dump(url)
    with psycopg.connect(url) as connection:
        connection.execute("SELECT * FROM book")
        done = adopt(url)
        assert done.exit_code == 1
        assert done.stderr.splitlines() == [
            "Error: The database cannot serve this now. canceling statement due to lock timeout"
        ]
    assert before.dump(url) == was


@pytest.mark.unsampled
def test_a_database_that_cannot_be_reached_is_reported_in_one_line():
    done = run(ADOPT, check=False, DATABASE_URL="postgresql://u@127.0.0.1:1/db")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The database cannot be reached.")
    assert "Traceback" not in done.stderr


@pytest.mark.unsampled
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_sees_how_far_it_is(databases: Databases, tmp_path: Path, in_terminal: Callable[..., str]):
    url = before.make("classic", databases.empty("sqlite"), tmp_path, kept=False, authors=50)
    told = in_terminal(ADOPT, url)
    for doing in ("Reading", "Copying"):
        assert doing in told
    assert "100%" in told
    assert told.rstrip().endswith("Adopted 50 authors and 150 books.")


@pytest.fixture
def in_terminal() -> Callable[..., str]:
    def ran(command: list[str], url: str) -> str:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(DATABASE_URL=url), stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        told = b""
        while select.select([ours], [], [], PATIENCE)[0]:
            try:
                told += os.read(ours, 65536)
            except OSError:  # EPIPE or EIO, which Linux raises when the writer has gone
                break
        os.close(ours)
        assert process.wait(timeout=PATIENCE) == 0, told
        return told.decode()

    return ran
