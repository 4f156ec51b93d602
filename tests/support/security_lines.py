"""Security events as the log has them, and as the database does."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from diptych.core.access.events.model import SecurityEvent
from tests.support.changes import opened

MEMBERS = ("event", "account_id", "principal", "via", "request_id")


def logged(records: Iterable[logging.LogRecord]) -> list[tuple[Any, ...]]:
    """Return the events of the log, in order, as the MEMBERS of their lines."""
    return in_lines(str(each.msg) for each in records if each.name == "diptych.security")


def in_lines(lines: Iterable[str]) -> list[tuple[Any, ...]]:
    """Return the MEMBERS of the lines of events in a log, in order."""
    found = [json.loads(line) for line in lines]
    events = [{**each, "event": each["message"]} for each in found if each.get("logger") == "diptych.security"]
    return [tuple(each.get(name) for name in MEMBERS) for each in events]


def stored(url: str, after: int = 0) -> list[tuple[Any, ...]]:
    """Return the events of a database, in order, without the first `after`: the MEMBERS of each."""
    columns = [getattr(SecurityEvent, name) for name in MEMBERS]
    with opened(url) as engine, engine.connect() as connection:
        rows = connection.execute(select(*columns).order_by(SecurityEvent.id).offset(after))
        return [(event, account_id and str(account_id), *others) for event, account_id, *others in rows]
