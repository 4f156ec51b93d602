"""`make worst-bodies`: a search for the request bodies that cost the most processor time, and what they cost.

Hundreds of shapes are decoded, validated and normalized as both adapters do it, and then variations of the worst
of them. The ten worst are then sent to both adapters: their whole cost is the processor time of the
worker, and the event loop's longest gap is the longest that another request waited meanwhile.
"""

from __future__ import annotations

import http.client
import os
import platform
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg

from benchmarks.body_shapes import AUTHOR, ITEMS, BodyShape, coded, structures, texts
from benchmarks.growth import migrate
from benchmarks.memory import worker
from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.books.model import Book
from diptych.core.catalogue.tags.model import Tag
from diptych.core.engine.derived_values import Rules
from diptych.core.errors import CatalogueError
from diptych.core.http import request_parsing
from diptych.core.http.problems import Problem
from diptych.core.http.request_response import Request
from diptych.core.settings import Settings
from diptych.core.sync.operations import OPERATIONS
from tests.support.databases import ROOT
from tests.support.deployments import ADAPTERS, command, free_port, server
from tests.support.pages import write
from tests.support.postgresql import postgresql

COMMAND = "make worst-bodies"
SEED = int(os.environ.get("SEED", "3"))
SHAPES = int(os.environ.get("SHAPES", "400"))
"""Shapes that the search begins with, drawn from all."""

ROUNDS = 2
"""Rounds in which the search measures what is like the worst of the last."""

WORST = 10
"""Shapes that each round goes on with, and that are sent to the adapters."""

LIMIT = 2.0
"""The most processor seconds of an accepted body."""

PROBE = 0.002
"""Seconds between two requests that measure how long others wait."""

RULES: Mapping[str, Rules] = {"authors": Author.rules, "books": Book.rules, "tags": Tag.rules}
SETTINGS = Settings(database_url="sqlite:///none.db")
BY_NAME = {(each.method, each.path): each for each in OPERATIONS}

Cost = Callable[[BodyShape], float]


# The search


def cost(shape: BodyShape) -> float:
    """Return the processor seconds to read a body, and to derive what is stored from it."""
    body, headers = coded(shape, shape.content())
    request = Request(shape.method, "", {}, "", headers, body)
    target = request_parsing.Target((shape.method,), {})
    began = time.process_time()
    with suppress(CatalogueError, Problem):
        _derive(shape, request_parsing.read(BY_NAME[shape.method, shape.path], target, request, SETTINGS).body)
    return time.process_time() - began


def _derive(shape: BodyShape, body: Any) -> None:
    """Derive as the services do: an upsert normalizes once more, to find the rows."""
    rules = RULES[shape.path.split("/")[1]]
    for item in getattr(body, "items", ()):
        values = item.model_dump(exclude_unset=True)
        if shape.method == "PUT":
            values = rules.normalized(values)
        row = rules.with_derived(rules.normalized(values))
        if "slug" in rules.checks:
            rules.slug_of(row)


def search(
    beginning: Iterable[BodyShape], measure: Cost = cost, rounds: int = ROUNDS, keep: int = WORST
) -> dict[BodyShape, float]:
    """Return the cost of each measured shape: the first ones, and in each round all neighbours of the worst."""
    costs: dict[BodyShape, float] = {shape: measure(shape) for shape in beginning}
    for _ in range(rounds):
        for shape in worst(costs, keep):
            for other in shape.neighbours():
                if other not in costs:
                    costs[other] = measure(other)
    return costs


def worst(costs: Mapping[BodyShape, float], keep: int = WORST) -> list[BodyShape]:
    """Return the shapes with the highest costs, the worst first, one of each kind."""
    found: dict[str, BodyShape] = {}
    for shape in sorted(costs, key=lambda shape: costs[shape], reverse=True):
        found.setdefault(shape.kind, shape)
    return [*found.values()][:keep]


# The adapters


@dataclass(frozen=True, slots=True)
class Sent:
    """A body that was sent to an adapter: the answer's status, processor seconds, and the longest wait of others."""

    status: int
    seconds: float
    wait: float


def send(address: str, process: psutil.Process, shape: BodyShape, first: int) -> Sent:
    """Send a body to an adapter, and others a small request meanwhile."""
    body, headers = coded(shape, shape.content(first))
    statuses: list[int] = []

    def post() -> None:
        with _connection(address) as connection:
            connection.request(shape.method, shape.path, body, {**headers, "Accept-Encoding": "gzip"})
            statuses.append(connection.getresponse().status)

    before = _seconds(process)
    thread = threading.Thread(target=post)
    with _connection(address) as probe:
        _ask(probe)
        thread.start()
        wait = 0.0
        while thread.is_alive():
            wait = max(wait, _ask(probe))
            time.sleep(PROBE)
    thread.join()
    return Sent(statuses[0], _seconds(process) - before, wait)


class _connection:  # noqa: N801 - a function that a with statement takes
    """A connection to an adapter, closed at the end of a block."""

    def __init__(self, address: str) -> None:
        where = urlsplit(address)
        self._connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=300)

    def __enter__(self) -> http.client.HTTPConnection:
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def _ask(connection: http.client.HTTPConnection) -> float:
    """Return the seconds that a small request takes."""
    began = time.monotonic()
    connection.request("GET", "/health/live")
    connection.getresponse().read()
    return time.monotonic() - began


def _seconds(process: psutil.Process) -> float:
    return float(sum(process.cpu_times()[:2]))


def sent(adapter: str, url: str, shapes: Sequence[BodyShape]) -> list[Sent]:
    """Send each body to an adapter with one worker."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    found = []
    of_one = server(command(adapter, port), address, DATABASE_URL=url, FLASK_PORT=str(port), DIPTYCH_WORKERS="1")
    with of_one as process:
        for place, shape in enumerate(shapes):
            found.append(send(address, worker(process), shape, (ADAPTERS.index(adapter) * len(shapes) + place) * ITEMS))
            print(f"{adapter}: {shape}: {found[-1]}", flush=True)
    return found


def prepare(url: str) -> None:
    """Create the tables, and the author of the books."""
    migrate(url, "head")
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO author (id, name, slug, search_text, sort_key, created_at, updated_at)"
            " VALUES (%s, 'a', 'a', 'a', 'a', now(), now())",
            [AUTHOR],
        )


def markdown(shapes: Sequence[BodyShape], costs: Mapping[BodyShape, float], found: Mapping[str, Sequence[Sent]]) -> str:
    """Return the Markdown for the page."""
    lines = [
        "| body | JSON | sent | answer | read | Flask | Sanic | others wait, Flask | Sanic |",
        "|---|---:|---:|---|---:|---:|---:|---:|---:|",
    ]
    for place, shape in enumerate(shapes):
        content = shape.content()
        size = len(coded(shape, content)[0])
        flask, sanic = (found[adapter][place] for adapter in ADAPTERS)
        statuses = " or ".join(dict.fromkeys((str(flask.status), str(sanic.status))))
        lines.append(
            f"| {shape} | {len(content) / 1e6:.1f} MB | {size / 1e3:,.0f} kB | {statuses} | {costs[shape]:.2f} s |"
            f" {flask.seconds:.2f} s | {sanic.seconds:.2f} s | {flask.wait * 1e3:.0f} ms | {sanic.wait * 1e3:.0f} ms |"
        )
    machine = f"{platform.system()} on {os.cpu_count()} cores, Python {platform.python_version()}"
    lines += ["", f"{datetime.now(UTC):%Y-%m-%d}, the worst of {len(costs)} shapes, {machine}."]
    return "\n".join(lines) + "\n"


def faults(shapes: Sequence[BodyShape], found: Mapping[str, Sequence[Sent]]) -> list[str]:
    """Return the bodies that cost more than LIMIT."""
    return [
        f"{adapter}: {shape} costs {each.seconds:.2f} s"
        for adapter, all_sent in found.items()
        for shape, each in zip(shapes, all_sent, strict=True)
        if each.seconds > LIMIT
    ]


def main() -> int:
    """Search, send, print and write the figures; return 1 where a body costs too much."""
    drawn = random.Random(SEED).sample(texts(), SHAPES)  # noqa: S311 - the same shapes each time
    costs = search([*structures(), *drawn])
    shapes = worst(costs)
    for shape in shapes:
        costs[shape] = min(costs[shape], cost(shape), cost(shape))
        print(f"{costs[shape]:.3f} s {shape}", flush=True)
    found = {}
    with tempfile.TemporaryDirectory() as directory, postgresql(Path(directory) / "files") as database:
        url = str(database.get_uri())
        prepare(url)
        for adapter in ADAPTERS:
            found[adapter] = sent(adapter, url, shapes)
    text = markdown(shapes, costs, found)
    print(f"\n{text}")
    if "SHAPES" not in os.environ:
        write(ROOT / "docs" / "reliability.md", COMMAND, text)
    told = faults(shapes, found)
    for fault in told:
        print(fault, file=sys.stderr)
    return 1 if told else 0


if __name__ == "__main__":
    # Turn SIGTERM into an exception, so that no server is left running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
