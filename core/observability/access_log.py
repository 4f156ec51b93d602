"""The access log: one line for each request."""

from __future__ import annotations

import logging
from typing import Any

from diptych.core.observability.json_lines import JsonLine
from diptych.core.observability.stream_handler import StreamHandler

logger = logging.getLogger("diptych.requests")
_above = logging.getLogger("diptych")


class Line(JsonLine, omit_defaults=True):
    """One access log line. path: the route's template, empty without a route. bytes: of the response body as sent.

    aborted: whether the client did not get the end of the body; in the line only where it did not. principal: the id of
    an account that was refused what it may not do.
    """

    request_id: str
    method: str
    path: str
    status: int
    duration_ms: float
    db_ms: float
    bytes: int
    aborted: bool = False
    principal: str | None = None


_only: list[logging.Handler] = []
"""The single root handler, where all lines go to one stream unchanged; otherwise empty."""


def all_go_to(handlers: list[logging.Handler]) -> None:
    """Register the root handlers, whose formatter writes access log lines unchanged."""
    streams = [each for each in handlers if type(each) in (logging.StreamHandler, logging.FileHandler, StreamHandler)]
    _only[:] = streams if len(handlers) == len(streams) == 1 else []


def write(level: int, line: Line) -> None:
    """Write a line, as a record of this logger.

    Creating a record and passing it through loggers and handlers doubles the cost of a line. Where it would only end
    in one stream, the line is written there directly.
    """
    handler: Any = _only[0] if _only else None
    if handler is None or handler.stream is None or not _is_only_destination(handler):
        # logger.log() would also look up the calling line, which is always this one.
        logger.handle(_record(level, line))
        return
    with handler.lock:
        try:
            handler.stream.write(f"{line}\n")
            handler.stream.flush()
        except (OSError, ValueError):  # a full disk, a closed pipe; a closed stream
            handler.handleError(_record(level, line))


def _is_only_destination(handler: logging.Handler) -> bool:
    others = handler.filters or logger.filters or logger.handlers or _above.handlers
    return logging.root.handlers == _only and not others and logger.propagate and _above.propagate


def _record(level: int, line: Line) -> logging.LogRecord:
    return logging.LogRecord(logger.name, level, __file__, 0, line, None, None)
