"""Books survive MARC 21 and MARCXML."""

import io
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings

from diptych.core.formats.marc import reader as iso2709_reader
from diptych.core.formats.marc.writer import MarcWriter
from diptych.core.formats.marcxml import reader as xml_reader
from diptych.core.formats.marcxml.writer import MarcXmlWriter
from diptych.core.formats.normalization import normalized
from diptych.core.formats.record import Reject
from tests.core.formats.marc.book_records import books

FILES = Path(__file__).parents[3] / "data/formats/marc"
BOTH = pytest.mark.parametrize(
    ("writer", "reader"), [(MarcWriter(), iso2709_reader), (MarcXmlWriter(), xml_reader)], ids=["iso2709", "marcxml"]
)


def written(writer, *records):
    return writer.begin + writer.between.join(map(writer.record, records)) + writer.end


def read_back(data, reader):
    (raw,) = reader.read(io.BytesIO(data))
    assert not isinstance(raw, Reject), raw
    book, troubles = normalized(raw)
    assert troubles == []
    assert raw.unread == []
    return book


def without_equal_names(book):
    """Return the book without names in filing form that equal the name: MARC has no way to say it twice."""
    people = (
        msgspec.structs.replace(person, sort_name=None) if person.sort_name == person.name else person
        for person in book.contributors
    )
    return msgspec.structs.replace(book, contributors=tuple(dict.fromkeys(people)))


@BOTH
@given(book=books())
@settings(max_examples=30, deadline=None)
def test_a_book_comes_back_as_it_was(writer, reader, book):
    back = read_back(written(writer, book), reader)
    assert without_equal_names(back) == without_equal_names(book)
    again = written(writer, back)
    assert written(writer, read_back(again, reader)) == again


@BOTH
def test_real_books_are_stable_from_the_second_pass(writer, reader):
    count = 0
    for path in FILES.iterdir():
        if path.suffix == ".jsonl" or path.name == "1251.dat":
            continue
        for raw in iso2709_reader.read(io.BytesIO(path.read_bytes())):
            found = None if isinstance(raw, Reject) else normalized(raw)
            if isinstance(found, tuple):
                book = msgspec.structs.replace(found[0], line=1)
                assert read_back(written(writer, book), reader) == book
                count += 1
    assert count == 62
