"""Lines of the log that have members of their own."""

from __future__ import annotations

import logging
from datetime import datetime

import msgspec

LEVELS = {logging.INFO: "info", logging.WARNING: "warning", logging.ERROR: "error"}


class JsonLine(msgspec.Struct, omit_defaults=True):
    """The message of a record that is a whole line."""

    time: datetime
    level: str

    def __str__(self) -> str:
        """Return the line as JSON, so that any formatter writes it."""
        return msgspec.json.encode(self).decode()
