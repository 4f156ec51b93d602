"""What one request is called, in its answer and in every line of the log that is about it."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Mapping

HEADER = "X-Request-ID"

_FIT = re.compile(r"[A-Za-z0-9._~:+/=-]{1,128}")
"""Nothing that a log or a header could take for anything else."""

# Nobody has to be kept from guessing the next, and the system need not be asked for each.
_random = random.Random()  # noqa: S311 - see above
os.register_at_fork(after_in_child=_random.seed)


def request_id(headers: Mapping[str, str]) -> str:
    """The one that the request brings, where that is fit to be written down; a new one otherwise.

    headers: the request's, names in lower case.
    """
    given = headers.get("x-request-id")
    return given if given is not None and _FIT.fullmatch(given) else f"{_random.getrandbits(128):032x}"
