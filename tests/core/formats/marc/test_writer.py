"""What MARC can hold, and what it cannot."""

import io

import pymarc
import pytest

from diptych.core.catalogue.limits import (
    DESCRIPTION_MAX,
    EDITION_MAX,
    NAME_MAX,
    POSITION_MAX,
    RECORD_ID_MAX,
    TAG_MAX,
    TITLE_MAX,
    URL_MAX,
)
from diptych.core.formats.marc.reader import read
from diptych.core.formats.marc.writer import MarcWriter
from diptych.core.formats.marcxml.writer import MarcXmlWriter
from diptych.core.formats.record import LIST_MAX, BookRecord, Contributor, SeriesPosition, TagName

BOOK = BookRecord(
    line=1,
    title="Krieg und Frieden",
    contributors=(
        Contributor("Leo Tolstoy", "author", "Tolstoy, Leo", "person", 1828, 1910),
        Contributor("Mao Zedong", "foreword", "Mao, Zedong", "person"),
        Contributor("Penguin", "other", None, "body"),
        Contributor("Jane Doe", "translator"),
    ),
    isbn="9783161484100",
    published="2019-03-05",
    year=2019,
    language="de",
    original_language="sv",
    original_year=1869,
    original_title="Krig och fred",
    format="paperback",
    tags=(TagName("war", "lcsh"), TagName("peace")),
)


def test_another_program_reads_what_is_written():
    (record,) = pymarc.MARCReader(io.BytesIO(MarcWriter().record(BOOK)))
    assert record.title == "Krieg und Frieden"
    assert record["008"].data[6:15] == "r20191869"
    assert record["008"].data[35:38] == "ger"
    assert len(record["008"].data) == 40
    lines = [str(field) for field in record.get_fields("020", "041", "100", "264", "650", "653", "700", "710", "765")]
    assert lines == [
        r"=020  \\$a9783161484100$qpaperback",
        r"=041  1\$ager$hswe",
        r"=100  1\$aTolstoy, Leo$d1828-1910$4aut",
        r"=264  \1$c2019-03-05",
        r"=650  \0$awar",
        r"=653  \\$apeace",
        r"=700  1\$aMao, Zedong$gName: Mao Zedong$4wfw",
        r"=710  2\$aPenguin$4oth",
        r"=700  \\$aJane Doe$4trl",
        r"=765  0\$tKrig och fred",
    ]


def test_a_long_description_is_several_fields_and_comes_back_whole():
    text = "\U00020000é a\n\n" * 1_500 + "  end"
    data = MarcWriter().record(BookRecord(line=1, title="T", description=text))
    (record,) = pymarc.MARCReader(io.BytesIO(data))
    assert len(record.get_fields("520")) == 2
    (book,) = read(io.BytesIO(data))
    assert book.description == text


def test_what_iso_2709_cannot_hold_is_refused_in_words():
    long = BookRecord(line=1, title="T", edition="\U00020000" * 2_500)
    with pytest.raises(ValueError, match=r"field 250 has 10,0\d\d bytes, and MARC in ISO 2709 allows 9,999"):
        MarcWriter().record(long)


def test_a_record_that_is_too_long_is_shortened_and_says_so():
    people = tuple(Contributor(f"{number} " + "\U00020000" * 250, "author") for number in range(80))
    tags = tuple(TagName(f"{number} " + "x" * 90) for number in range(100))
    book = BookRecord(line=1, title="T", description="D" * 10_000, tags=tags, contributors=people, isbn="9783161484100")
    writer = MarcWriter()

    data = writer.record(book)

    assert 90_000 < len(data) <= 99_999
    told = "shortened to the 99,999 bytes of ISO 2709, without these fields: 520 (2)"
    assert writer.notice == told
    (record,) = pymarc.MARCReader(io.BytesIO(data))
    assert record["500"].value() == f"This record was {told}."
    (read_again,) = read(io.BytesIO(data))
    assert (len(read_again.contributors), len(read_again.tags), read_again.description) == (80, 100, None)

    writer.record(BookRecord(line=2, title="T"))
    assert writer.notice is None


def test_the_last_added_entries_go_last():
    people = tuple(Contributor(f"{number} " + "\U00020000" * 250, "author") for number in range(100))
    tags = tuple(TagName(f"{number} " + "x" * 90) for number in range(100))
    writer = MarcWriter()

    data = writer.record(BookRecord(line=1, title="T", tags=tags, contributors=people))

    assert (writer.notice or "").endswith("653 (100), 700 (3)")
    (read_again,) = read(io.BytesIO(data))
    names = [person.name or person.sort_name or "" for person in read_again.contributors]
    assert [int(name.split()[0]) for name in names] == list(range(97))


def test_the_longest_book_of_a_catalogue_fits():
    wide = "\U00020000"
    book = BookRecord(
        line=1,
        title=wide * TITLE_MAX,
        subtitle=wide * (TITLE_MAX - 100),
        contributors=tuple(
            Contributor(f"{number:03}" + wide * (NAME_MAX - 3), "author", "S" + wide * (NAME_MAX - 1))
            for number in range(LIST_MAX)
        ),
        tags=tuple(TagName(f"{number:03}" + wide * (TAG_MAX - 3)) for number in range(LIST_MAX)),
        series=tuple(
            SeriesPosition(f"{number:03}" + wide * (NAME_MAX - 3), wide * POSITION_MAX) for number in range(LIST_MAX)
        ),
        description=wide * DESCRIPTION_MAX,
        publisher=wide * NAME_MAX,
        edition=wide * EDITION_MAX,
        url="https://x.example/" + "x" * (URL_MAX - 18),
        original_title=wide * TITLE_MAX,
        record_id=wide * RECORD_ID_MAX,
    )

    assert len(MarcWriter().record(book)) <= 99_999


def test_what_xml_cannot_hold_is_replaced():
    assert "T\ufffd" in MarcXmlWriter().record(BookRecord(line=1, title="T\uffff")).decode()
