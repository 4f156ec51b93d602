"""The values of cells: text in CSV, and what JSON can hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# Members under which objects in JSON have their text: Open Library's, LibraryThing's and others'.
_TEXT_MEMBERS = ("name", "value", "text", "title")
# Members that are such objects themselves: those of the API's contributors and series.
_OBJECT_MEMBERS = ("author", "series")


def is_empty(value: Any) -> bool:
    """Return whether a cell holds nothing."""
    if isinstance(value, str):
        return not value or value.isspace() or value == '=""'
    return value is None or value in ([], {})


def text_of(value: Any) -> str:
    """Return a cell as text. Raises ValueError for what is neither text, a whole number, nor an object with a text."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, dict):
        for member in _TEXT_MEMBERS:
            if isinstance(value.get(member), str):
                return str(value[member])
        for member in _OBJECT_MEMBERS:
            if isinstance(value.get(member), dict):
                return text_of(value[member])
        if isinstance(value.get("key"), str):  # Open Library's {"key": "/languages/eng"}
            return str(value["key"]).rpartition("/")[2]
    raise ValueError("must be text or a whole number")


def items(value: Any) -> Iterator[Any]:
    """Yield the values of a list, of an object with numbers for names, or the value itself; without empty ones."""
    if isinstance(value, dict) and value and all(isinstance(key, str) and key.isdecimal() for key in value):
        value = list(value.values())
    if not isinstance(value, list):
        if not is_empty(value):
            yield value
        return
    yield from (item for item in value if not is_empty(item))
