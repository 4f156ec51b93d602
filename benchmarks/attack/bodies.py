"""Bodies that cost the most processor time: a short search of what `make worst-bodies` searches for longer."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import worst_bodies
from benchmarks.attack.result import Result
from benchmarks.body_shapes import structures, texts
from tests.support.deployments import ADAPTERS

SHAPES = 100
"""Texts of the search, drawn from all."""


def attack(database: Any, _directory: Path) -> Iterator[Result]:
    """Search for the worst bodies, and send them to each adapter."""
    drawn = random.Random(worst_bodies.SEED).sample(texts(), SHAPES)  # noqa: S311 - the same shapes each time
    shapes = worst_bodies.worst(worst_bodies.search([*structures(), *drawn], rounds=1))
    with psycopg.connect(database.get_uri(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE bodies")
    url = database.get_uri(database="bodies")
    worst_bodies.prepare(url)
    for adapter in ADAPTERS:
        found = worst_bodies.sent(adapter, url, shapes)
        slowest, longest = max(each.seconds for each in found), max(each.wait for each in found)
        yield Result(
            "the most expensive bodies",
            adapter,
            f"{len(shapes)} bodies",
            f"{slowest:.2f} s of processor time at most; others waited {longest * 1000:.0f} ms at most",
            worst_bodies.faults(shapes, {adapter: found}),
        )
