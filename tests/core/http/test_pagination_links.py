"""Link headers of pages."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diptych.core.engine.schemas.pagination import OFFSET_LIMIT, Page
from diptych.core.http.pagination_links import of_page
from diptych.core.http.query_string import pairs


def links(page: int, size: int, total: int, query: str = "") -> dict[str, str]:
    """Return relation -> target."""
    found = Page([], size, (page - 1) * size, total, next="c" if page * size < total else None, previous=None)
    field = of_page(found, "/books", query)
    return {relation: target for target, relation in re.findall(r'<([^<>]*)>; rel="([a-z]+)"(?:, |$)', field)}


def pages(page: int, size: int, total: int) -> dict[str, int]:
    """Return relation -> currentPage."""
    return {relation: int(target.partition("currentPage=")[2]) for relation, target in links(page, size, total).items()}


@pytest.mark.parametrize(
    ("page", "total", "expected"),
    [
        (1, 0, {"first": 1, "last": 1}),
        (1, 10, {"first": 1, "last": 1}),
        (1, 11, {"first": 1, "last": 2, "next": 2}),
        (2, 11, {"first": 1, "last": 2, "prev": 1}),
        (2, 25, {"first": 1, "last": 3, "prev": 1, "next": 3}),
        (9, 25, {"first": 1, "last": 3, "prev": 3}),
        (5, 0, {"first": 1, "last": 1, "prev": 1}),
    ],
)
def test_a_page_names_the_first_the_last_and_its_neighbours(page: int, total: int, expected: dict[str, int]):
    assert pages(page, 10, total) == expected


def test_no_link_leads_to_a_page_that_cannot_be_asked_for():
    furthest = OFFSET_LIMIT // 10 + 1
    assert pages(furthest, 10, OFFSET_LIMIT + 10) == {"first": 1, "last": furthest, "prev": furthest - 1}
    assert pages(furthest - 1, 10, OFFSET_LIMIT + 11) == {"first": 1, "prev": furthest - 2, "next": furthest}


def test_the_last_page_that_has_a_number_leads_on_by_its_cursor():
    furthest = OFFSET_LIMIT // 10 + 1
    found = links(furthest, 10, OFFSET_LIMIT + 11)
    assert found.keys() == {"first", "prev", "next"}
    assert found["next"] == "/books?cursor=c"


TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.tuples(TEXT, TEXT)))
def test_the_rest_of_the_query_is_the_same_after_a_link(given_pairs: list[tuple[str, str]]):
    query = urlencode(given_pairs)
    target = links(2, 10, 100, query)["next"]
    path, _, after = target.partition("?")
    others = [pair for pair in pairs(query) if pair[0] not in ("currentPage", "cursor")]
    assert path == "/books"
    assert pairs(after) == [*others, ("currentPage", "3")]
    assert target.isascii()
