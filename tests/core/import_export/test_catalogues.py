"""The sample catalogue, and two real ones that may exist beside the repository."""

import os
import re
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

import diptych.core.data
from diptych.core.import_export.column_mapping import infer_columns, record
from diptych.core.import_export.file_reader import format_of, open_text, rows
from diptych.core.import_export.import_rows import BookRecord, Reject

SAMPLE = Path(diptych.core.data.__file__).with_name("sample.jsonl")
DATA = Path(os.environ.get("DIPTYCH_TEST_DATA") or Path(__file__).resolve().parents[3] / "../shared/data")
GOODBOOKS = DATA / "goodbooks10k/books.csv"
DIGITISED = DATA / "bl-digitised-books/books.tsv"


def needs(path):
    reason = f"there is no {path.name} in the folder of real catalogues"
    return pytest.mark.skipif(not path.exists(), reason=reason)


def load(path, explicit=None, defaults=None) -> tuple[list[BookRecord], list[Reject]]:
    results = []
    with open_text(path, "utf-8") as stream:
        found = rows(stream, format_of(path, None))
        mapping = infer_columns(found.columns, explicit)
        for line, row in found:
            results.append(row if isinstance(row, Reject) else record(row, line, mapping, defaults or {}))
        assert stream.bytes_read == stream.total
    rejects = [result for result in results if isinstance(result, Reject)]
    return [result for result in results if isinstance(result, BookRecord)], rejects


def kinds(rejects) -> Counter:
    """Count the rejects by reason, without the values."""
    without_values = (re.sub(r" '[^']*'(?=:)", "", reject.reason) for reject in rejects)
    return Counter(re.sub(r"\b\d{4}\b", "…", reason) for reason in without_values)


# --- the sample ---


def test_the_sample_catalogue_has_sixty_books_and_no_reject():
    books, rejects = load(SAMPLE)
    assert rejects == []
    assert len(books) == 60
    assert len({book.title for book in books}) == 60


def test_the_sample_catalogue_is_varied():
    books, _ = load(SAMPLE)
    letters = Counter(unicodedata.name(book.title[0]).split()[0] for book in books)
    assert {"LATIN", "GREEK", "CYRILLIC", "ARABIC", "HEBREW", "DEVANAGARI", "CJK", "HANGUL"} <= letters.keys()
    assert {person.role for book in books for person in book.contributors} >= {
        "author",
        "editor",
        "translator",
    }
    assert sum(len(book.contributors) > 1 for book in books) == 10
    assert sum(book.isbn is not None for book in books) == 12
    assert sum(book.year is not None and book.year < 0 for book in books) == 5
    assert all(book.language and book.description and book.tags for book in books)


def test_the_sample_catalogue_is_in_nfc():
    assert unicodedata.is_normalized("NFC", SAMPLE.read_text(encoding="utf-8"))


# --- the real ones ---


@needs(GOODBOOKS)
def test_every_row_of_goodbooks_is_a_book_or_a_reject_for_its_isbn():
    books, rejects = load(GOODBOOKS)
    assert (len(books), len(rejects)) == (9842, 158)
    assert kinds(rejects) == {
        "isbn13: a spreadsheet has cut off its last digits": 135,
        "isbn: ISBN check digit is wrong; isbn13: a spreadsheet has cut off its last digits": 21,
        "isbn: ISBN check digit is wrong; isbn13: ISBN must have 10 or 13 digits": 1,
        "isbn: ISBN check digit is wrong": 1,
    }


@needs(GOODBOOKS)
def test_goodbooks_isbns_years_languages_and_authors_are_repaired():
    books, _ = load(GOODBOOKS)
    assert sum(book.isbn is not None for book in books) == 9277
    assert min(book.year for book in books if book.year is not None) == -1750
    assert sum(book.year is None for book in books) == 21
    assert Counter(book.language for book in books)["en"] == 6249
    assert max(len(book.contributors) for book in books) == 47
    assert books[1].title == "Harry Potter and the Sorcerer's Stone (Harry Potter, #1)"
    assert [person.name for person in books[1].contributors] == ["J.K. Rowling", "Mary GrandPré"]
    assert (books[1].isbn, books[1].year, books[1].language) == ("9780439554930", 1997, "en")


@needs(GOODBOOKS)
def test_goodbooks_loses_fewer_rows_when_the_damaged_column_is_ignored():
    books, rejects = load(GOODBOOKS, {"isbn13": "", "title": "original_title"}, {"title": "[Untitled]"})
    assert (len(books), len(rejects)) == (9977, 23)
    assert sum(book.title == "[Untitled]" for book in books) == 589


@needs(DIGITISED)
def test_every_row_of_the_digitised_books_is_a_book_or_a_reject_without_author():
    books, rejects = load(DIGITISED)
    assert (len(books), len(rejects)) == (19010, 1982)
    assert kinds(rejects) == {
        "author is missing": 1980,
        "title: has … characters, … are allowed": 2,
    }


@needs(DIGITISED)
def test_a_default_author_rescues_the_digitised_books_but_not_titles_that_are_too_long():
    books, rejects = load(DIGITISED, defaults={"author": "[Anonymous]"})
    assert (len(books), [reject.line for reject in rejects]) == (20990, [13282, 15010])
    assert sum(book.contributors[0].name == "[Anonymous]" for book in books) == 1980
    assert sum(book.year is None for book in books) == 124
    assert all(unicodedata.is_normalized("NFC", book.title) for book in books)
    assert all(len(book.contributors) == 1 for book in books)
