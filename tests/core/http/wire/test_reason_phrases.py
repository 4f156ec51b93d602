"""Reason phrases, equal to Sanic's own."""

from __future__ import annotations

from sanic.helpers import STATUS_CODES

from diptych.core.http.wire.reason_phrases import REASONS, status_line


def test_every_phrase_is_sanics():
    # Sanic has no 421, which our reader refuses with: the response goes through the core's writer.
    assert {status: STATUS_CODES[status].decode() for status in REASONS if status != 421} | {
        421: REASONS[421]
    } == REASONS


def test_a_status_line_is_what_sanic_would_write():
    assert status_line(201) == "201 Created"
    assert status_line(599) == "599 UNKNOWN"
