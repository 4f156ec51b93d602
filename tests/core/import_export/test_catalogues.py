"""The sample catalogue, and two real ones that may exist beside the repository."""

import os
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

import diptych.core.data
from diptych.core.formats.record import BookRecord, Reject
from diptych.core.import_export.import_job import record_of
from diptych.core.import_export.sources import Options, open_source
from diptych.core.import_export.summary import Summary

SAMPLE = Path(diptych.core.data.__file__).with_name("sample.jsonl")
DATA = Path(os.environ.get("DIPTYCH_TEST_DATA") or Path(__file__).resolve().parents[3] / "../shared/data")
GOODBOOKS = DATA / "goodbooks10k/books.csv"
DIGITISED = DATA / "bl-digitised-books/books.tsv"


def needs(path):
    reason = f"there is no {path.name} in the folder of real catalogues"
    return pytest.mark.skipif(not path.exists(), reason=reason)


def load(path, mapped=(), defaults=None) -> tuple[list[BookRecord], list[Reject], Summary]:
    results, summary = [], Summary()
    with open_source(path, Options(mapped=mapped, defaults=defaults or {})) as source:
        for _, raw, found in source.entries:
            results.append(found if isinstance(found, Reject) else record_of(found, raw, summary))
        assert source.bytes_read == source.total
    rejects = [result for result in results if isinstance(result, Reject)]
    return [result for result in results if isinstance(result, BookRecord)], rejects, summary


def left_out(summary) -> dict[str, int]:
    return {f"{field}: {reason}": times for (field, reason), times in summary.troubles.items()}


# --- the sample ---


def test_the_sample_catalogue_has_sixty_books_and_no_reject():
    books, rejects, summary = load(SAMPLE)
    assert (rejects, left_out(summary)) == ([], {})
    assert len(books) == 60
    assert len({book.title for book in books}) == 60


def test_the_sample_catalogue_is_varied():
    books, _, _ = load(SAMPLE)
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
def test_every_row_of_goodbooks_is_a_book_though_some_have_no_valid_isbn():
    books, rejects, summary = load(GOODBOOKS)
    assert (len(books), rejects) == (10_000, [])
    assert left_out(summary) == {
        "isbn: a spreadsheet has cut off its last digits": 156,
        "isbn: ISBN check digit is wrong": 23,
        "isbn: ISBN must have 0 or 0 digits": 1,
        "author: names nobody": 3,
        "original_title: the invisible character U+0E": 7,
    }


@needs(GOODBOOKS)
def test_goodbooks_isbns_years_languages_and_authors_are_repaired():
    books, _, _ = load(GOODBOOKS)
    assert sum(book.isbn is not None for book in books) == 9277
    assert min(book.year for book in books if book.year is not None) == -1750
    assert sum(book.year is None for book in books) == 21
    assert Counter(book.language for book in books)["en"] == 6345
    assert max(len(book.contributors) for book in books) == 47
    assert books[1].title == "Harry Potter and the Sorcerer's Stone (Harry Potter, #1)"
    assert [person.name for person in books[1].contributors] == ["J.K. Rowling", "Mary GrandPré"]
    assert (books[1].isbn, books[1].year, books[1].language) == ("9780439554930", 1997, "en")


@needs(DIGITISED)
def test_every_row_of_the_digitised_books_is_a_book_but_for_titles_that_are_too_long():
    books, rejects, summary = load(DIGITISED)
    assert (len(books), [reject.line for reject in rejects]) == (20_990, [13282, 15010])
    assert sum(not book.contributors for book in books) == 1980
    assert left_out(summary) == {"publisher: says that there is none": 4}
    assert all(person.sort_name is not None for book in books for person in book.contributors)
    assert sum(book.year is None for book in books) == 124
    assert all(unicodedata.is_normalized("NFC", book.title) for book in books)
    assert all(len(book.contributors) <= 1 for book in books)


@needs(DIGITISED)
def test_a_default_author_stands_in_the_digitised_books():
    books, _, _ = load(DIGITISED, defaults={"author": "[Anonymous]"})
    assert sum(book.contributors[0].name == "[Anonymous]" for book in books) == 1980
