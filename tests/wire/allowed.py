"""The complete list of allowed differences, each with its reason; test_wire.py checks that each still occurs."""

from __future__ import annotations

ALLOWED = {
    "dates differ": "each server reads its own clock, and the two are asked one after the other",
    "the case and the order of header names differ": "Sanic writes names in lower case, and neither means anything "
    "(RFC 9110 sections 5.1 and 5.3)",
    "request ids differ": "each request is called something of its own, unless it says what",
}

HEADERS = frozenset({"date", "x-request-id"})
"""Headers left out of the comparison."""
