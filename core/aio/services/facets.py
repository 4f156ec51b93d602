"""Read the facets of books: counted for a request up to a number of rows, and kept counts beyond that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from diptych.core.aio.services.books import tag_ids
from diptych.core.aio.statement_executor import Executor
from diptych.core.catalogue import kept_counts
from diptych.core.catalogue.books import schemas
from diptych.core.catalogue.books.facets import FACETS, NAMES
from diptych.core.catalogue.books.queries import spec
from diptych.core.catalogue.sizes import KINDS, SIZES, Sizes
from diptych.core.engine import facets
from diptych.core.engine.facets import CAP
from diptych.core.engine.pagination import BoundListQuery
from diptych.core.engine.row_statements import VALUES
from diptych.core.engine.schemas.pagination import FilterQuery


def own_filters(query: FilterQuery, names: Sequence[str]) -> list[str]:
    """Return those of some facets by whose values a query selects."""
    return [name for name in names if getattr(query, f"{FACETS[name].name}_in")]


class FacetReader:
    """Facets of the books that a query selects; one reader is for one query.

    Each is counted without the query's filter by its own values: a count is the total of the list that has this value
    in the place of them.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._kept: dict[str, tuple[datetime, Any]] = {}
        self._asked: set[str] = set()
        self._tag_ids: list[UUID] = []

    async def facets(self, query: FilterQuery, names: Sequence[str], size: int) -> list[schemas.Facet]:
        """Return some facets, each with its `size` most common values.

        One statement counts them, and one more each facet by whose values the query selects. Where nothing is selected,
        one reads the kept counts, and another counts where there are none or the catalogue is small.
        """
        own = own_filters(query, names)
        groups = [[name] for name in own]
        if others := [name for name in dict.fromkeys(names) if name not in own]:
            groups.append(others)
        found: dict[str, schemas.Facet] = {}
        for group in groups:
            bound = await self._bound(query, FACETS[group[0]].name)
            found |= await self._group(bound, group, size)
        return [found[name] for name in dict.fromkeys(names)]

    async def names_in(self, query: FilterQuery) -> dict[str, str]:
        """Return the names of the rows by whose ids a query selects, by the text of the id."""
        found: dict[str, str] = {}
        for parameter, statement in NAMES.items():
            if ids := getattr(query, parameter):
                rows = await self._executor.all(statement, {VALUES: ids})
                found |= {str(row_id): name for row_id, name in rows}
        return found

    async def sizes(self) -> Sizes:
        """Return how many rows there are of each kind: diptych.core.catalogue.sizes.COUNTED + 1 for any more."""
        await self._load([])
        if kept := self._kept.get(kept_counts.SIZES):
            counted_at, numbers = kept
            return Sizes(numbers, counted_at)
        (row,) = await self._executor.all(SIZES, {})
        return Sizes(dict(zip(KINDS, row, strict=True)))

    async def _bound(self, query: Any, facet: str) -> BoundListQuery:
        """Bind a query without the filter by a facet's own values, and with the ids of tags for their names."""
        names: list[str] | None = query.tags_in
        if not names or facet == "tags":
            return facets.bind(spec, query, facet)
        if not self._tag_ids:
            self._tag_ids = await tag_ids(self._executor, names)
        return facets.bind(spec, query.model_copy(update={"tags_in": None}), facet, {"tag_ids": self._tag_ids})

    async def _group(self, bound: BoundListQuery, names: Sequence[str], size: int) -> dict[str, schemas.Facet]:
        """Return the facets that are counted among the same books."""
        if not facets.selects(bound.shape):
            await self._load(names)
            if all(name in self._kept for name in names):
                return {
                    name: _facet(name, _kept_values(self._kept[name][1], size), self._kept[name][0]) for name in names
                }
        chosen = tuple(FACETS[name] for name in names)
        rows = await self._executor.all(
            facets.of_matches(spec, chosen, bound.shape), {**bound.values, facets.SIZE: size}
        )
        counted = facets.by_facet(chosen, rows)
        return {name: _facet(name, values) for name, values in zip(names, counted, strict=True)}

    async def _load(self, names: Sequence[str]) -> None:
        """Read the kept counts; of a small catalogue none, because it is counted for each request."""
        wanted = {kept_counts.SIZES, *names} - self._asked
        if not wanted:
            return
        self._asked |= wanted
        rows = await self._executor.all(kept_counts.KEPT, {VALUES: sorted(wanted), "seconds": -kept_counts.STALE})
        self._kept |= {name: (counted_at, msgspec.json.decode(counts)) for name, counted_at, counts in rows}
        if kept_counts.SIZES in self._kept and self._kept[kept_counts.SIZES][1]["books"] <= CAP:
            self._kept.clear()


def _kept_values(counts: Any, size: int) -> list[facets.Value]:
    return [facets.Value(*each) for each in counts[:size]]


def _facet(name: str, values: Sequence[facets.Value], counted_at: datetime | None = None) -> schemas.Facet:
    shown = [schemas.FacetValue(each.value, each.name, each.count) for each in values]
    return schemas.Facet(name, f"{name}In", counted_at, shown)
