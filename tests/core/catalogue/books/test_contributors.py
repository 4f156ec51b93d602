from __future__ import annotations

import pytest

from diptych.core.catalogue.books.contributors import first_author, merged_contributors, with_first_author


def test_the_first_author_is_the_first_with_that_role():
    assert first_author(["editor", "author", "author"]) == 1
    assert first_author(["editor"]) is None


@pytest.mark.parametrize(
    ("others", "whole"),
    [
        ([], ["first"]),
        ([(0, "a"), (1, "b")], ["a", "b", "first"]),
        ([(2, "b"), (1, "a")], ["first", "a", "b"]),
        ([(0, "a"), (2, "b")], ["a", "first", "b"]),
    ],
)
def test_the_first_author_takes_the_lowest_place_that_is_free(others: list[tuple[int, str]], whole: list[str]):
    assert with_first_author("first", others) == whole
    assert with_first_author(None, others) == [each for each in whole if each != "first"]


def test_given_contributors_replace_those_of_their_roles_only():
    present = [("A", "author"), ("T", "translator"), ("B", "author")]

    assert merged_contributors(present, [("C", "author")]) == [("C", "author"), ("T", "translator")]
    assert merged_contributors(present, [("A", "author"), ("B", "author")]) == present
