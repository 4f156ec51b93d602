"""What somebody may have meant."""

from __future__ import annotations

import pytest

from diptych.core.web.suggestions import beginnings, suggested


@pytest.mark.parametrize(
    ("q", "wider"),
    [
        ("Tolkein", "tol*"),
        ("harry poter", "har* pot*"),
        ("the pot", ""),
        ("東京", ""),
        ("", ""),
        ("aaaaa b c d e f g", ""),
    ],
)
def test_a_wider_search_begins_as_the_words_do(q: str, wider: str):
    assert beginnings(q) == wider


@pytest.mark.parametrize(
    ("q", "names", "found"),
    [
        ("tolkein", ["Tolstoy", "J. R. R. Tolkien"], "tolkien"),
        ("harry poter", ["Harry Potter and the Goblet of Fire"], "harry potter"),
        ("jansson", ["Jane Austen"], ""),
        ("tollkien", ["Tolkien"], "tolkien"),
        ("x", [], ""),
        ("tolkein", ["!"], ""),
    ],
)
def test_a_suggestion_has_for_each_word_one_that_is_much_like_it(q: str, names: list[str], found: str):
    assert suggested(q, names) == found
