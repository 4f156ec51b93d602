# Generated from core/aio/services/tags.py by tools/unasync.py: do not edit, run "make twins".
"""Tags."""

from __future__ import annotations

from collections.abc import Sequence

from advanced_alchemy.repository import SQLAlchemySyncRepository
from sqlalchemy.exc import IntegrityError

from diptych.core.catalogue.tags import queries
from diptych.core.catalogue.tags.model import Tag
from diptych.core.refusals import ConcurrentWrite
from diptych.core.sync.services.resource_service import CatalogueService


class TagService(CatalogueService[Tag]):
    """Tags; deleting one detaches it from its books."""

    class Repo(SQLAlchemySyncRepository[Tag]):
        """The tag table."""

        model_type = Tag

    repository_type = Repo
    spec = queries.spec
    match_fields = ["name"]  # noqa: RUF012 - as the library declares it

    def named(self, names: Sequence[str]) -> list[Tag]:
        """Return the tags of these distinct names, in order; create those that do not exist.

        Errors: RetryableConflict, when another writer creates one of them at the same time.
        """
        if not names:
            return []
        found = {tag.name: tag for tag in self.get_many(Tag.name.in_(names))}
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
