"""Rows of JSON Lines, and of JSON arrays or objects whose members are rows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TextIO

from diptych.core.formats.container_errors import BrokenContainerError
from diptych.core.formats.record import Reject
from diptych.core.import_export.csv_rows import FIELD_LIMIT, Row
from diptych.core.import_export.text_source import LINE_LIMIT, Line, has_surrogate, shown, unusable

NESTING_LIMIT = 32  # lists and objects inside one another in a JSON row

_CHUNK = 64 << 10
_SPACE_OR_COMMA = re.compile(r"[\s,]*")
_NUMBERED_MEMBER = re.compile(r'\{\s*"[0-9]+"\s*:\s*\{')
_KEY = re.compile(r'\s*,?\s*"(?:[^"\\]|\\.)*"\s*:\s*')


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not in JSON")


# Fractions are kept as text: 9.78e+12 must still show that digits were lost.
_DECODER = json.JSONDecoder(parse_float=str, parse_constant=_refuse_constant)


def json_lines(lines: Iterator[Line]) -> Iterator[Row]:
    """Yield the object of each line that is not blank."""
    for number, text in lines:
        if isinstance(text, Reject):
            yield number, text
        elif text.strip():
            yield number, _row(number, text)


def json_members(stream: TextIO) -> Iterator[Row]:
    """Yield the objects of an array, of an object with a number for each, or one after the other, numbered from 1.

    What is not valid JSON is a reject, and ends the file: where the next object begins is not known.
    """
    members = _Members(stream)
    number = 0
    while True:
        number += 1
        try:
            found = members.next()
        except BrokenContainerError as error:
            yield number, Reject(number, str(error), "")
            return
        except (ValueError, RecursionError) as error:
            yield number, Reject(number, f"file cannot be read from this object on: {_reason(error)}", members.rest())
            return
        if found is None:
            return
        value, text = found
        reason = unusable(text) or _unusable_value(value, text)
        yield number, value if reason is None else Reject(number, reason, shown(text))


class _Members:
    """The values of a JSON text, one after the other; what was read of them is forgotten."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._text = ""
        self._place = 0
        self._ended = False
        self._close: str | None = None  # the bracket that ends the file
        self._started = False

    def rest(self) -> str:
        return shown(self._text[self._place :])

    def next(self) -> tuple[Any, str] | None:
        """Return the next value and its text, None at the end. Raises ValueError, RecursionError."""
        if not self._started:
            self._start()
        char = self._peek()
        if char in ("", self._close):
            if char == "" and self._close is not None:
                raise ValueError(f'the closing "{self._close}" is missing')
            return None
        if self._close == "}":
            self._pass_key()
        return self._value()

    def _start(self) -> None:
        self._started = True
        self._fill(_CHUNK)
        self._text = self._text.removeprefix("\ufeff").lstrip()
        if self._text.startswith("["):
            self._close = "]"
        elif _NUMBERED_MEMBER.match(self._text):
            self._close = "}"
        self._place = 0 if self._close is None else 1

    def _peek(self) -> str:
        while True:
            match = _SPACE_OR_COMMA.match(self._text, self._place)
            self._place = match.end() if match else self._place
            if self._place < len(self._text) or self._ended:
                return self._text[self._place : self._place + 1]
            self._fill(_CHUNK)

    def _pass_key(self) -> None:
        while (match := _KEY.match(self._text, self._place)) is None or match.end() == len(self._text):
            if self._ended:
                raise ValueError("a member has no name")
            self._fill(_CHUNK)
        self._place = match.end()

    def _value(self) -> tuple[Any, str]:
        size = _CHUNK
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._place)
            except json.JSONDecodeError:
                if self._ended or len(self._text) - self._place > LINE_LIMIT:
                    raise
                self._fill(size)
                size *= 2  # so that all attempts together take twice the time of the last
                continue
            text = self._text[self._place : end]
            self._place = end
            return value, text

    def _fill(self, size: int) -> None:
        more = self._stream.read(size)
        self._ended = not more
        self._text = self._text[self._place :] + more
        self._place = 0


def _reason(error: Exception) -> str:
    return f"{error.msg} at character {error.pos}" if isinstance(error, json.JSONDecodeError) else str(error)


def _row(number: int, text: str) -> dict[str, Any] | Reject:
    reason = unusable(text)
    value: Any = None
    if reason is None:
        try:
            value = _DECODER.decode(text)
        except json.JSONDecodeError as error:
            reason = f"row is not valid JSON: {error.msg} at column {error.colno}"
        except (ValueError, RecursionError) as error:  # NaN, a number of thousands of digits, deep nesting
            reason = f"row is not valid JSON: {error}"
    if reason is None:
        reason = _unusable_value(value, text)
    return value if reason is None else Reject(number, reason, shown(text))


def _unusable_value(value: Any, text: str) -> str | None:
    """Return the reason to refuse a decoded row, or None; text is what it was decoded from."""
    if not isinstance(value, dict):
        return "row is not a JSON object"
    # What unusable() forbids can now be inside only if it was escaped.
    if "\\u" not in text and len(text) <= FIELD_LIMIT and text.count("[") + text.count("{") <= NESTING_LIMIT:
        return None
    strings = list(_strings(value))
    if max(depth for depth, _ in strings) > NESTING_LIMIT:
        return f"row is nested more than {NESTING_LIMIT} deep"
    if max(len(string) for _, string in strings) > FIELD_LIMIT:
        return "a field is larger than 1 MiB"
    if any(has_surrogate(string) for _, string in strings):
        return "row has half of a surrogate pair"
    return "row has a NUL character" if any("\0" in string for _, string in strings) else None


def _strings(value: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """Yield every key and value of a JSON object with its depth; "" stands for what is not a string."""
    waiting: list[tuple[int, Any]] = [(0, value)]
    while waiting:
        depth, item = waiting.pop()
        yield depth, item if isinstance(item, str) else ""
        if isinstance(item, dict):
            waiting += [(depth + 1, inner) for pair in item.items() for inner in pair]
        elif isinstance(item, list):
            waiting += [(depth + 1, inner) for inner in item]
