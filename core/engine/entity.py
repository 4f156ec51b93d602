"""The base of every mapped class."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from advanced_alchemy.base import BasicAttributes, create_registry
from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import Connection, Dialect, FromClause, Index, String, Text, Uuid, event, inspect, select
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import DeclarativeBase, Mapped, Mapper, mapped_column, object_session
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from uuid_utils.compat import uuid7

from diptych.core.engine import fulltext_index, history_triggers
from diptych.core.engine.derived_values import Rules
from diptych.core.engine.slugs import SLUG_LENGTH, make_unique
from diptych.core.engine.text_normalization import SORT_KEY_LENGTH
from diptych.core.errors import FieldError, ValidationFailed


def now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


def in_utc(value: datetime | None) -> datetime | None:
    """Return a stored time in UTC. SQLite stores it without a time zone."""
    if value is None or value.tzinfo is UTC:
        return value
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _created_at(context: DefaultExecutionContext) -> Any:
    """Return `created_at`, the first `updated_at` of a new row."""
    return context.get_current_parameters()["created_at"]  # type: ignore[no-untyped-call]


class Base(BasicAttributes, DeclarativeBase):
    """The declarative base. Its registry is the core's own, and so separate from a host application's models."""

    registry = create_registry()
    __abstract__ = True


fulltext_index.watch(Base.metadata)


class UtcDateTime(DateTimeUTC):
    """A time, converted to UTC when it is read: behind a pooler a session cannot choose its time zone."""

    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        return in_utc(value)


class Entity(Base):
    """A row with an identity of its own: id (UUIDv7 unless a client chose one) and the times it was made and changed.

    rules: how its values are normalized and columns derived. Rows that no service has prepared get their derived values
    when they are flushed.

    advanced-alchemy's UUIDv7AuditBase would add a `sa_orm_sentinel` column to every table and every SELECT, and its
    GUID reflects as NUMERIC on SQLite, a drift that never ends; SQLAlchemy's own Uuid does neither.
    """

    __abstract__ = True
    rules: ClassVar[Rules]
    list_indexes: ClassVar[tuple[str, ...]] = ()

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7, sort_order=-10)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(timezone=True), default=now, sort_order=90)
    updated_at: Mapped[datetime] = mapped_column(
        UtcDateTime(timezone=True), default=_created_at, onupdate=now, sort_order=91
    )

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "rules" in vars(cls):
            cls.rules = cls.rules.for_columns(cls.__table__.columns)

    @classmethod
    def orders(cls) -> Mapping[str, str]:
        """Return the orders of a list, with the column of each: the sort key for the name."""
        slug = ["slug"] if issubclass(cls, SlugMixin) else []
        names = ["created_at", "updated_at", cls.rules.named_by, *cls.list_indexes, *slug, "id"]
        return {name: "sort_key" if name == cls.rules.named_by else name for name in names}

    @classmethod
    def unique_columns(cls) -> tuple[str, ...]:
        """Return the unique columns that clients set."""
        return tuple(
            column.name for column in cls.__table__.columns if column.unique and column.name not in ("id", "slug")
        )

    @classmethod
    def filterable(cls) -> tuple[str, ...]:
        """Return the columns that a list can be filtered by: those with an index, except the slug and the id."""
        return tuple(
            column.name
            for column in cls.__table__.columns
            if column.name not in ("id", "slug")
            and (column.unique or column.foreign_keys or column.name in cls.list_indexes)
        )


def binary_collated_string(length: int) -> String:
    """Return the type of text that lists are ordered by, of up to `length` characters.

    Both databases compare it code point by code point (PostgreSQL's "C" collation is SQLite's BINARY), so a list has
    one order on both, whatever the locale of a database is.
    """
    return String(length).with_variant(String(length, collation="C"), "postgresql")


NOT_DUMPED = MappingProxyType({"dumped": False})
"""The info of a table that is no part of the catalogue: dumps leave it out.

Tables share it, so that it cannot be changed; one with more to say has a copy.
"""


class SearchableMixin:
    """Columns derived from a row's name or title by diptych.core.engine.text_normalization.fold."""

    search_text: Mapped[str] = mapped_column(Text, sort_order=80)
    sort_key: Mapped[str] = mapped_column(binary_collated_string(SORT_KEY_LENGTH), sort_order=81)


class SlugMixin:
    """A unique name for URLs. It is set when the row is created, and stays, so that links outlive corrected titles."""

    slug: Mapped[str] = mapped_column(binary_collated_string(SLUG_LENGTH), unique=True, sort_order=70)


def derive(row: Entity, names: Iterable[str], kept: Container[str]) -> None:
    """Normalize these columns of a row, and set the columns that follow from them, except those in `kept`.

    Errors: ValidationFailed.
    """
    given = {name: getattr(row, name) for name in names}
    for name, value in row.rules.checked(row.rules.normalized(given)).items():
        if name not in kept and getattr(row, name) != value:
            setattr(row, name, value)


def set_changed(row: Entity, values: Mapping[str, Any]) -> None:
    """Set the columns of a row that differ from these values, and reset those that a change makes null."""
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    resets = [name for name in row.rules.resets_of(row, changed) if name not in values]
    for name, value in changed.items():
        setattr(row, name, value)
    for name in resets:
        setattr(row, name, None)


ORDERED = (str, int, date, datetime, Decimal, UUID)
"""The types of values that lists can be ordered by: those that a cursor can have."""


@event.listens_for(Entity, "before_insert", propagate=True)
def _complete(_mapper: Mapper[Any], connection: Connection, row: Entity) -> None:
    """Set the derived columns and the slug of a row that was added to a session directly."""
    derive(row, row.rules.checks, ())
    if isinstance(row, SlugMixin) and not row.slug:
        _assign_slugs(connection, row)


def _assign_slugs(connection: Connection, row: SlugMixin) -> None:
    """Give different slugs to a row and all others of its kind in the same flush."""
    model: Any = type(row)
    session = object_session(row)
    new = [row] if session is None else [each for each in session.new if type(each) is model and not each.slug]
    wanted = [model.rules.slug(getattr(each, model.rules.named_by) or "") for each in new]
    taken = connection.scalars(select(model.slug).where(model.slug.in_(set(wanted))))
    for each, slug in zip(new, make_unique(wanted, taken.all()), strict=True):
        each.slug = slug


@event.listens_for(Entity, "before_update", propagate=True)
def _follow(_mapper: Mapper[Any], _connection: Connection, row: Entity) -> None:
    """Recompute derived columns after attributes were set directly. Errors: ValidationFailed."""
    state: Any = inspect(row)
    unmodified = state.unmodified
    if "id" not in unmodified and state.attrs.id.history.has_changes():
        raise ValidationFailed(
            "The id of a row does not change.", [FieldError("refused", "the id of a row stays", path=("id",))]
        )
    if given := [name for name in row.rules.checks if name not in unmodified]:
        for reset in row.rules.resets_of(row, {name: getattr(row, name) for name in given}):
            setattr(row, reset, None)
        derive(row, given, [name for name in ("search_text", "sort_key") if name not in unmodified])


def mark_inserted(rows: Sequence[Entity]) -> None:
    """Mark new rows of a session as flushed: a statement has inserted them.

    A rollback then makes them new again, like all rows that the session has inserted itself.
    """
    session: Any = object_session(rows[0])
    states = {instance_state(row) for row in rows}
    session._register_persistent(states)  # noqa: SLF001 - what a flush calls; nothing public leaves the rows to a rollback


def entity_of(table: FromClause) -> type[Entity]:
    """Return the class that is mapped to a table. Errors: LookupError."""
    for mapper in Base.registry.mappers:
        if mapper.local_table is table:
            found: type[Entity] = mapper.class_
            return found
    raise LookupError(f"no class is mapped to {table}")


@cache
def column_defaults(model: type[Entity]) -> Mapping[str, Any]:
    """Return the values that columns of a new row have by default, where these are the same for all rows."""
    columns = model.__table__.columns
    return {each.name: each.default.arg for each in columns if isinstance(each.default, ScalarElementColumnDefault)}


@cache
def restricting_columns(model: type[Entity]) -> tuple[Any, ...]:
    """Return the foreign keys to a model's rows that keep these from being deleted."""
    return tuple(
        key.parent
        for table in Base.metadata.sorted_tables
        for key in sorted(table.foreign_keys, key=lambda each: each.parent.name)
        if key.column.table is model.__table__ and key.ondelete not in ("CASCADE", "SET NULL", "SET DEFAULT")
    )


EntityT = TypeVar("EntityT", bound=type[Entity])
BaseT = TypeVar("BaseT", bound=type[Base])


def part_of_history(name: str) -> Callable[[BaseT], BaseT]:
    """Record changes of these rows as changes of the row that they belong to: the first key of their primary key.

    name: what they are of it, such as tags.
    """

    def decorate(model: BaseT) -> BaseT:
        table: Any = model.__table__
        history_triggers.record(table, name)
        return model

    return decorate


def part_of_security(noun: str, account: str = "") -> Callable[[BaseT], BaseT]:
    """Record changes of these rows as security events. noun, account: as history_triggers.record_events."""

    def decorate(model: BaseT) -> BaseT:
        table: Any = model.__table__
        history_triggers.record_events(table, noun, account)
        return model

    return decorate


def with_list_indexes(*orders: str) -> Callable[[EntityT], EntityT]:
    """Add the indexes that lists of a SearchableMixin need: one for each order, and the full-text index.

    orders: columns to order by, besides those that every such row has. An index has the id after the column, so that a
    page that begins at a row is a range of it, in either direction. For a unique column the index covers only NULLs:
    other values have no ties.
    """

    def decorate(model: EntityT) -> EntityT:
        table: Any = model.__table__
        model.list_indexes = orders
        for name in ("created_at", "updated_at", "sort_key", *orders):
            column, options = table.c[name], {}
            if column.type.python_type not in ORDERED:
                raise TypeError(f"{table.name}.{name} cannot order lists: cursors have no {column.type!r}")
            if column.unique:
                options = {f"{dialect}_where": column.is_(None) for dialect in ("postgresql", "sqlite")}
            Index(f"ix_{table.name}_{name}_id", column, table.c.id, **options)
        fulltext_index.index(table)
        if table.info.get("dumped", True):
            history_triggers.record(table)
        return model

    return decorate
