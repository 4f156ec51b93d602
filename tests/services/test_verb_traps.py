"""What people do with services besides calling each verb once, on both twins and both databases."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.books.model import Book
from diptych.core.errors import CatalogueError, ValidationFailed
from tests.services.guide import Guide
from tests.services.twins import author, book

ISBNS = ["9780439554930", "9780306406157", "9783161484100"]
NAIVE = datetime(2026, 1, 31, 12)  # noqa: DTZ001 - one without an offset is what is meant


def paths(error: CatalogueError) -> list[tuple[str | int, ...] | None]:
    return [field_error.path for field_error in error.field_errors]


# --- values ---


@pytest.mark.parametrize(
    ("kind", "name", "value", "detail"),
    [
        ("authors", "name", 5, "text"),
        ("authors", "dob", "1914-08-09", "a date"),
        ("authors", "id", 5, "a UUID in the 8-4-4-4-12 form"),
        ("authors", "slug", 5, "text"),
        ("authors", "created_at", NAIVE, "a date and time with its offset"),
        ("authors", "updated_at", "2026-01-31T12:00:00Z", "a date and time with its offset"),
        ("books", "year", True, "a whole number"),
        ("books", "author_id", "nobody", "a UUID in the 8-4-4-4-12 form"),
    ],
)
async def test_every_verb_refuses_a_value_of_another_type_by_the_name_of_its_column(
    guide: Guide, kind: str, name: str, value: Any, detail: str
):
    who = await author(guide.twin)
    what = who if kind == "authors" else await book(guide.twin, author_id=who)
    values = {"name": "X", "title": "X", "author_id": who, "isbn": ISBNS[0], "id": what, name: value}
    async with guide.service(kind, commit=False) as service:
        for verb, arguments, place in (
            (service.create, (values,), ()),
            (service.create_many, ([values],), ("items", 0)),
            (service.update, (values, what), ()),
            (service.update_many, ([values],), ("items", 0)),
            (service.upsert, (values,), ()),
            (service.upsert_many, ([values],), ("items", 0)),
        ):
            with pytest.raises(ValidationFailed) as refused:
                await verb(*arguments)
            assert [(error.path, error.detail) for error in refused.value.field_errors] == [
                ((*place, name), f"should be {detail}")
            ]


async def test_a_uuid_may_be_given_as_its_text(guide: Guide):
    who = await author(guide.twin)
    chosen = uuid.UUID("01890f3e-8f6a-7cc0-9d5a-3b1f6d2c4e5f")
    async with guide.service("books") as books:
        (made,) = await books.create_many([{"id": str(chosen).upper(), "title": "X", "author_id": str(who)}])
        assert (made.id, made.author_id) == (chosen, who)
        await books.update_many([{"id": str(chosen), "title": "Y"}])
        await books.upsert({"title": "Z", "author_id": str(who).upper(), "isbn": ISBNS[0]}, str(chosen))
        found, _ = await books.get_and_update(match_fields=["id"], id=str(chosen), year=1972)
        assert found is made
    (stored,) = await guide.all(Book)
    assert (stored.id, stored.author_id, stored.title, stored.year) == (chosen, who, "Z", 1972)


async def test_a_row_added_by_hand_has_values_of_the_types_of_its_columns(guide: Guide):
    for values in ({"dob": "1914-08-09"}, {"created_at": NAIVE}):
        async with guide.session(commit=False) as session:
            add = session.add if guide.twin.name == "aio" else session._target.add
            add(Author(name="X", **values))
            with pytest.raises(ValidationFailed) as refused:
                await session.flush()
            assert paths(refused.value) == [tuple(values)]
    who = await author(guide.twin)
    async with guide.session(commit=False) as session:
        row = await session.get(Author, who)
        row.dob = datetime.now(UTC)
        with pytest.raises(ValidationFailed):
            await session.flush()
