"""The shapes and the search of `make worst-bodies`."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from benchmarks.body_shapes import (
    FIELDS,
    ITEMS,
    LETTERS,
    LIMIT,
    BodyShape,
    Structure,
    Texts,
    coded,
    isbn,
    structures,
    texts,
)
from benchmarks.worst_bodies import Sent, faults, markdown, search, worst
from diptych.core.catalogue.books.isbn import isbn13
from diptych.core.http import content_coding

SMALL = Texts("tags.name", "ASCII", 1)


def test_there_are_hundreds_of_shapes_each_with_a_name_of_its_own():
    shapes = [*texts(), *structures()]

    assert len({str(shape) for shape in shapes}) == len(shapes) > 500


@pytest.mark.parametrize(
    "shape", [*structures(), *(Texts(field, "U+FDFA", 100, escaped=True) for field in FIELDS)], ids=str
)
def test_a_body_is_as_large_as_it_may_be_and_no_larger(shape: BodyShape):
    content = shape.content()

    assert 0 < len(content) <= LIMIT


@pytest.mark.parametrize("letters", LETTERS)
def test_a_text_has_its_length_and_its_name_is_its_own(letters: str):
    items = json.loads(replace(SMALL, letters=letters, length=4).content(7000))["items"]

    assert len(items) == ITEMS
    assert {len(item["name"]) for item in items} == {400}
    assert [item["name"].split()[0] for item in items[:2]] == ["7000", "7001"]


def test_the_books_of_all_bodies_have_isbns():
    assert all(isbn13(isbn(number)) for number in range(0, 30_000, 7))


def test_a_body_in_gzip_says_so():
    body, headers = coded(replace(SMALL, gzipped=True), SMALL.content())

    assert content_coding.decode(headers["content-encoding"], body, LIMIT) == SMALL.content()
    assert coded(SMALL, b"{}") == (b"{}", {"content-type": "application/json"})


def test_the_search_finds_what_is_two_steps_from_the_worst_that_it_begins_with():
    planted = Texts("books.title", "Hangul", 8, "PUT")
    costs = search(
        [SMALL, Texts("books.isbn", "Hangul", 1)],
        lambda shape: sum(getattr(shape, name) == getattr(planted, name) for name in ("field", "letters", "method")),
        rounds=2,
        keep=3,
    )

    assert worst(costs, 1)[0] in {replace(planted, length=length) for length in (1, 2, 4, 8, 100)}


def test_a_body_that_costs_too_much_is_reported_and_all_are_in_the_table():
    shapes: list[BodyShape] = [SMALL, Structure("spaces")]
    found = {
        "flask": [Sent(201, 2.5, 0.01), Sent(400, 0.1, 0.02)],
        "sanic": [Sent(201, 1.5, 0.03), Sent(422, 0.1, 0.04)],
    }

    assert faults(shapes, found) == ["flask: POST tags.name: ASCII, 1 times its limit costs 2.50 s"]
    rows = markdown(shapes, {SMALL: 1.0, shapes[1]: 0.05}, found).splitlines()
    assert rows[2] == (
        "| POST tags.name: ASCII, 1 times its limit | 0.1 MB | 114 kB | 201 "
        "| 1.00 s | 2.50 s | 1.50 s | 10 ms | 30 ms |"
    )
    assert "400 or 422" in rows[3]
