# Generated from core/aio/services/tags.py by tools/unasync.py: do not edit, run "make twins".
"""Tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from advanced_alchemy.repository import SQLAlchemySyncRepository
from sqlalchemy.exc import IntegrityError

from diptych.core.catalogue.models import Tag
from diptych.core.catalogue.tags import queries
from diptych.core.errors import Contention
from diptych.core.sync.services.resource_service import CatalogueService


class TagRepository(SQLAlchemySyncRepository[Tag]):
    """The tag table."""

    model_type = Tag


class TagService(CatalogueService[Tag]):
    """Tags; deleting one detaches it from its books."""

    repository_type = TagRepository
    listing = queries.listing
    unique = ("name",)
    key = ("name",)
    key_not_null = ("name",)

    def named(self, names: Sequence[str]) -> list[Any]:
        """The tags of these distinct names, in order; those that are missing are made.

        Errors: Contention, when another writer makes one of them at the same time.
        """
        if not names:
            return []
        found = {tag.name: tag for tag in self.get_many(Tag.name.in_(names))}
        # In one order for everyone: two writers then wait for each other instead of deadlocking.
        missing = sorted(name for name in names if name not in found)
        if missing:
            try:
                found |= {tag.name: tag for tag in self.create_rows([{"name": name} for name in missing])}
            except IntegrityError as error:
                raise Contention("Other writers were busy with the same tags.") from error
        return [found[name] for name in names]
