"""What there is at addresses like one that is unknown."""

from __future__ import annotations

from collections.abc import Iterable

from diptych.core.http import problems
from diptych.core.http.operations import Route
from diptych.core.http.problems import Problem


def problem_of(status: int, path: str, routes: Iterable[Route]) -> Problem:
    """Return the problem for an error status of a framework; a 404 names the suffixes that the path can have.

    path: as it was sent, without the mount prefix.
    """
    stem, dot, _ = path.partition(".")
    if status == 404 and dot:
        suffixes = sorted({route.path.removeprefix(stem) for route in routes if route.path.startswith(f"{stem}.")})
        if suffixes and "/" not in path.removeprefix(stem):
            return problems.not_found(f"A suffix can be {', '.join(suffixes)}.")
    return problems.of_status(status)
