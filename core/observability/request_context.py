"""One request as it is seen from outside: its line in the log, and its part of the numbers."""

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
from diptych.core.observability.metrics import metrics

_log = logging.getLogger("diptych")

OTHER = "_OTHER"
"""Instead of a method that the service does not know: anybody can invent one."""

_METHODS = frozenset({"", *METHODS})

_current: ContextVar[RequestRecord | None] = ContextVar("diptych_request", default=None)


class RequestRecord:
    """One request, from when it is whole until it is answered. It is the current one inside its `with`.

    method: empty where it could not be read. path: the route's, with its parameters' names; empty without a route.
    headers: names in lower case. arrived: when it was whole, as time.monotonic() tells it; otherwise now.
    database: seconds that were waited for the database.
    """

    __slots__ = ("_began", "_token", "database", "method", "path", "request_id")

    _token: Token[RequestRecord | None]

    def __init__(self, method: str, path: str, headers: Mapping[str, str], arrived: float | None = None) -> None:
        self.method = method if method in _METHODS else OTHER
        self.path = path
        self.request_id = request_id(headers)
        self.database = 0.0
        self._began = monotonic() if arrived is None else arrived

    def __enter__(self) -> Self:
        self._token = _current.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)

    def finish(self, response: Response) -> Response:
        """Take note of the answer, and return it."""
        seconds = monotonic() - self._began
        try:
            metrics().count(self.method, self.path, response.status, seconds)
        except OSError as error:
            # What has been done has been done, whether or not it could be counted.
            _log.error("a request could not be counted: %s", error.strerror)
        level = logging.INFO if response.status < 500 else _level(response.status)
        if access_log.logger.isEnabledFor(level):
            line = access_log.Line(
                datetime.now(UTC),
                access_log.LEVELS[level],
                self.request_id,
                self.method,
                self.path,
                response.status,
                round(seconds * 1000, 3),
                round(self.database * 1000, 3),
                0 if self.method == "HEAD" else len(response.body),
            )
            access_log.write(level, line)
        return response


def current() -> RequestRecord | None:
    """The request that is being answered, if one is."""
    return _current.get()


def _level(status: int) -> int:
    """An outage is not the service's own error, and is over by itself."""
    return logging.WARNING if status == 503 else logging.ERROR
