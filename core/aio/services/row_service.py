"""Many rows of one kind in one transaction: the building blocks of every service's methods."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Any, ClassVar, Generic, TypeVar, cast
from uuid import UUID

from advanced_alchemy.exceptions import wrap_sqlalchemy_exception
from advanced_alchemy.repository import SQLAlchemyAsyncRepository, SQLAlchemyAsyncSlugRepository
from advanced_alchemy.service import (
    SQLAlchemyAsyncRepositoryReadService,
    SQLAlchemyAsyncRepositoryService,
    schema_dump,
)
from sqlalchemy import inspect, or_, select, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import flag_modified, set_committed_value
from uuid_utils.compat import uuid7

from diptych.core.aio.bulk_insert import bulk_insert
from diptych.core.aio.services.row_reader import Reader, row_not_found
from diptych.core.aio.services.row_writer import Writer
from diptych.core.deadline import checking_async
from diptych.core.engine import batches
from diptych.core.engine import row_statements as statements
from diptych.core.engine.derived_values import Rules
from diptych.core.engine.entity import (
    Entity,
    column_defaults,
    derive,
    mark_inserted,
    now,
    restricting_columns,
    set_changed,
)
from diptych.core.engine.resource_spec import ResourceSpec
from diptych.core.engine.row_dml import missing_reference, missing_references_detail
from diptych.core.engine.slugs import make_unique
from diptych.core.errors import CatalogueError, FieldError, ValidationFailed
from diptych.core.refusals import DuplicateValue, InUse, MultipleMatches, NoSuchReference

EntityT = TypeVar("EntityT", bound=Entity)
Values = Mapping[str, Any]
BatchIndexes = Sequence[int] | None


class SlugRepository(SQLAlchemyAsyncSlugRepository[EntityT]):
    """A table whose rows have slugs."""

    async def get_available_slug(self, value_to_slugify: str, **kwargs: Any) -> str:
        """Return a slug that no row has, in letters of any script, cut to the length of its column."""
        plain = self.model_type.rules.slug(value_to_slugify)
        return make_unique([plain], [plain] if await self.exists(slug=plain, **kwargs) else [])[0]


class CatalogueReadService(
    SQLAlchemyAsyncRepositoryReadService[EntityT, SQLAlchemyAsyncRepository[EntityT]], Generic[EntityT]
):
    """A read-only resource. spec: its description; reader: the class that reads it for HTTP."""

    spec: ClassVar[ResourceSpec]
    reader: ClassVar[type[Reader]] = Reader
    # With a window function the total would be 0 past the last page.
    count_with_window_function = False

    @property
    def session(self) -> AsyncSession:
        """The session that the service was made with."""
        return cast("AsyncSession", self.repository.session)

    @property
    def rules(self) -> Rules:
        """The rules for the values and the derived columns of a row."""
        return self.spec.rules


class RowService(
    CatalogueReadService[EntityT],
    SQLAlchemyAsyncRepositoryService[EntityT, SQLAlchemyAsyncRepository[EntityT]],
    Generic[EntityT],
):
    """Writes the rows of a resource. writer: the class that writes one row for HTTP.

    in_use: the detail of the problem when rows cannot be deleted, and of the field error for each of them.
    """

    writer: ClassVar[type[Writer]] = Writer
    in_use: ClassVar[tuple[str, str]] = ("Others depend on this row.", "others depend on it")

    @property
    def unique(self) -> tuple[str, ...]:
        """The unique columns that clients set."""
        return self.model_type.unique_columns()

    async def to_model_on_create(self, data: Any) -> Any:
        """Normalize, and add derived values. A missing slug is generated on insert.

        Errors: ValidationFailed.
        """
        return self._derived(data)

    async def to_model_on_update(self, data: Any) -> Any:
        """Normalize, and add derived values; the slug stays. Errors: ValidationFailed."""
        return self._derived(data)

    async def to_model_on_upsert(self, data: Any) -> Any:
        """Normalize the data, so that rows can be matched by them. Errors: ValidationFailed.

        The create or the update hook runs next, depending on the match.
        """
        return data if isinstance(data, self.model_type) else self.rules.normalized(self._dumped(data))

    def _derived(self, data: Any) -> Any:
        if isinstance(data, self.model_type):
            derive(data, [name for name in data.rules.checks if name in vars(data)], ())
            return data
        return self.rules.checked(self.rules.normalized(self._dumped(data)))

    def _dumped(self, data: Any, config: Any = None) -> dict[str, Any]:
        """Return the columns that are set in data of any kind."""
        if isinstance(data, self.model_type):
            return given(data)
        return cast("dict[str, Any]", schema_dump(data, config=config or self.schema_dump_config))

    async def represent(self, items: Sequence[Any]) -> list[Any]:
        """Return the representations of rows, in order."""
        names = [column.key for column in self.spec.returning]
        return [self.spec.represent([getattr(item, name) for name in names]) async for item in checking_async(items)]

    async def get_for_update(self, item_id: UUID) -> EntityT:
        """Return the row, locked until the unit of work ends. Errors: NotFound."""
        found = await self.session.execute(statements.select_for_update(self.model_type), {statements.VALUE: item_id})
        row: EntityT | None = found.scalar_one_or_none()
        if row is None:
            raise row_not_found(self.spec)
        return row

    # For imports: no hooks run, and values must already be normalized and agree

    async def create_rows(self, items: Sequence[Values]) -> list[dict[str, Any]]:
        """Create rows; return their columns, in order. Missing columns get their defaults, or null.

        Does not validate; raises the driver's errors.
        """
        return await self._bulk_insert([self.rules.with_derived(values) for values in items])

    async def change_rows(self, rows: Sequence[EntityT], changes: Sequence[Values]) -> int:
        """Set columns and flush; return how many rows changed. Does not validate, except foreign keys.

        Errors: ValidationFailed.
        """
        return await self.set_columns(rows, [self.rules.with_derived(values) for values in changes])

    # `places`: each item's index in its batch, None where there is no batch

    async def check(self, items: Sequence[Values], places: BatchIndexes) -> None:
        """Refuse foreign keys that name no row. Errors: ValidationFailed."""
        field_errors, missing = [], []
        for name, model in self.spec.references.items():
            wanted = {item[name] for item in items if item.get(name) is not None}
            unknown = wanted - await self.existing(model, wanted) if wanted else wanted
            for index, item in enumerate(items):
                if item.get(name) in unknown:
                    missing.append(model)
                    path = (name,) if places is None else ("items", places[index], name)
                    field_errors.append(missing_reference(model, path))
        if field_errors:
            raise NoSuchReference(missing_references_detail(missing), field_errors)

    async def existing(self, model: type[Entity], ids: AbstractSet[UUID]) -> AbstractSet[UUID]:
        """Return the ids among these that rows of a model have."""
        found = await self.session.execute(statements.existing_ids(model), {statements.VALUES: list(ids)})
        return set(found.scalars())

    async def check_no_dependents(self, ids: Sequence[UUID]) -> None:
        """Refuse to delete rows that others depend on, by name. Errors: Conflict."""
        columns = restricting_columns(self.model_type)
        if not columns:
            return
        named = union(*(select(column).where(column.in_(ids)) for column in columns))
        busy = set((await self.session.execute(named)).scalars())
        detail, reason = self.in_use
        field_errors = [
            FieldError("in_use", reason, path=("ids", place)) for place, item_id in enumerate(ids) if item_id in busy
        ]
        if field_errors:
            raise InUse(detail, field_errors)

    async def insert(self, models: Sequence[EntityT], places: Sequence[int], *, matched: Collection[str] = ()) -> None:
        """Check new rows, insert them by one statement, and add them to the session.

        matched: columns that the caller has already checked for duplicate values.
        Errors: ValidationFailed, Conflict.
        """
        if not models:
            return
        # In a new row null means not given: an id, for example, is generated.
        items = [{name: value for name, value in given(model).items() if value is not None} for model in models]
        self._require(items, places)
        await self.check(items, places)
        names = [name for name in (*self.unique, "id", "slug") if name not in matched]
        await self.check_unique(names, items, [None] * len(items), places)
        for model, item, row in zip(models, items, await self._bulk_insert(items), strict=True):
            for name, value in row.items():
                if name not in item:
                    set_committed_value(model, name, value)
        self.session.add_all(models)
        mark_inserted(models)

    def _require(self, items: Sequence[Values], places: Sequence[int]) -> None:
        """Refuse rows that lack a required value. Errors: ValidationFailed."""
        made = {"slug", "search_text", "sort_key"}
        needed = [column.name for column in self.model_type.__table__.columns
                  if not column.nullable and column.default is None and column.name not in made]  # fmt: skip
        field_errors = [
            FieldError("missing", f"a new {self.spec.noun} needs it", path=("items", place, name))
            for place, item in zip(places, items, strict=True)
            for name in needed
            if name not in item
        ]
        if field_errors:
            raise ValidationFailed("Something is missing.", field_errors)

    async def set_columns(
        self,
        rows: Sequence[EntityT],
        changes: Sequence[Values],
        places: BatchIndexes = None,
        *,
        matched: Collection[str] = (),
    ) -> int:
        """Set columns and flush; return how many rows changed. matched: as in insert.

        Errors: ValidationFailed, Conflict.
        """
        if not rows:
            return 0
        await self.check(changes, places)
        if places is not None:
            names = [name for name in self.unique if name not in matched]
            await self.check_unique(names, changes, [row.id for row in rows], places)
        for row, values in zip(rows, changes, strict=True):
            set_changed(row, values)
        changed = [(row, values) for row, values in zip(rows, changes, strict=True) if self.session.is_modified(row)]
        # Not left to the column's onupdate: after an UPDATE of several rows at once SQLAlchemy gives their
        # instances each other's value.
        moment = now()
        for row, values in changed:
            row.updated_at = values.get("updated_at", moment)
            flag_modified(row, "updated_at")
        await self.session.flush()
        return len(changed)

    async def _bulk_insert(self, items: Sequence[Values]) -> list[dict[str, Any]]:
        moment = now()
        columns = dict.fromkeys(self.model_type.__table__.columns.keys())
        made = {**columns, **column_defaults(self.model_type), "created_at": moment, "updated_at": moment}
        rows = [{**made, "id": uuid7(), **item} for item in items]
        if self.spec.slugged:
            own = [row["slug"] for row in rows if row["slug"]]
            await self._assign_slugs([row for row in rows if not row["slug"]], own)
        await bulk_insert(self.session, self.model_type, rows)
        return rows

    async def _assign_slugs(self, rows: Sequence[dict[str, Any]], own: Sequence[str]) -> None:
        """Give each row a slug that is not in use. own: the slugs that other rows of the same insert already have.

        If two writers choose the same slug, one retries.
        """
        if not rows:
            return
        wanted = [self.rules.slug_of(row) async for row in checking_async(rows)]
        statement = statements.existing_slugs(self.model_type)
        used = (await self.session.execute(statement, {statements.VALUES: list(set(wanted))})).scalars()
        for row, slug in zip(rows, make_unique(wanted, [*used.all(), *own]), strict=True):
            row["slug"] = slug

    async def delete_rows(self, rows: Sequence[EntityT]) -> None:
        """Delete rows. Errors: Conflict while others depend on one."""
        ids = [row.id for row in rows]
        await self.check_no_dependents(ids)
        await self.session.execute(statements.delete_by_ids(self.model_type), {statements.VALUES: ids})

    async def get_many_for_update(
        self, values: Sequence[Any], member: str, *rest: str, column: Any = None
    ) -> list[EntityT]:
        """Return the rows with these values in a column, by default the id, locked. Errors: NotFound, by item."""
        # In the order of their ids: two batches over the same rows then wait for each other instead of deadlocking.
        column = self.model_type.id if column is None else column
        found: dict[Any, list[EntityT]] = {}
        for row in await self._select_for_update(column.in_(values)):
            found.setdefault(getattr(row, column.key), []).append(row)
        field_errors = [
            FieldError("not_found", f"there is no such {self.spec.noun}", path=(member, place, *rest))
            for place, value in enumerate(values)
            if value not in found
        ]
        if field_errors:
            raise row_not_found(self.spec, field_errors)
        return [row for value in values for row in found[value]]

    async def locked(self, ids: Sequence[UUID]) -> list[EntityT]:
        """Return the rows of these ids that exist, locked."""
        return await self._select_for_update(self.model_type.id.in_(ids))

    async def check_part(self, row: EntityT, part: str, new: Sequence[Values]) -> None:
        """Check rows that are added to what belongs to a row, such as its tags, by an undo. Errors: Conflict."""

    def dropped_with(self, values: Values) -> Mapping[str, Callable[[Values], bool]]:  # noqa: ARG002 - for services
        """Return, by part, which of the rows that belong to a row go when these columns of it are set."""
        return {}

    async def some_for_update(self, condition: Any, limit: int) -> list[EntityT]:
        """Return up to `limit` rows that meet a condition, by id, locked."""
        await self.flush()
        statement = select(self.model_type).where(condition).order_by(self.model_type.id).limit(limit).with_for_update()
        return list((await self.session.execute(statement, execution_options={"populate_existing": True})).scalars())

    async def flush(self) -> None:
        """Flush changes that were made on instances, before rows are queried or read again."""
        await self.session.flush()

    async def _select_for_update(self, condition: Any) -> list[EntityT]:
        """Return the current rows, by id, locked; this overwrites the session's instances of them."""
        await self.flush()
        statement = select(self.model_type).where(condition).order_by(self.model_type.id).with_for_update()
        return list((await self.session.execute(statement, execution_options={"populate_existing": True})).scalars())

    async def matches(self, items: Sequence[Values], names: Sequence[str]) -> list[EntityT | None]:
        """Return for each item the row that equals it in these columns, except any that the item lacks, or None.

        Errors: Conflict, naming the rows where there are several.
        """
        first: Any = getattr(self.model_type, names[0])
        wanted = {item.get(names[0]) for item in items}
        condition = or_(first.in_(wanted), first.is_(None)) if None in wanted else first.in_(wanted)
        found: dict[Any, list[EntityT]] = {}
        for row in await self._select_for_update(condition):
            found.setdefault(getattr(row, names[0]), []).append(row)
        matching = [
            [
                row
                for row in found.get(item.get(names[0]), ())
                if all(getattr(row, name) == item[name] for name in names if name in item)
            ]
            for item in items
        ]
        field_errors = [
            FieldError("ambiguous", f"matches {', '.join(str(row.id) for row in rows)}", path=("items", place))
            for place, rows in enumerate(matching)
            if len(rows) > 1
        ]
        if field_errors:
            raise MultipleMatches(f"More than one {self.spec.noun} has the key of an item.", field_errors)
        return [rows[0] if rows else None for rows in matching]

    async def check_unique(
        self, names: Iterable[str], items: Sequence[Values], owners: Sequence[UUID | None], places: Sequence[int]
    ) -> None:
        """Refuse values of unique columns that other rows have. owners: the id of the row that has each item, or None.

        Errors: Conflict.
        """
        model = self.model_type
        field_errors: list[FieldError] = []
        for name in names:
            wanted = {item[name] for item in items if item.get(name) is not None}
            if wanted:
                column = getattr(model, name)
                holders = await self.session.execute(select(column, model.id).where(column.in_(wanted)))
                field_errors.extend(batches.not_unique(items, owners, places, name, dict(holders.tuples().all())))
        if field_errors:
            raise DuplicateValue(f"Another {self.spec.noun} has a value that must be unique.", field_errors)

    @contextmanager
    def wrapping(self, error_messages: Any) -> Iterator[None]:
        """Raise the driver's errors as the library's own methods do, and the core's errors unchanged."""
        messages = error_messages if isinstance(error_messages, dict) else {}
        refused: CatalogueError | None = None
        with wrap_sqlalchemy_exception(
            error_messages=cast("Any", {**(self.repository.error_messages or {}), **messages}),
            dialect_name=self.session.get_bind().dialect.name,
            wrap_exceptions=self.repository.wrap_exceptions,
        ):
            try:
                yield
            except CatalogueError as error:
                refused = error
        if refused is not None:
            raise refused


def changes(row: Entity, model: Entity) -> dict[str, Any]:
    """Return the columns of a model to set on a row; both may be the same instance. Errors: ValidationFailed."""
    state: Any = inspect(row)
    values = given(model)
    item_id = values.pop("id", None)
    if item_id is not None and str(item_id) != str(state.identity[0]):
        raise ValidationFailed(
            "The id of a row does not change.", [FieldError("refused", "the id of a row stays", path=("id",))]
        )
    if model is not row and values.get("updated_at") == row.updated_at:
        # A schema that was built from the row contains its `updated_at`, which is no change.
        values.pop("updated_at", None)
    if not values.get("slug"):
        values.pop("slug", None)
    return values


def given(row: Entity) -> dict[str, Any]:
    """Return the columns that are set on a row, without the unchanged `updated_at` of a row that was read."""
    values = {name: value for name, value in vars(row).items() if name != "_sa_instance_state"}
    state: Any = inspect(row)
    if state.key is not None and not state.attrs.updated_at.history.has_changes():
        values.pop("updated_at", None)
    return values
