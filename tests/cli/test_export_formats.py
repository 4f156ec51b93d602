"""`diptych export --format`: a catalogue with everything in it, into each format and into an empty catalogue."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert, literal, select

from diptych.core.catalogue.books.model import Book, BookIdentifier
from diptych.core.database import sync_config
from diptych.core.formats.record import BookRecord, Contributor, Identifier, SeriesPosition, TagName
from diptych.core.formats.registry import WRITTEN, format_named
from diptych.core.import_export import export_records as exporting
from diptych.core.import_export.export_records import count_books, export_records
from diptych.core.import_export.import_books import load_books
from diptych.core.import_export.restore import count_lines
from diptych.core.settings import Settings
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.unit_of_work import Database
from tests.support.commands import done, invoked, refused
from tests.support.databases import BACKENDS, environment
from tests.support.forked import on_a_terminal

Catalogues = Callable[[str], str]

SUMMER = BookRecord(
    line=1,
    title="The Summer Book",
    subtitle="A Novel",
    contributors=(
        Contributor("Tove Jansson", "author", "Jansson, Tove", "person", 1914, 2001),
        Contributor("Thomas Teal", "translator", "Teal, Thomas"),
        Contributor("Esther Freud", "foreword"),
        Contributor("Sort of Books", "editor", kind="body"),
        Contributor("Someone Else", "other"),
    ),
    isbn="9780954221713",
    published="1972-05-31",
    year=1972,
    language="en-GB",
    original_title="Sommarboken",
    original_language="sv",
    original_year=1971,
    description="A girl and her grandmother.\n\nOn an island.",
    publisher="Sort of Books; London",
    edition="2nd, revised edition",
    format="paperback",
    pages=180,
    url="https://example.org/the-summer-book?a=1&b=2",
    identifiers=(
        Identifier("doi", "10.1000/a,b"),
        Identifier("isbn", "9780306406157"),
        Identifier("issn", "2049-3630"),
        Identifier("oclc", "12345"),
    ),
    series=(SeriesPosition("Islands", "2.5"), SeriesPosition("Modern Classics")),
    tags=(TagName("finland -- fiction", "lcsh"), TagName("summer")),
)
FORMULA = BookRecord(line=2, title="=1+1", contributors=(Contributor("@cmd", "author"),), tags=(TagName("-x"),))
ILIAD = BookRecord(
    line=3,
    title="Iliad",
    contributors=(Contributor("Homer", "author"), Contributor("Émile V. Rieu", "translator")),
    published="-0750",
    year=-750,
)
BOOKS = [SUMMER, FORMULA, ILIAD]


@pytest.fixture
def url(catalogue: Catalogues, request: pytest.FixtureRequest) -> str:
    """Return the URL of a catalogue with BOOKS, on SQLite unless the test says otherwise."""
    url = catalogue(getattr(request, "param", "sqlite"))
    fill(url, BOOKS)
    return url


def opened(url: str) -> Database:
    return Database(sync_config(Settings(database_url=url)))


def fill(url: str, given: list[BookRecord]) -> None:
    database = opened(url)
    database.run_in_transaction(lambda session: load_books(session, given))
    database.close()


def stored(url: str, *lost: str) -> list[dict[str, Any]]:
    """Return the books of a catalogue by title, without what names their rows and what a format loses.

    lost: members of a book, and "contributors.kind" and the like.
    """
    database = opened(url)
    with database.snapshot() as executor:
        books = sorted(export_records(executor), key=lambda book: book.title)
    database.close()
    return [_comparable(book, {"line", "record_id", "modified", *lost}) for book in books]


def _comparable(book: BookRecord, lost: set[str]) -> dict[str, Any]:
    members = json.loads(msgspec.json.encode(book))
    for each in lost:
        name, _, inner = each.partition(".")
        for item in members.get(name, ()) if inner else ():
            item.pop(inner, None)
        if not inner:
            members.pop(name, None)
    # Some formats have a list for each role.
    members["contributors"].sort(key=json.dumps)
    return members


PEOPLE = ("contributors.birth_year", "contributors.death_year", "contributors.kind")
LOST = {
    "marc": (),
    "marcxml": (),
    "bibtex": (*PEOPLE, "tags.scheme"),
    "ris": (*PEOPLE, "tags.scheme"),
    "csl": (*PEOPLE, "tags.scheme"),
    "csv": (*PEOPLE, "tags.scheme", "contributors.sort_name"),
    "tsv": (*PEOPLE, "tags.scheme", "contributors.sort_name", "description"),
}
"""What does not survive, as docs/formats.md says."""


@pytest.mark.parametrize(
    ("backend", "name"),
    [("sqlite", name) for name in WRITTEN if format_named(name).is_read] + [("postgresql", "csv")],
)
def test_what_is_exported_is_imported_into_an_empty_catalogue_less_what_the_format_loses(
    catalogue: Catalogues, backend: str, name: str, tmp_path: Path
):
    url, other = catalogue(backend), catalogue(backend)
    fill(url, BOOKS)
    path = str(tmp_path / f"books{format_named(name).suffixes[0]}")
    told = invoked(url, "export", "-o", path)
    assert (told.exit_code, told.stdout, told.stderr) == (0, "", f"3 books written as {format_named(name).label}\n")
    result = invoked(other, "import", path)
    assert result.stdout == "3 rows: 3 created, 0 updated, 0 unchanged, 0 rejected\n"
    assert "left out" not in result.stderr
    assert "ignored" not in result.stderr
    assert stored(other, *LOST[name]) == stored(url, *LOST[name])


@pytest.mark.parametrize("url", BACKENDS, indirect=True)
def test_records_are_read_page_by_page_by_a_fixed_number_of_statements(url: str, monkeypatch: pytest.MonkeyPatch):
    fill(url, [BookRecord(line=number, title=f"T{number}") for number in range(1, 5)])
    sent: list[str] = []
    execute = Executor._execute

    def counting(executor: Executor, text: str, *arguments: Any, **options: Any) -> Any:
        sent.append(text)
        return execute(executor, text, *arguments, **options)

    monkeypatch.setattr(Executor, "_execute", counting)
    monkeypatch.setattr(exporting, "PAGE", 3)
    database = opened(url)
    with database.snapshot() as executor:
        books = export_records(executor)
        assert [next(books).line for _ in range(3)] == [1, 2, 3]
        assert len(sent) == 7  # books; tags, contributors, identifiers, series, publishers; what is known of people
        rest = list(books)
    database.close()
    assert [book.line for book in rest] == [4, 5, 6, 7]
    assert len(sent) == 7 + 6 + 6  # the other pages have no publishers


def test_a_record_has_what_is_known_of_people_the_id_of_its_book_and_its_isbn_once(url: str):
    database = opened(url)
    again = select(Book.id, literal(f"isbn:{SUMMER.isbn}")).where(Book.isbn == SUMMER.isbn)
    database.run_in_transaction(
        lambda session: session.execute(insert(BookIdentifier).from_select(["book_id", "identifier"], again))
    )
    with database.snapshot() as executor:
        records = {book.title: book for book in export_records(executor)}
    database.close()
    summer = records[SUMMER.title]
    ids = [line["id"] for line in map(json.loads, done(url, "export").splitlines()) if line["type"] == "book"]
    assert summer.record_id in ids
    assert msgspec.structs.replace(summer, line=1, record_id=None, modified=None) == SUMMER


@pytest.mark.parametrize("url", BACKENDS, indirect=True)
def test_what_the_bar_expects_is_what_is_exported(url: str):
    database = opened(url)
    assert database.read(count_books) == len(BOOKS)
    assert database.read(count_lines) == len(done(url, "export").splitlines())
    database.close()


# --- the format ---


def begins(content: bytes) -> str:
    """Return the format that the first bytes show."""
    marks = {
        b"title,": "csv",
        b"title\t": "tsv",
        b"@book{": "bibtex",
        b"TY  - ": "ris",
        b"<?xml": "marcxml",
        b"[": "csl",
    }
    return next((name for mark, name in marks.items() if content.startswith(mark)), "jsonl")


@pytest.mark.parametrize(
    ("file", "arguments", "name"),
    [
        ("books.CSV", (), "csv"),
        ("books.tab", (), "tsv"),
        ("books.bib", (), "bibtex"),
        ("books.marc.xml", (), "marcxml"),
        ("books.csl.json", (), "csl"),
        ("books.jsonl", (), "jsonl"),
        ("books.json", (), "jsonl"),
        ("books", (), "jsonl"),
        ("books.csv", ("--format", "ris"), "ris"),
    ],
)
def test_the_format_is_what_is_said_or_else_what_the_name_of_the_file_ends_in(
    url: str, file: str, arguments: tuple[str, ...], name: str, tmp_path: Path
):
    path = tmp_path / file
    told = invoked(url, "export", "-o", str(path), *arguments)
    assert begins(path.read_bytes()) == name
    assert told.stderr == f"3 books written as {format_named(name).label}\n"


def test_without_a_file_a_format_goes_to_standard_output(url: str):
    result = invoked(url, "export", "--format", "csl")
    assert [item["title"] for item in json.loads(result.stdout)] == [
        "The Summer Book: A Novel", "=1+1", "Iliad",
    ]  # fmt: skip
    assert result.stderr == "3 books written as CSL-JSON\n"


@pytest.mark.parametrize("name", WRITTEN)
def test_an_export_of_no_books_is_a_whole_file(catalogue: Catalogues, name: str, tmp_path: Path):
    url = catalogue("sqlite")
    path = tmp_path / "books"
    assert invoked(url, "export", "-o", str(path), "--format", name).stderr.startswith("0 books written")
    if path.read_bytes() and format_named(name).is_read:
        assert done(url, "import", str(path), "--format", name).startswith("0 rows")


def test_a_file_of_a_format_that_is_not_written_is_refused(catalogue: Catalogues, tmp_path: Path):
    path = tmp_path / "books.onix"
    line = refused(catalogue("sqlite"), "export", "-o", str(path), status=2)
    assert line.startswith("Error: ONIX for Books is not written: give --format, which is one of jsonl, marc,")
    assert not path.exists()


# --- what a format cannot hold ---


def test_a_book_that_is_too_long_for_iso_2709_is_shortened_and_told(catalogue: Catalogues, tmp_path: Path):
    url, other, path = catalogue("sqlite"), catalogue("sqlite"), tmp_path / "books.mrc"
    names = (f"{number:03}{chr(0x20000) * 252}" for number in range(100))  # four bytes a character
    large = BookRecord(line=1, title="Large", contributors=tuple(Contributor(name, "author") for name in names))
    fill(url, [large, msgspec.structs.replace(ILIAD, line=2)])
    book_id = json.loads(done(url, "export").splitlines()[-2])["id"]
    result = invoked(url, "export", "-o", str(path))
    told, written = result.stderr.splitlines()
    assert told == (
        f"Not whole: book {book_id}, 'Large': shortened to the 99,999 bytes of ISO 2709, without these fields: 700 (4)"
    )
    assert written == "2 books written as MARC 21 (ISO 2709), 1 of them shortened"
    assert result.exit_code == 0
    done(other, "import", str(path))
    assert sorted(book["title"] for book in stored(other)) == ["Iliad", "Large"]


def test_a_book_that_a_format_cannot_hold_at_all_is_told_and_the_others_are_written(
    catalogue: Catalogues, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    url, path = catalogue("sqlite"), tmp_path / "books.mrc"
    monkeypatch.setattr("diptych.core.formats.marc.iso2709.FIELD_MAX", 100)
    fill(url, [BookRecord(line=1, title="L" * 200), msgspec.structs.replace(ILIAD, line=2)])
    result = invoked(url, "export", "-o", str(path))
    left_out, written, error = result.stderr.splitlines()
    assert left_out.startswith("Left out: book ")
    assert left_out.endswith("field 245 has 205 bytes, and MARC in ISO 2709 allows 100")
    assert written == "1 book written as MARC 21 (ISO 2709)"
    assert error == "Error: 1 book could not be written as MARC 21 (ISO 2709)"
    assert result.exit_code == 1


def test_formulas_are_guarded_in_tables_and_are_text_again_after_an_import(url: str, catalogue: Catalogues):
    content = done(url, "export", "--format", "csv")
    row = next(row for row in csv.DictReader(content.splitlines()) if "1+1" in row["title"])
    assert (row["title"], row["authors"], row["tags"]) == ("'=1+1", "'@cmd", "'-x")
    other = catalogue("sqlite")
    done(other, "import", "-", stdin=content)
    formula = next(book for book in stored(other) if "1+1" in book["title"])
    assert (formula["title"], formula["contributors"][0]["name"]) == ("=1+1", "@cmd")


def test_a_terminal_sees_a_bar_while_a_file_is_written(url: str, tmp_path: Path):
    status, seen = on_a_terminal(url, "export", "-o", str(tmp_path / "books.csv"))
    assert status == 0
    assert "100%" in seen
    assert "3 books written as CSV" in seen


def test_a_missing_library_is_one_clear_line(url: str, tmp_path: Path):
    path = tmp_path / "books.bib"
    code = (
        "import sys; sys.modules['bibtexparser'] = None; from diptych.core.cli import main\n"
        f"main(['export', '--format', 'bibtex', '-o', {str(path)!r}])"
    )
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment(DATABASE_URL=url))
    assert (ended.returncode, ended.stderr) == (
        1, "Error: BibTeX needs bibtexparser: pip install 'diptych[formats]'\n",
    )  # fmt: skip
    assert not path.exists()
