"""Requests hidden in others: the corpus of tests/wire/smuggling.py, through the proxies as docs/ configures them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.attack.result import Result
from benchmarks.growth import migrate
from tests.support.deployments import ADAPTERS
from tests.wire.smuggling import cases
from tests.wire.smuggling_run import PROXIES, send_through


def attack(_database: Any, directory: Path) -> Iterator[Result]:
    """Send the corpus to each adapter through each proxy."""
    corpus = cases()
    for proxy in PROXIES:
        for adapter in ADAPTERS:
            url = f"sqlite:///{directory}/{proxy}-{adapter}.db"
            migrate(url, "head")
            found = send_through(proxy, adapter, url, corpus)
            yield Result(
                f"smuggling through {proxy}",
                adapter,
                f"{len(corpus)} messages",
                f"{found.passed_on} passed on, {len(found.wrong)} read otherwise than by the proxy",
                [f"{proxy}, {adapter}: {each}" for each in found.wrong],
            )
