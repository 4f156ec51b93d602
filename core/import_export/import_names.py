"""Find or create the publishers, series and tags that the records of a batch name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, Select, exists, select, union_all
from sqlalchemy.orm import Session

from diptych.core.catalogue.publishers.model import Publisher, PublisherName
from diptych.core.catalogue.series.model import Series
from diptych.core.catalogue.tags.model import Tag, TagAlias
from diptych.core.engine.row_statements import VALUES, in_batch
from diptych.core.formats.record import TagName
from diptych.core.sync.services.publishers import PublisherService
from diptych.core.sync.services.series import SeriesService
from diptych.core.sync.services.tags import TagService

PUBLISHERS = union_all(
    select(Publisher.name, Publisher.id).where(in_batch(Publisher.name)),
    select(PublisherName.name, PublisherName.publisher_id).where(in_batch(PublisherName.name)),
)
SERIES = select(Series.name, Series.id).where(in_batch(Series.name))
"""A name, or another name, and the id of each row that has one in VALUES."""

TAGS = union_all(
    select(Tag.name, Tag.id).where(in_batch(Tag.name)),
    select(TagAlias.name, TagAlias.tag_id).where(in_batch(TagAlias.name), ~exists().where(Tag.name == TagAlias.name)),
)
"""The same of tags: another name counts only while no tag has it as its own."""


def find_or_create_publishers(session: Session, names: Iterable[str | None]) -> dict[str, UUID]:
    """Return the ids of publishers by name; of several with one name, the one that was created first."""
    wanted = {name: {"name": name} for name in names if name is not None}
    return _found_or_created(session, PUBLISHERS, PublisherService(session, wrap_exceptions=False), wanted)


def find_or_create_series(session: Session, names: Iterable[str]) -> dict[str, UUID]:
    """Return the ids of series by name; of several with one name, the one that was created first."""
    wanted = {name: {"name": name} for name in names}
    return _found_or_created(session, SERIES, SeriesService(session, wrap_exceptions=False), wanted)


def find_or_create_tags(session: Session, tags: Iterable[TagName]) -> dict[str, UUID]:
    """Return the ids of tags by name. A tag that exists keeps its scheme."""
    wanted: dict[str, dict[str, Any]] = {}
    for tag in tags:
        known = wanted.setdefault(tag.name, {"name": tag.name, "scheme": tag.scheme})
        known["scheme"] = known["scheme"] or tag.scheme
    return _found_or_created(session, TAGS, TagService(session, wrap_exceptions=False), wanted)


def _found_or_created(
    session: Session,
    by_name: Select[Any] | CompoundSelect[Any],
    service: PublisherService | SeriesService | TagService,
    wanted: Mapping[str, dict[str, Any]],
) -> dict[str, UUID]:
    if not wanted:
        return {}
    # All writers use one order: two of them then wait for each other instead of deadlocking.
    names = sorted(wanted)
    found: dict[str, UUID] = {}
    for name, row_id in session.execute(by_name, {VALUES: names}):
        found[name] = min(row_id, found.get(name, row_id))
    made = service.create_rows([wanted[name] for name in names if name not in found])
    return found | {row["name"]: row["id"] for row in made}
