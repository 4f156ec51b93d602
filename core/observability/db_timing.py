"""Measure the time that a request waits for its database."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

from diptych.core.observability.request_context import current


def add_database_time(began: float) -> None:
    """Add the time since `began` (time.perf_counter()) to the current request."""
    if request := current():
        request.database += perf_counter() - began


class TimedDialect(DefaultDialect):
    """A dialect that adds the time of an engine's statements, commits and rollbacks to the current request.

    It wraps the dialect's methods: SQLAlchemy's commit event fires before the commit, none fires after it, and none
    fires after a failed statement.
    """

    def do_execute(self, cursor: Any, statement: Any, parameters: Any, context: Any = None) -> None:
        began = perf_counter()
        try:
            super().do_execute(cursor, statement, parameters, context)  # type: ignore[no-untyped-call]
        finally:
            add_database_time(began)

    def do_execute_no_params(self, cursor: Any, statement: Any, context: Any = None) -> None:
        began = perf_counter()
        try:
            super().do_execute_no_params(cursor, statement, context)  # type: ignore[no-untyped-call]
        finally:
            add_database_time(began)

    def do_executemany(self, cursor: Any, statement: Any, parameters: Any, context: Any = None) -> None:
        began = perf_counter()
        try:
            super().do_executemany(cursor, statement, parameters, context)  # type: ignore[no-untyped-call]
        finally:
            add_database_time(began)

    def do_commit(self, dbapi_connection: Any) -> None:
        began = perf_counter()
        try:
            super().do_commit(dbapi_connection)  # type: ignore[no-untyped-call]
        finally:
            add_database_time(began)

    def do_rollback(self, dbapi_connection: Any) -> None:
        began = perf_counter()
        try:
            super().do_rollback(dbapi_connection)  # type: ignore[no-untyped-call]
        finally:
            add_database_time(began)
