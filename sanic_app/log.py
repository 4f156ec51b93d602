"""Sanic's log, which is also the service's."""

from __future__ import annotations

import logging

import sanic
from sanic.exceptions import ServerError

from diptych.core.observability import json_logging

LOGGERS = ("sanic.root", "sanic.error", "sanic.server")


def begin_log(level: str) -> None:
    """Have Sanic's own lines and all others in one format."""
    json_logging.begin(level, LOGGERS)
    for name in LOGGERS:
        logging.getLogger(name).addFilter(without_address)
    # Each request has its line already, and Sanic's would have the query in it.
    logging.getLogger("sanic.access").disabled = True


def without_address(record: logging.LogRecord) -> bool:
    """Take out of a line what the client has asked for; the line stays."""
    try:
        request = sanic.Request.get_current()
    except ServerError:
        return True
    message = record.getMessage()
    for address in (request.url, request.raw_url.decode("latin-1"), request.path):
        # "/" by itself says nothing, and would be found in every line.
        if len(address) > 1:
            message = message.replace(address, "...")
    record.msg, record.args = message, None
    return True
