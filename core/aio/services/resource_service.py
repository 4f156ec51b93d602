"""The methods of every resource's service: advanced-alchemy's, overridden where theirs would break a promise.

They raise what the library's raise, unless the service was made with wrap_exceptions=False; then it is the driver's
errors. What they refuse by themselves (diptych.core.refusals) is an error of the core's and of the library's at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Generic

from advanced_alchemy.exceptions import RepositoryError
from advanced_alchemy.utils.dataclass import Empty
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError

from diptych.core.aio.services.row_reader import row_not_found
from diptych.core.aio.services.row_service import (
    BatchIndexes,
    CatalogueReadService,
    EntityT,
    RowService,
    SlugRepository,
    Values,
    changes,
    given,
)
from diptych.core.db.error_translation import translate
from diptych.core.engine import batches
from diptych.core.engine.row_statements import required
from diptych.core.errors import Conflict, FieldError, ValidationFailed, naming_item, naming_no_item
from diptych.core.refusals import ConcurrentWrite

__all__ = ("BatchIndexes", "CatalogueReadService", "CatalogueService", "SlugRepository", "Upserts", "Values")


class Upserts(list[EntityT]):
    """The rows of an upsert, in the order of the input, with counts of created, updated and unchanged."""

    created = 0
    updated = 0
    unchanged = 0


class CatalogueService(RowService[EntityT], Generic[EntityT]):
    """Rows of a resource in one transaction. match_fields: what an upsert finds a row by."""

    match_fields: ClassVar[list[str]]

    async def to_model(self, data: Any, operation: str | None = None, schema_dump_config: Any = None) -> EntityT:
        """As the library's, but the hooks get data dumped with schema_dump_config too."""
        if schema_dump_config is not None and not isinstance(data, self.model_type):
            data = self._dumped(data, schema_dump_config)
        return await super().to_model(data, operation, schema_dump_config)

    # Many rows: field errors name the item

    async def create_many(
        self,
        data: Any,
        *,
        auto_commit: bool | None = None,
        auto_expunge: bool | None = None,
        error_messages: Any = Empty,
        bind_group: str | None = None,
        schema_dump_config: Any = None,
    ) -> Sequence[EntityT]:
        """Create rows, in order, by one statement. Errors: ValidationFailed, Conflict, which name the items.

        The library's sends a parameter for each value, and says of no row that it is the one that cannot be.
        """
        with self.wrapping(error_messages):
            models = await self._models(data, "create", schema_dump_config)
            await self.session.flush()
            # What was added to the session before is in the database by now.
            new = {place: model for place, model in enumerate(models) if not inspect(model).persistent}
            await self.insert([*new.values()], [*new])
            return await self._finish(models, commit=auto_commit, expunge=auto_expunge)

    async def update_many(
        self,
        data: Any,
        *,
        auto_commit: bool | None = None,
        auto_expunge: bool | None = None,
        error_messages: Any = Empty,
        load: Any = None,
        execution_options: dict[str, Any] | None = None,
        uniquify: bool | None = None,
        bind_group: str | None = None,
        schema_dump_config: Any = None,
    ) -> list[EntityT]:
        """Set the given columns of rows named by `id`, in order. Errors: NotFound, ValidationFailed, Conflict.

        The library's sets `updated_at` of rows in which nothing changed, and says of no row that it is not there.
        """
        with self.wrapping(error_messages):
            models = await self._models(data, "update", schema_dump_config)
            items = [given(model) for model in models]
            batches.require_keys(items, ("id",), ("id",), "an update needs it to find the row")
            batches.check_distinct_keys([(item["id"],) for item in items], ("id",))
            rows = await self.get_many_for_update([item["id"] for item in items], "items", "id")
            await self.set_columns(rows, list(map(changes, rows, models)), range(len(rows)))
            return await self._finish(rows, commit=auto_commit, expunge=auto_expunge)

    async def upsert_many(
        self,
        data: Any,
        *,
        auto_expunge: bool | None = None,
        auto_commit: bool | None = None,
        no_merge: bool = False,
        match_fields: list[str] | str | None = None,
        error_messages: Any = Empty,
        load: Any = None,
        execution_options: dict[str, Any] | None = None,
        uniquify: bool | None = None,
        bind_group: str | None = None,
        schema_dump_config: Any = None,
        chunk_size: int | None = None,
    ) -> Upserts[EntityT]:
        """Create or update by match_fields, in order; columns that are not given stay.

        Errors: ValidationFailed, Conflict.

        Without match_fields rows that all have an id are found by that, others by those of the class. The library's
        runs one hook for rows to create and to update, makes no slugs, and sets `updated_at` where nothing changed.
        """
        with self.wrapping(error_messages):
            items = []
            for place, item in enumerate(data):
                with naming_item(place):
                    items.append(await self._upserting(item, schema_dump_config))
            done = await self._upserted(items, self._names(match_fields, items))
            await self._finish(done, commit=auto_commit, expunge=auto_expunge)
            return done

    async def delete_many(
        self,
        item_ids: Any,
        *,
        auto_commit: bool | None = None,
        auto_expunge: bool | None = None,
        id_attribute: Any = None,
        chunk_size: int | None = None,
        error_messages: Any = Empty,
        load: Any = None,
        execution_options: dict[str, Any] | None = None,
        uniquify: bool | None = None,
        bind_group: str | None = None,
    ) -> Sequence[EntityT]:
        """Delete rows, all or none; what they were, in order. Errors: NotFound, ValidationFailed, Conflict.

        The library's says nothing of ids that no row has.
        """
        with self.wrapping(error_messages):
            (name,) = self._known([_name(id_attribute)])
            values = [getattr(item, name) if isinstance(item, self.model_type) else item for item in item_ids]
            batches.check_distinct_ids(values)
            rows = await self.get_many_for_update(values, "ids", column=getattr(self.model_type, name))
            await self.delete_rows(rows)
            return await self._finish(rows, commit=auto_commit, expunge=auto_expunge)

    # One row

    async def delete(
        self,
        item_id: Any,
        *,
        auto_commit: bool | None = None,
        auto_expunge: bool | None = None,
        id_attribute: Any = None,
        error_messages: Any = Empty,
        load: Any = None,
        execution_options: dict[str, Any] | None = None,
        uniquify: bool | None = None,
        bind_group: str | None = None,
    ) -> EntityT:
        """Delete the row of an id; what it was. Errors: NotFound, Conflict.

        The library's reads a refusal in the words of PostgreSQL 17, and those of 18 are others.
        """
        with self.wrapping(error_messages):
            options = _options(load, execution_options, bind_group, uniquify=uniquify)
            row = await self.repository.get(item_id, id_attribute=id_attribute, **options)
            await self.delete_rows([row])
            await self._finish([row], commit=auto_commit, expunge=auto_expunge)
            return row

    async def update(
        self,
        data: Any,
        item_id: Any | None = None,
        *,
        attribute_names: Iterable[str] | None = None,
        with_for_update: Any = None,
        auto_commit: bool | None = None,
        auto_expunge: bool | None = None,
        auto_refresh: bool | None = None,
        id_attribute: Any = None,
        error_messages: Any = Empty,
        load: Any = None,
        execution_options: dict[str, Any] | None = None,
        uniquify: bool | None = None,
        bind_group: str | None = None,
        schema_dump_config: Any = None,
    ) -> EntityT:
        """Set the given columns of the row of an id, null included. Errors: NotFound, ValidationFailed, Conflict.

        The library's gives a row another id where the data have one, and knows nothing of what belongs to a row.
        """
        with self.wrapping(error_messages):
            model = await self.to_model(data, "update", schema_dump_config)
            name = _name(id_attribute)
            item_id = given(model).get(name) if item_id is None else item_id
            if item_id is None:
                raise RepositoryError(detail=f"Give item_id, or {name} in the data: nothing else says which row it is.")
            options = _options(load, execution_options, bind_group, uniquify=uniquify)
            row = await self.repository.get(
                item_id, id_attribute=id_attribute, with_for_update=with_for_update, **options
            )
            await self._change(row, model)
            refreshing = self._refreshing(attribute_names, with_for_update, wanted=auto_refresh)
            await self._finish([row], commit=auto_commit, expunge=auto_expunge, refreshing=refreshing)
            return row

    async def upsert(
        self,
        data: Any,
        item_id: Any | None = None,
        *,
        attribute_names: Iterable[str] | None = None,
        with_for_update: Any = None,
        auto_expunge: bool | None = None,
        auto_commit: bool | None = None,
        auto_refresh: bool | None = None,
        match_fields: list[str] | str | None = None,
        error_messages: Any = Empty,
        load: Any = None,
        execution_options: dict[str, Any] | None = None,
        uniquify: bool | None = None,
        bind_group: str | None = None,
        schema_dump_config: Any = None,
    ) -> EntityT:
        """Create a row, or update the one of this id, or with the same match_fields.

        Errors: ValidationFailed, Conflict.

        The library's looks for a row without what is null of its key, and so overwrites one that has nothing to do
        with it; without match_fields and an id it looks for one that has all the values already.
        """
        with self.wrapping(error_messages):
            values = await self._upserting(data, schema_dump_config)
            if item_id is not None:
                values |= self.rules.normalized({"id": item_id})
            names = self._names(match_fields, [values]) if item_id is None else ["id"]
            with naming_no_item():
                done = await self._upserted([values], names)
            refreshing = self._refreshing(attribute_names, with_for_update, wanted=auto_refresh)
            await self._finish(done, commit=auto_commit, expunge=auto_expunge, refreshing=refreshing)
            return done[0]

    async def get_or_upsert(
        self,
        *filters: Any,
        match_fields: list[str] | str | None = None,
        upsert: bool = True,
        attribute_names: Iterable[str] | None = None,
        with_for_update: Any = None,
        auto_commit: bool | None = None,
        auto_expunge: bool | None = None,
        auto_refresh: bool | None = None,
        error_messages: Any = Empty,
        load: Any = None,
        execution_options: dict[str, Any] | None = None,
        uniquify: bool | None = None,
        bind_group: str | None = None,
        schema_dump_config: Any = None,
        **kwargs: Any,
    ) -> tuple[EntityT, bool]:
        """The row that has these values of match_fields, with the others set, or a new one; and whether it is new.

        Errors: ValidationFailed, Conflict. The library's overwrites any row where what it matches by is null.
        """
        with self.wrapping(error_messages):
            options = _options(load, execution_options, bind_group, uniquify=uniquify)
            row = await self._find(match_fields, kwargs, filters, options)
            new = row is None
            if row is None:
                model = await self.to_model(kwargs, "create", schema_dump_config)
                row = await self.repository.add(model, auto_commit=False, auto_refresh=False)
            elif upsert:
                await self._change(row, await self.to_model(kwargs, "update", schema_dump_config))
            wanted = (new or upsert) and auto_refresh
            refreshing = self._refreshing(attribute_names, with_for_update, wanted=wanted)
            await self._finish([row], commit=auto_commit, expunge=auto_expunge, refreshing=refreshing)
            return row, new

    async def get_and_update(
        self,
        *filters: Any,
        match_fields: list[str] | str | None = None,
        attribute_names: Iterable[str] | None = None,
        with_for_update: Any = None,
        auto_commit: bool | None = None,
        auto_expunge: bool | None = None,
        auto_refresh: bool | None = None,
        error_messages: Any = Empty,
        load: Any = None,
        execution_options: dict[str, Any] | None = None,
        uniquify: bool | None = None,
        bind_group: str | None = None,
        schema_dump_config: Any = None,
        **kwargs: Any,
    ) -> tuple[EntityT, bool]:
        """The row that has these values of match_fields, with the others set; and whether it was different.

        Errors: NotFound, ValidationFailed, Conflict. The library's changes any row where what it matches by is null.
        """
        with self.wrapping(error_messages):
            options = _options(load, execution_options, bind_group, uniquify=uniquify)
            row = await self._find(match_fields, kwargs, filters, options)
            if row is None:
                raise row_not_found(self.spec)
            changed = await self._change(row, await self.to_model(kwargs, "update", schema_dump_config))
            refreshing = self._refreshing(attribute_names, with_for_update, wanted=auto_refresh)
            await self._finish([row], commit=auto_commit, expunge=auto_expunge, refreshing=refreshing)
            return row, changed

    # Helpers

    async def _models(self, data: Iterable[Any], operation: str, schema_dump_config: Any) -> list[EntityT]:
        found = []
        for place, item in enumerate(data):
            with naming_item(place):
                found.append(await self.to_model(item, operation, schema_dump_config))
        return found

    async def _change(self, row: EntityT, model: EntityT) -> bool:
        """Set the columns of a row that a model has; whether it was different. Errors: ValidationFailed, Conflict."""
        return bool(await self.set_columns([row], [changes(row, model)]))

    async def _upserting(self, data: Any, schema_dump_config: Any) -> dict[str, Any]:
        """The columns that an item of an upsert has values for, normalized. Errors: ValidationFailed."""
        return self._dumped(await self.to_model_on_upsert(self._dumped(data, schema_dump_config)))

    async def _upserted(self, items: Sequence[dict[str, Any]], names: Sequence[str]) -> Upserts[EntityT]:
        needed = required(self.model_type, names)
        batches.require_keys(items, needed, needed)
        batches.check_distinct_keys([tuple(item.get(name) for name in names) for item in items], names)
        rows = await self.matches(items, names)
        # Together with others a column says nothing of who else has its value.
        matched = names if len(names) == 1 else ()
        # Two items that give different columns of the key may still mean one row.
        batches.check_distinct_keys([(place,) if row is None else (row.id,) for place, row in enumerate(rows)], names)
        new: dict[int, EntityT] = {}
        wanted: dict[int, dict[str, Any]] = {}
        for place, (item, row) in enumerate(zip(items, rows, strict=True)):
            with naming_item(place):
                if row is None:
                    new[place] = await self.to_model({**item}, "create")
                else:
                    wanted[place] = changes(row, await self.to_model({**item}, "update"))
        old = [row for row in rows if row is not None]
        changed = await self.set_columns(old, [*wanted.values()], [*wanted], matched=matched)
        try:
            await self.insert([*new.values()], [*new], matched=matched)
        except IntegrityError as error:
            if not isinstance(translate(error), Conflict):
                raise
            raise ConcurrentWrite("Other writers were busy with the same keys.") from error
        done = Upserts(new[place] if row is None else row for place, row in enumerate(rows))
        done.created, done.updated, done.unchanged = len(new), changed, len(old) - changed
        return done

    def _names(self, match_fields: list[str] | str | None, items: Sequence[Values]) -> list[str]:
        if match_fields is None and items and all(item.get("id") is not None for item in items):
            return ["id"]
        match_fields = match_fields or self.match_fields
        return self._known([match_fields] if isinstance(match_fields, str) else list(match_fields))

    def _known(self, names: list[str]) -> list[str]:
        """The names. Errors: RepositoryError, where one is no column's."""
        unknown = [name for name in names if name not in self.model_type.__table__.columns]
        if unknown:
            raise RepositoryError(detail=f"No {self.spec.noun} has a column {', '.join(unknown)} to be found by.")
        return names

    async def _find(
        self, match_fields: list[str] | str | None, values: Values, filters: Sequence[Any], options: dict[str, Any]
    ) -> EntityT | None:
        """The row that has these values of match_fields, if there is one.

        Errors: ValidationFailed, where any row could have them; MultipleResultsFoundError.
        """
        names = self._names(match_fields, [values])
        field_errors = [
            FieldError("missing", "nothing else says which row it is", path=(name,))
            for name in required(self.model_type, names)
            if values.get(name) is None and not (filters and name not in values)
        ]
        if field_errors:
            raise ValidationFailed("There is nothing to find the row by.", field_errors)
        key = self.rules.normalized({name: values[name] for name in names if name in values})
        # In SQL nothing equals null; SQLAlchemy writes IS NULL.
        conditions = (getattr(self.model_type, name) == value for name, value in key.items())
        await self.flush()
        return await self.repository.get_one_or_none(*filters, *conditions, **options)

    def _refreshing(self, names: Any, with_for_update: Any, *, wanted: bool | None) -> dict[str, Any] | None:
        refresh = self.repository.auto_refresh if wanted is None else wanted
        return {"attribute_names": names, "with_for_update": with_for_update} if refresh else None

    async def _finish(
        self,
        rows: list[EntityT],
        *,
        commit: bool | None,
        expunge: bool | None,
        refreshing: dict[str, Any] | None = None,
    ) -> list[EntityT]:
        """The rows, after what the caller, or else the service, is told to do with them."""
        if self.repository.auto_commit if commit is None else commit:
            await self.session.commit()
        if refreshing is not None:
            for row in rows:
                await self.session.refresh(row, **refreshing)
        if self.repository.auto_expunge if expunge is None else expunge:
            for row in rows:
                if row in self.session:
                    self.session.expunge(row)
        return rows


def _options(
    load: Any, execution_options: dict[str, Any] | None, bind_group: str | None, *, uniquify: bool | None
) -> dict[str, Any]:
    """What the library's verbs are told of how a row is read."""
    return {"load": load, "execution_options": execution_options, "uniquify": uniquify, "bind_group": bind_group}


def _name(id_attribute: Any) -> str:
    """The column that an argument names: by its name, as an attribute of a model, or not at all."""
    return getattr(id_attribute, "key", id_attribute) or "id"
