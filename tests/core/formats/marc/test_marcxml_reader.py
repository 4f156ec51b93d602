"""Real and hostile files of MARCXML."""

import io
import time
from pathlib import Path

import pytest

from diptych.core.formats.marcxml.reader import read
from diptych.core.formats.record import RawBook, Reject

FILES = Path(__file__).parents[3] / "data/formats/marcxml"
RECORD = "<record><datafield tag='245' ind1='0'><subfield code='a'>{}</subfield></datafield></record>"
DELETED = "<record><header status='deleted'><identifier>oai:x:1</identifier></header></record>"


def reading(xml):
    return read(io.BytesIO(xml.encode()))


def file(name):
    return read(io.BytesIO((FILES / name).read_bytes()))


def test_records_have_any_prefix_and_any_wrapping():
    found = file("batch.xml")
    assert [book.title for book in found] == ["The Great Ray Charles", "The White House"]
    found = file("MarcXmlParserTestBook.xml")  # of SRU, whose prefix is not declared
    assert [book.title for book in found] == ["Marketing Automation with Mailchimp"]


def test_a_record_of_oai_pmh_is_one_book():
    inner = RECORD.format("A").replace("<record>", "<record xmlns='http://www.loc.gov/MARC21/slim'>")
    answer = f"<record><header/><metadata>{inner}</metadata></record>"
    found = reading(f"<OAI-PMH><ListRecords>{DELETED}{answer}{DELETED}</ListRecords></OAI-PMH>")
    (book,) = found
    assert (book.title, book.number) == ("A", 2)
    assert (found.notes.started, found.notes.books, found.notes.deleted) == (3, 1, 2)


def test_records_of_another_format_are_told():
    (found,) = file("oai-pmh-one-record-first.xml")
    assert found.reason == "the record has no fields of MARCXML, but the element dc"


def test_xml_and_iso_2709_say_the_same():
    xml = "<leader>     nam a22      a 4500</leader><controlfield tag='001'>7</controlfield>"
    (book,) = reading(f"<record>{xml}<datafield tag='245'><subfield code='a'>A :</subfield></datafield></record>")
    assert (book.title, book.record_id) == ("A", "7")


def test_what_has_no_tag_or_code_is_told():
    bad = (
        "<datafield><subfield code='a'>x</subfield></datafield><datafield tag='500'><subfield>x</subfield></datafield>"
    )
    (book,) = reading(RECORD.format("A").replace("</record>", bad + "<note/></record>"))
    assert book.title == "A"
    assert book.unread == [
        "500",
        "datafield: is no element of MARCXML, or has no tag",
        "500: has a subfield without a code",
        "note: is no element of MARCXML, or has no tag",
    ]


@pytest.mark.parametrize(
    ("tag", "code", "value"),
    [
        ("100", "d", "1" + " " * 100_000 + "x"),
        ("250", "a", "x" * 100_000 + " y."),
        ("020", "a", "(" * 100_000),
        ("035", "a", "(OCoLC)" + "0" * 100_000 + "x"),
        ("260", "c", "1" + " " * 100_000 + "x"),
        ("856", "u", " " * 100_000),
    ],
)
def test_long_values_take_little_time(tag, code, value):
    name = "<subfield code='a'>x</subfield>" if code != "a" else ""
    field = f"<datafield tag='{tag}' ind1='1'>{name}<subfield code='{code}'>{value}</subfield></datafield>"
    start = time.process_time()
    (book,) = reading(RECORD.format("A").replace("</record>", field + "</record>"))
    assert time.process_time() - start < 1
    assert book.title == "A"


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE record SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE record [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE record [<!ENTITY a "ha"><!ENTITY x "&a;&a;&a;&a;">]>',
    ],
)
def test_a_file_that_defines_or_loads_something_is_refused(doctype):
    with pytest.raises(ValueError, match="DOCTYPE"):
        list(reading(doctype + RECORD.format("&x;")))


def test_damage_costs_the_rest_and_is_counted():
    found = reading("<collection>" + RECORD.format("A") + RECORD.format("B</x>"))
    items = list(found)
    assert isinstance(items[0], RawBook)
    assert isinstance(items[1], Reject)
    assert (found.notes.started, found.notes.books, found.notes.rejects) == (2, 1, 1)
