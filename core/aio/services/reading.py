"""How every resource is read: as rows of columns, which nothing keeps track of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.asyncio.engine import AsyncConnection

from core.errors import Fault, NotFound
from core.queries import listing as lists
from core.queries import paging
from core.queries import rows as statements
from core.queries.listing import Condition, Listing
from core.schemas.lists import ListQuery, Page

Executor = AsyncConnection | AsyncSession
"""What a unit of work that reads has, or one that writes and has to read first."""


def missing(listing: Listing, faults: Sequence[Fault] = ()) -> NotFound:
    """The error for a row that is not there."""
    return NotFound(f"There is no such {listing.noun}.", faults)


class Reader:
    """A resource's rows as they are answered."""

    def __init__(self, connection: Executor, listing: Listing) -> None:
        self.connection = connection
        self.listing = listing

    async def page(self, query: ListQuery, *also: Condition) -> Page[Any]:
        """The page that `query` asks for, of the rows that meet `also` too.

        One statement finds the rows, another those without a value or of a lower rank, where the page gets to them. One
        more counts where there are more than the page shows.
        """
        where = [*also, *lists.conditions(self.listing, query)]
        found: list[Any] = []
        for statement in paging.statements(self.listing, query, where):
            if wanted := query.page_size + 1 - len(found):
                found += await self.connection.execute(statement.limit(wanted))
        total = paging.known_total(query, len(found)) if query.total else None
        if query.total and total is None:
            total = (await self.connection.execute(paging.count(self.listing, query, where))).scalar_one()
        return paging.page(self.listing, query, found, total)

    async def fetch(self, column: str, value: Any) -> Any:
        """The row that has a value in a unique column. Errors: NotFound."""
        statement = lists.one(self.listing, column)
        row = (await self.connection.execute(statement, {statements.VALUE: value})).one_or_none()
        if row is None:
            raise missing(self.listing)
        return self.listing.represent(row)

    async def after(self, last: UUID | None, limit: int) -> list[Any]:
        """Up to `limit` rows by id, from the one after `last`; None for the first."""
        model = self.listing.model
        statement = self.listing.select.order_by(model.id).limit(limit)
        if last is not None:
            statement = statement.where(model.id > last)
        return [self.listing.represent(row) for row in await self.connection.execute(statement)]

    async def require(self, item_id: UUID) -> None:
        """Errors: NotFound when there is no such row."""
        statement = statements.there(self.listing.model)
        if (await self.connection.execute(statement, {statements.VALUE: item_id})).one_or_none() is None:
            raise missing(self.listing)
