import io
import json

import pytest

from diptych.core.formats.csl import items
from diptych.core.formats.csl.reader import read
from diptych.core.formats.record import RawBook, Reject

BOOK = {"id": "a", "type": "book", "title": "Middlemarch"}


class Trickle(io.RawIOBase):
    """Returns a byte at a time, so that each token of JSON is cut somewhere."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:  # noqa: ARG002 - as overridden
        return self._data.read(1)


def results(text: str | bytes) -> list[RawBook | Reject]:
    return list(read(io.BytesIO(text.encode() if isinstance(text, str) else text)))


def book(**variables: object) -> RawBook:
    (one,) = results(json.dumps([BOOK | variables]))
    assert isinstance(one, RawBook), one
    return one


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([BOOK, BOOK]),
        json.dumps([BOOK, BOOK], indent=2),
        json.dumps({"items": [BOOK, BOOK]}),
        f"{json.dumps(BOOK)}\n{json.dumps(BOOK)}\n",
        "\ufeff" + json.dumps([BOOK, BOOK]),
    ],
)
def test_items_are_found_in_each_form(text):
    assert [one.title for one in results(text)] == ["Middlemarch", "Middlemarch"]
    assert results(text.removeprefix("\ufeff").encode("utf-16")) == results(text)


def test_it_does_not_matter_where_the_stream_is_cut():
    text = json.dumps([BOOK | {"title": 'Quotes " and \\ and { é'}, BOOK], indent=1, ensure_ascii=False).encode()
    assert list(read(Trickle(text))) == results(text)


def test_a_broken_item_is_rejected_and_reading_goes_on():
    text = """[
 {"id":"1","type":"book","title":"One"},
 {"id":"2","type":"book","title":"no quote
   },
 {"id":"3","type":"book","title":"Three"}, 5,
 {"id":"4","type":"book","title":"no end", "author":[{"literal":"NASA"}
 ,{"id":"5","type":"book","title":"Five"},
 {"id":"6","type":"book","title":"comma" "x"},
 {"id":"7","type":"book","title":"Seven"}
]"""
    found = results(text)
    assert [one.title for one in found if isinstance(one, RawBook)] == ["One", "Three", "Five", "Seven"]
    assert [one.line for one in found if isinstance(one, Reject)] == [3, 5, 6, 8]


def test_a_broken_line_is_rejected_and_reading_goes_on():
    found = results('{"id":"1","type":"book","title":"A"}\n{"id":"2","ty\n{"id":"3","type":"book","title":"C"}\n')
    assert [type(one) for one in found] == [RawBook, Reject, RawBook]


def test_an_item_that_is_too_long_is_rejected(monkeypatch):
    monkeypatch.setattr(items, "ITEM_MAX", 1000)
    found = results(json.dumps([BOOK | {"abstract": "x" * 300_000}, BOOK]))
    assert "more than" in found[0].reason
    assert found[1].title == "Middlemarch"


@pytest.mark.parametrize("text", ["", "title,author", "<a/>"])
def test_other_files_are_no_csl(text):
    with pytest.raises(ValueError, match="no CSL-JSON file"):
        results(text)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"type": "article-journal"}, "type article-journal is a journal article: only books are taken"),
        ({"type": "chapter"}, "type chapter is a chapter of a book: only books are taken"),
        ({"title": "T"}, "the item has no type, so this is not CSL-JSON"),
        ({"type": ["book"]}, "type ['book'] is not a type of CSL: write \"book\" if it is a book"),
    ],
)
def test_what_is_no_book_is_rejected_in_words(item, reason):
    (one,) = results(json.dumps([item]))
    assert one.reason == reason


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ({"family": "Doe", "given": "Jane"}, ("Jane Doe", "Doe, Jane", None)),
        ({"family": "King", "given": "Martin", "suffix": "Jr."}, ("Martin King, Jr.", "King, Martin, Jr.", None)),
        (
            {"family": "Gogh", "given": "Vincent", "non-dropping-particle": "van"},
            ("Vincent van Gogh", "van Gogh, Vincent", None),
        ),
        (
            {"family": "Humboldt", "given": "Alexander", "dropping-particle": "von"},
            ("Alexander von Humboldt", "Humboldt, Alexander von", None),
        ),
        ({"family": "Homer"}, ("Homer", None, None)),
        ({"literal": "NASA"}, ("NASA", None, "body")),
    ],
)
def test_names(name, expected):
    (person,) = book(author=[name]).contributors
    assert (person.name, person.sort_name, person.kind) == expected


@pytest.mark.parametrize(
    ("issued", "published"),
    [
        ({"date-parts": [[2005, 3, 1]]}, ["2005-03-01"]),
        ({"date-parts": [["2005", "3"]]}, ["2005-03"]),
        ({"date-parts": [[1999], [2001]]}, ["1999/2001"]),
        ({"date-parts": [[-50]]}, ["-0050"]),
        ({"raw": "March 1999"}, ["March 1999"]),
        ({"literal": "n.d."}, ["n.d."]),
        ({"date-parts": [[]]}, []),
        (1999, ["1999"]),
    ],
)
def test_dates(issued, published):
    assert book(issued=issued).published == published


def test_what_is_not_taken_is_told():
    one = book(
        author=[{}], issued={"date-parts": [[1]], "circa": True}, volume="2", note="OCLC: 12\nread it", custom={"a": 1}
    )
    assert one.unread == ["author", "issued (circa)", "note", "volume", "custom"]
    assert one.identifiers == [("oclc", "12")]


def test_the_variables_of_a_book():
    one = book(
        title="Main: Sub",
        ISBN=["978-0-8044-2957-3", "0-14-044911-6"],
        keyword="a, b",
        language="en-GB",
        publisher="P",
        edition=2,
        abstract="One\ntwo",
        **{"title-short": "Main", "number-of-pages": "327", "collection-title": "S", "collection-number": 4},
        **{"original-date": {"date-parts": [[1850]]}, "note": "Foreword by: Moe, Mia"},
    )
    assert (one.title, one.subtitle, one.edition, one.pages) == ("Main", "Sub", "2", "327")
    assert one.identifiers == [("isbn", "978-0-8044-2957-3"), ("isbn", "0-14-044911-6")]
    assert (one.series, one.original_published, one.description) == ([("S", "4")], ["1850"], "One\ntwo")
    assert [(person.sort_name, person.role) for person in one.contributors] == [("Moe, Mia", "foreword")]
    assert one.unread == []


def test_a_file_of_beginnings_only_is_not_looked_at_again_and_again(monkeypatch):
    monkeypatch.setattr(items, "AGAIN_MAX", 10_000)
    found = results('{"id":"' * 5_000)
    assert len(found) < 10
    assert "skipped" in found[-1].reason


def test_markup_is_no_part_of_a_title():
    one = book(title='<i>Procolophon</i> and <span class="nocase">H<sub>2</sub>O</span>: a < b')
    assert one.title == "Procolophon and H2O: a < b"
