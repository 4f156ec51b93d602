"""Measure the time that a request waits for its database."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from sqlalchemy import Dialect

from diptych.core.observability.request_context import current

_WAITING = ("do_execute", "do_execute_no_params", "do_executemany", "do_commit", "do_rollback")


def add_database_time(began: float) -> None:
    """Add the time since `began` (time.perf_counter()) to the current request."""
    if request := current():
        request.database += perf_counter() - began


def time_statements(dialect: Dialect) -> None:
    """Add the time of an engine's statements, commits and rollbacks to the current request.

    It wraps the dialect's methods: SQLAlchemy's commit event fires before the commit, none fires after it, and none
    fires after a failed statement.
    """
    for name in _WAITING:
        setattr(dialect, name, _timed(getattr(dialect, name)))


def _timed(method: Callable[..., Any]) -> Callable[..., Any]:
    def timed(*arguments: Any, **options: Any) -> Any:
        began = perf_counter()
        try:
            return method(*arguments, **options)
        finally:
            add_database_time(began)

    return timed
