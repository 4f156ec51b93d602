"""Group what is refused and what is converted by column and value, so that the report has a line for each of these."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from diptych.core.legacy_import.conversions import text_of
from diptych.core.legacy_import.key_store import KeyStore

GROUPS = 20
"""Most values of a column that are reported."""

EXAMPLES = 3

SHOWN = 60
"""Most characters of a value that are shown."""


@dataclass(slots=True)
class Group:
    """Rows that are refused for one reason. settle: the options of which one settles it."""

    reason: str
    settle: str
    first: str
    rows: int = 0


class Refusals:
    """What is refused, by column and value."""

    def __init__(self) -> None:
        self._groups: dict[str, dict[tuple[str, str], Group]] = {}
        self._more: dict[str, int] = {}
        self._seen = KeyStore()
        self.count = 0

    def close(self) -> None:
        """Release the memory of values that are not shown."""
        self._seen.close()

    def add(self, column: str, value: str, reason: str, row: str, settle: str) -> None:
        """Count a row. column: the label before the value. value: as it is shown; "" for none."""
        self.count += 1
        groups = self._groups.setdefault(column, {})
        group = groups.get((value, reason))
        if group is None:
            if len(groups) == GROUPS:
                if self._seen.add(column, f"{value}\0{reason}"):
                    self._more[column] = self._more.get(column, 0) + 1
                return
            group = groups[value, reason] = Group(reason, settle, row)
        group.rows += 1

    def lines(self) -> list[str]:
        """Return a line for each group."""
        found = []
        for column, groups in self._groups.items():
            for (value, _), group in groups.items():
                number = f"row {group.first}" if group.rows == 1 else f"{group.rows:,} rows, the first is {group.first}"
                reason = f" {group.reason}" if group.reason else ""
                found.append(f"{column}: {value} ({number}){reason}: {group.settle}")
            if more := self._more.get(column):
                found.append(f"{column}: and {more:,} more value{'' if more == 1 else 's'}")
        return found


@dataclass(slots=True)
class Conversion:
    """The values of a column that were converted in one way, with examples."""

    count: int = 0
    examples: dict[str, str] = field(default_factory=dict)


class Conversions:
    """What is converted, by column and kind of conversion."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Conversion] = {}

    def add(self, column: str, kind: str, old: Any, new: Any) -> None:
        """Count a value."""
        found = self._found.setdefault((column, kind), Conversion())
        found.count += 1
        if len(found.examples) < EXAMPLES:
            found.examples.setdefault(shown(old), shown(new))

    def lines(self) -> list[str]:
        """Return a line for each kind of conversion."""
        return [
            f"{column}: {found.count:,} {kind}, such as "
            + ", ".join(f"{old} -> {new}" for old, new in found.examples.items())
            for (column, kind), found in sorted(self._found.items())
        ]


def shown(value: Any) -> str:
    """Return a value for people, in quotes where it is text, and not too long."""
    text = repr(value) if isinstance(value, str) else text_of(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 4]}...{text[-1]}"
