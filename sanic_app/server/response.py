"""The core's response as one of Sanic's, without what Sanic would make of its fields."""

from __future__ import annotations

from collections.abc import Iterator

import sanic
from sanic.compat import Header
from sanic.response.types import BaseHTTPResponse

from diptych.core.http.request_response import Response


class CoreResponse(sanic.HTTPResponse):
    """A response of the core.

    fields: its headers, as long as nothing has read Sanic's Header of them. in_parts: whether its body is sent in
    parts. is_sized: whether the headers have the length of the body.
    """

    __slots__ = ("_headers", "fields", "in_parts", "is_sized")

    def __init__(self, response: Response) -> None:
        # HTTPResponse.__init__ would build the headers twice.
        BaseHTTPResponse.__init__(self)  # type: ignore[no-untyped-call]
        self.body = response.body
        self.content_type = response.content_type
        self.status = response.status
        self.in_parts = response.stream is not None
        self.is_sized = "Content-Length" in response.headers
        self._headers: Header | None = None
        self.fields = dict(response.headers)

    @property
    def headers(self) -> Header:
        """The headers as in any response of Sanic's."""
        if self._headers is None:
            self._headers = Header(self.fields)
        return self._headers

    @headers.setter
    def headers(self, headers: Header) -> None:
        self._headers = headers

    @property
    def processed_headers(self) -> Iterator[tuple[bytes, bytes]]:
        """The headers as bytes, with the body's length, which only Sanic's own server adds by itself."""
        if self.status not in (204, 304) and not self.in_parts:
            self.headers.setdefault("content-length", str(len(self.body or b"")))
        return super().processed_headers

    @property
    def untouched(self) -> bool:
        """Whether the headers are exactly the core's."""
        return self._headers is None
