# Generated from core/aio/counting.py by tools/unasync.py: do not edit, run "make twins".
"""Count the whole catalogue, and keep the counts: what a worker does beside its jobs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Any

from diptych.core.catalogue import kept_counts
from diptych.core.catalogue.books.facets import FACETS
from diptych.core.catalogue.sizes import EXACT_SIZES, KINDS
from diptych.core.engine import facets
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.unit_of_work import Database

Counts = dict[str, Any]


def count_when_due(database: Database, stopping: Callable[[], bool] = lambda: False) -> bool:
    """Count the catalogue if it is due, and return whether it was counted. stopping: whether to leave that undone.

    It is read in one snapshot, and stored in another transaction: no writer waits for the reading. Errors: of the
    database.
    """
    if database.read(_is_not_due) or not database.execute_write(_begin, in_transaction=False):
        return False
    began = monotonic()
    counted = database.read(partial(_count, stopping), snapshot=True)
    rest = 0.0 if counted is None else kept_counts.REST + kept_counts.SHARE * (monotonic() - began)
    database.execute_write(partial(_store, counted, rest), in_transaction=True)
    return counted is not None


def _is_not_due(executor: Executor) -> bool:
    return executor.first(kept_counts.NOT_DUE, {}) is not None


def _begin(executor: Executor) -> bool:
    return executor.first(kept_counts.BEGIN[executor.dialect.name], {"seconds": kept_counts.LEASE}) is not None


def _count(stopping: Callable[[], bool], executor: Executor) -> tuple[datetime, Counts] | None:
    """Return the time and all counts by name; None where the worker is to end."""
    ((counted_at, *sizes),) = executor.all(EXACT_SIZES, {})
    counts: Counts = {kept_counts.SIZES: dict(zip(KINDS, sizes, strict=True))}
    for name, facet in FACETS.items():
        if stopping():
            return None
        rows = executor.all(facets.of_table(facet), {facets.SIZE: facets.MOST})
        counts[name] = [[each.value, each.name, each.count] for each in facets.values(facet, rows)]
    return counted_at, counts


def _store(counted: tuple[datetime, Counts] | None, rest: float, executor: Executor) -> None:
    """Store what was counted, if anything was, and rest for so many seconds."""
    if counted is not None:
        counted_at, counts = counted
        for name, of_name in counts.items():
            values = {"kept": name, "new_counts": of_name, "new_counted_at": counted_at}
            executor.run(kept_counts.STORE[executor.dialect.name], values)
    executor.run(kept_counts.REST_UNTIL, {"seconds": rest})
