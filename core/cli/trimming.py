"""Delete what is older than an age, for the commands that offer it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import click

from diptych.core.engine.entity import now
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.unit_of_work import Database

_DAYS = {"d": 1, "w": 7, "y": 365}


def _age(_context: click.Context, _parameter: click.Parameter, value: str) -> timedelta:
    """Parse a number of days, weeks or years, such as 90d. Errors: click.BadParameter."""
    found = re.fullmatch(r"([0-9]{1,4})([dwy])", value)
    if found is None:
        raise click.BadParameter(f"{value!r} is not an age such as 90d, 12w or 2y")
    age = timedelta(days=int(found[1]) * _DAYS[found[2]])
    try:
        now() - age
    except OverflowError:
        raise click.BadParameter(f"{value!r} ago there was no calendar yet: the oldest date is of the year 1") from None
    return age


older_than = click.option("--older-than", "age", callback=_age, required=True, help="Such as 90d, 12w or 2y.")


def trim_older(database: Database, statement: Any, age: timedelta) -> int:
    """Run a statement that deletes some rows from before a moment until there are none; return how many there were."""
    before, total = now() - age, 0

    def delete_some(executor: Executor) -> int:
        return len(executor.all(statement, {"before": before}))

    while some := database.execute_write(delete_some, in_transaction=False):
        total += some
    return total
