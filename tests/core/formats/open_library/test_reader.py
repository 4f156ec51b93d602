import io
import json
import tracemalloc

import pytest

from diptych.core.formats.normalization import normalized
from diptych.core.formats.open_library.author_names import AuthorNames
from diptych.core.formats.open_library.edition import author_keys
from diptych.core.formats.open_library.reader import read
from diptych.core.formats.record import RawBook, RawContributor, Reject

EDITION = {
    "type": {"key": "/type/edition"},
    "key": "/books/OL7353617M",
    "revision": 5,
    "last_modified": {"type": "/type/datetime", "value": "2020-09-25T10:28:56.156571"},
    "title_prefix": "The",
    "title": "Laughing Policeman",
    "subtitle": "a Martin Beck mystery",
    "translation_of": "Den skrattande polisen",
    "translated_from": [{"key": "/languages/swe"}],
    "languages": [{"key": "/languages/eng"}],
    "authors": [{"key": "/authors/OL26320A"}, {"key": "/authors/OL1A"}],
    "contributions": ["Blair, Alan, 1915-1993 (Translator)", "Somebody"],
    "contributors": [{"role": "Introduction", "name": "Jonathan Franzen"}, {"role": "Typist", "name": "Ty Pist"}],
    "isbn_10": ["0307390500"],
    "isbn_13": ["9780307390509"],
    "lccn": ["2008055837"],
    "oclc_numbers": ["244767234"],
    "identifiers": {"goodreads": ["6404552"], "amazon": ["0307390500"], "overdrive": ["X"]},
    "publishers": ["Vintage Crime", "Black Lizard"],
    "publish_date": "February 2009",
    "edition_name": "1st Vintage ed.",
    "physical_format": "Paperback",
    "number_of_pages": 211,
    "series": ["Martin Beck ; 4"],
    "description": {"type": "/type/text", "value": "A bus,\nnine dead."},
    "subjects": ["Police"],
    "subject_places": ["Stockholm"],
    "works": [{"key": "/works/OL1W"}],
    "covers": [8739161],
}


def reading(*lines, **options):
    data = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return list(read(io.BytesIO(data.encode()), **options))


def dump(kind, record):
    return f"/type/{kind}\t{record.get('key')}\t5\t2020-09-25T10:28:56.156571\t{json.dumps(record)}"


def names(*authors):
    lines = [dump("author", {"key": key, "name": name}) for key, name in authors]
    return AuthorNames(io.BytesIO("\n".join(lines).encode()))


def test_a_whole_edition_becomes_a_book():
    store = names(("/authors/OL26320A", "Maj Sjöwall"))
    (raw,) = reading(EDITION, name_of=store.name_of)
    store.close()
    assert raw.unread == [
        "works",
        "covers",
        "publishers after the first",
        author_keys(),
        "identifiers.overdrive",
    ]
    book, troubles = normalized(raw)
    assert troubles == []
    assert (book.title, book.subtitle) == ("The Laughing Policeman", "a Martin Beck mystery")
    assert (book.original_title, book.original_language, book.language) == ("Den skrattande polisen", "sv", "en")
    assert [(person.name, person.role, person.birth_year, person.death_year) for person in book.contributors] == [
        ("Maj Sjöwall", "author", None, None),
        ("Jonathan Franzen", "foreword", None, None),
        ("Ty Pist", "other", None, None),
        ("Alan Blair", "translator", 1915, 1993),
        ("Somebody", "other", None, None),
    ]
    assert book.contributors[3].sort_name == "Blair, Alan"
    assert (book.isbn, book.published, book.publisher) == ("9780307390509", "2009-02", "Vintage Crime")
    assert (book.edition, book.format, book.pages) == ("1st Vintage ed.", "paperback", 211)
    assert [(series.name, series.position) for series in book.series] == [("Martin Beck", "4")]
    assert book.description == "A bus,\nnine dead."
    assert [tag.name for tag in book.tags] == ["police", "stockholm"]
    assert {(item.scheme, item.value) for item in book.identifiers} == {
        ("lccn", "2008055837"),
        ("oclc", "244767234"),
        ("goodreads", "6404552"),
        ("asin", "0307390500"),
        ("olid", "OL7353617M"),
    }
    assert book.record_id == "OL7353617M"


def test_a_dump_lines_of_json_an_array_and_one_object_say_the_same():
    for text in (
        dump("edition", EDITION),
        json.dumps(EDITION),
        "\ufeff" + json.dumps(EDITION),
        json.dumps([EDITION]),
        json.dumps(EDITION, indent=2),
    ):
        assert reading(text) == reading(EDITION)
    assert [book.number for book in reading(json.dumps([EDITION, EDITION], indent=2))] == [1, 2]


def test_editions_written_by_hand_are_read():
    books = reading(
        {"title": "A", "isbn_10": ["0107805855"], "authors": [{"name": "Jane Doe"}, {"key": "/authors/OL1A"}]},
        {"title": "B", "isbn": "9780109303950", "author": "Ann", "publisher": "P", "type": "book"},
        {"title": "C", "by_statement": "by Ann Writer.", "languages": ["eng"]},
    )
    assert [book.contributors for book in books] == [
        [RawContributor(name="Jane Doe")],
        [RawContributor(name="Ann")],
        [RawContributor(name="Ann Writer")],
    ]
    assert [book.unread for book in books] == [[author_keys()], [], []]
    assert books[1].identifiers == [("isbn", "9780109303950")]
    assert (books[1].publisher, books[2].languages) == ("P", ["eng"])


@pytest.mark.parametrize(
    "statement", ["Ann and Ben Writer", "by Ann Writer ; edited by X", "Doe, Jane", "[by] Ann", "anonymous"]
)
def test_a_statement_that_may_name_several_people_is_told_and_not_taken(statement):
    (book,) = reading({"title": "A", "by_statement": statement})
    assert (book.contributors, book.unread) == ([], ["by_statement"])


def test_what_has_another_shape_is_told():
    (book,) = reading(
        {
            "title": "A",
            "series": [{"series": {"key": "/series/OL1L"}, "position": "1"}],
            "languages": [["eng"]],
            "authors": [{}],
            "contributors": [{"role": "Editor"}],
        }
    )
    assert book.unread == ["series", "languages", "authors (without a name)", "contributors (without a name)"]


def test_records_of_other_types_are_counted_and_told():
    found = reading(
        dump("work", {"key": "/works/OL1W"}),
        dump("edition", EDITION),
        {"type": {"key": "/type/author"}, "key": "/authors/OL1A", "name": "X"},
        dump("work", {"key": "/works/OL2W"}),
    )
    assert [type(item) for item in found] == [RawBook, Reject]
    assert found[1].line == 1
    assert found[1].reason.endswith("only editions are books, from this line on: 2 of type work, 1 of type author")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"title": ', "the record cannot be read: it is not JSON"),
        ("[" * 100_000, "the record cannot be read: it is not JSON"),
        ("/type/edition\t/books/OL1M\t5", "the line has 3 columns, one of a dump has 5"),
        ("1", "the record is no JSON object"),
        ('{"title": "' + "x" * (4 << 20) + '"}', "the line is longer than 4 MiB"),
        ('{"title": "\udcff"}', "the record cannot be read: it is not utf-8"),
    ],
)
def test_a_bad_line_costs_itself_only(line, reason):
    data = f'{{"title": "A"}}\n{line}\n\n{{"title": "B"}}\n'.encode("utf-8", "surrogateescape")
    first, bad, last = read(io.BytesIO(data))
    assert (first.title, first.number, last.title, last.number) == ("A", 1, "B", 4)
    assert (bad.line, bad.reason[: len(reason)]) == (2, reason)
    assert bad.raw
    assert len(bad.raw) <= 10_000


def test_an_encoding_in_which_lines_cannot_be_told_is_refused():
    with pytest.raises(ValueError, match="not in utf-16"):
        reading({"title": "A"}, encoding="utf-16")
    with pytest.raises(ValueError, match="unknown encoding"):
        reading({"title": "A"}, encoding="utf-9")
    with pytest.raises(ValueError, match="the file is not JSON"):
        reading("[1, 2")


def test_a_file_without_authors_is_no_dump_of_authors():
    with pytest.raises(ValueError, match="no author in the file of authors"):
        AuthorNames(io.BytesIO(dump("work", {"key": "/works/OL1W"}).encode()))


def test_a_dump_is_read_in_constant_memory():
    line = (dump("edition", EDITION) + "\n").encode()
    data = io.BytesIO(line * 5_000)
    tracemalloc.start()
    assert sum(1 for _ in read(data)) == 5_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
