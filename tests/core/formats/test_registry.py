import gzip
import importlib
import io
import random
import subprocess
import sys

import pytest

from diptych.core.formats.containers import open_file
from diptych.core.formats.registry import (
    FORMATS,
    READ,
    WRITTEN,
    UnknownFormatError,
    UnsupportedFormatError,
    format_by_suffix,
    reader_of,
    writer_of,
)


def test_every_reader_and_writer_that_the_table_names_is_there():
    for name in (item.name for item in FORMATS if item.reader):
        assert callable(reader_of(name))
    for name in WRITTEN:
        writer = writer_of(name)
        assert all(isinstance(part, bytes) for part in (writer.begin, writer.between, writer.end))


def test_the_media_type_of_a_format_is_that_of_its_writer():
    for item in FORMATS:
        if item.writer is not None:
            assert item.media_type == importlib.import_module(item.writer.partition(":")[0]).MEDIA_TYPE


TITLES = [random.Random(number).randbytes(40).hex() for number in range(5_000)]  # noqa: S311 - what nothing can shrink


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("ris", "".join(f"TY  - BOOK\nTI  - {title}\nER  - \n" for title in TITLES)),
        ("openlibrary", "".join(f'{{"title": "{title}"}}\n' for title in TITLES)),
        (
            "onix",
            "<ONIXMessage>"
            + "".join(
                f"<Product><Title><TitleType>01</TitleType><TitleText>{title}</TitleText></Title></Product>"
                for title in TITLES
            )
            + "</ONIXMessage>",
        ),
    ],
)
def test_a_compressed_file_that_is_cut_off_gives_its_first_books_and_then_a_reject(tmp_path, name, content):
    path = tmp_path / "books.gz"
    packed = gzip.compress(content.encode())
    path.write_bytes(packed[: len(packed) // 2])
    with open_file(path) as opened:
        *books, last = reader_of(name)(opened.stream, None)
    assert [book.title for book in books] == TITLES[: len(books)]
    assert len(books) > 1_500
    assert last.reason.startswith("the compressed file is damaged from here on")
    assert last.line > len(books)


def test_the_notes_of_a_reader_are_there_after_reading():
    record = b"00049nam  2200037   4500245001100000\x1e00\x1faTitle\x1e\x1d"
    records = reader_of("marc")(io.BytesIO(record), None)
    assert len(list(records)) == 1
    assert records.notes.started == 1
    assert reader_of("ris")(io.BytesIO(b"TY  - BOOK\nER  - \n"), None).notes is None


def test_the_longer_suffix_decides_and_case_does_not_matter():
    assert format_by_suffix("Books.CSL.JSON").name == "csl"
    assert format_by_suffix("books.json").name == "json"
    assert format_by_suffix("books.mrc").name == "marc"
    assert format_by_suffix("books.xlsx") is None


@pytest.mark.parametrize(
    ("name", "library", "line"),
    [
        ("marc", "pymarc", "MARC 21 (ISO 2709) needs pymarc: pip install 'diptych[formats]'"),
        ("onix", "lxml", "ONIX for Books needs lxml: pip install 'diptych[formats]'"),
        ("bibtex", "bibtexparser", "BibTeX needs bibtexparser: pip install 'diptych[formats]'"),
    ],
)
def test_a_missing_library_is_one_line_that_says_how_to_install_it(name, library, line):
    code = f"""
import sys
sys.modules[{library!r}] = None  # as if it were not installed
from diptych.core.formats.registry import MissingLibraryError, reader_of
try:
    reader_of({name!r})
except MissingLibraryError as error:
    print(error)
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == f"{line}\n"


def test_what_is_not_known_read_or_written_is_told_with_what_is():
    with pytest.raises(UnknownFormatError, match="unknown format 'mods': there are marc, marcxml"):
        reader_of("mods")
    with pytest.raises(UnsupportedFormatError, match=r"JSON-LD .* is only written; there are marc"):
        reader_of("jsonld")
    with pytest.raises(UnsupportedFormatError, match="ONIX for Books is not written; there are marc"):
        writer_of("onix")
    assert "onix" in READ
    assert "onix" not in WRITTEN
