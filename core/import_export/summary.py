"""The counts of an import, what it left out, and the lines that say so."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from diptych.core.formats.record import Reject, Trouble

_KINDS_SHOWN = 20

_Kind = tuple[str, str]


@dataclass(slots=True)
class Summary:
    """The counts of rows so far, and what was left out of them.

    first_reject: the first that was met. stopped: the reject that ended a strict import. troubles: how often which kind
    was met, and an example with its line. unread: fields of a format that are not taken.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    first_reject: Reject | None = None
    stopped: Reject | None = None
    troubles: Counter[_Kind] = field(default_factory=Counter)
    examples: dict[_Kind, tuple[int, Trouble]] = field(default_factory=dict)
    unread: Counter[str] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        """Rows so far."""
        return self.created + self.updated + self.unchanged + self.rejected

    def add(self, created: int, updated: int, unchanged: int, rejects: Sequence[Reject]) -> None:
        """Add the outcome of further rows."""
        self.created += created
        self.updated += updated
        self.unchanged += unchanged
        self.rejected += len(rejects)
        if self.first_reject is None and rejects:
            self.first_reject = rejects[0]

    def note(self, number: int, troubles: Sequence[Trouble], unread: Sequence[str]) -> None:
        """Add what was left out of a record."""
        for trouble in troubles:
            kind = trouble.field, re.sub("[0-9]+", "0", trouble.reason)
            self.troubles[kind] += 1
            self.examples.setdefault(kind, (number, trouble))
        self.unread.update(unread)

    def counts(self) -> str:
        """Return the counts in one line."""
        counts = (f"{getattr(self, name):,} {name}" for name in ("created", "updated", "unchanged", "rejected"))
        return f"{counted(self.rows, 'row')}: {', '.join(counts)}"

    def notices(self, place: str) -> Iterator[str]:
        """Yield a line for each kind of value that was left out; place: what a number counts ("line")."""
        for kind, times in self.troubles.most_common(_KINDS_SHOWN):
            number, trouble = self.examples[kind]
            example = f"{place} {number:,}: {trouble.value!r}"
            shown = f"e.g. {example}" if times > 1 else example
            yield f"{trouble.field}: {times:,} left out, {trouble.reason} ({shown})"
        if len(self.troubles) > _KINDS_SHOWN:
            yield f"and {counted(len(self.troubles) - _KINDS_SHOWN, 'more kind')} of values left out"
        if self.unread:
            shown = ", ".join(f"{name} ({times:,})" for name, times in self.unread.most_common(_KINDS_SHOWN))
            yield f"Not taken: {shown}{', ...' if len(self.unread) > _KINDS_SHOWN else ''}"


def counted(number: int, noun: str) -> str:
    """Return "1 row" or "2 rows"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
