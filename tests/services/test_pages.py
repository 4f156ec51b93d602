"""Pages of a list by number and by cursor, in every kind of order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from diptych.core.catalogue.authors.schemas import AuthorList
from diptych.core.engine.cursors import Cursor
from diptych.core.engine.schemas.pagination import Page
from diptych.core.errors import ValidationFailed
from tests.services.twins import Twin

RANKS = {
    "War": 2, "WAR": 2, "Wár": 2, "War 1": 1, "War 2": 1, "A war": 1,
    "War and peace": 0, "The war of the worlds": 0, "After the war": 0, "Before a war": 0, "No war at all": 0,
}  # fmt: skip
"""Names, some of which are equal when they are folded, with their ranks for "war"."""

SIZE = 3
ID = UUID("01890f3e-8f6a-7cc0-9d5a-3b1f6d2c4e5f")

KEYS: Mapping[str, Callable[[Any], Any]] = {
    "created_at": lambda row: row.created_at,
    "name": lambda row: row.name.lower().replace("á", "a"),
    "dob": lambda row: row.dob,
    "id": lambda row: row.id,
    "relevance": lambda row: RANKS[row.name],
}


async def page(twin: Twin, **query: Any) -> Page[Any]:
    found: Page[Any] = await twin.authors.page(AuthorList.model_validate({"pageSize": str(SIZE)} | query))
    return found


def ids(page: Page[Any]) -> list[UUID]:
    return [row.id for row in page.items]


async def walked(twin: Twin, start: Page[Any], way: str, **query: Any) -> list[list[UUID]]:
    """Return the ids of a page and of those that follow it on the way."""
    found, here = [ids(start)], start
    while cursor := getattr(here, way):
        here = await page(twin, **query, cursor=cursor)
        assert (here.total, here.offset) == (len(RANKS), None)
        found.append(ids(here))
        assert len(found) <= len(RANKS)
    return found


@pytest.mark.parametrize("order", KEYS)
@pytest.mark.parametrize("sort_order", ["asc", "desc"])
async def test_a_list_is_the_same_by_number_and_by_cursor_forward_and_back(twin: Twin, order: str, sort_order: str):
    rows = await twin.authors.create_many(
        [{"name": name, "dob": date(1900 + place % 4, 1, 1) if place % 3 else None} for place, name in enumerate(RANKS)]
    )
    key, down = KEYS[order], sort_order == "desc"
    valued = sorted((row for row in rows if key(row) is not None), key=lambda row: (key(row), row.id), reverse=down)
    missing = sorted((row for row in rows if key(row) is None), key=lambda row: row.id, reverse=down)
    whole = [row.id for row in (*valued, *missing)]
    pages = [whole[start : start + SIZE] for start in range(0, len(whole), SIZE)]
    query = {"q": "war", "orderBy": order, "sortOrder": sort_order}

    numbered = [await page(twin, **query, currentPage=str(number)) for number in range(1, len(pages) + 1)]

    assert [ids(each) for each in numbered] == pages
    assert [each.offset for each in numbered] == [0, 3, 6, 9]
    assert [each.total for each in numbered] == [len(whole)] * 4
    assert [(each.previous is None, each.next is None) for each in numbered] == [
        (True, False), (False, False), (False, False), (False, True),
    ]  # fmt: skip
    assert await walked(twin, numbered[0], "next", **query) == pages
    assert await walked(twin, numbered[-1], "previous", **query) == pages[::-1]


async def test_from_behind_the_end_a_cursor_leads_back_to_the_last_row(twin: Twin):
    rows = sorted(row.id for row in await twin.authors.create_many([{"name": f"N{number}"} for number in range(4)]))
    query = {"orderBy": "id", "sortOrder": "asc"}
    first = await page(twin, **query)
    await twin.authors.remove(rows[3])

    behind = await page(twin, **query, cursor=first.next)
    assert (behind.items, behind.next) == ([], None)
    back = await page(twin, **query, cursor=behind.previous)
    assert ids(back) == rows[:3]
    assert (await page(twin, **query, cursor=back.next)).items == []


@pytest.mark.parametrize(
    ("order", "value"),
    [("name", 1), ("name", None), ("dob", 1), ("dob", "1900"), ("dob", "19000101"), ("created_at", "yesterday"),
     ("created_at", "2026-01-01T00:00:00"), ("created_at", "2026-01-01T00:00:00+00:00"), ("id", "x"),
     ("id", str(ID).upper()), ("relevance", "x"), ("relevance", None), ("relevance", 3)],
)  # fmt: skip
async def test_a_cursor_has_a_value_that_a_page_of_its_order_gives(twin: Twin, order: str, value: Any):
    with pytest.raises(ValidationFailed) as caught:
        await page(twin, q="war", orderBy=order, cursor=str(Cursor(order, "desc", True, False, value, ID)))
    assert [each.parameter for each in caught.value.field_errors] == ["cursor"]


async def test_a_cursor_goes_with_no_page_number_and_with_no_other_order(twin: Twin):
    cursor = str(Cursor("name", "asc", True, False, "x", ID))
    for query, wrong in [
        ({"orderBy": "name", "sortOrder": "asc"}, []),
        ({"orderBy": "name", "sortOrder": "desc"}, ["cursor"]),
        ({"orderBy": "id", "sortOrder": "asc"}, ["cursor"]),
        ({"orderBy": "name", "sortOrder": "asc", "currentPage": "1"}, ["currentPage"]),
        ({"currentPage": "1"}, ["currentPage", "cursor"]),
    ]:
        try:
            assert (await page(twin, **query, cursor=cursor)).items == []
            found = []
        except ValidationFailed as error:
            found = [each.parameter for each in error.field_errors]
        assert found == wrong
