"""What tokens cost, and what a flood of sign-ins costs others: `make bench-access` writes it into docs/performance.md.

Both are measured in turns, on one connection, one request at a time.
"""

from __future__ import annotations

import http.client
import json
import os
import platform
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.support.databases import DIPTYCH, ROOT, run
from tests.support.deployments import ADAPTERS, deployment
from tests.support.pages import write
from tests.support.postgresql import postgresql

COMMAND = "make bench-access"
REQUESTS = int(os.environ.get("REQUESTS", "2000"))
FLOODING = 8
"""Clients that send wrong passwords without a pause."""

SECONDS = 10


class Client:
    """One connection to a deployment. token: that it sends, if any."""

    def __init__(self, url: str, token: str = "") -> None:
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[float, int, bytes]:
        """Return the seconds that a request takes, the status and the body."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        began = time.perf_counter()
        self._connection.request(method, path, content, {**self._headers, **headers})
        response = self._connection.getresponse()
        found = response.read()
        return time.perf_counter() - began, response.status, found


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of one adapter, in milliseconds; signed: sign-ins a second that were answered 422 in the flood."""

    adapter: str
    reads: tuple[float, float]
    patches: tuple[float, float]
    flooded: tuple[float, float]
    live: float
    failed: int
    signed: float


def pair(first: Callable[[int], float], second: Callable[[int], float]) -> tuple[float, float]:
    """Return the medians of two kinds of request that are sent in turn, in milliseconds."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(REQUESTS):
        taken[0].append(first(number))
        taken[1].append(second(number))
    return statistics.median(taken[0]) * 1000, statistics.median(taken[1]) * 1000


@contextmanager
def flood(url: str) -> Iterator[dict[int, int]]:
    """Send wrong passwords, each for another name from another address; yield the answers so far by status."""
    ended, numbers, answers = threading.Event(), count(), dict[int, int]()

    def send() -> None:
        client = Client(url)
        while not ended.is_set():
            number = next(numbers)
            forwarded = {"X-Forwarded-For": f"2001:db8:{number // 65536:x}:{number % 65536:x}::1"}
            form = {"Content-Type": "application/x-www-form-urlencoded", **forwarded}
            _, status, _ = client.ask("POST", "/ui/sign-in", f"name=nobody{number}&password=wrong".encode(), **form)
            answers[status] = answers.get(status, 0) + 1

    threads = [threading.Thread(target=send) for _ in range(FLOODING)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def measure(adapter: str, url: str, token: str) -> Measured:
    """Measure one deployment."""
    open_to_all, with_token = Client(url), Client(url, token)
    author = json.loads(open_to_all.ask("POST", "/authors", {"name": "Tove Jansson"})[2])["id"]
    path = f"/authors/{author}"

    def read(client: Client) -> Callable[[int], float]:
        return lambda _: client.ask("GET", path)[0]

    def patch(client: Client) -> Callable[[int], float]:
        return lambda number: client.ask("PATCH", path, {"name": f"Tove {number % 2}"})[0]

    reads = pair(read(open_to_all), read(with_token))
    patches = pair(patch(open_to_all), patch(with_token))
    taken, live, failed = [], [], 0
    with flood(url) as answers:
        time.sleep(1)
        before, began = answers.get(422, 0), time.monotonic()
        while time.monotonic() < began + SECONDS:
            seconds, status, _ = open_to_all.ask("GET", path)
            taken.append(seconds)
            failed += status != http.client.OK
            live.append(open_to_all.ask("GET", "/health/live")[0])
            time.sleep(0.005)
        signed = (answers.get(422, 0) - before) / (time.monotonic() - began)
    flooded = reads[0], statistics.median(taken) * 1000
    return Measured(adapter, reads, patches, flooded, max(live) * 1000, failed, signed)


def markdown(found: list[Measured]) -> str:
    """Return the Markdown for the page."""
    head = "| | get author: anonymous, with a token | ratio | patch: anonymous, with a token | ratio"
    head += " | get author: without, in the flood | ratio | `/health/live` at most | failed |"
    lines = [head, f"|---|{'---:|' * 8}"]
    for each in found:
        cells = [f"{a:.2f}, {b:.2f} | {b / a:.2f}" for a, b in (each.reads, each.patches, each.flooded)]
        lines.append(f"| {each.adapter} | {' | '.join(cells)} | {each.live:.0f} | {each.failed} |")
    rates = ", ".join(f"{each.signed:.0f} a second under {each.adapter}" for each in found)
    return "\n".join(lines) + (
        f"\n\nMilliseconds, medians of {REQUESTS} requests of each kind in turn. The flood is {FLOODING} clients that"
        f" send wrong passwords without a pause, for {SECONDS} seconds; {rates} were checked."
        f" {datetime.now(UTC):%Y-%m-%d}, {platform.system()} on {os.cpu_count()} cores, Python"
        f" {platform.python_version()}, PostgreSQL.\n"
    )


def main() -> int:
    """Measure, print and write the figures; return 1 where a request failed in the flood."""
    found = []
    with tempfile.TemporaryDirectory() as directory, postgresql(Path(directory) / "files") as server:
        url = server.get_uri()
        for command in (
            ["database", "upgrade"],
            ["access", "anonymous", "editor"],
            ["accounts", "create", "tove", "--role", "editor"],
        ):
            run([*DIPTYCH, *command], DATABASE_URL=url)
        token = run([*DIPTYCH, "tokens", "create", "tove"], DATABASE_URL=url).stdout.strip()
        for adapter in ADAPTERS:
            with deployment(adapter, url, DIPTYCH_TRUSTED_PROXIES="127.0.0.1") as address:
                found.append(measure(adapter, address, token))
    text = markdown(found)
    print(text)
    write(ROOT / "docs" / "performance.md", COMMAND, text)
    return 1 if any(each.failed for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
