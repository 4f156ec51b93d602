# Generated from core/aio/services/tags.py by tools/unasync.py: do not edit, run "make twins".
"""Tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from advanced_alchemy.repository import SQLAlchemySyncRepository
from sqlalchemy import CompoundSelect, Select, Uuid, delete, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from diptych.core.catalogue.books.model import Book, BookTag
from diptych.core.catalogue.tags import queries
from diptych.core.catalogue.tags.model import Tag, TagAlias
from diptych.core.db.error_translation import not_unique
from diptych.core.engine.entity import now
from diptych.core.errors import Conflict
from diptych.core.refusals import ConcurrentWrite
from diptych.core.sync.services.merging import MergeableService, NamedReader

NAMING = 0x64697074_6E616D
"""The advisory lock of whoever gives tags other names on PostgreSQL: "diptnam" in ASCII."""


class TagReader(NamedReader):
    """Tags, with their other names."""

    other_names = TagAlias


class TagService(MergeableService[Tag]):
    """Tags; deleting one detaches it from its books."""

    class Repo(SQLAlchemySyncRepository[Tag]):
        """The tag table."""

        model_type = Tag

    repository_type = Repo
    spec = queries.spec
    reader = TagReader
    other_names = TagAlias
    merged = ("description", "scheme")
    match_fields = ["name"]  # noqa: RUF012 - as the library declares it

    def check_part(self, row: Tag, part: str, new: Sequence[Mapping[str, Any]]) -> None:  # noqa: ARG002 - it has one
        if new:
            names = [each["name"] for each in new]
            # Not the tags' own names, which go before: such a tag may have been created after this one had the name.
            self._check_free(names, _had_by_others(row.id, names))

    def named(self, names: Sequence[str]) -> list[Tag]:
        """Return the tags of these distinct names or other names, in order; create those that do not exist.

        Errors: RetryableConflict, when another writer creates one of them at the same time.
        """
        if not names:
            return []
        found = {tag.name: tag for tag in self.get_many(Tag.name.in_(names))}
        if unknown := [name for name in names if name not in found]:
            aliases = select(TagAlias.name, Tag).join(Tag, Tag.id == TagAlias.tag_id).where(TagAlias.name.in_(unknown))
            found |= dict((self.session.execute(aliases)).tuples().all())
        # All writers use one order: two of them then wait for each other instead of deadlocking.
        missing = sorted(name for name in names if name not in found)
        if missing:
            try:
                new = [self.to_model({"name": name}, "create") for name in missing]
                self.insert(new, range(len(new)), matched=self.unique)
            except IntegrityError as error:
                raise ConcurrentWrite("Other writers were busy with the same tags.") from error
            found |= {tag.name: tag for tag in new}
        return [found[name] for name in names]

    def check_names(self, item_id: UUID, names: Sequence[str]) -> None:
        own = select(Tag.name).where(Tag.name.in_(names), Tag.id != item_id)
        self._check_free(names, own.union(_had_by_others(item_id, names)))

    def name_holders(self, names: Sequence[str]) -> dict[str, set[UUID]]:
        found: dict[str, set[UUID]] = {name: set() for name in names}
        if found:
            self._lock_names()
            having = select(TagAlias.name, TagAlias.tag_id).where(TagAlias.name.in_(found))
            for name, tag_id in self.session.execute(having):
                found[name].add(tag_id)
        return found

    def _lock_names(self) -> None:
        """Have other writers of other names wait: two at once would each see that a name is free.

        Not by a unique index: where the previous release merges tags, both have the names for a moment.
        """
        if self.session.get_bind().dialect.name == "postgresql":
            self.session.execute(select(func.pg_advisory_xact_lock(NAMING)))

    def _check_free(self, names: Sequence[str], having: Select[tuple[str]] | CompoundSelect[tuple[str]]) -> None:
        self._lock_names()
        taken = set(self.session.scalars(having)) if names else set()
        if taken:
            field_errors = [not_unique("items", place) for place, name in enumerate(names) if name in taken]
            raise Conflict("A name is another tag's.", field_errors)

    def move(self, item_id: UUID, others: Sequence[UUID]) -> None:
        # By statements of the database: a tag may have hundreds of thousands of books.
        books = select(BookTag.book_id).where(BookTag.tag_id.in_(others))
        touched = update(Book).where(Book.id.in_(books)).values(updated_at=now())
        self.session.execute(touched, execution_options={"synchronize_session": False})
        own = select(BookTag.book_id).where(BookTag.tag_id == item_id)
        missing = books.with_only_columns(BookTag.book_id, literal(item_id, Uuid())).distinct()
        new = insert(BookTag).from_select(["book_id", "tag_id"], missing.where(BookTag.book_id.not_in(own)))
        self.session.execute(new)
        self.session.execute(delete(BookTag).where(BookTag.tag_id.in_(others)))
        # A tag's own name goes before: where a third tag has it as another name, books were given the tag that goes.
        names, third = select(Tag.name).where(Tag.id.in_(others)), TagAlias.tag_id.not_in([item_id, *others])
        self.session.execute(delete(TagAlias).where(TagAlias.name.in_(names), third))


def _had_by_others(item_id: UUID, names: Sequence[str]) -> Select[tuple[str]]:
    """Return the query for those of the names that are other names of other tags."""
    return select(TagAlias.name).where(TagAlias.name.in_(names), TagAlias.tag_id != item_id)
