"""The service rejects what its document calls invalid, and accepts the text, dates and times that it allows."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter, ValidationError

from diptych.core.catalogue.authors.schemas import AuthorName
from diptych.core.catalogue.books.isbn import isbn13
from diptych.core.catalogue.books.schemas import BookInput, Isbn, Language, Title
from diptych.core.catalogue.field_types import Description
from diptych.core.catalogue.tags.schemas import TagName
from diptych.core.engine.schemas.base import upsert_item_of
from diptych.core.engine.schemas.field_types import Date, Id, Instant

KINDS = {
    "name": AuthorName,
    "title": Title,
    "tag": TagName,
    "description": Description,
    "isbn": Isbn,
    "language": Language,
    "date": Date,
    "moment": Instant,
    "id": Id,
}
ADAPTERS: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(kind) for name, kind in KINDS.items()}
SCHEMAS = {name: adapter.json_schema() for name, adapter in ADAPTERS.items()}
EXACT = sorted(KINDS.keys() - {"isbn", "language"})  # a check digit and repeated subtags are beyond a pattern

kinds = pytest.mark.parametrize("kind", sorted(KINDS))


def taken(kind: str, value: str) -> bool:
    try:
        ADAPTERS[kind].validate_python(value)
    except ValidationError:
        return False
    return True


def allowed(kind: str, value: str) -> bool:
    return Draft202012Validator(SCHEMAS[kind]).is_valid(value)


PADDING = "\t\n\r\x0b\x1c \u00a0\u2028\u3000"
TEXT = st.text(st.one_of(st.sampled_from(PADDING + "aé-:1900\x00\x7f\x85"), st.characters(exclude_categories=["Cs"])))


@kinds
@given(value=TEXT)
@example(value="")
@example(value=" ")
@example(value="\n")
def test_what_a_description_does_not_allow_is_refused(kind: str, value: str):
    assume(kind != "language" or value == value.strip())  # white space around a tag is accepted but not documented
    assert allowed(kind, value) or not taken(kind, value)


@pytest.mark.parametrize("kind", EXACT)
@given(data=st.data())
def test_what_a_description_allows_is_taken(kind: str, data: st.DataObject):
    pattern = re.sub(r"\$$", r"\\Z", SCHEMAS[kind]["pattern"])
    value = data.draw(st.from_regex(re.compile(pattern)))
    assume(not any("\ud800" <= character <= "\udfff" for character in value))  # surrogates cannot be encoded in UTF-8
    assume(kind not in ("date", "moment") or _is_a_day(value[:10]))
    assume(len(value) <= 80)  # NFC may make a longer text exceed the limit

    assert taken(kind, value)


def _is_a_day(text: str) -> bool:
    return taken("date", text) and text < "9999-12-31" and text > "0001-01-01"


@pytest.mark.parametrize(("kind", "most"), [("name", 255), ("title", 1000)])
def test_a_length_is_described_as_it_is_counted(kind: str, most: int):
    for value in ("x" * most, "\n " + "x" * most + "\u3000"):
        assert allowed(kind, value)
        assert taken(kind, value)
    for value in ("x" * (most + 1), f" {'x' * (most + 1)}"):
        assert not allowed(kind, value)
        assert not taken(kind, value)
    assert SCHEMAS[kind]["description"] == f"1 to {most:,} characters, as it is kept."


@pytest.mark.parametrize("text", ["978-0-9542217-1-3", "9780954221713", "ISBN 0-306-40615-2", "isbn-13: 9780306406157"])
def test_an_isbn_as_people_write_it_is_allowed(text: str):
    assert isbn13(text)
    assert allowed("isbn", text)


@kinds
def test_every_type_has_an_example_that_is_allowed_and_taken(kind: str):
    for value in SCHEMAS[kind]["examples"]:
        assert allowed(kind, value)
        assert taken(kind, value)


def test_an_item_of_an_upsert_is_described_with_its_key():
    schema = upsert_item_of(BookInput, ("isbn",), ("isbn",)).model_json_schema()

    assert schema["required"] == ["title", "author_id", "isbn"]
    assert schema["properties"]["isbn"]["type"] == "string"
    assert "anyOf" in BookInput.model_json_schema()["properties"]["isbn"]
