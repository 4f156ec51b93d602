"""Send a file to a book with one of the twins, and be killed on the way: `python -m tests.services.killed_upload`."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from diptych.core.files.store import FileStore
from diptych.core.http.request_response import Request
from diptych.core.http.spool import Spool
from tests.services.api import OPERATOR
from tests.services.twins import Twin
from tests.support.files import GIF

STEPS = ("while it arrives", "before it is stored", "while it is stored", "when it is stored", "before the commit",
         "after the commit")  # fmt: skip

CONTENT = GIF.ljust(20_000_000, b"x")
"""Larger than what is stored in one piece."""


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def then(first: Callable[..., Any], second: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that calls the first, and then the second."""

    def both(*arguments: Any, **named: Any) -> Any:
        found = first(*arguments, **named)
        second()
        return found

    return both


class _Killing(io.BytesIO):
    """A file that is read half."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() > len(CONTENT) // 2:
            die()
        return super().read(size)


def prepare(step: str, twin: Twin) -> None:
    """Be killed in a step."""
    files: Any = twin.module("operations.book_files")
    match STEPS.index(step):
        case 0:
            Spool.extend = then(Spool.extend, die)  # type: ignore[method-assign]
        case 1:
            FileStore.put = die  # type: ignore[method-assign,assignment]
        case 2:
            Spool.rewound = lambda _: _Killing(CONTENT)  # type: ignore[method-assign,assignment]
        case 3:
            FileStore.put = then(FileStore.put, die)  # type: ignore[method-assign]
        case 4:
            files.queries.represent = die


def main() -> None:
    """Send the file."""
    name, url, location, book, step = sys.argv[1:]
    twin = Twin(name, url, files=location)
    prepare(step, twin)
    application = twin.module("application").Application(twin.settings)
    route = next(each for each in application.routes if each.name == "books_add_file")
    spool = Spool()
    spool.extend(CONTENT)
    send = partial(application.handle, route, Request("POST", "", {"id": book}, "kind=cover", {}, spool, user=OPERATOR))
    response = asyncio.run(send()) if name == "aio" else send()
    assert response.status == 201, response.body
    die()


if __name__ == "__main__":
    main()
