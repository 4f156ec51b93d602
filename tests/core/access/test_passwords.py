"""Which passwords may be chosen, and their hashes."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from diptych.core.access.hashing_turns import WAITING, hashing_turn, lock_path
from diptych.core.access.passwords import DUMMY_HASH, LEAST, MOST, check_password, hash_password, is_outdated, matches
from diptych.core.access.sessions.rules import read_cookie
from diptych.core.errors import ServiceUnavailable


@pytest.mark.parametrize(
    "text",
    [
        "the moomins of the valley",
        "x7" * 3 + "Q!lkfjweoi",
        "å" * 2 + "ngström unit of length",
        "密碼" * 3 + "非常長的一個句子在這裡啊",
    ],
)
def test_a_long_password_may_be_chosen(text: str):
    assert check_password(text, "tove") == text


@pytest.mark.parametrize(
    "text",
    [
        "x" * (LEAST - 1),
        "ab c" * MOST,
        "correct horse battery staple",
        "aaaaaaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "1234567890123456",
        "zyxwvutsrqponmlkjihg",
        "tovetovetovetove1",
        "Password Diptych 1",
        "",
    ],
)
def test_an_easy_one_may_not(text: str):
    with pytest.raises(ValueError, match=r"should have|is one that|repeats|is little more"):
        check_password(text, "tove")


def test_both_spellings_of_a_letter_are_one_password():
    composed, decomposed = "\u00e5ngstr\u00f6m und andere", "a\u030angstro\u0308m und andere"

    assert check_password(decomposed, "tove") == composed
    assert matches(hash_password(composed), decomposed)


def test_a_hash_matches_its_password_alone_and_none_matches_nothing():
    hashed = hash_password("the moomins of the valley")

    assert hashed != hash_password("the moomins of the valley")
    assert matches(hashed, "the moomins of the valley")
    assert not matches(hashed, "the moomins of the valleys")
    assert not matches(None, "the moomins of the valley")
    assert not is_outdated(hashed)
    assert not is_outdated(DUMMY_HASH)
    assert is_outdated(hashed.replace("m=19456", "m=8192"))


@pytest.mark.parametrize(
    ("field", "token"),
    [
        ("", ""),
        ("diptych-session=abc", "abc"),
        ("a=b; diptych-session=abc; c=d", "abc"),
        ("xdiptych-session=abc", ""),
        ("diptych-session=abc; diptych-session=def", ""),
        ("__Host-diptych-session=abc", ""),
    ],
)
def test_a_cookie_is_read_where_there_is_one(field: str, token: str):
    assert read_cookie(field, loopback=True) == token


def test_a_password_that_cannot_be_compared_is_not_called_wrong():
    needs_terabytes = DUMMY_HASH.replace("m=19456", "m=4294967295")

    with pytest.raises(ServiceUnavailable):
        matches(needs_terabytes, "the moomins of the valley")


@pytest.mark.parametrize("made", ["another user's directory", "no temporary directory"])
def test_without_its_file_a_turn_is_refused_and_logged(
    made: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none" if made == "no temporary directory" else tmp_path))
    if made != "no temporary directory":
        lock_path().mkdir()

    for _ in range(WAITING + 1):
        with pytest.raises(ServiceUnavailable, match="Passwords cannot be checked now"), hashing_turn():
            pass

    assert str(lock_path()) in caplog.text
