"""A deployment under test, its database, and what must hold after any fault."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.faults.figures import Figures
from tests.faults.load import Load
from tests.faults.postgres import Postgres
from tests.faults.service import POOL, WORKERS, Service
from tests.support.waiting import until

STORED = "SELECT name, id FROM author UNION ALL SELECT name, id FROM tag UNION ALL SELECT title, id FROM book"
"""Selects the name and id of every row."""

TROUBLE = """
    CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.name LIKE '% sleeps' THEN
            PERFORM pg_sleep(3600);
        ELSIF NEW.name LIKE '% ab' THEN
            PERFORM pg_advisory_xact_lock(1), pg_sleep(0.02);
            PERFORM pg_advisory_xact_lock(2);
        ELSIF NEW.name LIKE '% ba' THEN
            PERFORM pg_advisory_xact_lock(2), pg_sleep(0.02);
            PERFORM pg_advisory_xact_lock(1);
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER trouble BEFORE INSERT ON tag FOR EACH ROW EXECUTE FUNCTION trouble()
"""
"""Triggers on tags that sleep, or take two locks in one order or the other, depending on the name."""


@dataclass
class Trial:
    """One fault under one adapter."""

    fault: str
    service: Service
    postgres: Postgres
    database: str
    figures: list[Figures]
    deployments: int = 1
    """Number of deployments on the database."""

    def settle(self, load: Load, back: float | None = None) -> None:
        """Compare what was acknowledged with what is stored, and check that the service works normally.

        back: when the fault was over (time.monotonic). Errors: AssertionError.
        """
        self.figures.append(compared(self.fault, self.service.adapter, load, self.stored(load.word), back))
        check(load, self.figures[-1])
        self.is_well()

    def stored(self, word: str) -> dict[str, str]:
        """Return the rows in the database now, as `named`."""
        with self.postgres.control(self.database) as connection:
            return named(word, connection.execute(STORED).fetchall())

    def is_well(self) -> None:
        """Check that every worker responds and holds no connection. Errors: AssertionError."""
        with Load(self.service, keyed=WORKERS, once=0, readers=WORKERS) as load:
            load.goes_on()
        assert not load.book.wrong
        assert {each.status for each in load.book.told} == {200, 201}
        until(lambda: self.sessions("state <> 'idle'") == 0)
        assert self.sessions() <= self.deployments * WORKERS * POOL
        assert "unexpected error" not in self.service.told()

    def sessions(self, which: str = "true") -> int:
        """Return the number of the service's sessions, filtered by a condition on pg_stat_activity."""
        return int(
            self.value(
                "SELECT count(*) FROM pg_stat_activity"  # noqa: S608 - the test's own
                f" WHERE datname = current_database() AND application_name = 'diptych' AND ({which})"
            )
        )

    def value(self, query: str) -> Any:
        """Return the single value of a query."""
        with self.postgres.control(self.database) as connection:
            row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]

    def execute(self, *statements: str) -> None:
        """Execute statements, each in its own transaction."""
        with self.postgres.control(self.database) as connection:
            for statement in statements:
                connection.execute(statement.encode())


def named(word: str, rows: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """Return name -> id of the rows whose names begin with a word. Errors: AssertionError for a duplicate name."""
    ours = [(name, str(uuid.UUID(str(found)))) for name, found in rows if name.startswith(word)]
    twice = [name for name, times in Counter(name for name, _ in ours).items() if times > 1]
    assert not twice
    return dict(ours)


def compared(fault: str, adapter: str, load: Load, stored: Mapping[str, str], back: float | None = None) -> Figures:
    """Return the figures. stored: name -> id of the existing rows.

    Errors: AssertionError for a missing or extra row.
    """
    kept = {name: found for name, found in stored.items() if " once " not in name}
    assert kept == load.book.acknowledged
    return Figures(
        **counted(fault, adapter, load, stored),
        recovery=None if back is None else _recovery(load, back),
    )


def counted(fault: str, adapter: str, load: Load, stored: Mapping[str, str]) -> dict[str, Any]:
    """Return the figures that every fault has."""
    book = load.book
    return {
        "fault": fault,
        "adapter": adapter,
        "statuses": Counter(each.status for each in book.told),
        "acknowledged": len(book.acknowledged),
        "stored": sum(stored.get(name) == found for name, found in book.acknowledged.items()),
        "once_acknowledged": len(book.once),
        "once_stored": sum(stored.get(name) == found for name, found in book.once.items()),
        "slowest": max(each.ended - each.begun for each in book.told),
    }


def check(load: Load, figures: Figures) -> None:
    """Errors: AssertionError for what no fault excuses."""
    assert not load.book.wrong
    assert figures.once_stored == figures.once_acknowledged


def _recovery(load: Load, back: float) -> float:
    """Return the seconds from the fault's end until no request failed any more and one had succeeded."""
    told = [each for each in load.book.told if each.ended > back]
    failed = [each.ended for each in told if each.status not in (200, 201)]
    well = [each.ended for each in told if each.status == 201]
    assert well, "nothing was written after the fault"
    return max(*failed, min(well), back) - back if failed else min(well) - back
