"""Cursors have one spelling, and any other is refused."""

from __future__ import annotations

import base64
import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diptych.core.engine.cursors import LENGTH, UNKNOWN, Cursor, parse
from diptych.core.engine.text_normalization import SORT_KEY_LENGTH

ID = "01890f3e-8f6a-7cc0-9d5a-3b1f6d2c4e5f"

storable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
values = st.one_of(st.none(), st.integers(-(10**30), 10**30), storable)


@given(
    st.builds(
        Cursor, st.text("abc_"), st.sampled_from(["asc", "desc"]), st.booleans(), st.booleans(), values, st.uuids()
    )
)
def test_a_cursor_is_read_back(cursor: Cursor):
    assert parse(str(cursor)) == cursor


def test_a_cursor_at_the_longest_name_fits_in_any_script():
    assert len(str(Cursor("name", "asc", True, False, "\U0001f4d6" * SORT_KEY_LENGTH, UUID(ID)))) <= LENGTH


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode(errors="surrogatepass")).rstrip(b"=").decode()


def spelt(*parts: Any) -> str:
    return encoded(json.dumps(parts, ensure_ascii=False, separators=(",", ":")))


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "é", "WzE=", "W" * 2000, spelt(), spelt("name", "asc", ">", "x"), spelt("name", "asc", ">", "x", "x"),
        spelt("name", "asc", ">", "x", 1.5), spelt("name", "asc", ">", "x", 2**63),
            spelt("name", "asc", ">", "x", True), spelt("name", "asc", ">", "x", ID.upper()),
        spelt("name", "asc", ">", "x", ID.replace("-", "")), spelt("name", "asc", "=", "x", ID),
        spelt("name", "asc", [], "x", ID), spelt("name", "asc", ">", ["x"], ID), spelt("name", "asc", ">", True, ID),
        spelt("name", "asc", ">", 1.5, ID), spelt("name", "asc", ">", "a\0b", ID),
        spelt("name", "asc", ">", "\ud800", ID), spelt("name", "asc", ">", "x", ID) + "=",
        encoded(f'["name", "asc", ">", "x", "{ID}"]'), encoded("[" * 1400), encoded('["name","asc",">",1e999,""]'),
    ],
)  # fmt: skip
def test_any_other_text_is_no_cursor(text: str):
    with pytest.raises(ValueError, match=UNKNOWN):
        parse(text)
