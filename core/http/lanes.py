"""Which requests wait for each other: a server has a queue, or a limit, for each lane."""

from __future__ import annotations

import re
from enum import Enum
from urllib.parse import unquote

from diptych.core.engine.schemas.pagination import PAGE_SIZE

FREE_OFFSET = 1000
"""Rows that a page of a list may skip before it is costly."""


class Lane(Enum):
    """What a request waits behind.

    A probe waits for other probes only, and uses no database connection. A check of readiness uses one, and may wait
    for it: it waits for other such checks only. So do the metrics, where the permission to read them has to be looked
    up. Costly requests may use half of what a server has for requests; of a
    list that is streamed, each part is such a request, and so is one that checks a password.
    """

    PROBE = "probe"
    READINESS = "readiness"
    METRICS = "metrics"
    COSTLY = "costly"
    ORDINARY = "ordinary"


LIVE, READY, METRICS = "/health/live", "/health/ready", "/metrics"

_LANES = {
    LIVE: Lane.PROBE,
    METRICS: Lane.METRICS,
    READY: Lane.READINESS,
    "/ui/sign-in": Lane.COSTLY,
    "/ui/password": Lane.COSTLY,
    "/ui/second-factor": Lane.COSTLY,
    "/ui/second-factor/remove": Lane.COSTLY,
}

_STREAMED = re.compile(r"/[^/.]+(?:/[^/.]+/[^/.]+)?\.(?!json$|ico$|txt$)[a-z.]+")
"""The path of a list: one segment, or one below a row."""

_COSTLY_PATH = re.compile(
    r"/exports/[^/]+/file|/ui/(?:export|import/[^/]+/rejects\.csv|(?:me|account/[^/]+)/tokens/new|me/sessions/.+)"
)
"""The path of the file of an export, and of a page that is streamed, or whose form has a password."""

_SEARCH = re.compile(r"(?:^|&)(?:q|searchString)=[^&]")
_PAGE = re.compile(r"(?:^|&)(currentPage|pageSize)=([0-9]{1,10})")


def lane_of(path: str, query: str) -> Lane:
    """Return the lane of a request. path, query: as they were sent; the path may be a route's."""
    lane = _LANES.get(path, Lane.ORDINARY)
    if lane is not Lane.ORDINARY:
        return lane
    costly = (query and is_costly(query)) or ("." in path and _STREAMED.fullmatch(path)) or _COSTLY_PATH.fullmatch(path)
    return Lane.COSTLY if costly else lane


def is_costly(query: str) -> bool:
    """Return whether a raw query string asks for a list by `q` or `searchString`, or for one of its deep pages.

    Any answer will do for a query that is refused anyway, such as one that gives a parameter twice.
    """
    text = _decoded(query)
    if _SEARCH.search(text):
        return True
    # Without a page there is no offset, and most queries have none.
    if "currentPage=" not in text:
        return False
    page = {name: int(number) for name, number in _PAGE.findall(text)}
    return (page.get("currentPage", 1) - 1) * page.get("pageSize", PAGE_SIZE) > FREE_OFFSET


def searches(query: str) -> bool:
    """Return whether a raw query string asks for a list by `q` or `searchString`."""
    return _SEARCH.search(_decoded(query)) is not None


def _decoded(query: str) -> str:
    # An encoded "&" is part of a value, and would look like the end of it.
    return unquote(query.replace("%26", "_")) if "%" in query else query
