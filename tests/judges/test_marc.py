import pytest

from diptych.core.formats.marc.writer import MarcWriter
from diptych.core.formats.marcxml.writer import MarcXmlWriter
from tests.judges.books import BOOKS, judged, written

pytestmark = pytest.mark.judge


def test_yaz_reads_iso_2709_and_finds_nothing_wrong(tmp_path):
    text = judged("yaz-marcdump", written(MarcWriter(), tmp_path / "books.mrc")).decode()

    assert "<!--" not in text  # where yaz-marcdump writes what is wrong
    assert text.count("\n245 ") == len(BOOKS)
    assert "$a Middlemarch" in text
    assert "über 50% {alles} & mehr_weniger" in text


def test_yaz_makes_of_our_marcxml_the_iso_2709_that_we_write(tmp_path):
    xml = written(MarcXmlWriter(), tmp_path / "books.marcxml")

    made = judged("yaz-marcdump", "-i", "marcxml", "-o", "marc", xml)

    assert made == written(MarcWriter(), tmp_path / "books.mrc").read_bytes()


def test_xmllint_finds_our_marcxml_well_formed(tmp_path):
    assert judged("xmllint", "--noout", written(MarcXmlWriter(), tmp_path / "books.marcxml")) == b""
