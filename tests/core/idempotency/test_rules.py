"""Idempotency keys as clients write them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diptych.core.idempotency.rules import PATTERN, idempotency_key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ('"a b"', "a b"),
        (r'"a\\b\"c"', r'a\b"c'),
        ("YWJjZA==", "YWJjZA=="),
        ("x" * 255, "x" * 255),
        ('"' + r"\"" * 255 + '"', '"' * 255),
    ],
)
def test_a_key_is_a_string_with_or_without_its_quotes(text: str, key: str):
    assert idempotency_key(text) == key


@pytest.mark.parametrize(
    "text", ["", '""', "x" * 256, '"' + "x" * 256 + '"', "a b", '"a', 'a"', "a\n", '"a"\n', r'"\a"', "é"]
)
def test_what_is_no_key_is_refused(text: str):
    with pytest.raises(ValueError, match="printable ASCII"):
        idempotency_key(text)


@given(st.text('"\\a é\n', max_size=6) | st.text(max_size=3))
def test_what_is_described_is_what_is_taken(text: str):
    try:
        key = idempotency_key(text)
    except ValueError:
        # JSON Schema's "$" is the end of the text, not a position before a final line break.
        assert re.search(PATTERN.removesuffix("$") + r"\Z", text) is None
    else:
        assert re.search(PATTERN, text)
        assert 0 < len(key) <= len(text)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=255))
def test_every_printable_text_can_be_a_key(key: str):
    escaped = re.sub(r'([\\"])', r"\\\1", key)

    assert idempotency_key(f'"{escaped}"') == key
