"""A limit on what each client's requests cost, told as draft-ietf-httpapi-ratelimit-headers-10 has it."""

from __future__ import annotations

import logging
import math
import os
import time
from functools import cached_property
from pathlib import Path

from msgspec import Struct

from diptych.core.engine.schemas.pagination import FilterQuery, PageQuery
from diptych.core.http import problems
from diptych.core.http.client_address import TrustedProxies, bucket_of
from diptych.core.http.lanes import Lane, lane_of, searches
from diptych.core.http.operations import Operation
from diptych.core.http.problems import Problem
from diptych.core.http.request_response import Request
from diptych.core.observability.multiprocess_dir import VARIABLE
from diptych.core.token_buckets import TokenBuckets

WINDOW = 60
"""Seconds in which an empty bucket is filled."""

ROW, LIST, WRITE, SEARCH, BATCH, STREAM = 1, 2, 2, 10, 10, 20
"""What a request costs: reading a row, a page of a list, changing a row, searching for a text, changing many rows, and
reading a whole list or checking a password."""

_log = logging.getLogger("diptych")


class Quota(Struct, frozen=True):
    """What a client may still spend. left: of the limit. wait: seconds until a refused request would be answered."""

    limit: int
    left: int
    wait: int | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Return the header fields of every response."""
        seconds = math.ceil((self.limit - self.left) * WINDOW / self.limit)
        return {
            "RateLimit-Policy": f'"default";q={self.limit};w={WINDOW}',
            "RateLimit": f'"default";r={self.left};t={seconds}',
        }

    @property
    def refusal(self) -> Problem | None:
        """Return the 429 (RFC 6585 section 4) of a request that costs too much."""
        return None if self.wait is None else problems.too_many_requests(self.wait)


class RateLimit:
    """The limit of a service. limit: what a client may spend a minute, and at once. directory: that workers share."""

    def __init__(self, limit: int, proxies: TrustedProxies, directory: str | None) -> None:
        self._limit, self._proxies, self._directory = limit, proxies, directory

    @cached_property
    def _buckets(self) -> TokenBuckets:
        """Make the buckets at the first request, in the process that answers it."""
        path = Path(self._directory) / "rate-limit.buckets" if self._directory else None
        rate = self._limit / WINDOW
        try:
            return TokenBuckets(self._limit, rate, path)
        except OSError as error:
            _log.error("each process has a rate limit of its own: %s", error.strerror)
            return TokenBuckets(self._limit, rate, None)

    def spend(self, operation: Operation | None, request: Request) -> Quota:
        """Take what a request costs from its client's bucket. operation: None for OPTIONS."""
        # A request that costs more than a whole bucket waits for a full one.
        price = min(cost(operation, request.query), self._limit)
        client = bucket_of(self._proxies.client_of(request.client, request.headers))
        enough, left = self._buckets.take(client.encode(), price, time.monotonic())
        wait = None if enough else math.ceil((price - left) * WINDOW / self._limit)
        return Quota(self._limit, math.floor(left), wait)


def cost(operation: Operation | None, query: str) -> int:
    """Return what a request costs: nothing for health, metrics and documents. query: raw."""
    if operation is None:
        return ROW
    if operation.unit in ("stream", "several"):
        return STREAM
    if operation.unit in ("none", "optional") or lane_of(operation.path, "") is not Lane.ORDINARY:
        return 0
    if operation.writes:
        return BATCH if operation.unit == "write_many" else WRITE
    if operation.query is not None and searches(query):
        return SEARCH
    return LIST if operation.query is not None and issubclass(operation.query, (PageQuery, FilterQuery)) else ROW


def rate_limit(limit: int, proxies: tuple[str, ...]) -> RateLimit | None:
    """Return the rate limit of a service; None where it has none."""
    return RateLimit(limit, TrustedProxies(proxies), os.environ.get(VARIABLE)) if limit else None
