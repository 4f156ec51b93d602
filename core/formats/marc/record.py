"""A MARC record as both of its serializations have it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as member
from typing import NamedTuple

from diptych.core.formats.record import RawBook, Reject

LEADER_LENGTH = 24
RAW_MAX = 2_000
"""Characters of a record that a reject shows, at most."""


class Field(NamedTuple):
    """A data field: a tag of three characters, two indicators, and pairs of a code and a value."""

    tag: str
    indicators: str
    subfields: list[tuple[str, str]]

    def first(self, code: str) -> str | None:
        """Return the value of the first subfield with this code that is not empty."""
        for present, value in self.subfields:
            if present == code and value.strip():
                return value
        return None

    def all(self, codes: str) -> list[str]:
        """Return the values of the subfields with one of these codes, in their order, but for empty ones."""
        return [value for code, value in self.subfields if code in codes and value.strip()]


@dataclass(slots=True)
class MarcRecord:
    """A record: its leader of 24 characters, control fields by tag (001 to 009, the first of each), and data fields.

    damaged: what could not be read of it, such as "500: is not MARC-8". Fields are there before any is asked for.
    """

    leader: str
    control: dict[str, str] = member(default_factory=dict)
    fields: list[Field] = member(default_factory=list)
    damaged: list[str] = member(default_factory=list)
    _present: dict[str, list[Field]] = member(default_factory=dict)

    def tagged(self, *tags: str) -> list[Field]:
        """Return the data fields with one of the tags, in their order."""
        if not self._present:
            for field in self.fields:
                self._present.setdefault(field.tag, []).append(field)
        present = [tag for tag in tags if tag in self._present]
        if len(present) > 1:
            return [field for field in self.fields if field.tag in tags]
        return self._present[present[0]] if present else []

    def shown(self) -> str:
        """Return the record as text, with a line for each field, shortened to RAW_MAX characters."""
        lines = [f"LDR {self.leader}", *(f"{tag} {value}" for tag, value in self.control.items())]
        for tag, indicators, subfields in self.fields:
            lines.append(f"{tag} {indicators} " + "".join([f"${code}{value}" for code, value in subfields]))
        return "\n".join(lines)[:RAW_MAX]


@dataclass
class Notes:
    """What a reader saw of a file as a whole.

    started: records that begin in it. books, rejects, deleted: what became of them; deleted are those that OAI-PMH
    only tells to be gone. encodings: the number of records by the encoding in which each was read.
    """

    started: int = 0
    books: int = 0
    rejects: int = 0
    deleted: int = 0
    encodings: dict[str, int] = member(default_factory=dict)


class Reading:
    """The books and rejects of a file, one after another, and the notes on what was seen so far."""

    def __init__(self, items: Iterator[RawBook | Reject], notes: Notes) -> None:
        self._items = items
        self.notes = notes

    def __iter__(self) -> Iterator[RawBook | Reject]:
        return self

    def __next__(self) -> RawBook | Reject:
        item = next(self._items)
        if isinstance(item, Reject):
            self.notes.rejects += 1
        else:
            self.notes.books += 1
        return item
