"""What a request has waited for its database."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from sqlalchemy import Dialect

from diptych.core.observability.request_context import current

_WAITING = ("do_execute", "do_execute_no_params", "do_executemany", "do_commit", "do_rollback")


def add_database_time(began: float) -> None:
    """Add the time since then, as time.perf_counter() told it, to the current request's."""
    if request := current():
        request.database += perf_counter() - began


def time_statements(dialect: Dialect) -> None:
    """Add what an engine's statements, commits and rollbacks take to the current request's time.

    Not by events: the one for a commit comes before it and none comes after, nor after a statement that fails.
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
