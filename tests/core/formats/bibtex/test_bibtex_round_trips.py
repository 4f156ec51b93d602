import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diptych.core.formats.bibtex.latex import decoded, escaped
from diptych.core.formats.bibtex.reader import read
from diptych.core.formats.bibtex.writer import BibtexWriter
from diptych.core.formats.record import BookRecord, Contributor
from tests.core.formats.books import TEXTS, books, compared, round_trip

ORDER = ("author", "editor", "compiler", "translator", "illustrator", "narrator", "foreword", "other")


@settings(max_examples=40)
@given(books())
def test_a_book_survives_but_for_the_losses_and_the_text_stays_from_then_on(book):
    back = round_trip(BibtexWriter(), book, read)
    assert compared(back, ORDER) == compared(book, ORDER)
    assert round_trip(BibtexWriter(), back, read) == back
    assert BibtexWriter().record(round_trip(BibtexWriter(), back, read)) == BibtexWriter().record(back)


@given(TEXTS | st.text(st.characters(exclude_categories=["Cs"])))
def test_escaped_text_is_decoded_to_itself(text):
    assert decoded(escaped(text)) == (text, [])


def test_keys_are_unique_and_the_same_in_each_run():
    book = BookRecord(line=1, title="T", year=1999, contributors=(Contributor("Jane Doé", "author", "Doé, Jane"),))
    same_id = BookRecord(line=1, title="U", record_id="a")

    def keys():
        writer = BibtexWriter()
        data = b"".join(writer.record(one) for one in (book, book, same_id, same_id))
        return [raw.record_id for raw in read(io.BytesIO(data))]

    assert keys() == keys()
    assert len(set(keys())) == 4
    assert keys()[0].startswith("doe1999-")
    assert keys()[2:] == ["a", "a-2"]


@pytest.mark.parametrize("name", ["Barnes and Noble", "others", "Doe, Jane", "A {B"])
def test_a_name_that_would_be_taken_apart_is_in_braces(name):
    book = BookRecord(line=1, title="T", contributors=(Contributor(name, "author"),))
    (raw,) = read(io.BytesIO(BibtexWriter().record(book)))
    assert [one.name for one in raw.contributors] == [name]
