"""The result of an attack, as a row of the table in docs/reliability.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """What was sent to an adapter, and what came of it. faults: what should not have come of it."""

    attack: str
    adapter: str
    sent: str
    outcome: str
    faults: Sequence[str] = ()


def table(results: Iterable[Result]) -> str:
    """Return the Markdown for the page."""
    lines = ["| attack | adapter | sent | outcome |", "|---|---|---|---|"]
    lines += [f"| {each.attack} | {each.adapter} | {each.sent} | {each.outcome} |" for each in results]
    return "\n".join(lines) + "\n"
