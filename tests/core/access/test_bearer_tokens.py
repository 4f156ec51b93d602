"""Tokens, and the header that carries one."""

from __future__ import annotations

from hashlib import sha256

import pytest

from diptych.core.access.bearer_tokens import credentials, digest_of, new_token


def test_a_token_is_found_by_its_digest():
    token = new_token()

    assert len(token) == 53
    assert token != new_token()
    assert digest_of(token) == sha256(token.encode()).digest()


@pytest.mark.parametrize("place", range(53))
def test_a_token_with_one_wrong_character_is_not_looked_for(place: int):
    token = new_token()
    wrong = "0" if token[place] != "0" else "1"

    assert digest_of(token[:place] + wrong + token[place + 1 :]) is None


@pytest.mark.parametrize("form", ["dpt_", "{}0", "0{}", " {}", "{}\n", "{} "])
def test_other_text_is_no_token(form: str):
    assert digest_of(form.format(new_token())) is None


@pytest.mark.parametrize(
    ("field", "token"),
    [
        (None, None),
        ("", None),
        ("Basic abc", None),
        ("Bearerabc", None),
        ("Bearer abc", "abc"),
        ("bearer   abc ", "abc"),
        ("BEARER", ""),
        ("Bearer ", ""),
        ("Bearer a, Bearer b", "a, Bearer b"),
        ("dpt_abc", "dpt_abc"),
        ("Token dpt_abc", "Token dpt_abc"),
    ],
)
def test_a_field_has_a_token_where_its_scheme_is_bearer(field: str | None, token: str | None):
    assert credentials(field) == token
