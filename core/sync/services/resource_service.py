# Generated from core/aio/services/resource_service.py by tools/unasync.py: do not edit, run "make twins".
"""What every resource's service can do."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from advanced_alchemy.repository import SQLAlchemySyncRepository
from advanced_alchemy.service import SQLAlchemySyncRepositoryService
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified
from uuid_utils.compat import uuid7

from diptych.core.db.error_translation import translate
from diptych.core.engine import batches, slugs
from diptych.core.engine import row_statements as statements
from diptych.core.engine.entity import Record, now
from diptych.core.engine.resource_spec import Listing
from diptych.core.engine.row_dml import derived
from diptych.core.engine.schemas.pagination import Upserted
from diptych.core.errors import Conflict, Contention, Fault
from diptych.core.sync.bulk_insert import put_in
from diptych.core.sync.services.row_reader import Reader, missing
from diptych.core.sync.services.row_writer import Writer

RecordT = TypeVar("RecordT", bound=Record)
Values = dict[str, Any]
Places = Sequence[int] | None


class CatalogueService(SQLAlchemySyncRepositoryService[RecordT, SQLAlchemySyncRepository[RecordT]], Generic[RecordT]):
    """Rows of a resource in one transaction: `listing` says what it is, the other attributes how it is written.

    reader, writer: what reads it, and what writes one row. unique: columns whose values a client chooses and no two
    rows share. key: what an upsert matches by. key_not_null: the parts of it that must have a value.
    """

    listing: ClassVar[Listing]
    reader: ClassVar[type[Reader]] = Reader
    writer: ClassVar[type[Writer]] = Writer
    unique: ClassVar[tuple[str, ...]]
    key: ClassVar[tuple[str, ...]]
    key_not_null: ClassVar[tuple[str, ...]]

    def __init__(self, session: Session) -> None:
        # The driver's errors are translated once, around the whole unit of work: the library's own translation
        # files outages under IntegrityError. Rows are complete when flushed, so nothing is refreshed.
        super().__init__(session, auto_refresh=False, wrap_exceptions=False, count_with_window_function=False)
        self.session = session

    def represent(self, items: Sequence[Any]) -> list[Any]:
        """Flushed instances, or what `create_rows` returned, as answered, in order."""
        names = [column.key for column in self.listing.returning]
        return [self.listing.represent([getattr(item, name) for name in names]) for item in items]

    def locked(self, item_id: UUID) -> RecordT:
        """The row, locked until the unit of work ends. Errors: NotFound."""
        found = self.session.execute(statements.locked(self.model_type), {statements.VALUE: item_id})
        row: RecordT | None = found.scalar_one_or_none()
        if row is None:
            raise missing(self.listing)
        return row

    # All or nothing: faults name the item

    def add_all(self, items: Sequence[Values]) -> list[Any]:
        """Create rows, as answered, in order. Errors: Invalid, Conflict."""
        return self.represent(self.insert(items, range(len(items))))

    def change_all(self, items: Sequence[Values]) -> list[Any]:
        """Set the given columns of rows named by `id`, as answered, in order. Errors: NotFound, Invalid, Conflict."""
        batches.refuse_repeats([(item["id"],) for item in items], ("id",))
        instances = self._locked_all([item["id"] for item in items], "items", "id")
        changes = [{name: value for name, value in item.items() if name != "id"} for item in items]
        self.put(instances, changes, range(len(items)))
        return self.represent(instances)

    def remove_all(self, ids: Sequence[UUID]) -> None:
        """Delete rows. Errors: NotFound, Invalid, Conflict while others depend on one."""
        batches.refuse_repeated_ids(ids)
        self._locked_all(ids, "ids")
        self.refuse_depended_on(ids)
        self._deleted(ids)

    def upsert_all(self, items: Sequence[Values]) -> Upserted[Any]:
        """Create or update by the resource's key; columns that are not given stay. Errors: Invalid, Conflict."""
        batches.require_keys(items, self.key, self.key_not_null)
        keys = [tuple(item[name] for name in self.key) for item in items]
        batches.refuse_repeats(keys, self.key)
        rows = self._matches(items, keys)
        old = [place for place, row in enumerate(rows) if row is not None]
        new = [place for place, row in enumerate(rows) if row is None]
        # Unique columns are part of the key: what has been looked for by it need not be looked for again.
        changed = self.put([rows[place] for place in old], [items[place] for place in old], old, matched=True)
        try:
            created = self.insert([items[place] for place in new], new, matched=True)
        except IntegrityError as error:
            if not isinstance(translate(error), Conflict):
                raise
            raise Contention("Other writers were busy with the same keys.") from error
        for place, row in zip(new, created, strict=True):
            rows[place] = row
        return Upserted(self.represent(rows), len(new), changed, len(old) - changed)

    def _matches(self, items: Sequence[Values], keys: Sequence[tuple[Any, ...]]) -> list[Any]:
        """For each item the row with its key, or None. Errors: Conflict, naming the rows where there are several."""
        model = self.model_type
        first = self.key[0]
        statement = (
            select(model)
            .where(getattr(model, first).in_([item[first] for item in items]))
            .order_by(model.id)
            .with_for_update()
        )
        found: dict[tuple[Any, ...], list[RecordT]] = {}
        for row in (self.session.execute(statement)).scalars():
            found.setdefault(tuple(getattr(row, name) for name in self.key), []).append(row)
        faults = [
            Fault("ambiguous", f"matches {', '.join(str(row.id) for row in found[key])}", path=("items", place))
            for place, key in enumerate(keys)
            if len(found.get(key, ())) > 1
        ]
        if faults:
            raise Conflict(f"More than one {self.listing.noun} has the key of an item.", faults)
        return [found[key][0] if key in found else None for key in keys]

    # What the above is made of. `places`: each item's index in its batch, None where there is no batch

    def check(self, items: Sequence[Values], places: Places) -> None:
        """Refuse references to rows that are not there. Errors: Invalid."""

    def refuse_depended_on(self, ids: Sequence[UUID]) -> None:
        """Refuse to delete rows that others depend on, by name. Errors: Conflict."""

    def insert(self, items: Sequence[Values], places: Sequence[int], *, matched: bool = False) -> list[Any]:
        """As `create_rows`, where they may be. matched: nobody has their unique values. Errors: Invalid, Conflict."""
        if not items:
            return []
        self.check(items, places)
        if not matched:
            self._refuse_taken(items, [None] * len(items), places)
        return self.create_rows(items)

    def create_rows(self, items: Sequence[Values]) -> list[Any]:
        """Create rows; their columns as attributes, in order. Columns that are left out are made, or are null.

        Nobody has looked whether they may be: errors are the driver's.
        """
        moment = now()
        made = {**dict.fromkeys(self.model_type.__table__.columns.keys()), "created_at": moment, "updated_at": moment}
        rows = [{**made, "id": uuid7(), **derived(self.listing, values)} for values in items]
        unnamed = [row for row in rows if row["slug"] is None] if self.listing.slugged else []
        if unnamed:
            self._claim_slugs(unnamed)
        put_in(self.session, self.model_type, rows)
        return [SimpleNamespace(**row) for row in rows]

    def put(
        self, rows: Sequence[RecordT], changes: Sequence[Values], places: Places = None, *, matched: bool = False
    ) -> int:
        """Set columns and flush; how many rows were different. matched: as in insert. Errors: Invalid, Conflict."""
        if not rows:
            return 0
        self.check(changes, places)
        if places is not None and not matched:
            self._refuse_taken(changes, [row.id for row in rows], places)
        for row, values in zip(rows, changes, strict=True):
            for name, value in derived(self.listing, values).items():
                if getattr(row, name) != value:
                    setattr(row, name, value)
        changed = [(row, values) for row, values in zip(rows, changes, strict=True) if self.session.is_modified(row)]
        # Not left to the column's onupdate: after an UPDATE of several rows at once SQLAlchemy gives their
        # instances each other's value.
        moment = now()
        for row, values in changed:
            row.updated_at = values.get("updated_at", moment)
            flag_modified(row, "updated_at")
        self.session.flush()
        return len(changed)

    def _deleted(self, ids: Sequence[UUID]) -> set[UUID]:
        statement = statements.deleted(self.model_type)
        return set((self.session.execute(statement, {statements.VALUES: list(ids)})).scalars())

    def _locked_all(self, ids: Sequence[UUID], member: str, *rest: str) -> list[RecordT]:
        # In the order of their ids: two batches over the same rows then wait for each other instead of deadlocking.
        model = self.model_type
        statement = select(model).where(model.id.in_(ids)).order_by(model.id).with_for_update()
        found = {row.id: row for row in (self.session.execute(statement)).scalars()}
        faults = [
            Fault("not_found", f"there is no such {self.listing.noun}", path=(member, place, *rest))
            for place, item_id in enumerate(ids)
            if item_id not in found
        ]
        if faults:
            raise missing(self.listing, faults)
        return [found[item_id] for item_id in ids]

    def _refuse_taken(self, items: Sequence[Values], owners: Sequence[UUID | None], places: Sequence[int]) -> None:
        model = self.model_type
        faults: list[Fault] = []
        for name in self.unique:
            column = getattr(model, name)
            wanted = {item[name] for item in items if item.get(name) is not None}
            if wanted:
                holders = self.session.execute(select(column, model.id).where(column.in_(wanted)))
                faults.extend(batches.taken(items, owners, places, name, dict(holders.tuples().all())))
        if faults:
            raise Conflict(f"Another {self.listing.noun} has a value that must be unique.", faults)

    def _claim_slugs(self, items: Sequence[Values]) -> None:
        """Give each item a slug nobody has. Two writers that choose one at once are told apart by a second attempt."""
        plain = [slugs.slug(item[self.listing.named_by], fallback=self.listing.noun) for item in items]
        statement = statements.taken(self.model_type)
        used = set((self.session.execute(statement, {statements.VALUES: list(set(plain))})).scalars())
        for item, slug in zip(items, plain, strict=True):
            item["slug"] = slug if slug not in used else slugs.with_suffix(slug, slugs.token(uuid7()))
            used.add(item["slug"])
