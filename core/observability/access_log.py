"""The lines of requests, and where they are written."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

import msgspec

logger = logging.getLogger("diptych.requests")
_above = logging.getLogger("diptych")

LEVELS = {logging.INFO: "info", logging.WARNING: "warning", logging.ERROR: "error"}


class Line(msgspec.Struct):
    """The line of one request. path: the template, empty where there is no route. bytes: of the body that is sent."""

    time: datetime
    level: str
    request_id: str
    method: str
    path: str
    status: int
    duration_ms: float
    db_ms: float
    bytes: int

    def __str__(self) -> str:
        """As JSON, whoever formats it."""
        return msgspec.json.encode(self).decode()


_only: list[logging.Handler] = []
"""The one handler that there is, where all lines go to one stream, as they are."""


def all_go_to(handlers: list[logging.Handler]) -> None:
    """Take note that these handlers, which are the root's, write lines as they are."""
    streams = [each for each in handlers if type(each) in (logging.StreamHandler, logging.FileHandler)]
    _only[:] = streams if len(handlers) == len(streams) == 1 else []


def write(level: int, line: Line) -> None:
    """Have a line written, as a record of this logger.

    A record, and its way through loggers and handlers, takes as long as all the rest of it. So where it would end in
    one stream, and nothing else become of it, the line goes there at once.
    """
    handler: Any = _only[0] if _only else None
    if handler is None or handler.stream is None or not _nobody_else_hears(handler):
        # What logger.log() does beyond this is to look for the line of code, which is always this one.
        logger.handle(_record(level, line))
        return
    with handler.lock:
        try:
            handler.stream.write(f"{line}\n")
            handler.stream.flush()
        except (OSError, ValueError):  # a full disk, a reader who has gone; a stream that was closed
            handler.handleError(_record(level, line))


def _nobody_else_hears(handler: logging.Handler) -> bool:
    others = handler.filters or logger.filters or logger.handlers or _above.handlers
    return logging.root.handlers == _only and not others and logger.propagate and _above.propagate


def _record(level: int, line: Line) -> logging.LogRecord:
    return logging.LogRecord(logger.name, level, __file__, 0, line, None, None)
