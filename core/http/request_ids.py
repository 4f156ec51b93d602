"""Request ids: one for each request, in its response and in every log line about it."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Mapping

HEADER = "X-Request-ID"

_FIT = re.compile(r"[A-Za-z0-9._~:+/=-]{1,128}")
"""Characters that cannot be mistaken for syntax in a log or a header."""

# Request ids need not be unguessable, so they need no system call each.
_random = random.Random()  # noqa: S311 - see above
os.register_at_fork(after_in_child=_random.seed)


def request_id(headers: Mapping[str, str]) -> str:
    """Return the request's own X-Request-ID where it is valid, a new id otherwise.

    headers: the request's, names in lower case.
    """
    given = headers.get("x-request-id")
    return given if given is not None and _FIT.fullmatch(given) else f"{_random.getrandbits(128):032x}"
