"""The files that `make bench-import` reads to see whether memory grows."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.import_memory import FORMATS, written
from diptych.core.formats.record import RawBook
from diptych.core.formats.registry import reader_of


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_has_its_size_and_each_of_its_books_once(name: str, tmp_path: Path):
    file = tmp_path / "books"

    count = written(file, name, 100_000)

    assert 100_000 <= file.stat().st_size < 103_000
    with file.open("rb") as stream:
        books = [book for book in reader_of(name)(stream, None) if isinstance(book, RawBook)]
    assert len({book.title for book in books}) == len({book.record_id for book in books}) == len(books) == count > 100
