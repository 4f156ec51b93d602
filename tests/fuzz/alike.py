"""Compare the responses and rows of copies of one catalogue, apart from values that each server generates."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import httpx

from tests.support.answers import opened

OF_THE_SERVER = {"date", "server", "connection", "keep-alive", "x-request-id"}

_CHOSEN = re.compile(
    r'(?<="slug":")(?P<slug>[^"\\]*)(?=")'
    r"|(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"|(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)"
)
"""Values that a server generates: the slug of a row, an id, a time."""

_TOKEN = re.compile("-[0-9a-hjkmnp-tv-z]{8}")

_WHOLE_SECOND = len(".123456")
"""A time on the full second is written without these characters."""


AT_ONCE = 1000
"""Microseconds: less than the time between two requests."""


class Different(AssertionError):
    """Two copies differ."""


class Pairing:
    """Pairs the ids, slugs and ETags of two copies one to one, and their times."""

    def __init__(self) -> None:
        self._there: dict[tuple[str, str], str] = {}
        self._here: dict[tuple[str, str], str] = {}
        self._times: list[tuple[int, int]] = []
        self.slugs_differ = False

    def pair(self, kind: str, here: str, there: str) -> None:
        """Pair two values. Errors: Different if either is paired with another."""
        if kind == "time":
            self._pair_times(_microseconds(here), _microseconds(there))
            return
        known = self._there.setdefault((kind, here), there), self._here.setdefault((kind, there), here)
        if known != (there, here):
            raise Different(f"{kind} {here!r} and {there!r} are not each other's: {known!r}")
        if kind == "slug" and here != there:
            if not (_TOKEN.fullmatch(here[-9:]) and _TOKEN.fullmatch(there[-9:]) and here[:-9] == there[:-9]):
                raise Different(f"slugs {here!r} and {there!r} differ in more than their tokens")
            self.slugs_differ = True

    def _pair_times(self, here: int, there: int) -> None:
        place = bisect(self._times, (here, there))
        for one, other in self._times[max(place - 1, 0) : place + 1]:
            ours, theirs = here - one, there - other
            # The rows of one batch are created within microseconds, two of them possibly within the same one.
            if (ours > 0) - (ours < 0) != (theirs > 0) - (theirs < 0) and abs(ours - theirs) >= AT_ONCE:
                raise Different(f"times {here} and {there} are not in the order of {one} and {other}")
        self._times.insert(place, (here, there))

    def text(self, here: str, there: str, what: str = "text") -> None:
        """Compare two texts, and pair the generated values in them. Errors: Different."""
        here, there = opened(here), opened(there)
        if _CHOSEN.sub(_kind, here) != _CHOSEN.sub(_kind, there):
            raise Different(f"{what}:\n  {here}\n  {there}")
        for one, other in zip(_CHOSEN.finditer(here), _CHOSEN.finditer(there), strict=True):
            self.pair(_kind(one), one.group(), other.group())

    def answers(self, here: httpx.Response, there: httpx.Response) -> None:
        """Compare two responses: status, headers and body. Errors: Different."""
        if here.status_code != there.status_code:
            raise Different(f"status: {here.status_code} {here.text}\n  {there.status_code} {there.text}")
        ours, theirs = _headers(here), _headers(there)
        if [name for name, _ in ours] != [name for name, _ in theirs]:
            raise Different(f"headers: {ours}\n  {theirs}")
        for (name, one), (_, other) in zip(ours, theirs, strict=True):
            self._header(name, one, other, here, there)
        self.text(here.text, there.text, "body")

    def _header(self, name: str, one: str, other: str, here: httpx.Response, there: httpx.Response) -> None:
        if name == "content-length":
            if (_length(here, one) - _length(there, other)) % _WHOLE_SECOND:
                raise Different(f"Content-Length: {one} and {other}")
        elif name == "etag":
            self.pair(name, one, other)
        else:
            self.text(_plain(one, here), _plain(other, there), name)

    def shapes(self, here: httpx.Response, there: httpx.Response) -> None:
        """Compare what must be equal even where the order of rows may differ. Errors: Different."""
        for one, other in (
            (here.status_code, there.status_code),
            ([name for name, _ in _headers(here)], [name for name, _ in _headers(there)]),
            (_total(here), _total(there)),
        ):
            if one != other:
                raise Different(f"{one} and {other}")

    def rows(self, here: Mapping[str, Iterable[Any]], there: Mapping[str, Iterable[Any]]) -> None:
        """Compare two databases, as {table: rows as (column, text or None) pairs}. Errors: Different."""
        for table, ours in here.items():
            mapped = sorted((self._mapped(row) for row in ours), key=repr)
            theirs = sorted((tuple(row) for row in there[table]), key=repr)
            if len(mapped) != len(theirs):
                raise Different(f"{table}: {mapped}\n  {theirs}")
            for one, other in zip(mapped, theirs, strict=True):
                self._row(table, one, other)

    def _mapped(self, row: Iterable[tuple[str, Any]]) -> tuple[tuple[str, Any], ...]:
        """Translate a row to the other copy's values, except for times: no response has shown some of them."""
        kinds = [(name, _kind_of(name), value) for name, value in row]
        return tuple(
            (name, value if kind == "time" else self._there.get((kind, value), value)) for name, kind, value in kinds
        )

    def _row(self, table: str, one: Any, other: Any) -> None:
        for (name, ours), (_, theirs) in zip(one, other, strict=True):
            if _kind_of(name) == "time":
                self.pair("time", ours, theirs)
            elif ours != theirs:
                raise Different(f"{table}.{name}: {ours!r} and {theirs!r} in\n  {one}\n  {other}")


def _microseconds(time: str) -> int:
    return (datetime.fromisoformat(time) - datetime(1, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _kind(match: re.Match[str]) -> str:
    return str(match.lastgroup)


def _kind_of(column: str) -> str:
    if column.endswith("_at"):
        return "time"
    return "id" if column == "id" or column.endswith("_id") else column


def _headers(answer: httpx.Response) -> list[tuple[str, str]]:
    found = [(name.lower(), value) for name, value in answer.headers.multi_items()]
    return sorted((pair for pair in found if pair[0] not in OF_THE_SERVER), key=lambda pair: pair[0])


def _length(answer: httpx.Response, length: str) -> int:
    """Check a Content-Length and return it; 0 where the copies may differ, because ids compress differently."""
    if "content-encoding" in answer.headers:
        return 0
    if answer.request.method != "HEAD" and int(length) != len(answer.content):
        raise Different(f"Content-Length: {length} of {len(answer.content)} bytes")
    return int(length)


def _plain(field: str, answer: httpx.Response) -> str:
    """Return a header with the times in its URLs decoded, and without the host."""
    return unquote(field).replace(answer.request.url.netloc.decode("ascii"), "host")


def _total(answer: httpx.Response) -> Any:
    return answer.json()["total"] if answer.status_code == 200 and answer.content else None
