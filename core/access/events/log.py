"""Security events in the log and in the metrics, when what they are about is committed.

The table `security_event` has them too, with names and addresses, which the log does not have.
"""

from __future__ import annotations

import logging
import os
from contextvars import ContextVar, Token
from datetime import UTC, datetime
from uuid import UUID

from diptych.core import attribution
from diptych.core.access.events.schemas import FAILURES
from diptych.core.attribution import UNKNOWN, Attribution
from diptych.core.observability.json_lines import LEVELS, JsonLine
from diptych.core.observability.metrics import metrics

_log = logging.getLogger("diptych.security")


class Line(JsonLine, omit_defaults=True):
    """The line of an event. message: its name. account_id: whom it is about. principal, via: who caused it, and how."""

    logger: str
    process: int
    message: str
    via: str
    request_id: str | None = None
    account_id: UUID | None = None
    principal: str | None = None


_Noted = tuple[str, UUID | None, Attribution | None]

_noted: ContextVar[list[_Noted] | None] = ContextVar("diptych_security_events", default=None)
"""The events of the current unit of work; None outside of one."""


class reported_after_commit:  # noqa: N801 - used as what contextlib makes is
    """Report the events that a block notes, unless it fails. The block ends with the commit of what they are about."""

    __slots__ = ("_token",)

    _token: Token[list[_Noted] | None]

    def __enter__(self) -> None:
        self._token = _noted.set([])

    def __exit__(self, error: object, *_: object) -> None:
        events = _noted.get()
        _noted.reset(self._token)
        if events and error is None:
            for event in events:
                _report(*event)


def note_security_event(event: str, account_id: UUID | None, by: Attribution | None = None) -> None:
    """Note an event of the current unit of work. by: the cause; by default the attribution of the current work.

    event: one of diptych.core.access.events.schemas.EVENTS. Outside of `reported_after_commit`, as in an
    application that commits by itself, nothing is reported: the table alone has the event.
    """
    events = _noted.get()
    if events is not None:
        events.append((event, account_id, by or attribution.current()))


def _report(event: str, account_id: UUID | None, by: Attribution | None) -> None:
    try:
        metrics().count_event(event)
    except OSError as error:
        # A failure of the metrics must not fail the request, which has been done.
        _log.error("a security event could not be counted: %s", error.strerror)
    level = logging.WARNING if event in FAILURES else logging.INFO
    if _log.isEnabledFor(level):
        via, request_id, principal = (by.via, by.request_id, by.principal) if by else (UNKNOWN, None, None)
        line = Line(
            datetime.now(UTC), LEVELS[level], _log.name, os.getpid(), event, via, request_id, account_id, principal
        )
        _log.log(level, line)
