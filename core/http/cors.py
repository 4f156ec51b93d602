"""Cross-origin requests that a setting allows (the Fetch standard's CORS protocol)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

EXPOSED = (
    "Accept-Patch, Accept-Post, Allow, Content-Location, ETag, Link, Location, RateLimit, RateLimit-Policy, "
    "Retry-After, WWW-Authenticate, X-Request-ID"
)
REQUESTED = "Authorization, Content-Encoding, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-ID"
MAX_AGE = "600"


@dataclass(frozen=True, slots=True)
class Cors:
    """The origins whose pages may read responses: none, some, or "*" for all. Credentials are never allowed.

    methods: that their pages may send; without any, those of the path, but GET and HEAD alone for all origins.
    """

    origins: Sequence[str]
    methods: Sequence[str] = ()

    @property
    def varies(self) -> bool:
        """Whether a response depends on the request's Origin."""
        return bool(self.origins) and "*" not in self.origins

    def headers(self, request: Mapping[str, str]) -> dict[str, str]:
        """Return the CORS headers of any response. request: the request's headers."""
        origin = self._allowed(request)
        if origin is None:
            return {}
        return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": EXPOSED}

    def preflight(self, request: Mapping[str, str], allowed: Sequence[str]) -> dict[str, str]:
        """Return the headers that OPTIONS adds for a browser's preflight. allowed: the methods of the path."""
        if self._allowed(request) is None or "access-control-request-method" not in request:
            return {}
        return {
            "Access-Control-Allow-Methods": ", ".join(self._sent(allowed)),
            "Access-Control-Allow-Headers": REQUESTED,
            "Access-Control-Max-Age": MAX_AGE,
        }

    def may_send(self, method: str, request: Mapping[str, str]) -> bool:
        """Return whether a page of a request's origin may send a method. request: the request's headers."""
        return self._allowed(request) is not None and method in self._sent([method])

    def _sent(self, allowed: Sequence[str]) -> Sequence[str]:
        """Return which of a path's methods the pages may send."""
        methods = self.methods or (("GET", "HEAD") if "*" in self.origins else allowed)
        return [method for method in allowed if method in methods]

    def _allowed(self, request: Mapping[str, str]) -> str | None:
        if "*" in self.origins:
            return "*"
        origin = request.get("origin")
        return origin if origin in self.origins else None
