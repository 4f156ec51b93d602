"""CSV and TSV as they are written, and read again by the import of tables."""

import csv
import io
import itertools

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from diptych.core.formats.record import BookRecord, Contributor, Identifier, Reject, SeriesPosition, TagName
from diptych.core.formats.registry import writer_of
from diptych.core.formats.tables.cells import guarded, joined, parts, unguarded
from diptych.core.formats.tables.columns import COLUMNS
from diptych.core.formats.text import one_line
from diptych.core.import_export.column_mapping import infer_columns
from diptych.core.import_export.file_reader import rows
from diptych.core.import_export.import_job import record_of
from diptych.core.import_export.row_books import row_book
from diptych.core.import_export.summary import Summary
from tests.core.formats.books import ROLES, TEXTS, books, compared

BOOK = BookRecord(line=1, title="Iliad")


def back(name: str, *given: BookRecord) -> list[BookRecord]:
    """Return what `import` reads of a file with these books, of which nothing may be left out."""
    writer = writer_of(name)
    content = writer.begin + writer.between.join(map(writer.record, given)) + writer.end
    numbered = rows(io.StringIO(content.decode(), newline=""), name)
    found = list(numbered)
    mapping = infer_columns(numbered.columns, sample=[row for _, row in found])
    assert not any("ignored" in line for line in mapping.notices())
    summary = Summary()
    records = [record_of(row_book(row, number, mapping), row, summary) for number, row in found]
    assert not summary.examples
    assert not any(isinstance(record, Reject) for record in records), records
    return records


def kept(name: str, book: BookRecord) -> BookRecord:
    """Return a book as tables keep it."""
    people = [
        replace(one, kind=None, sort_name=one.sort_name if one.role == "author" else None, birth_year=None)
        for one in book.contributors
    ]
    description = one_line(book.description or "") if name == "tsv" else book.description
    book = compared(replace(book, contributors=tuple(dict.fromkeys(people)), description=description), ROLES)
    return replace(book, series=book.series, description=description or None)


@pytest.mark.parametrize("name", ["csv", "tsv"])
@settings(max_examples=40)
@given(book=books())
def test_a_book_that_is_written_and_read_is_the_same(name, book):
    (read,) = back(name, book)
    first = back(name, read)[0]
    assert replace(compared(read, ROLES), description=read.description) == kept(name, book)
    assert first == read


PEOPLE = (
    Contributor("A; B", "author", "B, A;"),
    Contributor("Jane Doe (editor)", "author"),
    Contributor(";", "author", ";;x"),
    Contributor("Vox & Co., Ltd.", "editor"),
    Contributor("Roe, Richard [ill.]", "other"),
)
WHOLE = replace(
    BOOK,
    contributors=PEOPLE,
    identifiers=(Identifier("doi", "10.1000/a,b;c"), Identifier("oclc", "7")),
    series=(SeriesPosition("Epics"), SeriesPosition("C#; one", "2.05"), SeriesPosition("Third", "3.0")),
    tags=(TagName("a, b|c"), TagName("war;")),
    description="One\n\n  two\tthree  four",
    published="-0750-05",
    year=-750,
)


def test_separators_brackets_and_line_ends_within_values_survive():
    assert back("csv", WHOLE) == [replace(WHOLE, line=2)]


@pytest.mark.parametrize("name", ["csv", "tsv"])
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "'=", "''+", "'", "''"])
def test_what_a_spreadsheet_would_calculate_is_guarded_and_read_as_it_was(name, start):
    title = f"{start}1+1|cmd"
    written = writer_of(name).record(replace(BOOK, title=title)).decode()
    assert not written.startswith(("=", "+", "-", "@"))
    assert back(name, replace(BOOK, title=title))[0].title == title


@pytest.mark.parametrize("start", ["\t", "\r", "=", "'\t"])
def test_a_guard_is_undone_whatever_a_cell_begins_with(start):
    assert guarded(f"{start}1").startswith("'")
    assert unguarded(guarded(f"{start}1")) == f"{start}1"


def test_a_year_before_our_era_stays_a_number():
    assert guarded("-0750") == "-0750"
    assert guarded("-0750-05") == "'-0750-05"


@settings(max_examples=40)
@given(TEXTS.map(one_line).filter(bool).map(lambda text: [text, "", text, ";" + text]))
def test_the_values_of_a_cell_keep_their_places(values):
    assert parts(joined(values)) == values


def test_csv_is_as_rfc_4180_says():
    book = replace(BOOK, title='The "Iliad", a\ttale', description="one\ntwo")
    writer = writer_of("csv")
    content = (writer.begin + writer.record(book)).decode()
    assert content.endswith("\r\n")
    assert '"The ""Iliad"", a\ttale"' in content
    header, row = csv.reader(io.StringIO(content, newline=""), strict=True)
    assert (header, len(row)) == (list(COLUMNS), len(COLUMNS))


def test_of_more_lines_than_are_read_as_one_record_the_last_are_one():
    most = replace(BOOK, description="\n".join(itertools.repeat("x", 1000)))
    assert back("csv", most)[0].description == most.description
    longer = replace(most, description=f"{most.description}\ny\nz")
    assert back("csv", longer)[0].description == f"{most.description} y z"
