"""What MARC can hold, and what it cannot."""

import io

import pymarc
import pytest

from diptych.core.formats.marc.reader import read
from diptych.core.formats.marc.writer import MarcWriter
from diptych.core.formats.marcxml.writer import MarcXmlWriter
from diptych.core.formats.record import BookRecord, Contributor, TagName

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
    many = tuple(TagName(f"{number} " + "x" * 90) for number in range(1_000))
    with pytest.raises(ValueError, match="more than the 99,999 bytes"):
        MarcWriter().record(BookRecord(line=1, title="T", tags=many))
    assert MarcXmlWriter().record(BookRecord(line=1, title="T", tags=many))


def test_what_xml_cannot_hold_is_replaced():
    assert "T\ufffd" in MarcXmlWriter().record(BookRecord(line=1, title="T\uffff")).decode()
