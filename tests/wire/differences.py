"""What differs between the answers of two deployments, by kind, for a report that is read at a glance."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.support.wire import Answer, Exchange

HEADER = "header "

AROUND = 20
"""Bytes that are shown on each side of the first one that differs."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. kind: what differs, such as "status" or "header vary"; detail: how."""

    kind: str
    detail: str


def differences(first: Exchange, second: Exchange, ignored: Collection[str] = ()) -> list[Difference]:
    """Compare the answers to one message. ignored: names of headers, in lower case."""
    found = [] if first.kept == second.kept else [Difference("connection", f"{_kept(first)} / {_kept(second)}")]
    counts = [len(each.answers) for each in (first, second)]
    if counts[0] != counts[1]:
        return [*found, Difference("number of answers", f"{counts[0]} / {counts[1]}")]
    for one, other in zip(first.answers, second.answers, strict=True):
        found += _between(one, other, ignored)
    return found


def _kept(exchange: Exchange) -> str:
    return "kept" if exchange.kept else "closed"


def _between(one: Answer, other: Answer, ignored: Collection[str]) -> Iterator[Difference]:
    if (one.status, one.reason) != (other.status, other.reason):
        yield Difference("status", f"{one.status} {one.reason} / {other.status} {other.reason}")
    for name in sorted({name for answer in (one, other) for name, _ in answer.headers} - {*ignored}):
        values = [[value for each, value in answer.headers if each == name] for answer in (one, other)]
        if values[0] != values[1]:
            yield Difference(f"{HEADER}{name}", f"{_value(values[0])} / {_value(values[1])}")
    if one.body != other.body:
        yield Difference("body", _first_byte(one.body, other.body))


def _value(values: Sequence[str]) -> str:
    return " and ".join(repr(value) for value in values) or "absent"


def _first_byte(one: bytes, other: bytes) -> str:
    place = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    at = min(len(one), len(other)) if place is None else place
    shown = slice(max(0, at - AROUND), at + AROUND)
    return f"at byte {at}: {one[shown]!r} / {other[shown]!r}"


class Report:
    """The differences of all cases, by kind."""

    def __init__(self) -> None:
        self._found: dict[str, list[tuple[str, str]]] = {}

    def add(self, case: str, found: Iterable[Difference]) -> None:
        """Add the differences of a case."""
        for each in found:
            self._found.setdefault(each.kind, []).append((case, each.detail))

    def lines(self) -> list[str]:
        """Return a line for each kind, with its count and its first case; and which headers could be left out."""
        lines = [
            f"{len(cases)} x {kind}, first in {cases[0][0]}: {cases[0][1]}"
            for kind, cases in sorted(self._found.items())
        ]
        headers = [kind.removeprefix(HEADER) for kind in sorted(self._found) if kind.startswith(HEADER)]
        if headers:
            lines.append(
                "Headers that an application or a proxy adds are left out by naming them: "
                f"CONTRACT_ALLOW_HEADERS={','.join(headers)}"
            )
        return lines
