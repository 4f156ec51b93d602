import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diptych.core.engine.text_normalization import (
    LONGEST_FOLD,
    RAW_LENGTH,
    SORT_KEY_LENGTH,
    clean,
    fold,
    limited,
    line,
    prose,
    sort_key,
)

# Any text that can be stored: no surrogates.
storable = st.text(st.characters(exclude_categories=["Cs"]))
# Letters, marks and joiners, so that combinations occur often.
marked = st.text(
    st.one_of(
        st.sampled_from("aeiouAEIOUßæœøłđ\u0131İ\u017fςΣωᾳᾼᾠKÅ½ﬁẞŉ ǰΐ"),
        st.sampled_from("\u0301\u0308\u0327\u0345\u034f\u20dd\u093f\u064e\u05b8\u3099\u200d"),
        st.sampled_from("क가각がבأيაꭰᏸ"),
        st.characters(categories=["L", "M"]),
    )
)
IOTA_SUBSCRIPT = "\u0345"


def test_clean_text_is_trimmed_and_composed():
    assert clean("  E\u0301cole\u00a0\n") == "École"


@pytest.mark.parametrize("between", ["   ", "\u00a0", " \u2003 ", "\u2028", "\u3000\u3000"])
def test_a_run_of_white_space_inside_a_line_becomes_one_space(between):
    assert clean(f"a{between}b") == "a b"
    assert clean(f"a{between}b", multiline=True) == f"a{between}b"


@pytest.mark.parametrize("ligature", ["t\u0361s", "t\ufe20s\ufe21", "t\ufe20s", "T\ufe20S\ufe21"])
def test_ligatures_of_romanized_text_fold_alike_however_they_are_encoded(ligature):
    assert fold(f"Poslovi{ligature}y") == "poslovitsy"


@given(storable, st.booleans())
def test_cleaning_twice_changes_nothing(text, multiline):
    try:
        once = clean(text, multiline=multiline)
    except ValueError:
        return
    assert clean(once, multiline=multiline) == once
    assert unicodedata.is_normalized("NFC", once)


@pytest.mark.parametrize("char", [*map(chr, range(9)), *"\x0b\x0c\x1c\x1f\x7f\x85\x9f"])
@pytest.mark.parametrize("multiline", [False, True])
def test_control_characters_are_refused_even_at_the_ends(char, multiline):
    for text in (f"a{char}b", char, f"a{char}"):
        with pytest.raises(ValueError, match=f"control character \\(U\\+{ord(char):04X}\\)"):
            clean(text, multiline=multiline)


@pytest.mark.parametrize("code", [0xD800, 0xDCE9, 0xDFFF])
@pytest.mark.parametrize("multiline", [False, True])
def test_lone_surrogates_are_refused(code, multiline):
    with pytest.raises(ValueError, match=f"lone surrogate \\(U\\+{code:04X}\\)"):
        clean(f"caf{chr(code)}", multiline=multiline)


@pytest.mark.parametrize("char", ["\t", "\n", "\r"])
def test_line_controls_are_refused_inside_a_single_line(char):
    with pytest.raises(ValueError, match="control character"):
        clean(f"a{char}b")


def test_multiline_text_keeps_tabs_and_gets_plain_newlines():
    assert clean("a\tb\r\nc\rd\n\ne\r\n", multiline=True) == "a\tb\nc\nd\n\ne"


def test_a_line_and_prose_have_bounds():
    assert (line(3)(" a  b "), prose(3)("")) == ("a b", "")
    for rule, text, told in ((line(3), " ", "is empty"), (line(3), "abcd", "has 4 characters, 3 are allowed"),
                             (prose(3), "abcd", "has 4 characters, 3 are allowed")):  # fmt: skip
        with pytest.raises(ValueError, match=told):
            rule(text)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("École", "ecole"),
        ("Nguyễn", "nguyen"),
        ("Łódź", "lodz"),
        ("Jo Nesbø", "jo nesbo"),
        ("Œuvres", "oeuvres"),
        ("Straße", "strasse"),
        ("İnce Iğd\u0131r", "ince igdir"),
        ("Ὀδύσσεια", "οδυσσεια"),
        ("ᾠδή", "ωδη"),
        ("ΟΔΟΣ", "οδοσ"),
        ("ﬁn ½", "fin 1\u20442"),
        ("Война", "война"),
        ("й", "й"),
        ("हिन्दी", "हिन्दी"),
        ("שָׁלוֹם", unicodedata.normalize("NFKC", "שָׁלוֹם")),
        ("がき", "がき"),
        ("ｶﾞｷ", "ガキ"),
        ("한강", "한강"),
        ("ٱلْقُرْآن", "ٱلْقُرْآن"),
    ],
)
def test_folding_drops_case_and_the_accents_of_latin_and_greek_only(text, folded):
    assert fold(text) == folded


@given(st.one_of(storable, marked))
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)
    assert unicodedata.is_normalized("NFKC", fold(text))


@given(st.one_of(storable, marked), st.sampled_from(["NFC", "NFD"]))
def test_canonically_equivalent_texts_fold_alike(text, form):
    assert fold(unicodedata.normalize(form, text)) == fold(text)


@given(st.one_of(storable, marked))
def test_upper_and_lower_case_fold_alike_but_for_the_iota_subscript(text):
    text = unicodedata.normalize("NFD", text).replace(IOTA_SUBSCRIPT, "")
    assert fold(text.upper()) == fold(text)
    assert fold(text.lower()) == fold(text)


def test_every_letter_folds_like_its_capital_but_for_the_iota_subscript():
    letters = [chr(code) for code in range(0x20000) if not 0xD800 <= code < 0xE000]
    exceptions = [letter for letter in letters if fold(letter) != fold(letter.upper())]
    assert all(IOTA_SUBSCRIPT in unicodedata.normalize("NFD", letter) for letter in exceptions)
    assert len(exceptions) == 63


def test_a_sort_key_is_the_beginning_of_the_folded_text():
    assert sort_key("É" * 300) == "e" * SORT_KEY_LENGTH


def test_thirty_marks_in_a_row_are_a_text_and_one_more_is_none():
    assert len(clean("q" + "\u0327\u0301" * 15)) == 31
    with pytest.raises(ValueError, match="more than 30 combining marks in a row"):
        clean("q" + "\u0327\u0301" * 15 + "\u0301")


@pytest.mark.parametrize("mark", ["\u0327", "\U0001d165"])
@pytest.mark.parametrize("before", range(70))
def test_a_row_of_marks_is_found_wherever_it_begins(before, mark):
    assert clean("q" * before + "a" + mark * 30 + "\U0001f600" * 40)
    with pytest.raises(ValueError, match="more than 30 combining marks in a row"):
        clean("q" * before + "a" + mark * 31 + "\U0001f600")


@pytest.mark.parametrize(
    ("rule", "text", "reason"),
    [
        (line(100), "a" + " " * 400, "has 401 characters, 100 are allowed"),
        (prose(100), "a" + "\n" * 400, "has 401 characters, 100 are allowed"),
        (limited(str.upper, 100), "a" * 401, "has 401 characters, 100 are allowed"),
        (line(100), "\ufdfa" * 12, "has more than 200 characters when folded for search"),
        (line(100), "\u1100\u1161\u11a8" * 101, "has 101 characters, 100 are allowed"),
    ],
)
def test_a_text_is_bounded_as_it_comes_as_it_is_kept_and_as_it_is_folded(rule, text, reason):
    with pytest.raises(ValueError, match=reason):
        rule(text)


@pytest.mark.parametrize(
    "text", ["a" + " " * 399, "\ufdfa" * 11, "\u1100\u1161\u11a8" * 100, "\u03b1\u0313\u0301\u0345" * 100]
)
def test_a_text_within_its_bounds_is_taken(text):
    assert line(100)(text) == clean(text)


def test_marks_that_something_stands_between_are_no_row():
    text = "q\u0301" * 1000
    assert clean(text) == text


def test_a_text_that_is_longer_than_any_field_is_not_looked_at():
    assert clean("x" * RAW_LENGTH)
    with pytest.raises(ValueError, match="more than 100000 characters"):
        clean("\u0301" * (RAW_LENGTH + 1))


def test_no_character_folds_to_more_characters_than_the_bounds_assume():
    chars = [char for char in map(chr, range(0x110000)) if not "\ud800" <= char <= "\udfff"]
    lengths = {char: len(fold(char)) for char in chars}

    assert max(lengths.values()) == LONGEST_FOLD
    assert [
        char
        for char, length in lengths.items()
        if length
        > len(unicodedata.normalize("NFKD", char)) + sum(map(unicodedata.normalize("NFKD", char).count, "ßẞæÆœŒ"))
    ] == []
