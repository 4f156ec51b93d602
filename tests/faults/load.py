"""Clients that write, and know in the end which of their writes must be stored.

A client without a response cannot know whether its request was done. Clients with an Idempotency-Key repeat the
request with the same key until there is a response. A few send each request once and without a key, as most clients
do; the responses that they get must be true too.
"""

from __future__ import annotations

import http.client
import itertools
import json
import re
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from tests.contract.making import marker, new_isbn
from tests.faults.service import WORKERS, Service
from tests.support.waiting import PATIENCE, until

PAUSE = 0.05
"""Seconds before a client repeats a request."""

NONE = 0
"""Stands for the status where there was no response."""

GOOD = {"GET": 200, "POST": 201, "PATCH": 200, "PUT": 200, "DELETE": 204}
"""The normal statuses."""

INSIDE = re.compile(rb"SELECT|INSERT|UPDATE|psycopg|sqlalchemy|Traceback|constraint|relation", re.IGNORECASE)
"""Internals that no response may contain."""


@dataclass(frozen=True, slots=True)
class Write:
    """Rows to create. key: None for a request that is sent once."""

    path: str
    names: tuple[str, ...]
    body: dict[str, Any]
    key: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """A response, or that there was none. begun, ended: time.monotonic()."""

    method: str
    status: int
    begun: float
    ended: float
    detail: str

    def well(self, since: float) -> bool:
        """Return whether a request begun after a moment succeeded."""
        return self.begun > since and self.status == GOOD[self.method]


@dataclass
class Book:
    """All requests and responses."""

    told: list[Told] = field(default_factory=list)
    acknowledged: dict[str, str] = field(default_factory=dict)
    """The name of each row created with a key -> its id."""
    once: dict[str, str] = field(default_factory=dict)
    """The same for rows created without a key."""
    wrong: list[str] = field(default_factory=list)
    """Violations found by the clients."""

    def note(self, method: str, status: int, begun: float, detail: str = "") -> None:
        """Record a response, or NONE."""
        self.told.append(Told(method, status, begun, time.monotonic(), detail))


class Client:
    """One connection, reopened when it breaks."""

    def __init__(self, connection: http.client.HTTPConnection, book: Book) -> None:
        self._book = book
        self._http = connection

    def ask(self, method: str, path: str, body: Any = None, key: str | None = None) -> tuple[int, Any]:
        """Return the status and body of a response, or NONE and the error."""
        begun = time.monotonic()
        status, found = self._ask(method, path, body, key)
        self._book.note(method, status, begun, found if status == NONE else found.get("detail", ""))
        return status, found

    def close(self) -> None:
        self._http.close()

    def _ask(self, method: str, path: str, body: Any, key: str | None) -> tuple[int, Any]:
        try:
            self._http.request(method, path, None if body is None else json.dumps(body), _headers(body, key))
            answer = self._http.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._http.close()
            if isinstance(error, TimeoutError):
                self._book.wrong.append(f"{method} {path} was not answered in {PATIENCE:g} s")
            return NONE, repr(error)
        if not _expected(method, answer, content):
            self._book.wrong.append(f"{method} {path}: {answer.status} {answer.headers.items()} {content[:500]!r}")
        return answer.status, json.loads(content) if content else {}


def _headers(body: Any, key: str | None) -> dict[str, str]:
    headers = {"Content-Type": "application/json"} if body is not None else {}
    return headers if key is None else {**headers, "Idempotency-Key": f'"{key}"'}


def message(write: Write) -> bytes:
    """Serialize a write."""
    body = json.dumps(write.body).encode()
    fields = {"Host": "catalogue.test", "Content-Length": str(len(body)), **_headers(write.body, write.key)}
    lines = [f"POST {write.path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode() + body


def _expected(method: str, answer: http.client.HTTPResponse, content: bytes) -> bool:
    """Return whether a response is one that a fault may cause."""
    if answer.status == GOOD[method]:
        return True
    again = answer.status == 503 or (answer.status == 409 and b'"/problems/key-in-use"' in content)
    return (
        again
        and answer.headers["Retry-After"] == "1"
        and answer.headers["Content-Type"] == "application/problem+json"
        and INSIDE.search(content) is None
    )


def _note(where: dict[str, str], found: Any) -> None:
    for row in found.get("items", [found]):
        where[row.get("name") or row["title"]] = row["id"]


class Load:
    """Clients that send requests until the block ends, and then until the outcome of each write is known.

    kinds: resources that they create. suffix: of the number-th name.
    """

    def __init__(
        self,
        service: Service,
        *,
        keyed: int = 6,
        once: int = 2,
        readers: int = 2,
        kinds: tuple[str, ...] = ("authors", "tags", "books"),
        suffix: Callable[[int], str] = str,
    ) -> None:
        """Prepare the clients; their numbers are multiples of the number of workers, so that all get the same."""
        self.book = Book()
        self.word = marker()
        self._kinds, self._suffix = kinds, suffix
        self._numbers = itertools.count()
        self._over = threading.Event()
        self._author = self._first(service)
        jobs = (
            [self._keyed] * (keyed // WORKERS) + [self._once] * (once // WORKERS) + [self._read] * (readers // WORKERS)
        )
        self._clients: list[Client] = []
        self._threads: list[threading.Thread] = []
        for connections in service.connected(len(jobs)):
            for job, connection in zip(jobs, connections, strict=True):
                client = Client(connection, self.book)
                self._clients.append(client)
                self._threads.append(threading.Thread(target=self._work, args=(job, client), daemon=True))

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        deadline = time.monotonic() + 2 * PATIENCE
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                self.book.wrong.append("a client never ended")
        for client in self._clients:
            client.close()

    def goes_on(self, seconds: float = 0) -> None:
        """Wait so many seconds, and then until the latest responses, four for each client, are all normal."""
        begun = time.monotonic()
        time.sleep(seconds)
        number = 4 * len(self._clients)
        until(lambda: len(last := self.book.told[-number:]) == number and all(each.well(begun) for each in last))

    def is_refused(self, number: int = 1, why: str = "") -> None:
        """Wait until so many requests have been answered 503. why: the expected detail, if it matters."""
        until(lambda: sum(each.status == 503 and why in each.detail for each in self.book.told) >= number)

    def write(self, kind: str | None = None, *, key: bool = True, number: int = 1) -> Write:
        """Return a new write. number: of rows, in a batch."""
        serials = [next(self._numbers) for _ in range(number)]
        kind = kind or self._kinds[serials[0] % len(self._kinds)]
        names = tuple(f"{self.word} {'' if key else 'once '}{self._suffix(serial)}" for serial in serials)
        rows = [self._row(kind, name) for name in names]
        path, body = (f"/{kind}/batch", {"items": rows}) if number > 1 else (f"/{kind}", rows[0])
        return Write(path, names, body, str(uuid.uuid4()) if key else None)

    def until_told(self, client: Client, write: Write) -> None:
        """Send a write with the same key until the response says what is stored."""
        deadline = None
        while True:
            status, found = client.ask("POST", write.path, write.body, write.key)
            if status == 201:
                _note(self.book.acknowledged, found)
                return
            if status not in (NONE, 409, 503):
                return  # recorded as wrong
            if self._over.is_set():
                deadline = deadline or time.monotonic() + PATIENCE
                if time.monotonic() > deadline:
                    self.book.wrong.append(f"what became of {write.names} was never told: {status} {found}")
                    return
            time.sleep(PAUSE)

    def _first(self, service: Service) -> str:
        """Create an author for the books."""
        client = Client(http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE), self.book)
        write = self.write("authors")
        self.until_told(client, write)
        client.close()
        return self.book.acknowledged[write.names[0]]

    def _row(self, kind: str, name: str) -> dict[str, Any]:
        return {"title": name, "isbn": new_isbn(), "author_id": self._author} if kind == "books" else {"name": name}

    def _keyed(self, client: Client) -> None:
        self.until_told(client, self.write())

    def _once(self, client: Client) -> None:
        write = self.write(key=False)
        status, found = client.ask("POST", write.path, write.body)
        if status == 201:
            _note(self.book.once, found)
        else:
            time.sleep(PAUSE)

    def _read(self, client: Client) -> None:
        client.ask("GET", f"/authors/{self._author}")
        time.sleep(PAUSE)

    def _work(self, job: Callable[[Client], None], client: Client) -> None:
        try:
            while not self._over.is_set():
                job(client)
        except Exception as error:
            self.book.wrong.append(f"a client failed: {error!r}")
            raise
