"""What there is at addresses like one that is unknown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from diptych.core.http import problems
from diptych.core.http.operations import Route, is_for_browsers
from diptych.core.http.problems import Problem


def ends_as_sent(path: str, sent: str) -> bool:
    """Return whether an address ends with one slash where its route does: of more or none, routers find it too.

    path: the route's. sent: as it was sent; empty in a target of absolute form without a path.
    """
    return not path.endswith("/") or not sent or (sent.endswith("/") and not sent.endswith("//"))


def problem_of(status: int, path: str, routes: Iterable[Route]) -> Problem:
    """Return the problem for an error status of a framework; a 404 names the suffixes that the path can have.

    path: as it was sent, without the mount prefix.
    """
    if is_for_browsers(path):
        return replace(problems.of_status(status), page=path)
    stem, dot, _ = path.partition(".")
    if status == 404 and dot:
        suffixes = sorted({route.path.removeprefix(stem) for route in routes if route.path.startswith(f"{stem}.")})
        if suffixes and "/" not in path.removeprefix(stem):
            return problems.not_found(f"A suffix can be {', '.join(suffixes)}.")
    return problems.of_status(status)
