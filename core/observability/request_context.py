"""The record of one request for the access log and the metrics."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextvars import ContextVar, Token
from datetime import UTC, datetime
from time import monotonic
from typing import Self

from diptych.core.http.operations import METHODS
from diptych.core.http.request_ids import request_id
from diptych.core.http.request_response import Response
from diptych.core.observability import access_log
from diptych.core.observability.json_lines import LEVELS
from diptych.core.observability.metrics import metrics

_log = logging.getLogger("diptych")

OTHER = "_OTHER"
"""Logged instead of an unknown method, because clients can invent any number of them."""

_METHODS = frozenset({"", *METHODS})

_current: ContextVar[RequestRecord | None] = ContextVar("diptych_request", default=None)


class RequestRecord:
    """One request, from arrival to response; the current one inside its `with`, which may be entered again.

    method: empty where it could not be read. path: the route's template; empty without a route. headers: names in
    lower case. arrived: arrival time (monotonic); default now. database: seconds waited for the database. refused:
    the id of an account that may not do what it asks for.
    """

    __slots__ = ("_began", "_is_recorded", "_token", "database", "method", "path", "refused", "request_id")

    _token: Token[RequestRecord | None]

    def __init__(self, method: str, path: str, headers: Mapping[str, str], arrived: float | None = None) -> None:
        self.method = method if method in _METHODS else OTHER
        self.path = path
        self.request_id = request_id(headers)
        self.database = 0.0
        self.refused: str | None = None
        self._began = monotonic() if arrived is None else arrived
        self._is_recorded = False

    def __enter__(self) -> Self:
        self._token = _current.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)

    def finish(self, response: Response) -> Response:
        """Record the response, and return it. One with a stream is recorded at its end, by who reads it."""
        if response.stream is None or self.method == "HEAD":
            self.record(response.status, 0 if self.method == "HEAD" else len(response.body))
        return response

    def record(self, status: int, size: int, *, aborted: bool = False) -> None:
        """Log and count the request, the first time. size: bytes of the body."""
        if self._is_recorded:
            return
        self._is_recorded = True
        seconds = monotonic() - self._began
        try:
            metrics().count(self.method, self.path, status, seconds)
        except OSError as error:
            # A failure of the metrics must not fail the request, which has been done.
            _log.error("a request could not be counted: %s", error.strerror)
        level = logging.INFO if status < 500 else _level(status)
        if access_log.logger.isEnabledFor(level):
            line = access_log.Line(
                datetime.now(UTC),
                LEVELS[level],
                self.request_id,
                self.method,
                self.path,
                status,
                round(seconds * 1000, 3),
                round(self.database * 1000, 3),
                size,
                aborted,
                self.refused,
            )
            access_log.write(level, line)


def current() -> RequestRecord | None:
    """Return the current request, if any."""
    return _current.get()


def _level(status: int) -> int:
    """Return the log level of a server error: 503 is a warning, because an outage is not a bug of the service."""
    return logging.WARNING if status == 503 else logging.ERROR
