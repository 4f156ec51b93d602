from hypothesis import given, settings

from diptych.core.formats.csl.reader import read
from diptych.core.formats.csl.writer import CslWriter
from tests.core.formats.books import books, compared, round_trip

ORDER = ("author", "editor", "translator", "illustrator", "narrator", "compiler", "other", "foreword")


@settings(max_examples=40)
@given(books())
def test_a_book_survives_but_for_the_losses_and_the_text_stays_from_then_on(book):
    back = round_trip(CslWriter(), book, read)
    assert compared(back, ORDER) == compared(book, ORDER)
    assert round_trip(CslWriter(), back, read) == back
    assert CslWriter().record(round_trip(CslWriter(), back, read)) == CslWriter().record(back)
