"""Counts of the whole catalogue, which a worker makes from time to time: counting a million books takes seconds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, Text, bindparam, cast, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.engine.database_clock import current_time, seconds_from_now
from diptych.core.engine.entity import NOT_DUMPED, Base, UtcDateTime
from diptych.core.engine.row_statements import in_values

REST = 30.0
"""Seconds after which the catalogue is counted again."""

SHARE = 3
"""How many times as long as counting took a worker rests, besides."""

LEASE = 600.0
"""Seconds that a worker has to count. After that another may begin."""

STALE = 600.0
"""Seconds after which kept counts are not shown any more: no worker runs."""

SIZES = "sizes"
"""The name of the counts of the tables, by kind."""


class KeptCount(Base):
    """Counts: of SIZES, an object of numbers; of a facet, lists of a value, its name and the number of books.

    counted_at: null until they have been made. due_at: of SIZES, when a worker may count again; null for the others.
    """

    __tablename__ = "kept_count"
    __table_args__ = ({"info": NOT_DUMPED},)

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    counts: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    counted_at: Mapped[datetime | None] = mapped_column(UtcDateTime(timezone=True))
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime(timezone=True))


KEPT = select(KeptCount.name, KeptCount.counted_at, cast(KeptCount.counts, Text)).where(
    in_values(KeptCount.name), KeptCount.counted_at >= seconds_from_now("seconds")
)
"""Select the counts with names in VALUES that were made less than so many (negative) `seconds` ago, as JSON texts."""

NOT_DUE = select(KeptCount.name).where(KeptCount.name == SIZES, KeptCount.due_at > current_time())
"""Select a row where nothing is to be counted yet."""

_INSERT: Mapping[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


def _begin(insert: Any) -> Any:
    due_at = seconds_from_now("seconds")
    statement = insert(KeptCount).values(name=SIZES, due_at=due_at)
    statement = statement.on_conflict_do_update(
        index_elements=["name"],
        set_={"due_at": due_at},
        where=or_(KeptCount.due_at.is_(None), KeptCount.due_at <= current_time()),
    )
    return statement.returning(KeptCount.name)


BEGIN = {dialect: _begin(insert) for dialect, insert in _INSERT.items()}
"""Keep others from counting for so many `seconds`. No row is returned where another has begun."""


def _store(insert: Any) -> Any:
    counts = {
        "counts": bindparam("new_counts", type_=KeptCount.counts.type),
        "counted_at": bindparam("new_counted_at", type_=KeptCount.counted_at.type),
    }
    statement = insert(KeptCount).values(name=bindparam("kept", type_=String), **counts)
    return statement.on_conflict_do_update(index_elements=["name"], set_=counts)


STORE = {dialect: _store(insert) for dialect, insert in _INSERT.items()}
"""Store the counts with the name `kept`."""

REST_UNTIL = update(KeptCount).where(KeptCount.name == SIZES).values(due_at=seconds_from_now("seconds"))
"""Have the catalogue counted again in so many `seconds`."""
