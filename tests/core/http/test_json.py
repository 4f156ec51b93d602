"""The strict JSON decoder and the encoder."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diptych.core.http.json import _TOO_MANY, DEPTH, NAME_LENGTH, TOKENS, decode, encode
from tests.support.work import calls, memory

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def nested(depth: int, opening: str = "[", inside: str = "", closing: str = "]") -> bytes:
    return (opening * depth + inside + closing * depth).encode()


@given(VALUES)
def test_what_is_written_is_read_back(value: Any):
    assert decode(encode(value)) == value


@given(st.binary(max_size=60))
def test_any_bytes_at_all_are_a_value_or_a_value_error(body: bytes):
    try:
        value = decode(body)
    except ValueError as error:
        assert str(error)  # noqa: PT017 - it may as well be read
    else:
        assert decode(encode(value)) == value


@given(st.text(alphabet='[]{}",:\\ a0', max_size=40))
def test_punctuation_in_any_order_is_a_value_or_a_value_error(text: str):
    try:
        value = decode(text.encode())
    except ValueError as error:
        assert str(error)  # noqa: PT017 - it may as well be read
    else:
        assert decode(encode(value)) == value


# --- how the service's values are written ---


@dataclass
class Thing:
    id: uuid.UUID
    at: datetime
    born: date
    tags: list[str] | msgspec.UnsetType = msgspec.UNSET


def test_ids_times_and_dates_are_written_in_their_one_form_and_what_is_unset_is_left_out():
    at = datetime(2026, 1, 31, 14, 0, 0, 5, timezone(timedelta(hours=2)))
    thing = Thing(uuid.UUID("AAAAAAAA-BBBB-7CCC-8DDD-EEEEEEEEEEEE"), at.astimezone(UTC), date(33, 4, 3))
    assert encode(thing) == (
        b'{"id":"aaaaaaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee","at":"2026-01-31T12:00:00.000005Z","born":"0033-04-03"}'
    )


def test_text_is_written_as_utf_8_and_not_escaped():
    assert encode("Ἰλιάς 🕮") == '"Ἰλιάς 🕮"'.encode()


# --- nesting ---


@pytest.mark.parametrize(("opening", "closing", "inside"), [("[", "]", ""), ('{"a":', "}", "1"), ('[{"a":', "}]", "1")])
def test_values_are_nested_as_deep_as_is_allowed_and_not_deeper(opening: str, closing: str, inside: str):
    levels = opening.count("[") + opening.count("{")
    decode(nested(DEPTH // levels, opening, inside, closing))
    with pytest.raises(ValueError, match=f"^nested deeper than {DEPTH} levels$"):
        decode(nested(DEPTH // levels + 1, opening, inside, closing))


@pytest.mark.parametrize(
    "text", ["[" * 100, "{" * 100, '\\"' + "[" * 100, "\\\\", '\\\\\\"' + "{" * 100, "]" * 100, "\n[" * 100]
)
def test_brackets_inside_a_string_are_no_levels(text: str):
    text = text.replace("\n", "\\n")
    assert isinstance(decode(f'["{text}", "{text}"]'.encode()), list)


def test_a_string_does_not_hide_the_brackets_after_it():
    with pytest.raises(ValueError, match="nested deeper"):
        decode(b'["\\\\", ' + nested(DEPTH) + b"]")


def test_many_values_side_by_side_are_not_deep():
    assert len(decode(b"[" + b",".join([b'{"a":[1]}'] * 1000) + b"]")) == 1000


@pytest.mark.parametrize("count", [DEPTH + 1, 500, 999, 5000, TOKENS // 2])
def test_nesting_of_any_depth_is_refused(count: int):
    with pytest.raises(ValueError, match=f"^nested deeper than {DEPTH} levels$"):
        decode(nested(count))


def test_nesting_that_would_break_a_stack_is_refused():
    with pytest.raises(ValueError, match="nested deeper"):
        decode(b"[" * TOKENS)


@pytest.mark.parametrize(
    ("value", "tokens"), [("1", 0), ('"a,b[{"', 1), ('"\\\\"', 1), ("[]", 2), ('{"a": [1, 2]}', 7), ("\t1\n", 0)]
)
def test_as_many_tokens_as_are_allowed_are_read_and_not_one_more(value: str, tokens: int):
    count = (TOKENS - 1) // (1 + tokens)
    assert len(decode(f"[{', '.join([value] * count)}]".encode())) == count
    with pytest.raises(ValueError, match=f"^more than {TOKENS} brackets, commas, colons and strings$"):
        decode(f"[{', '.join([value] * (count + 1))}]".encode())


def refused(body: bytes) -> str:
    """Return why a body is rejected; "" where it is accepted."""
    try:
        decode(body)
    except ValueError as error:
        return str(error)
    return ""


SMALLEST = [b"1,", b'"",', b"[],", b"{},", b"[", b"{", b"]", b"}", b'{"":0},', b'"":', b'"\\n",', b'"\\"",', b",", b":"]


@pytest.mark.parametrize("value", SMALLEST)
def test_eight_mebibytes_of_the_smallest_tokens_are_refused_before_anything_is_made_of_them(value: bytes):
    body = b"[" + value * (2**23 // len(value)) + b"]"

    assert refused(body).startswith(f"more than {TOKENS} brackets")
    assert calls(lambda: refused(body)) < 20
    assert memory(lambda: refused(body)) < 1.1 * len(body)  # the text itself


def test_a_member_with_a_long_name_is_refused_and_its_name_not_repeated():
    assert decode(f'{{"{"a" * NAME_LENGTH}": 1}}'.encode()) == {"a" * NAME_LENGTH: 1}
    with pytest.raises(ValueError, match="a member's name has more than 256 characters"):
        decode(f'{{"{"a" * (NAME_LENGTH + 1)}": 1}}'.encode())


@pytest.mark.parametrize(
    ("start", "piece", "times"),
    [
        pytest.param(b'"', b'\\"', 10_000, id="escaped-quotes"),
        pytest.param(b'"', b"a", 500_000, id="one-long-string"),
        pytest.param(b'"', b"\\", 500_000, id="backslashes"),
        pytest.param(b"", b'{"', 100_000, id="opened-again-and-again"),
        pytest.param(b"", b'["a\\",', 50_000, id="escaped-quotes-and-brackets"),
        pytest.param(b"", b" ", 500_000, id="spaces"),
    ],
)
def test_a_body_that_never_ends_its_string_costs_no_more_than_its_length(start: bytes, piece: bytes, times: int):
    few, many = (partial(refused, start + piece * number) for number in (times // 4, times))
    assert many()
    assert calls(many) < 4 * calls(few) + 20
    assert memory(many) < 4 * memory(few) + 10_000


def test_what_looks_through_a_body_never_goes_back_in_it():
    def endless(parsed: Any) -> Iterator[str]:
        for each in parsed:
            match each:
                case [name, [int(), most, inside]] if "REPEAT" in str(name):
                    if most == re._constants.MAXREPEAT:  # type: ignore[attr-defined]
                        yield str(name)
                    yield from endless(inside)
                case tuple() | list() | re._parser.SubPattern():  # type: ignore[attr-defined]
                    yield from endless(each)

    # A backtracking parser could repeat such a step for each byte.
    assert set(endless(re._parser.parse(_TOO_MANY.pattern, _TOO_MANY.flags))) == {"POSSESSIVE_REPEAT"}  # type: ignore[attr-defined]


# --- what is not JSON ---


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_constants_that_javascript_has_and_json_has_not_are_refused(name: str):
    with pytest.raises(ValueError, match=f"^{name} is not JSON$"):
        decode(f'{{"a": [{name}]}}'.encode())


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" * 21, "-" + "1" * 20, "9" * 5000, "1" * 400 + ".0"])
def test_numbers_past_the_range_of_a_double_or_of_64_bits_are_refused(number: str):
    with pytest.raises(ValueError, match=r"^a number is out of range$"):
        decode(number.encode())


@pytest.mark.parametrize(
    ("text", "value"),
    [("18446744073709551615", 2**64 - 1), ("-9223372036854775808", -(2**63)), ("1e308", 1e308), ("1e-400", 0.0)],
)
def test_numbers_at_the_edge_of_their_range_are_read(text: str, value: float):
    assert decode(text.encode()) == value


@pytest.mark.parametrize(
    ("body", "name"), [(b'{"a":1,"b":2,"a":1}', '"a"'), (b'[{"x":{"":1,"":2}}]', '""'), (b'{"a":1,"\\u0061":2}', '"a"')]
)
def test_a_member_given_twice_is_refused_and_named(body: bytes, name: str):
    with pytest.raises(ValueError, match=rf"^the member {name} is given twice$"):
        decode(body)


def test_the_same_member_in_two_objects_is_no_repetition():
    assert decode(b'[{"a":1},{"a":{"a":2}}]') == [{"a": 1}, {"a": {"a": 2}}]


@pytest.mark.parametrize(
    ("body", "place"), [(b"\xff", 0), (b'"abc\xc3"', 4), (b'"\xed\xa0\x80"', 1), (b'{"a":"\xc0\xaf"}', 6)]
)
def test_bytes_that_are_not_utf_8_are_refused_with_their_place(body: bytes, place: int):
    with pytest.raises(ValueError, match=f"^not UTF-8: byte {place}$"):
        decode(body)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-le"])
def test_other_encodings_of_unicode_are_refused(encoding: str):
    with pytest.raises(ValueError, match=r"."):
        decode('{"name": "Homer"}'.encode(encoding))


def test_a_byte_order_mark_is_refused():
    with pytest.raises(ValueError, match=r"."):
        decode(b'\xef\xbb\xbf{"name": "Homer"}')


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"{", b"[1,]", b"{'a':1}", b'{"a":1,}', b"[1] [2]", b'"a\nb"', b'"\x00"', b"01", b"+1", b".5", b"1.",
     b"// a\n1", b'"\\x41"', b"True", b"nan", b"undefined", b'"\\ud8"'],
)  # fmt: skip
def test_what_is_nearly_json_is_refused(body: bytes):
    with pytest.raises(ValueError, match=r"."):
        decode(body)


def test_the_reason_says_where_the_text_stops_being_json():
    with pytest.raises(ValueError, match=r"line 2 column 7$"):
        decode(b'{"a": 1,\n "b": , "c": 3}')


def test_many_members_of_which_one_comes_twice_are_refused_at_once():
    pairs = ", ".join(f'"m{number}": 1' for number in range(99))
    with pytest.raises(ValueError, match=r'the member "m98" is given twice'):
        decode(f'{{{pairs}, "m98": 2}}'.encode())
    with pytest.raises(ValueError, match="more than 100 members"):
        decode(("{" + ", ".join(f'"m{number}": 1' for number in range(60_000)) + "}").encode())
