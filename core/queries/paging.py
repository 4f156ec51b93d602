"""Pages of a list: by their number, or from a cursor."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, case, func, literal, select, tuple_

from core.errors import Fault, Invalid
from core.queries import listing as lists
from core.queries.listing import Condition, Listing
from core.rules import cursors
from core.rules.cursors import Cursor
from core.schemas.lists import RELEVANCE, ListQuery, Page


def statements(listing: Listing, query: ListQuery, where: Sequence[Condition]) -> list[Select[Any]]:
    """What selects a page: each statement is for as many rows as those before it left to be found.

    The order is what was asked, rows without a value last, and the id as the last tie-break. Each row ends with the
    value that it is ordered by, and its id.

    Errors: Invalid for a cursor that is not of this list in this order.
    """
    if query.order_by == RELEVANCE:
        return _by_relevance(listing, query, where)
    column, id_column = listing.order_by[query.order_by], listing.model.id
    selected = listing.select.add_columns(column, id_column).where(*where, *lists.having_words(listing, query))
    if query.cursor is not None:
        return [
            selected.where(beyond).order_by(*order) for beyond, order in _beyond(column, id_column, _checked(query))
        ]
    descending = query.sort_order == "desc"
    order = (_directed(column, descending), _directed(id_column, descending))
    if query.current_page == 1:
        parts = [(column.is_not(None),), (column.is_(None),)] if column.nullable else [()]
        return [selected.where(*part).order_by(*order) for part in parts]
    if column.nullable:
        order = (order[0].nulls_last(), order[1])
    # What is left out is found in the index alone: of these rows nothing else is looked at.
    shown = select(id_column).where(*where, *lists.having_words(listing, query)).order_by(*order)
    shown = shown.offset(_offset(query)).limit(query.page_size + 1).correlate(None)
    return [listing.select.add_columns(column, id_column).where(id_column.in_(shown)).order_by(*order)]


def _by_relevance(listing: Listing, query: ListQuery, where: Sequence[Condition]) -> list[Select[Any]]:
    """As `statements`, rank by rank, and by the id within each. Errors: Invalid."""
    ranks, id_column = lists.ranks(listing, query), listing.model.id
    down = query.sort_order == "desc"
    beyond: list[Condition] = []
    if query.cursor is not None:
        cursor = _checked(query)
        down = down == cursor.forward
        here = _rank(cursor, ranks)
        ranks = [each for each in ranks if each[0] == here or (each[0] < here) == down]
        beyond = [_COMPARE[down, cursor.inclusive](id_column, literal(cursor.id, id_column.type))]
    elif query.current_page > 1:
        rank = case(*((condition, value) for value, condition in ranks))
        selected = listing.select.add_columns(rank, id_column).where(*where, *lists.having_words(listing, query))
        return [selected.order_by(_directed(rank, down), _directed(id_column, down)).offset(_offset(query))]
    found = []
    for value, condition in ranks if down else ranks[::-1]:
        selected = listing.select.add_columns(literal(value), id_column).where(*where, condition, *beyond)
        found.append(selected.order_by(_directed(id_column, down)))
        beyond = []
    return found


def _rank(cursor: Cursor, ranks: Sequence[tuple[int, Condition]]) -> int:
    """The rank that a cursor is at. Errors: Invalid."""
    for value, _ in ranks:
        if value == cursor.value:
            return value
    raise _unknown()


def count(listing: Listing, query: ListQuery, where: Sequence[Condition]) -> Select[tuple[int]]:
    """How many rows there are in all the pages together."""
    return select(func.count()).select_from(listing.model).where(*where, *lists.having_words(listing, query))


def known_total(query: ListQuery, found: int) -> int | None:
    """How many rows there are in all, where one more than a page has told it by not being found."""
    if query.cursor is not None or found > query.page_size or (not found and query.current_page > 1):
        return None
    return _offset(query) + found


def page(listing: Listing, query: ListQuery, rows: Sequence[Row[Any]], total: int | None) -> Page[Any]:
    """The page that these rows make: as many as it has, and one more where there are more."""
    cursor = query.cursor
    forward = cursor is None or cursor.forward
    shown = rows[: query.page_size][:: 1 if forward else -1]
    more, elsewhere = len(rows) > query.page_size, cursor is not None or query.current_page > 1
    before, after = (elsewhere, more) if forward else (more, elsewhere)
    return Page(
        [listing.represent(row[:-2]) for row in shown],
        query.page_size,
        _offset(query) if cursor is None else None,
        total,
        _place(query, shown[-1:], forward=True) if after else None,
        _place(query, shown[:1], forward=False) if before else None,
    )


def _offset(query: ListQuery) -> int:
    return (query.current_page - 1) * query.page_size


def _directed(column: Any, descending: bool) -> Any:  # noqa: FBT001 - which way
    return column.desc() if descending else column.asc()


Part = tuple[Condition, tuple[Any, ...]]


def _beyond(column: Any, id_column: Any, cursor: Cursor) -> list[Part]:
    """Conditions with their order: rows with a value apart from those without, as an index can find each at once."""
    descending = (cursor.sort_order == "desc") == cursor.forward
    order = (_directed(column, descending), _directed(id_column, descending))
    compare = _COMPARE[descending, cursor.inclusive]
    here = literal(cursor.id, id_column.type)
    # Rows without a value are ordered by it, too: PostgreSQL takes the index for no other order.
    if cursor.value is None and column.nullable:
        rest: Part = (and_(column.is_(None), compare(id_column, here)), order)
        return [rest] if cursor.forward else [rest, (column.is_not(None), order)]
    place = tuple_(literal(_read(cursor.value, column), column.type), here)
    rest = (compare(tuple_(column, id_column), place), order)
    return [rest, (column.is_(None), order)] if column.nullable and cursor.forward else [rest]


_COMPARE: dict[tuple[bool, bool], Callable[[Any, Any], Condition]] = {
    (False, False): operator.gt,
    (False, True): operator.ge,
    (True, False): operator.lt,
    (True, True): operator.le,
}


def _checked(query: ListQuery) -> Cursor:
    """The query's cursor. Errors: Invalid where it goes not together with the rest of the query."""
    cursor = query.cursor
    assert cursor is not None  # noqa: S101 - whoever calls has looked
    faults = []
    if "current_page" in query.model_fields_set:
        faults.append(Fault("superfluous", "a cursor says where the page is", parameter="currentPage"))
    if (cursor.order_by, cursor.sort_order) != (query.order_by, query.sort_order):
        faults.append(Fault("cursor", "is of a list in another order", parameter="cursor"))
    if faults:
        raise Invalid("The request has errors; each is listed.", faults)
    return cursor


def _place(query: ListQuery, rows: Sequence[Row[Any]], *, forward: bool) -> str | None:
    """The cursor of what lies beyond a row, or beyond no rows at all, in one direction."""
    if rows:
        value, row_id = rows[0][-2:]
        return str(Cursor(query.order_by, query.sort_order, forward, False, _written(value), row_id))
    cursor: Cursor | None = query.cursor
    return None if cursor is None else str(replace(cursor, forward=forward, inclusive=not cursor.inclusive))


def _written(value: Any) -> str | int | None:
    match value:
        case date():
            return value.isoformat().replace("+00:00", "Z")
        case UUID():
            return str(value)
    found: str | int | None = value
    return found


def _read(value: str | int | None, column: Any) -> Any:
    """The value of a column that a cursor tells. Errors: Invalid."""
    try:
        found = _KINDS[column.type.python_type](value)
        if _written(found) == value:
            return found
    except (ValueError, TypeError, AttributeError):
        pass  # of another kind than the column: told below
    raise _unknown()


def _unknown() -> Invalid:
    fault = Fault("cursor", cursors.UNKNOWN, parameter="cursor")
    return Invalid("The request has errors; each is listed.", [fault])


def _moment(value: str) -> datetime:
    # A time that is not UTC could be one that UTC has no year for.
    found = datetime.fromisoformat(value)
    if found.tzinfo != UTC:
        raise ValueError
    return found


def _small(value: int) -> int:
    if not -(2**15) <= value < 2**15:
        raise ValueError
    return value


_KINDS: dict[type, Callable[[Any], Any]] = {
    datetime: _moment,
    date: date.fromisoformat,
    UUID: UUID,
    int: _small,
    str: str,
}
