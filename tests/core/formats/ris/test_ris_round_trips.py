import io

from hypothesis import given, settings

from diptych.core.formats.record import BookRecord
from diptych.core.formats.ris.reader import read
from diptych.core.formats.ris.writer import RisWriter
from tests.core.formats.books import books, compared, round_trip

ORDER = ("author", "editor", "translator")
"""Roles with a tag; the others come after them, in notes."""


@settings(max_examples=40)
@given(books())
def test_a_book_survives_but_for_the_losses_and_the_text_stays_from_then_on(book):
    back = round_trip(RisWriter(), book, read)
    assert compared(back, ORDER) == compared(book, ORDER)
    assert round_trip(RisWriter(), back, read) == back
    assert RisWriter().record(round_trip(RisWriter(), back, read)) == RisWriter().record(back)


def test_a_line_of_a_description_that_looks_like_a_tag_is_none():
    book = BookRecord(line=1, title="T", description="One\nTY  - JOUR\n\nER  - ")
    (raw,) = read(io.BytesIO(RisWriter().record(book)))
    assert raw.description == "One\nTY  - JOUR\n\nER  -"
