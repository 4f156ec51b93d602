import io
from collections import Counter
from pathlib import Path

import pytest

from diptych.core.formats.record import RawBook, Reject
from diptych.core.formats.ris import lines, types
from diptych.core.formats.ris.reader import read

DATA = Path(__file__).parents[3] / "data/formats/ris"
BOOK = "TY  - BOOK\nTI  - Middlemarch\nAU  - Eliot, George\nER  - \n"


def results(text: str | bytes, encoding: str | None = None) -> list[RawBook | Reject]:
    return list(read(io.BytesIO(text.encode() if isinstance(text, str) else text), encoding))


def book(text: str) -> RawBook:
    (one,) = results(text)
    assert isinstance(one, RawBook), one
    return one


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        # BOOK, RPRT and the two THES are books.
        ("RisImporterTest1.ris", {"books": 4, "rejects": 7}),
        ("RisImporterTest9.ris", {"books": 0, "rejects": 1}),
        ("example_bom.ris", {"books": 0, "rejects": 1}),
        ("example_extraneous_data.ris", {"books": 0, "rejects": 2}),
        ("example_full.ris", {"books": 0, "rejects": 2}),
        ("example_utf_chars.ris", {"books": 0, "rejects": 1}),
    ],
)
def test_each_reference_of_a_file_is_a_book_or_a_reject(name, counts):
    data = (DATA / name).read_bytes()
    found = Counter("books" if isinstance(one, RawBook) else "rejects" for one in results(data))
    assert {"books": 0, "rejects": 0, **found} == counts
    assert found.total() == sum(line.startswith(b"TY") for line in data.removeprefix(b"\xef\xbb\xbf").splitlines())


@pytest.mark.parametrize(
    "text",
    [
        BOOK,
        "\ufeff" + BOOK,
        BOOK.replace("  - ", " - "),
        BOOK.replace("  - ", "  -  "),
        BOOK.replace("TY", "ty").replace("TI", "ti").replace("AU", "au").replace("ER", "er"),
        BOOK.replace("\n", "\r"),
        BOOK.replace("\n", "\r\n"),
        BOOK.replace("ER  - \n", ""),
        BOOK.replace("ER  - \n", "ER  -"),
        "Provider: a library\n1.\n" + BOOK,
    ],
)
def test_a_reference_is_read_in_any_spelling(text):
    one = book(text)
    assert one.title == "Middlemarch"
    assert [(person.name, person.sort_name) for person in one.contributors] == [("George Eliot", "Eliot, George")]


def test_utf_16_is_known_by_its_mark():
    (one,) = results(BOOK.encode("utf-16"))
    assert one.title == "Middlemarch"


def test_bytes_of_another_encoding_reject_only_their_reference_and_name_the_option():
    data = BOOK.encode() + b"TY  - BOOK\nTI  - Les Mis\xe9rables\nER  - \n" + BOOK.encode()
    first, second, third = results(data)
    assert (first.title, third.title) == ("Middlemarch", "Middlemarch")
    assert second.line == 5
    assert "--encoding" in second.reason
    assert results(data, "windows-1252")[1].title == "Les Misérables"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("JOUR", "TY JOUR is a journal article: only books are taken"),
        ("CHAP", "TY CHAP is a chapter of a book: only books are taken"),
        (
            "GEN",
            "TY GEN is a reference of any type, and without an ISBN not known as a book: write TY  - BOOK if it is one",
        ),
        ("Journal Article", "TY 'JOURNAL ARTICLE' is not a type of RIS: write TY  - BOOK if it is a book"),
    ],
)
def test_what_is_no_book_is_rejected_in_words(kind, reason):
    (one,) = results(f"TY  - {kind}\nTI  - T\nSN  - 0032-5910\nER  - \n")
    assert one.reason == reason


def test_a_general_reference_with_an_isbn_is_a_book():
    assert book("TY  - GEN\nTI  - T\nSN  - 9780804429573\nER  - \n").title == "T"


def test_each_type_is_a_book_or_has_a_reason():
    assert not types.BOOKS & set(types.NO_BOOKS)
    assert set(types.FORMATS) <= types.BOOKS


def test_a_start_that_cannot_be_read_is_told():
    found = results(BOOK + "TY: BOOK\nTI  - Lost\n")
    assert [type(one) for one in found] == [Reject, RawBook]
    assert found[0].line == 5


def test_text_in_and_after_a_reference_is_told():
    one = book("TY  - BOOK\nTI  - T\nAU  - Doe, Jane\nRoe, Richard\nC1  - x\nER  - \nThe end\nN1  - y\n")
    assert one.unread == ["text after AU", "C1", "text between references", "fields after ER"]


def test_a_file_without_a_reference_is_no_ris():
    with pytest.raises(ValueError, match="no RIS file"):
        results("title,author\nA,B\n")


def test_a_reference_without_an_end_is_rejected_and_reading_goes_on(monkeypatch):
    monkeypatch.setattr(lines, "REFERENCE_MAX", 100)
    first, second = results("TY  - BOOK\n" + "KW  - word\n" * 20 + BOOK)
    assert "is an ER missing?" in first.reason
    assert second.title == "Middlemarch"


def test_roles_follow_from_tag_and_type():
    people = "AU  - A, A\nA2  - B, B\nED  - C, C\nA3  - D, D\nA4  - E, E\n"

    def roles(text):
        return [one.role for one in book(text).contributors]

    assert roles(f"TY  - BOOK\n{people}") == ["author", "editor", "editor", "editor", "translator"]
    assert roles(f"TY  - EDBOOK\n{people}") == ["editor", "editor", "editor", "editor", "translator"]
    assert roles(f"TY  - BOOK\nT2  - Series\n{people}") == ["author", "other", "editor", "editor", "translator"]


@pytest.mark.parametrize(
    ("written", "name", "sort_name", "kind"),
    [
        ("Doe, Jane", "Jane Doe", "Doe, Jane", None),
        ("King, Martin Luther, Jr.", "Martin Luther King, Jr.", "King, Martin Luther, Jr.", None),
        ("Homer", "Homer", None, None),
        ("NASA,", "NASA", None, "body"),
        ("Barnes and Noble,, Inc.", "Barnes and Noble, Inc.", None, "body"),
    ],
)
def test_names(written, name, sort_name, kind):
    (person,) = book(f"TY  - BOOK\nAU  - {written}\n").contributors
    assert (person.name, person.sort_name, person.kind) == (name, sort_name, kind)


def test_the_fields_of_a_book():
    one = book(
        "TY  - EBOOK\nID  - 7\nTI  - Main: Sub\nST  - Main\nPY  - 2016\nY1  - 2016/10/19/\nDA  - July\nLA  - en\n"
        "PB  - P\n"
        "ET  - 2\nSP  - 327\nT2  - Series\nVL  - 4\nSN  - 978-0-8044-2957-3\nSN  - 0032-5910\nDO  - 10.1/x\n"
        "N2  - One\nmore\nKW  - a\nb\nUR  - http://example.org\n"
        "N1  - OCLC: 12\nN1  - Illustrator: Roe, Ann\nN1  - read it\n"
    )
    assert (one.title, one.subtitle, one.format, one.record_id, one.pages) == ("Main", "Sub", "ebook", "7", "327")
    assert one.published == ["2016-10-19", "2016"]
    assert one.identifiers == [("isbn", "978-0-8044-2957-3"), ("issn", "0032-5910"), ("doi", "10.1/x"), ("oclc", "12")]
    assert (one.series, one.tags) == ([("Series", "4")], [("a", None), ("b", None)])
    assert (one.description, one.url) == ("One\nmore", "http://example.org")
    assert [(person.name, person.role) for person in one.contributors] == [("Ann Roe", "illustrator")]
    assert one.unread == ["DA", "N1"]


def test_a_range_of_pages_is_no_extent():
    one = book("TY  - BOOK\nTI  - T\nSP  - 12\nEP  - 34\n")
    assert one.pages is None
    assert one.unread == ["SP", "EP"]


def test_fields_before_the_first_reference_are_told_once():
    first, second = results("T1  - Lost\nAU  - Nobody\n" + BOOK)
    assert "before the first TY" in first.reason
    assert second.title == "Middlemarch"
