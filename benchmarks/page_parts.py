"""Where the processor time of a page goes: statements, templates, and what surrounds them.

Pages are asked for in this process, of the synchronous twin, without a server and a framework.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from time import thread_time
from typing import Any
from unittest.mock import patch

from diptych.core.http import response_building
from diptych.core.http.request_response import Request
from diptych.core.settings import Settings
from diptych.core.sync.application import Application
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.unit_of_work import Database
from diptych.core.web import templates

REQUESTS = 500

PAGES = (
    ("list of books, with facets", "page_books", "total=false"),
    ("books of an author", "page_author", "total=false"),
    ("list of names", "page_authors", "total=false"),
    ("book", "page_book", ""),
)
"""Titles, routes and queries."""

STATEMENTS = "statements"

PLACES: Sequence[tuple[str, Any, str]] = (
    (STATEMENTS, Executor, "all"),
    ("connection", Database, "read"),
    ("rows to views", Application, "_run"),
    ("template", templates, "render"),
    ("headers, ETag, coding", response_building, "response"),
    ("headers, ETag, coding", response_building, "finished"),
    ("access, query, log", Application, "handle"),
)
"""Parts, each with a function that it is spent in, without what this calls of other parts."""

PARTS = tuple(dict.fromkeys(part for part, *_ in PLACES))


class Timers:
    """The seconds of processor time of each part, and how often it began."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(PARTS, 0.0)
        self.calls: Counter[str] = Counter()
        self._open: list[str] = []
        self._since = 0.0

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function; its time counts for the part."""

        @functools.wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            self._count()
            self._open.append(part)
            self.calls[part] += 1
            try:
                return function(*arguments, **named)
            finally:
                self._count()
                self._open.pop()

        return call

    def _count(self) -> None:
        """Count the time since the last change for the part that is open."""
        now = thread_time()
        if self._open:
            self.seconds[self._open[-1]] += now - self._since
        self._since = now


def _measured(application: Application, request: Callable[[], Request], route: Any) -> Timers:
    timers = Timers()
    for _ in range(REQUESTS):
        application.handle(route, request())
    with ExitStack() as stack:
        for part, owner, name in PLACES:
            stack.enter_context(patch.object(owner, name, timers.timed(part, getattr(owner, name))))
        for _ in range(REQUESTS):
            application.handle(route, request())
    return timers


def table(backend: str, url: str, known: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """Return a table of the parts of each page on a database, in Markdown. known: the parameters of paths."""
    lines = [f"| {backend} | {' | '.join(PARTS)} | all |", "|---|" + "---:|" * (len(PARTS) + 1)]
    with closing(Application(Settings(database_url=url))) as application:
        routes = {route.name: route for route in application.routes}
        for title, name, query in PAGES:
            parameters = {"slug": known["author" if name == "page_author" else "slug"]}
            request = functools.partial(Request, "GET", "", parameters, query, headers, b"")
            timers = _measured(application, request, routes[name])
            shown = [f"{timers.seconds[part] / REQUESTS * 1000:.2f}" for part in PARTS]
            shown[0] += f" ({timers.calls[STATEMENTS] / REQUESTS:.0f})"
            whole = sum(timers.seconds.values()) / REQUESTS * 1000
            lines.append(f"| {title} | {' | '.join(shown)} | {whole:.2f} |")
    return "\n".join(lines)
