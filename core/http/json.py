"""JSON, strictly: one reader and one writer for both adapters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import chain
from typing import Any, NoReturn

import msgspec

from diptych.core import deadline

DEPTH = 32
"""Most levels of arrays and objects in a body."""

MEMBERS = 100
"""Most members of one object: no schema has as many, and each unknown member is a field error."""

NAME_LENGTH = 256
"""Most characters of a member's name: a field error repeats it."""

TOKENS = 200_000
"""Most brackets, commas, colons and strings: two hundred for each item of the largest batch."""

_TOO_MANY = re.compile(
    rf'(?:[^][{{}}",:]*+(?:[][{{}},:]|"(?:[^"\\]++|\\.)*+")){{{TOKENS + 1}}}+',
    re.DOTALL,
)

_TOO_DEEP = f"nested deeper than {DEPTH} levels"

_encoder = msgspec.json.Encoder()


def encode(value: object) -> bytes:
    """Encode a value as JSON: structs and dataclasses as objects, times in RFC 3339 with Z, UUIDs in canonical form."""
    return _encoder.encode(value)


def indented(value: object) -> str:
    """Encode a value as indented JSON."""
    return msgspec.json.format(encode(value), indent=2).decode()


def decode(body: bytes) -> Any:
    """Decode a JSON text (RFC 8259, UTF-8 without a byte order mark).

    Errors: ValueError, with a reason that is safe to send back, for what is not JSON, for NaN and numbers outside a
    double's range, for a repeated member, for nesting deeper than DEPTH, for objects of more than MEMBERS members, for
    names longer than NAME_LENGTH, and for more than TOKENS tokens.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8: byte {error.start}") from None
    if _may_have_too_many_tokens(text) and _TOO_MANY.match(text):
        raise ValueError(f"more than {TOKENS} brackets, commas, colons and strings")
    try:
        value = _decoder.decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg}: line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    if text.count("[") + text.count("{") > DEPTH:
        _check_depth(value)
    return value


def _may_have_too_many_tokens(text: str) -> bool:
    """Return whether it has so many of these characters; telling those in strings apart takes ten times as long."""
    return len(text) > TOKENS and sum(map(text.count, "[]{},:")) + text.count('"') // 2 > TOKENS


def _check_depth(value: Any) -> None:
    """Errors: ValueError for arrays and objects in more than DEPTH levels."""
    level = _containers([value])
    for _ in range(DEPTH):
        level = _containers(chain.from_iterable(map(_members, level)))
    if level:
        raise ValueError(_TOO_DEEP)


def _containers(values: Iterable[Any]) -> list[Any]:
    return [each for each in deadline.checking(values) if isinstance(each, (dict, list))]


def _members(container: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return container.values() if isinstance(container, dict) else container


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MEMBERS:
        raise ValueError(f"an object has more than {MEMBERS} members")
    found: dict[str, Any] = {}
    for name, value in pairs:
        if len(name) > NAME_LENGTH:
            raise ValueError(f"a member's name has more than {NAME_LENGTH} characters")
        if name in found:
            raise ValueError(f"the member {json.dumps(name)} is given twice")
        found[name] = value
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError("a number is out of range")
    return value


def _int(text: str) -> int:
    if len(text) > 20:
        raise ValueError("a number is out of range")
    return int(text)


_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_int)
