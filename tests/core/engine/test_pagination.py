"""What a page of a list is made of, without a database."""

from __future__ import annotations

import pytest

from diptych.core.catalogue.tags.queries import spec
from diptych.core.catalogue.tags.schemas import TagList
from diptych.core.engine.pagination import OFFSET, bind_list_query, known_total, statements


@pytest.mark.parametrize(("number", "skipped"), [("1", None), ("2", 7), ("5", 28)])
def test_only_a_page_behind_the_first_skips_rows(number: str, skipped: int | None):
    bound = bind_list_query(spec, TagList.model_validate({"pageSize": "7", "currentPage": number}), {})

    assert bound.values.get(OFFSET) == skipped
    assert [("OFFSET" in str(each)) for each in statements(spec, bound.shape)] == [skipped is not None]


@pytest.mark.parametrize(
    ("number", "found", "total"),
    [("1", 0, 0), ("1", 6, 6), ("1", 7, 7), ("1", 8, None), ("3", 7, 21), ("3", 1, 15), ("3", 0, None)],
)
def test_a_total_is_known_where_the_list_ends(number: str, found: int, total: int | None):
    query = TagList.model_validate({"pageSize": "7", "currentPage": number})

    assert known_total(query, found) == total
