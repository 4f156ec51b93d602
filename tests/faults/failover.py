"""What must hold after a failover, and its figures."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from tests.faults.figures import FailoverFigures
from tests.faults.load import Load
from tests.faults.trial import counted

AFTER = 3
"""Least seconds that the load continues after a fault."""

RATE = 2
"""Seconds in which 201s are counted, before and after a failover."""

DEADLINE = 10
"""Seconds of a request's deadline by default."""

DEFAULTS = {
    "DIPTYCH_POOL_SIZE": "10",
    "DIPTYCH_POOL_OVERFLOW": "0",
    "DIPTYCH_THREADS": "10",
    "DIPTYCH_REQUEST_TIMEOUT": str(DEADLINE),
}
"""The defaults of the settings that matter in a failover, and as many threads as connections."""


def failed_over(
    fault: str, adapter: str, load: Load, stored: Mapping[str, str], *, lost: float, deadline: int = DEADLINE
) -> FailoverFigures:
    """Compare what was acknowledged with what the new primary has; return the figures.

    stored: name -> id of the rows there. lost: when the old primary was (time.monotonic).

    Errors: AssertionError for a row that was not acknowledged, though its client had a key; and for wrong answers.
    """
    kept = {name: found for name, found in stored.items() if " once " not in name}
    assert kept.items() <= load.book.acknowledged.items()
    assert not load.book.wrong
    good = sorted(each.ended for each in load.book.told if each.status == 201)
    gap, begin = max(
        (after - before, after) for before, after in pairwise([lost, *(moment for moment in good if moment > lost)])
    )
    return FailoverFigures(
        **counted(fault, adapter, load, stored),
        recovery=None,
        deadline=deadline,
        gap=gap,
        rate=_number(good, begin) / _number(good, lost - RATE),
    )


def nothing_is_lost(figures: FailoverFigures) -> None:
    """Errors: AssertionError if an acknowledged row is not stored."""
    assert (figures.stored, figures.once_stored) == (figures.acknowledged, figures.once_acknowledged)


def _number(moments: list[float], begin: float) -> int:
    """Return how many moments are in the RATE seconds from `begin`."""
    return sum(begin <= moment < begin + RATE for moment in moments)
