"""Books for round trips: texts with whatever a format uses as a mark."""

import io
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

import msgspec
from hypothesis import strategies as st

from diptych.core.formats.normalization import normalized
from diptych.core.formats.record import BookRecord, RawBook, RawContributor, Reject
from diptych.core.formats.writing import Writer

MARKS = (
    *(
        "{",
        "}",
        "\\",
        "%",
        "&",
        "#",
        "_",
        "~",
        "^",
        "$",
        "--",
        "''",
        "``",
        "?`",
        '"',
        ",",
        ";",
        ":",
        "=",
        "|",
        "(",
        ")",
    ),
    *(
        "@book{",
        "TY  - ",
        "ER  - ",
        " and ",
        "others",
        "von",
        "}, author={",
        '","',
        "\\'e",
        "$x$",
        "<",
        ">",
        "'",
        "-",
        "/",
    ),
)
LETTERS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=6)
WORDS = LETTERS | st.sampled_from(MARKS)
TEXTS = st.lists(WORDS, min_size=1, max_size=6).map(" ".join) | st.lists(WORDS, min_size=1, max_size=6).map("".join)
NAMES = st.lists(LETTERS, min_size=1, max_size=3).map(" ".join)
ROLES = ("author", "editor", "translator", "illustrator", "narrator", "foreword", "compiler", "other")


@st.composite
def _contributors(draw: st.DrawFn) -> RawContributor:
    role = draw(st.sampled_from(ROLES))
    match draw(st.sampled_from(["filed", "plain", "body"])):
        case "filed":
            family, given = draw(NAMES), draw(NAMES)
            return RawContributor(name=f"{given} {family}", sort_name=f"{family}, {given}", role=role)
        case "plain":
            return RawContributor(name=draw(NAMES), role=role)
    return RawContributor(name=draw(TEXTS), role=role, kind="body")


_IDENTIFIERS = st.sampled_from(
    [
        ("isbn", "9780804429573"),
        ("isbn", "9780140449112"),
        ("issn", "0032-5910"),
        ("doi", "10.1000/a_b(c)<d>"),
        ("oclc", "1234567"),
        ("lccn", "2001000002"),
        ("olid", "OL7353617M"),
        ("asin", "B000FA5SHK"),
        ("goodreads", "42"),
        ("librarything", "43"),
        ("isbn_invalid", "9780804429570"),
    ]
)
_RAW = st.builds(
    RawBook,
    number=st.just(1),
    title=TEXTS,
    subtitle=st.none() | TEXTS,
    original_title=st.none() | TEXTS,
    contributors=st.lists(_contributors(), max_size=4),
    identifiers=st.lists(_IDENTIFIERS, max_size=5),
    published=st.lists(st.sampled_from(["1999", "1999-05", "2001-12-31", "-0050", "0800", "1999/2001"]), max_size=1),
    original_published=st.lists(st.sampled_from(["1850", "-0400", "0012"]), max_size=1),
    languages=st.lists(st.sampled_from(["en", "en-GB", "zh-Hant", "grc"]), max_size=1),
    original_languages=st.lists(st.sampled_from(["fr", "la"]), max_size=1),
    publisher=st.none() | TEXTS,
    edition=st.none() | TEXTS,
    format=st.sampled_from([None, "hardcover", "paperback", "ebook", "audiobook", "other"]),
    pages=st.sampled_from([None, "1", "327"]),
    series=st.lists(st.tuples(NAMES, st.sampled_from([None, "2", "2.5", "II"])), max_size=3),
    description=st.none() | st.lists(TEXTS, max_size=4).map("\n".join),
    tags=st.lists(st.tuples(TEXTS, st.none()), max_size=3),
    url=st.none() | st.sampled_from(["https://example.org/a_b%20c?d=e&f#g~h", "http://example.org/$1"]),
    record_id=st.sampled_from(["abc-1", "key:2"]),
)


def books() -> st.SearchStrategy[BookRecord]:
    """Return valid books of any kind."""
    return _RAW.map(normalized).filter(lambda result: not isinstance(result, Reject)).map(lambda result: result[0])


def round_trip(writer: Writer, book: BookRecord, read: Callable[[BinaryIO], Iterator[RawBook | Reject]]) -> BookRecord:
    """Return what is read of a file with the book, of which nothing may be left over."""
    (raw,) = read(io.BytesIO(writer.begin + writer.record(book) + writer.end))
    assert isinstance(raw, RawBook), raw
    assert raw.unread == []
    result = normalized(raw)
    assert not isinstance(result, Reject), result
    back, troubles = result
    assert troubles == []
    return back


def compared(book: BookRecord, roles: Sequence[str]) -> BookRecord:
    """Return a book as formats keep it: lists in an order of their own (roles: of contributors), and single spaces."""
    description = "\n".join(" ".join(line.split()) for line in (book.description or "").splitlines())
    return msgspec.structs.replace(
        book,
        line=1,
        contributors=tuple(sorted(book.contributors, key=lambda one: _place(one.role, roles))),
        identifiers=tuple(sorted(book.identifiers, key=lambda one: one.scheme)),
        tags=tuple(sorted(book.tags, key=lambda one: one.name)),
        description=description or None,
    )


def _place(role: str, roles: Sequence[str]) -> int:
    return roles.index(role) if role in roles else len(roles)
