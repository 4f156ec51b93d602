"""What every mapped class shares."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from advanced_alchemy.base import BasicAttributes, create_registry
from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import Dialect, Index, String, Text, Uuid
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

from diptych.core.engine import fulltext_index
from diptych.core.engine.slugs import SLUG_LENGTH
from diptych.core.engine.text_normalization import SORT_KEY_LENGTH


def now() -> datetime:
    """The present moment, UTC, aware."""
    return datetime.now(UTC)


def _created_at(context: DefaultExecutionContext) -> Any:
    """A new row was last changed when it was made."""
    return context.get_current_parameters()["created_at"]  # type: ignore[no-untyped-call]


class Base(BasicAttributes, DeclarativeBase):
    """The declarative base. Its registry is the core's own, so that a host application's models never meet these."""

    registry = create_registry()
    __abstract__ = True


fulltext_index.watch(Base.metadata)


class Moment(DateTimeUTC):
    """A time, read in UTC whatever the time zone of the session: a pooler does not let it be chosen."""

    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None or value.tzinfo is UTC:
            return value
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Record(Base):
    """A row with an identity of its own: id (UUIDv7 unless a client chose one) and the times it was made and changed.

    advanced-alchemy's UUIDv7AuditBase would add a `sa_orm_sentinel` column to every table and every SELECT, and its
    GUID reflects as NUMERIC on SQLite, a drift that never ends; SQLAlchemy's own Uuid does neither.
    """

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7, sort_order=-10)
    created_at: Mapped[datetime] = mapped_column(Moment(timezone=True), default=now, sort_order=90)
    updated_at: Mapped[datetime] = mapped_column(
        Moment(timezone=True), default=_created_at, onupdate=now, sort_order=91
    )


def ordered(length: int) -> String:
    """The type of text that lists are ordered by, of up to `length` characters.

    Both databases compare it code point by code point (PostgreSQL's "C" collation is SQLite's BINARY), so a list has
    one order on both, whatever the locale of a database is.
    """
    return String(length).with_variant(String(length, collation="C"), "postgresql")


class Named:
    """Columns derived from a row's name or title; diptych.core.engine.text_normalization.fold says how."""

    search_text: Mapped[str] = mapped_column(Text, sort_order=80)
    sort_key: Mapped[str] = mapped_column(ordered(SORT_KEY_LENGTH), sort_order=81)


class Slugged:
    """A unique name for URLs. It is made once, when the row is, and stays: links outlive corrections of a title."""

    slug: Mapped[str] = mapped_column(ordered(SLUG_LENGTH), unique=True, sort_order=70)


RecordT = TypeVar("RecordT", bound=type[Record])


def listed(*orders: str) -> Callable[[RecordT], RecordT]:
    """Give rows that are Named what their lists are found by: an index for each order, and one of words.

    orders: columns to order by, besides those that every such row has. An index has the id after the column, so that a
    page that begins at a row is a range of it, in either direction. A unique column has no two rows to tell apart, but
    those without a value.
    """

    def decorate(model: RecordT) -> RecordT:
        table: Any = model.__table__
        for name in ("created_at", "updated_at", "sort_key", *orders):
            column, options = table.c[name], {}
            if column.unique:
                options = {f"{dialect}_where": column.is_(None) for dialect in ("postgresql", "sqlite")}
            Index(f"ix_{table.name}_{name}_id", column, table.c.id, **options)
        fulltext_index.index(table)
        return model

    return decorate
