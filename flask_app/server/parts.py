"""The body of a WSGI response that is sent in parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class Parts(Iterator[bytes]):
    """The parts of a body that are not empty. is_sized: whether its length is in the head of the response."""

    def __init__(self, body: Iterable[bytes], *, is_sized: bool = False) -> None:
        self._body = body
        self.is_sized = is_sized
        self._parts = filter(None, body)

    def __next__(self) -> bytes:
        return next(self._parts)

    def close(self) -> None:
        """Close the body, whether it has been read to its end or not (PEP 3333)."""
        if hasattr(self._body, "close"):
            self._body.close()
