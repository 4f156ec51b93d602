"""The methods of every resource's service: advanced-alchemy's, overridden where theirs do not keep the contract.

They raise the library's errors, or the driver's if the service was created with wrap_exceptions=False. The errors of
their own checks (diptych.core.refusals) are subclasses of both the core's and the library's errors.
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
from diptych.core.deadline import checking_async
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
    """Rows of a resource in one transaction. match_fields: the columns by which an upsert finds a row."""

    match_fields: ClassVar[list[str]]

    async def to_model(self, data: Any, operation: str | None = None, schema_dump_config: Any = None) -> EntityT:
        """Convert data as the library does, but apply schema_dump_config to the hooks' data too."""
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

        The library's method binds one parameter for each value, and its error does not say which row is invalid.
        """
        with self.wrapping(error_messages):
            models = await self._models(data, "create", schema_dump_config)
            await self.session.flush()
            # Instances that were already in the session have been flushed.
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

        The library's method sets `updated_at` of unchanged rows, and does not say which row is missing.
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

        Without match_fields, rows are found by id if every item has one, else by the class's match_fields. The
        library's method runs one hook for created and updated rows, assigns no slugs, and sets `updated_at` of
        unchanged rows.
        """
        with self.wrapping(error_messages):
            items = []
            async for place, item in checking_async(enumerate(data)):
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
        """Delete rows, all or none; return them, in order. Errors: NotFound, ValidationFailed, Conflict.

        The library's method ignores ids without a row.
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
        """Delete the row of an id; return it. Errors: NotFound, Conflict.

        The library's method recognizes a foreign-key error by PostgreSQL 17's message; 18 has another.
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

        The library's method changes the id of a row if the data contain one, and does not update related rows.
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

        The library's method leaves null key columns out of the search, so it can overwrite an unrelated row. Without
        match_fields and an id it searches for a row with all the values.
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
        """Return the row with these values of match_fields, with the others set, or a new one; and whether it is new.

        Errors: ValidationFailed, Conflict. The library's method overwrites any row if the match fields are null.
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
        """Return the row with these values of match_fields, with the others set; and whether it changed.

        Errors: NotFound, ValidationFailed, Conflict. The library's method changes any row if the match fields are null.
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
        async for place, item in checking_async(enumerate(data)):
            with naming_item(place):
                found.append(await self.to_model(item, operation, schema_dump_config))
        return found

    async def _change(self, row: EntityT, model: EntityT) -> bool:
        """Set a model's columns on a row; return whether it changed. Errors: ValidationFailed, Conflict."""
        return bool(await self.set_columns([row], [changes(row, model)]))

    async def _upserting(self, data: Any, schema_dump_config: Any) -> dict[str, Any]:
        """Return the columns that are set in an item of an upsert, normalized. Errors: ValidationFailed."""
        return self._dumped(await self.to_model_on_upsert(self._dumped(data, schema_dump_config)))

    async def _upserted(self, items: Sequence[dict[str, Any]], names: Sequence[str]) -> Upserts[EntityT]:
        needed = required(self.model_type, names)
        batches.require_keys(items, needed, needed)
        batches.check_distinct_keys([tuple(item.get(name) for name in names) for item in items], names)
        rows = await self.matches(items, names)
        # Matching a composite key does not prove that one of its columns is unique: that is still to be checked.
        matched = names if len(names) == 1 else ()
        # Two items with different columns of the key may still match one row.
        batches.check_distinct_keys([(place,) if row is None else (row.id,) for place, row in enumerate(rows)], names)
        new: dict[int, EntityT] = {}
        wanted: dict[int, dict[str, Any]] = {}
        async for place, (item, row) in checking_async(enumerate(zip(items, rows, strict=True))):
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
        """Return the names. Errors: RepositoryError, if one is not the name of a column."""
        unknown = [name for name in names if name not in self.model_type.__table__.columns]
        if unknown:
            raise RepositoryError(detail=f"No {self.spec.noun} has a column {', '.join(unknown)} to be found by.")
        return names

    async def _find(
        self, match_fields: list[str] | str | None, values: Values, filters: Sequence[Any], options: dict[str, Any]
    ) -> EntityT | None:
        """Return the row with these values of match_fields, or None.

        Errors: ValidationFailed, if the values do not identify a row; MultipleResultsFoundError.
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
        """Commit, refresh and expunge as the call or, by default, the service says; return the rows."""
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
    """Return the library's arguments for reading a row."""
    return {"load": load, "execution_options": execution_options, "uniquify": uniquify, "bind_group": bind_group}


def _name(id_attribute: Any) -> str:
    """Return the name of the column that an argument gives as a name or as a model's attribute; by default the id."""
    return getattr(id_attribute, "key", id_attribute) or "id"
