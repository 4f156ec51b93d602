"""Requests with changed bytes: the messages of tests/wire, mutated at random, each on a connection of its own."""

from __future__ import annotations

import random
import re
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.attack.result import Result
from benchmarks.growth import migrate
from tests.support.deployments import ADAPTERS, deployment
from tests.support.waiting import PATIENCE
from tests.support.wire import Target, fill
from tests.wire.smuggling import cases
from tests.wire.table import CASES

MESSAGES = 4000
SEED = 7

_STATUS = re.compile(rb"HTTP/1\.1 ([0-9]{3}) ")

INTERESTING = (b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b",", b"0", b"-1", b"ffffffffffffffff", b"\xff", b"%00")


def mutated(message: bytes, chance: random.Random) -> bytes:
    """Return a message with one to four changes."""
    data = bytearray(message)
    for _ in range(chance.randrange(1, 5)):
        place = chance.randrange(len(data) + 1)
        end = min(len(data), place + chance.randrange(1, 20))
        match chance.randrange(5):
            case 0:
                data[place:end] = b""
            case 1:
                data[place:place] = chance.choice(INTERESTING)
            case 2:
                data[place:place] = data[place:end]
            case 3:
                data[place : place + 1] = bytes([chance.randrange(256)])
            case _:
                data[place:end] = bytes(chance.randrange(256) for _ in range(end - place))
    return bytes(data)


def messages() -> list[bytes]:
    """Return the same messages each time. Names of rows are not filled in: there are none."""
    chance = random.Random(SEED)  # noqa: S311 - the same messages each time
    corpus = [*(fill(case.message, {}) for case in CASES), *(b"".join(case.message(0)) for case in cases())]
    corpus = [message for message in corpus if len(message) < 20_000]
    return [mutated(chance.choice(corpus), chance) for _ in range(MESSAGES)]


def statuses(target: Target, message: bytes) -> tuple[int, ...]:
    """Send a message, and return the statuses of its answers; 0 where the first bytes are none."""
    data = b""
    with socket.create_connection((target.host, target.port), timeout=PATIENCE) as client, suppress(ConnectionError):
        with suppress(ConnectionError):
            client.sendall(message)
            client.shutdown(socket.SHUT_WR)
        while piece := client.recv(65536):
            data += piece
    found = [int(status) for status in _STATUS.findall(data)]
    return tuple(found if data.startswith(b"HTTP/1.1 ") or not data else [0, *found])


def attack(_database: Any, directory: Path) -> Iterator[Result]:
    """Send the messages to each adapter, on databases of their own that begin empty."""
    sent = messages()
    found: dict[str, list[tuple[int, ...]]] = {}
    for adapter in ADAPTERS:
        url = f"sqlite:///{directory}/fuzz-{adapter}.db"
        migrate(url, "head")
        with deployment(adapter, url) as address:
            found[adapter] = [statuses(Target.of(address), message) for message in sent]
    differing = [number for number, both in enumerate(zip(*found.values(), strict=True)) if len(set(both)) > 1]
    for adapter, all_statuses in found.items():
        count = Counter(f"{status // 100}xx" for each in all_statuses for status in each)
        bad = [number for number, each in enumerate(all_statuses) if any(status in {0, 500} for status in each)]
        yield Result(
            "changed bytes",
            adapter,
            f"{len(sent)} messages",
            ", ".join(f"{number} of {name}" for name, number in sorted(count.items()))
            + f"; {len(bad)} of 500 or unreadable, {len(differing)} unlike the other adapter's",
            [f"{adapter}: {sent[number]!r}: {all_statuses[number]}" for number in {*bad, *differing}],
        )
