"""Configure Sanic's logging together with the service's."""

from __future__ import annotations

import logging

import sanic
from sanic.exceptions import ServerError

from diptych.core.observability import json_logging

LOGGERS = ("sanic.root", "sanic.error", "sanic.server")


def begin_log(level: str) -> None:
    """Format Sanic's log lines as all others."""
    json_logging.begin(level, LOGGERS)
    for name in LOGGERS:
        logging.getLogger(name).addFilter(without_address)
    # The core writes an access log line without the query; Sanic's would contain it.
    logging.getLogger("sanic.access").disabled = True


def without_address(record: logging.LogRecord) -> bool:
    """Remove the requested address from a log line; the line stays."""
    try:
        request = sanic.Request.get_current()
    except ServerError:
        return True
    message = record.getMessage()
    for address in (request.url, request.raw_url.decode("latin-1"), request.path):
        # "/" alone reveals nothing, and occurs in every line.
        if len(address) > 1:
            message = message.replace(address, "...")
    record.msg, record.args = message, None
    return True
