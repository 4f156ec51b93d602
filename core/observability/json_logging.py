"""JSON logging: one object a line, including the lines of gunicorn or Sanic."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from diptych.core.observability import access_log
from diptych.core.observability.json_lines import JsonLine
from diptych.core.observability.request_context import current
from diptych.core.observability.safe_traceback import trace
from diptych.core.observability.stream_handler import StreamHandler


class Formatter(logging.Formatter):
    """Format a record as one JSON object: time, level, logger, process, message, and, if present, request_id, trace."""

    def format(self, record: logging.LogRecord) -> str:
        if isinstance(record.msg, JsonLine):
            return str(record.msg)
        found: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds")[:-6] + "Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        if request := current():
            found["request_id"] = request.request_id
        if record.exc_info and record.exc_info[1]:
            found["trace"] = trace(record.exc_info[1])
        return json.dumps(found, separators=(",", ":"))


def begin(level: str, loggers: Iterable[str] = (), handlers: list[logging.Handler] | None = None) -> None:
    """Configure JSON logging from `level` on, for a process that belongs to the service.

    loggers: the server's loggers, which get the same level. handlers: handlers to format; by default one on stderr,
    unless logging is configured already. Libraries log only warnings and errors, because SQLAlchemy's debug lines
    contain values.
    """
    # Turn off the record attributes that no line uses, because collecting them costs time.
    logging.logThreads = logging.logMultiprocessing = False
    root = logging.getLogger()
    if handlers is None and not root.handlers:
        handlers = [StreamHandler()]
    if handlers is not None:
        for handler in handlers:
            handler.setFormatter(Formatter())
        root.handlers[:] = handlers
        access_log.all_go_to(handlers)
    for name in ("diptych", *loggers):
        logging.getLogger(name).setLevel(level.upper())
