"""Request schemas: types, bounds, and all errors at once."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import Annotated, Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from diptych.core.catalogue.authors.kinds import KINDS
from diptych.core.catalogue.authors.schemas import AuthorInput, AuthorList, Kind
from diptych.core.catalogue.books.contributors import ROLES
from diptych.core.catalogue.books.formats import FORMATS
from diptych.core.catalogue.books.identifiers import SCHEMES
from diptych.core.catalogue.books.schemas import (
    BookInput,
    BookList,
    ContributorList,
    Format,
    Isbn,
    Language,
    Role,
    Scheme,
    Title,
    Year,
)
from diptych.core.catalogue.tags.schemas import TagInput, TagName, TagNames
from diptych.core.engine.schemas.base import Batch, BatchIds, Input, WithId, patch_of
from diptych.core.engine.schemas.field_types import Date, Id, Instant, Prose, QueryFlag, QueryInteger

ID = "01890f3e-8f6a-7cc0-9d5a-3b1f6d2c4e5f"
AuthorPatch, BookPatch, TagPatch = (patch_of(model) for model in (AuthorInput, BookInput, TagInput))


def value(kind: Any, given_value: object) -> Any:
    return TypeAdapter(kind).validate_python(given_value)


def code(kind: Any, given_value: object) -> str:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(given_value)
    (error,) = caught.value.errors()
    return error["type"]


def faults(model: type[BaseModel], body: object) -> list[tuple[tuple[int | str, ...], str]]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(body)
    return [(error["loc"], error["type"]) for error in caught.value.errors()]


# --- patches ---


@pytest.mark.parametrize("patch", [AuthorPatch, BookPatch, TagPatch])
def test_an_empty_patch_sets_nothing(patch: type[Input]):
    assert patch.model_validate({}).model_dump(exclude_unset=True) == {}


def test_null_is_not_the_same_as_absent():
    patch = BookPatch.model_validate({"isbn": None, "title": "Iliad"})
    assert patch.model_dump(exclude_unset=True) == {"isbn": None, "title": "Iliad"}


@pytest.mark.parametrize(("patch", "field"), [(AuthorPatch, "name"), (BookPatch, "title"), (TagPatch, "name")])
def test_null_is_refused_where_a_value_is_required(patch: type[Input], field: str):
    ((where, _),) = faults(patch, {field: None})
    assert where == (field,)


@pytest.mark.parametrize("field", ["isbn", "year", "language", "description"])
def test_null_takes_away_what_a_book_need_not_have(field: str):
    assert BookPatch.model_validate({field: None}).model_dump(exclude_unset=True) == {field: None}


@pytest.mark.parametrize("model", [AuthorInput, BookInput, TagInput])
def test_a_patch_has_the_fields_of_its_model_and_no_others(model: type[Input]):
    patch = patch_of(model)
    assert list(patch.model_fields) == list(model.model_fields)
    assert not any(info.is_required() for info in patch.model_fields.values())
    assert faults(patch, {"nosuch": 1}) == [(("nosuch",), "extra_forbidden")]


@pytest.mark.parametrize(
    ("model", "field", "bad"),
    [
        (AuthorInput, "name", ""),
        (AuthorInput, "name", "x" * 256),
        (AuthorInput, "dob", "2000-02-30"),
        (BookInput, "title", "a\nb"),
        (BookInput, "isbn", "9780439554931"),
        (BookInput, "year", 99999),
        (BookInput, "language", "123456789"),
        (BookInput, "description", "x" * 10_001),
        (TagInput, "name", " "),
    ],
)
def test_a_patch_refuses_what_its_model_refuses_in_the_same_words(model: type[Input], field: str, bad: object):
    whole: dict[str, object] = {"name": "x"} if model is not BookInput else {"title": "x", "author_id": ID}
    assert faults(patch_of(model), {field: bad}) == faults(model, {**whole, field: bad})


def test_a_patch_normalises_what_it_takes():
    patch = BookPatch.model_validate({"title": " Re\u0301sume\u0301 ", "isbn": "0-439-55493-4", "language": "EN-us"})
    assert patch.model_dump(exclude_unset=True) == {"title": "Résumé", "isbn": "9780439554930", "language": "en-US"}


def test_an_item_of_a_batch_of_patches_must_say_which_row_it_is_about():
    item = patch_of(AuthorInput, base=WithId, suffix="PatchItem")
    assert faults(item, {"name": "Homer"}) == [(("id",), "missing")]
    assert item.model_validate({"id": ID}).model_dump(exclude_unset=True) == {"id": uuid.UUID(ID)}


def test_bounds_and_rules_of_a_field_stay_in_their_order():
    class Shout(Input):
        text: Annotated[Title, Field(max_length=3)]

    assert faults(patch_of(Shout), {"text": "abcd"}) == faults(Shout, {"text": "abcd"})
    assert patch_of(Shout).model_validate({"text": " abc "}).model_dump() == {"text": "abc"}


# --- every fault at once ---


def test_every_bad_field_of_a_book_is_named_at_once():
    body = {"title": 1, "author_id": 1, "isbn": 1, "year": "1", "language": 1, "description": 1, "x": 1, "id": ID}
    assert sorted(where[0] for where, _ in faults(BookInput, body)) == sorted(body)


def test_what_is_missing_is_named_with_what_is_wrong():
    assert faults(BookInput, {"year": 1.5}) == [
        (("title",), "missing"),
        (("author_id",), "missing"),
        (("year",), "int_type"),
    ]


def test_what_the_service_itself_sets_cannot_be_given():
    for name in ("id", "slug", "created_at", "updated_at", "search_text", "sort_key"):
        assert faults(AuthorInput, {"name": "Homer", name: "x"}) == [((name,), "extra_forbidden")]


def test_a_fault_never_repeats_what_was_sent():
    with pytest.raises(ValidationError) as caught:
        AuthorInput.model_validate({"name": "hunter2\x00", "dob": "hunter2"})
    assert "hunter2" not in str(caught.value)


# --- types ---


@pytest.mark.parametrize("text", [ID, ID.upper(), str(uuid.UUID(int=0)), str(uuid.UUID(int=2**128 - 1))])
def test_a_uuid_is_read_in_its_canonical_form_of_either_case(text: str):
    assert value(Id, text) == uuid.UUID(text)


@pytest.mark.parametrize(
    "text", [ID.replace("-", ""), "{" + ID + "}", f"urn:uuid:{ID}", f" {ID}", f"{ID}\n", ID[:-1], "", 7, None, [ID], True]  # noqa: E501
)  # fmt: skip
def test_any_other_spelling_of_a_uuid_is_refused(text: object):
    assert code(Id, text) == "uuid"


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31", "2024-02-29"])
def test_a_date_is_a_day_of_the_calendar(text: str):
    assert value(Date, text).isoformat() == text


@pytest.mark.parametrize(
    "text",
    ["2023-02-29", "0000-01-01", "2024-13-01", "20240101", "2024-1-1", "2024-W01-1", "2024-01-01T00:00:00Z", "10000-01-01",  # noqa: E501
     "\u0662\u0660\u0662\u0664-01-01", " 2024-01-01", "2024-01-01\n", "", 0, 1704067200, None, True],
)  # fmt: skip
def test_any_other_date_is_refused(text: object):
    assert code(Date, text) == "date"


@given(st.dates())
def test_every_date_is_read_back(day: date):
    assert value(Date, day.isoformat()) == day


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31t12:00:00z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00.5+02:00", datetime(2026, 1, 31, 10, 0, 0, 500000, tzinfo=UTC)),
        ("2026-01-31T23:59:59.999999-00:30", datetime(2026, 2, 1, 0, 29, 59, 999999, tzinfo=UTC)),
    ],
)
def test_a_timestamp_is_read_with_its_offset_and_kept_in_utc(text: str, moment: datetime):
    read = value(Instant, text)
    assert read == moment
    assert read.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    ["2026-01-31T12:00:00", "2026-01-31", "2026-01-31 12:00:00Z", "2026-01-31T12:00Z", "2026-01-31T24:00:00Z",
     "2026-01-31T12:00:60Z", "2026-01-31T12:00:00.1234567Z", "2026-01-31T12:00:00+0200", "2026-01-31T12:00:00+25:00",
     "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2026-02-30T00:00:00Z", "1769860800", 1769860800, None],
)  # fmt: skip
def test_a_timestamp_without_an_offset_or_of_no_such_moment_is_refused(text: object):
    assert code(Instant, text) == "timestamp"


@pytest.mark.parametrize("given_value", [1.0, "1900", True, 10**30, None])
def test_a_year_is_a_whole_number_and_nothing_like_one(given_value: object):
    assert code(Year, given_value)


@pytest.mark.parametrize("text", ["1", "-1", "0000000007"])
def test_a_whole_number_of_a_query_is_digits(text: str):
    assert value(Annotated[int, QueryInteger], text) == int(text)


@pytest.mark.parametrize("text", ["", "+1", "1.0", " 1", "1_0", "\u0663", "12345678901", "--1", "1\n"])
def test_any_other_number_of_a_query_is_refused(text: str):
    assert code(Annotated[int, QueryInteger], text) == "integer"


def test_a_flag_of_a_query_is_true_or_false():
    assert (value(QueryFlag, "true"), value(QueryFlag, "false")) == (True, False)
    for text in ("", "1", "True", "yes", "true\n"):
        assert code(QueryFlag, text) == "boolean"


@pytest.mark.parametrize("kind", [Title, Prose, TagName, Isbn, Language])
@pytest.mark.parametrize("given_value", [None, 1, 1.5, True, [], {}, b"x"])
def test_text_is_text_and_nothing_that_could_be_made_text(kind: Any, given_value: object):
    assert code(kind, given_value) == "string_type"


@pytest.mark.parametrize("kind", [Title, Prose, TagName])
@pytest.mark.parametrize("bad", ["a\x00b", "a\x1bb", "a\x7fb", "a\x85b", "a\ud800b"])
def test_control_characters_and_halves_of_surrogate_pairs_are_refused(kind: Any, bad: str):
    assert code(kind, bad)


@pytest.mark.parametrize(("model", "field", "most"), [(AuthorInput, "name", 255), (TagInput, "name", 100)])
def test_a_name_has_as_many_characters_as_its_column_counted_after_normalising(
    model: type[Input], field: str, most: int
):
    assert model.model_validate({field: "e\u0301" * most}).model_dump()[field] == "é" * most
    assert [where for where, _ in faults(model, {field: "é" * (most + 1)})] == [(field,)]
    assert [where for where, _ in faults(model, {field: "  "})] == [(field,)]


@given(st.text(max_size=60))
def test_what_is_normalised_stays_as_it_is_when_it_is_sent_back(text: str):
    for kind in (Title, Prose, TagName):
        try:
            once = value(kind, text)
        except ValidationError:
            continue
        assert value(kind, once) == once


# --- batches ---


def test_a_batch_has_one_to_a_thousand_items():
    batch = Batch[TagInput]
    assert len(batch.model_validate({"items": [{"name": "x"}] * 1000}).items) == 1000
    assert faults(batch, {"items": [{"name": "x"}] * 1001}) == [(("items",), "too_long")]
    assert faults(batch, {"items": []}) == [(("items",), "too_short")]
    assert faults(batch, {}) == [(("items",), "missing")]
    assert faults(batch, {"items": None}) == [(("items",), "list_type")]
    assert faults(batch, {"items": {"name": "x"}}) == [(("items",), "list_type")]


def test_a_batch_names_the_items_that_are_wrong():
    assert faults(Batch[TagInput], {"items": [{"name": "x"}, {"nam": "x"}, 3]}) == [
        (("items", 1, "name"), "missing"),
        (("items", 1, "nam"), "extra_forbidden"),
        (("items", 2), "model_type"),
    ]


def test_a_batch_of_ids_has_one_to_a_thousand():
    assert len(BatchIds.model_validate({"ids": [ID] * 1000}).ids) == 1000
    assert faults(BatchIds, {"ids": [ID] * 1001}) == [(("ids",), "too_long")]
    assert faults(BatchIds, {"ids": []}) == [(("ids",), "too_short")]
    assert faults(BatchIds, {"ids": [ID, "x"]}) == [(("ids", 1), "uuid")]


def test_a_book_has_up_to_a_hundred_contributors_with_roles_that_exist():
    item = {"author_id": ID, "role": "author"}
    assert len(ContributorList.model_validate({"items": [item] * 100}).items) == 100
    assert faults(ContributorList, {"items": [item] * 101}) == [(("items",), "too_long")]
    assert ContributorList.model_validate({"items": []}).items == []
    assert faults(ContributorList, {"items": [{**item, "role": "Author"}]}) == [(("items", 0, "role"), "literal_error")]


def test_a_book_has_at_most_a_hundred_tags_and_may_have_none():
    assert TagNames.model_validate({"items": []}).items == []
    assert faults(TagNames, {"items": ["x"] * 101}) == [(("items",), "too_long")]
    assert [where for where, _ in faults(TagNames, {"items": ["x", " ", "a" * 101]})] == [("items", 1), ("items", 2)]


# --- lists ---


def test_a_list_is_asked_in_camel_case_and_not_in_the_names_of_the_code():
    assert AuthorList.model_validate({"pageSize": "7"}).page_size == 7
    assert faults(AuthorList, {"page_size": "7"}) == [(("page_size",), "extra_forbidden")]


@pytest.mark.parametrize(
    ("name", "fine", "bad"),
    [
        ("pageSize", ["1", "1000"], ["0", "1001", "-1", "1.0", ""]),
        ("currentPage", ["1", "501"], ["0", "502", "1000000", "99999999999"]),
        ("sortOrder", ["asc", "desc"], ["ASC", ""]),
        ("orderBy", ["title", "id", "created_at"], ["createdAt", "search_text", "author", ""]),
        ("searchString", ["", "x" * 1000], ["x" * 1001, "a\x00b"]),
        ("q", ["", "x" * 1000, "ab*", "東*", "가*", "*a", "*"], ["x" * 1001, "a\x00b", "a*", "ab* é*", "1*", "ж*"]),
        ("searchIgnoreCase", ["true", "false"], ["TRUE", "0"]),
        ("createdAfter", ["2026-01-01T00:00:00Z"], ["2026-01-01", "2026-01-01T00:00:00"]),
        ("yearIn", [["-750"], ["1", "2"]], [["x"], ["99999"], "1"]),
        ("isbnNotIn", [["0439554934"]], [["1"]]),
        ("tagsIn", [["War "]], [[""]]),
        ("include", [["tags"], ["tags,contributors"], ["tags", "tags"]], [["Tags"], [""], ["tags,"], ["author"]]),
    ],
)
def test_each_parameter_of_a_list_has_its_bounds(name: str, fine: list[Any], bad: list[Any]):
    for given_value in fine:
        BookList.model_validate({name: given_value})
    for given_value in bad:
        assert {where[0] for where, _ in faults(BookList, {name: given_value})} == {name}


def test_filters_are_normalised_as_what_is_stored_is():
    query = BookList.model_validate(
        {"tagsIn": [" WAR  and peace"], "isbnIn": ["0-439-55493-4"], "languageIn": ["EN-us"]}
    )
    assert (query.tags_in, query.isbn_in, query.language_in) == (["war and peace"], ["9780439554930"], ["en-US"])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("literal", "values"),
    [(Role, ROLES), (Format, FORMATS), (Scheme, SCHEMES), (Kind, KINDS)],
    ids=["roles", "formats", "schemes", "kinds"],
)
def test_a_choice_of_the_api_is_that_of_the_model(literal: Any, values: tuple[str, ...]):
    assert get_args(literal) == values
