"""Requests as values that Hypothesis draws, shrinks and prints, and their conversion to bytes for one copy."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

JSON = "application/json"

TARGET_LENGTH = 7000
"""Most characters of a request's target; longer ones test the servers, not the application."""


@dataclass(frozen=True)
class Row:
    """A member of an existing row: indexes count the stock's rows first, then the created ones."""

    resource: str
    index: int
    member: str = "id"


@dataclass(frozen=True)
class Place:
    """A cursor of an earlier page: index counts back from the latest."""

    index: int


@dataclass(frozen=True)
class Step:
    """A request. path, query values and body may contain Rows, query values Places too.

    path: segments, query: (name, value) pairs; either may instead be text that is sent unchanged.
    body: bytes are sent unchanged, None is no body; anything else is sent as JSON, in ASCII where it is not UTF-8.
    With a Content-Encoding it is compressed first.
    """

    method: str
    path: tuple[str | Row, ...] | str
    query: tuple[tuple[str, Any], ...] | str = ()
    body: Any = None
    content_type: str | None = JSON
    headers: tuple[tuple[str, Any], ...] = ()

    @property
    def key(self) -> str | None:
        """The request's idempotency key; None without one."""
        keys = [str(value).strip('"') for name, value in self.headers if name == "Idempotency-Key"]
        return keys[0] if keys and self.method == "POST" else None


@dataclass(frozen=True)
class Members:
    """A JSON object by its members, one of which may be repeated."""

    pairs: tuple[tuple[str, Any], ...]


class Known:
    """The rows of one copy, as far as its responses show them."""

    def __init__(self, stock: Mapping[str, list[dict[str, Any]]]) -> None:
        self._order = {resource: [row["id"] for row in rows] for resource, rows in stock.items()}
        self._rows = {row["id"]: row for rows in stock.values() for row in rows}
        self._at_once: set[str] = set()
        self._cursors = ["none"]

    def learn(self, answer: Any, **also: str) -> None:
        """Record every row of a response. also: what else is known of its main row."""
        if isinstance(answer, list):
            rows = [item for item in answer if isinstance(item, dict) and "created_at" in item]
            new = {row["id"] for row in rows} - self._rows.keys()
            if len(new) > 1:
                self._at_once |= new
            for item in answer:
                self.learn(item)
        elif isinstance(answer, dict):
            if "created_at" in answer:
                if answer["id"] not in self._rows:
                    self._order[resource_of(answer)].append(answer["id"])
                self._rows[answer["id"]] = answer | also
            self._cursors += [cursor for name in ("next", "previous") if (cursor := answer.get(name))]
            for value in answer.values():
                self.learn(value)

    def resolved(self, value: Any) -> Any:
        """Replace each Row and each Place in a value by this copy's values."""
        match value:
            case Place(index):
                return self._cursors[-1 - index % len(self._cursors)]
            case Row(resource, index, member):
                order = self._order[resource]
                row = self._rows[order[index % len(order)]]
                if member.endswith("_at") and row["id"] in self._at_once:
                    # Rows of one batch may have equal times here and different ones there, so filters use none of
                    # them.
                    row = self._rows[order[0]]
                return row.get(member, '"unknown"')
            case dict():
                return {name: self.resolved(item) for name, item in value.items()}
            case list():
                return [self.resolved(item) for item in value]
            case Members(pairs):
                return Members(tuple((name, self.resolved(item)) for name, item in pairs))
        return value

    def request(self, client: httpx.Client, step: Step) -> httpx.Request:
        """Build the request of a step for this copy."""
        headers = {"Accept-Encoding": "identity"} | {name: self.resolved(value) for name, value in step.headers}
        content = step.body if isinstance(step.body, bytes | None) else _bytes(self.resolved(step.body))
        if content is not None and step.content_type is not None:
            headers["Content-Type"] = step.content_type
        if content is not None and "Content-Encoding" in headers:
            content = gzip.compress(content)
        # The target is built by hand: httpx would normalize it.
        request = client.build_request("GET", "/", content=content, headers=headers)
        request.method = step.method
        request.extensions = {**request.extensions, "target": self._target(step).encode("ascii")}
        return request

    def _target(self, step: Step) -> str:
        path, query = step.path, step.query
        if not isinstance(path, str):
            path = "".join(f"/{_escaped(self.resolved(segment))}" for segment in path)
        if not isinstance(query, str):
            query = "&".join(f"{_escaped(name)}={_escaped(self.resolved(value))}" for name, value in query)
        return (f"{path}?{query}" if query else path)[:TARGET_LENGTH]


def resource_of(row: Mapping[str, Any]) -> str:
    """Return the resource that a row of a response belongs to."""
    if "title" in row:
        return "books"
    return "authors" if "dob" in row else "tags"


def _escaped(value: Any) -> str:
    # A lone surrogate becomes three bytes that are not valid UTF-8.
    return quote(str(value).encode("utf-8", "surrogatepass"), safe="")


def _bytes(value: Any) -> bytes:
    try:
        return _json(value, ascii_only=False).encode("utf-8")
    except UnicodeEncodeError:
        return _json(value, ascii_only=True).encode("ascii")


def _json(value: Any, *, ascii_only: bool) -> str:
    def write(item: Any) -> str:
        match item:
            case Members(pairs):
                return "{" + ",".join(f"{write(name)}:{write(member)}" for name, member in pairs) + "}"
            case dict():
                return write(Members(tuple(item.items())))
            case list():
                return "[" + ",".join(write(member) for member in item) + "]"
        return json.dumps(item, ensure_ascii=ascii_only)

    return write(value)
