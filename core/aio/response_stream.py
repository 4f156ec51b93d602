"""The body of a response in parts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from time import monotonic

from diptych.core import deadline
from diptych.core.errors import ResponseAborted
from diptych.core.http import problems
from diptych.core.observability.request_context import RequestRecord


class ResponseStream:
    """The parts of a body, each made within `seconds`. At its end, or when it is closed, the request is recorded.

    Errors: ResponseAborted where a part cannot be made; why is logged.
    """

    def __init__(self, parts: AsyncIterator[bytes], observed: RequestRecord, status: int, seconds: float) -> None:
        self._parts = parts
        self._observed = observed
        self._status = status
        self._seconds = seconds
        self._bytes = 0

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            with self._observed, deadline.until(monotonic() + self._seconds):
                part = await anext(self._parts, None)
        except Exception as error:
            problems.log_abort(error, self._observed.request_id)
            self.close()
            raise ResponseAborted from error
        if part is None:
            self._observed.record(self._status, self._bytes)
            raise StopAsyncIteration
        self._bytes += len(part)
        return part

    def close(self) -> None:
        """Record the request as aborted, if its end has not been reached."""
        self._observed.record(self._status, self._bytes, aborted=True)
