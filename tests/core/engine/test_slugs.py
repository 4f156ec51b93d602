import unicodedata
import uuid
from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diptych.core.engine.slugs import SLUG_LENGTH, TOKEN_LENGTH, make_unique, slug, token, with_suffix

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Harry Potter & the Sorcerer's Stone (#1)", "harry-potter-the-sorcerer-s-stone-1"),
        ("L'École des femmes…", "l-ecole-des-femmes"),
        ("Война и мир", "война-и-мир"),
        ("雪国", "雪国"),
        ("ألف ليلة وليلة", "ألف-ليلة-وليلة"),
        ("हिन्दी कविता", "हिन्दी-कविता"),
        ("  --1984--  ", "1984"),
        ("R.U.R.", "r-u-r"),
        ("50% / 50%", "50-50"),
    ],
)
def test_a_slug_keeps_letters_numbers_and_marks_of_any_script(text, expected):
    assert slug(text, fallback="book") == expected


@pytest.mark.parametrize("text", ["", ".", "..", "/", "%2F", "!?", "❤️", "\u0301"])
def test_a_name_without_letters_gets_the_fallback_and_dots_never_pass(text):
    expected = "2f" if text == "%2F" else "book"
    assert slug(text, fallback="book") == expected


@given(texts)
def test_a_slug_is_short_composed_and_a_url_segment_that_comes_back_unchanged(text):
    result = slug(text, fallback="book")
    assert 0 < len(with_suffix(result, "0" * TOKEN_LENGTH)) <= SLUG_LENGTH
    assert unicodedata.is_normalized("NFC", result)
    assert not result.startswith("-")
    assert not result.endswith("-")
    assert "--" not in result
    assert not set(result) & set("/.%?#\\: ")
    path = urlsplit(f"http://example.org/books/{quote(result, safe='')}").path
    assert unquote(path.rsplit("/", 1)[1]) == result


@given(texts)
def test_the_slug_of_a_slug_is_itself(text):
    result = slug(text, fallback="book")
    assert slug(result, fallback="book") == result


def test_a_long_name_is_cut_after_a_whole_word():
    result = slug("word " * 40, fallback="book")
    assert result == "-".join(["word"] * 18)


def test_a_long_word_is_cut_where_it_must_be():
    assert slug("ab " + "y" * 200, fallback="book") == "ab-" + "y" * (SLUG_LENGTH - TOKEN_LENGTH - 1 - 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x" * 91 + " tail", "x" * 91),
        ("x" * 92 + " tail", "x" * 91),
        ("x" * 60 + " " + "y" * 30 + " tail", "x" * 60 + "-" + "y" * 30),
        ("x" * 60 + " " + "y" * 31, "x" * 60),
        ("x" * 45 + " " + "y" * 60, "x" * 45),
        ("x" * 44 + " " + "y" * 60, "x" * 44 + "-" + "y" * 46),
    ],
)
def test_a_word_that_just_fits_is_kept_and_one_that_does_not_is_dropped_if_half_remains(text, expected):
    assert slug(text, fallback="book") == expected


def test_a_suffix_is_joined_with_a_hyphen():
    assert with_suffix("war-and-peace", "01hx2y3z") == "war-and-peace-01hx2y3z"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("я" * 5000, "я" * 91),
        ("я" * 91 + "?" * 5000 + "я", "я" * 91),
        ("я" * 90 + "?" * 5000 + "я", "я" * 90),
        ("?" * 5000 + "я", "я"),
        ("слово " * 1000, "-".join(["слово"] * 15)),
    ],
)
def test_a_slug_is_made_of_the_first_words_of_a_text_of_any_length(text, expected):
    assert slug(text, fallback="book") == expected


def test_a_suffix_fits_even_on_the_longest_slug():
    assert len(with_suffix("y" * SLUG_LENGTH, "0" * TOKEN_LENGTH)) == SLUG_LENGTH


def test_a_slug_that_is_in_use_or_comes_again_gets_a_suffix():
    found = make_unique(["war", "peace", "peace", "war", "art"], {"war"})

    assert [found[1], found[4]] == ["peace", "art"]
    assert [text[:-TOKEN_LENGTH] for text in (found[0], found[2], found[3])] == ["war-", "peace-", "war-"]
    assert len(set(found)) == len(found)


@given(st.uuids())
def test_a_token_is_the_last_forty_bits_in_crockford_base32(identifier):
    text = token(identifier)
    assert len(text) == TOKEN_LENGTH
    assert text == text.lower()
    value = 0
    for char in text:
        value = value * 32 + "0123456789abcdefghjkmnpqrstvwxyz".index(char)
    assert value == identifier.int % 2**40


def test_tokens_at_the_ends_of_the_range_have_eight_characters():
    assert token(uuid.UUID(int=0)) == "00000000"
    assert token(uuid.UUID(int=2**128 - 1)) == "zzzzzzzz"


@given(st.text(st.characters(max_codepoint=0x7F), max_size=50))
def test_a_text_in_ascii_has_the_slug_that_it_has_beside_another_word(text):
    alone = slug(text, fallback="")
    assert slug(f"{text} ж", fallback="x") == (f"{alone}-ж" if alone else "ж")
