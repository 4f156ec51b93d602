"""The complete list of allowed differences, each with its reason; test_wire.py checks that each still occurs."""

from __future__ import annotations

ALLOWED = {
    "dates differ": "each server reads its own clock, and the two are asked one after the other",
    "the case and the order of header names differ": "Sanic writes names in lower case, and neither means anything "
    "(RFC 9110 sections 5.1 and 5.3)",
    "form keys differ": "each form that is shown has a random key of its own",
    "request ids differ": "each request is called something of its own, unless it says what",
}

HEADERS = frozenset({"date", "x-request-id"})
"""Headers left out of the comparison."""

OF_THE_HOST = frozenset({"server", "connection", "transfer-encoding"})
"""Headers of the server that reads the requests, where that is another than ours."""

NOT_SEEN = {"Authorization twice": "gunicorn's own reader makes one of the two before any application sees them"}
"""Cases that another application's server handles before the catalogue sees them, with the reason."""
