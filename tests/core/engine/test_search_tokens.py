"""The words of a search."""

from __future__ import annotations

import re
import unicodedata

import pytest

from diptych.core.engine.search_tokens import ALONE, IGNORED, LENGTH, SEPARATING, ParsedSearch, wanted
from diptych.core.engine.text_normalization import fold


@pytest.mark.parametrize(
    ("text", "whole", "beginnings", "runs"),
    [
        ("", (), (), ()),
        (" - \u200d!", (), (), ()),
        ("War & Peace", ("war", "peace"), (), ()),
        ("peace War PEACE", ("peace", "war"), (), ()),
        ("L'Étranger", ("l", "etranger"), (), ()),
        ("pen* 'art*' art", ("art",), ("pen", "art"), ()),
        ("* *a", ("a",), (), ()),
        ("東京都*の a", ("東", "京", "都", "の", "a"), (), ("東京都",)),
        ("♥\ufe0f\u200d♥", ("♥",), (), ()),
        ("a" * LENGTH, (), ("a" * LENGTH,), ()),
        ("a" * (LENGTH - 1), ("a" * (LENGTH - 1),), (), ()),
        ("a" * 1000 + "*", (), ("a" * LENGTH,), ()),
    ],
)
def test_a_text_asks_for_its_words(text: str, whole: tuple[str, ...], beginnings: tuple[str, ...], runs: tuple[str]):
    assert wanted(text) == ParsedSearch(whole, beginnings, runs)


def test_letters_digits_and_marks_make_words_and_spaces_and_punctuation_do_not():
    kept = [char for char in map(chr, range(0x110000)) if not "\ud800" <= char <= "\udfff" and fold(char) == char]
    kinds = {char: unicodedata.category(char) for char in kept}
    found = set("".join(wanted(" ".join(kept)).whole))

    nothing = {char for char, kind in kinds.items() if kind[0] in "ZP" or kind in ("Cc", "Cf")}
    # Symbols are words, except those of ASCII and of single scripts. Brackets among the mathematical symbols are too.
    assert {unicodedata.name(char) for char in nothing & found if not "\u2100" <= char <= "\u2bff"} == set()
    letters = {char for char, kind in kinds.items() if kind[0] in "LNM"} - set(
        re.findall(f"[{IGNORED}]", "".join(kept))
    )
    assert {
        unicodedata.name(char) for char in letters - found if "MODIFIER LETTER" not in unicodedata.name(char)
    } == set()
    assert {"a", "9", "ж", "東", "\u0ba9", "\u093e", "\U0001f600", "→"} <= found


@pytest.mark.parametrize("characters", [ALONE, IGNORED, SEPARATING])
def test_the_classes_mean_the_same_wherever_they_are_read(characters: str):
    """Check that a character class has no special characters but the hyphens of ranges."""
    assert {char for char in characters if char.isascii()} == {"-"}
    ranges = characters.replace("-", "")
    assert list(ranges) == sorted(set(ranges))
