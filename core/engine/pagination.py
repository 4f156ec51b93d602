"""Pages of a list: by their number, or from a cursor."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Integer, Select, and_, bindparam, case, func, literal, select, tuple_, union_all
from sqlalchemy.types import TypeEngine

from diptych.core.engine import column_types, cursors, filters, search, search_tokens
from diptych.core.engine.compiled_statement import Row
from diptych.core.engine.cursors import Cursor
from diptych.core.engine.filters import ListQueryShape
from diptych.core.engine.fixed_decimal import FixedDecimal
from diptych.core.engine.resource_spec import Condition, ResourceSpec
from diptych.core.engine.schemas.pagination import RELEVANCE, FilterQuery, ListQuery, Page
from diptych.core.engine.search_tokens import ParsedSearch
from diptych.core.errors import FieldError, ValidationFailed

WANTED, SHOWN, OFFSET = "wanted", "shown", "offset"
"""The parameters of a page's statements: how many rows to find, to show, and to skip."""


class BoundListQuery(Struct, frozen=True):
    """A query for a list: the shape of its statements, and the values of their parameters."""

    shape: ListQueryShape
    values: dict[str, Any]


def bind_list_query(spec: ResourceSpec, query: ListQuery, scope: Mapping[str, Any]) -> BoundListQuery:
    """Bind a query to the rows within a scope.

    Errors: ValidationFailed for a cursor that is not of this list.
    """
    found = {**(filters.values(spec, query) if isinstance(query, FilterQuery) else {}), **scope}
    given = frozenset(found)
    wanted = search_tokens.wanted(query.q or "")
    if wanted.longest:
        found |= search.match_parameters(query, wanted)
    elsewhere = query.cursor is None and query.current_page > 1
    words_of = (bool(wanted.longest), len(wanted.runs))
    shape = ListQueryShape(given, query.order_by, query.sort_order, *words_of, elsewhere, query.total)
    found[SHOWN] = query.page_size
    if elsewhere:
        found[OFFSET] = _offset(query)
    if query.cursor is None:
        return BoundListQuery(shape, found)
    cursor = _checked(query)
    if not isinstance(cursor.id, spec.model.id.type.python_type):
        raise _unknown()
    direction = (cursor.forward, cursor.inclusive)
    found["cursor_id"] = cursor.id
    if query.order_by == RELEVANCE:
        return BoundListQuery(replace(shape, cursor=direction, rank=_rank(cursor, wanted)), found)
    column = spec.order_by[query.order_by]
    without = cursor.value is None and column.nullable
    if not without:
        found["cursor_value"] = _read(cursor.value, column)
    return BoundListQuery(replace(shape, cursor=direction, without=without), found)


@lru_cache(maxsize=1000)
def statements(spec: ResourceSpec, shape: ListQueryShape) -> Sequence[Select[Any]]:
    """Return the statements of a page, to run in order. Each fetches up to WANTED rows, the number still missing.

    The order is the query's, rows without a value last, and the id as the last tie-break. Each row ends with the
    value that it is ordered by, and its id. If the query wants a total, the rows of the first statement end with
    that. The total is null if this statement finds no more than SHOWN rows: `known_total` may then do without a count.
    """
    parts = _by_relevance(spec, shape) if shape.order_by == RELEVANCE else _by_column(spec, shape)
    found = [part.page() for part in parts]
    if shape.total:
        always = shape.cursor is not None
        found[0] = parts[0].counting(count(spec, shape).scalar_subquery(), always=always)
    return found


Order = Callable[[Any, Any], tuple[Any, ...]]
"""Returns the ORDER BY for a value and an id."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A query for rows of a page; its last two columns are the value that they are ordered by, and the id.

    where: what each row meets. either: conditions of which each row meets one.
    """

    select: Select[Any]
    where: Sequence[Condition]
    order: Order
    either: Sequence[Condition] = ()

    def page(self) -> Select[Any]:
        """Return the query for WANTED rows, in order."""
        *_, key, row_id = self._columns()
        order, wanted = self.order(key, row_id), bindparam(WANTED, type_=Integer)
        return self.select.where(*_first(row_id, self.where, self.either, order, wanted)).order_by(*order).limit(wanted)

    def counting(self, total: Any, *, always: bool) -> Select[Any]:
        """Return the same query with the total in each row, counted `always` or if there are more rows than SHOWN."""
        # Several columns have the same name.
        columns = [column.label(f"column_{place}") for place, column in enumerate(self._columns())]
        rows = self.page().with_only_columns(*columns, maintain_column_froms=True).subquery("page")
        if not always:
            total = case((func.count().over() > bindparam(SHOWN, type_=Integer), total))
        *_, key, row_id = rows.c
        return select(*rows.c, total).order_by(*self.order(key, row_id))

    def _columns(self) -> list[Any]:
        return [column["expr"] for column in self.select.column_descriptions]


def _first(
    id_column: Any, where: Sequence[Condition], either: Sequence[Condition], order: Sequence[Any], number: Any
) -> Sequence[Condition]:
    """Return the conditions that find, of the rows that meet `where` and one of `either`, the first so many.

    Each of `either` finds its own first rows, by the index that serves it: no index serves two conditions with OR.
    """
    if not either:
        return where
    parts = [select(id_column).where(*where, each).order_by(*order).limit(number).subquery() for each in either]
    return [id_column.in_(union_all(*(select(*part.c) for part in parts)))]


def _ordered(*, descending: bool, nulls_last: bool = False) -> Order:
    def order(key: Any, row_id: Any) -> tuple[Any, ...]:
        first = _directed(key, descending)
        return first.nulls_last() if nulls_last else first, _directed(row_id, descending)

    return order


def _by_column(spec: ResourceSpec, shape: ListQueryShape) -> list[_Part]:
    column, id_column = spec.order_by[shape.order_by], spec.model.id
    where = [*filters.required(spec, shape.given), *search.match_words(spec, shape)]
    either = filters.alternatives(spec, shape.given)
    selected = spec.select.add_columns(column, id_column)
    if shape.cursor is not None:
        return [_Part(selected, [*where, beyond], order, either) for beyond, order in _beyond(column, id_column, shape)]
    descending = shape.sort_order == "desc"
    if not shape.elsewhere:
        nulls = [(column.is_not(None),), (column.is_(None),)] if column.nullable else [()]
        return [_Part(selected, [*where, *each], _ordered(descending=descending), either) for each in nulls]
    order = _ordered(descending=descending, nulls_last=bool(column.nullable))
    # Skipped rows are read from the index only.
    offset, wanted = bindparam(OFFSET, type_=Integer), bindparam(WANTED, type_=Integer)
    ordered = order(column, id_column)
    shown = select(id_column).where(*_first(id_column, where, either, ordered, offset + wanted)).order_by(*ordered)
    return [_Part(selected, [id_column.in_(shown.offset(offset).limit(wanted).correlate(None))], order)]


def _by_relevance(spec: ResourceSpec, shape: ListQueryShape) -> list[_Part]:
    """Return the parts of a list by relevance: in order of rank, and of the id within each rank."""
    ranks, id_column = search.ranks(spec, shape), spec.model.id
    where, either = filters.required(spec, shape.given), filters.alternatives(spec, shape.given)
    down = shape.sort_order == "desc"
    beyond: list[Condition] = []
    if shape.cursor is not None:
        forward, inclusive = shape.cursor
        down = down == forward
        here = shape.rank or 0
        ranks = [each for each in ranks if each[0] == here or (each[0] < here) == down]
        beyond = [_COMPARE[down, inclusive](id_column, bindparam("cursor_id", type_=id_column.type))]
    elif shape.elsewhere:
        rank = case(*((condition, value) for value, condition in ranks))
        selected = spec.select.add_columns(rank, id_column).offset(bindparam(OFFSET, type_=Integer))
        where = [*filters.conditions(spec, shape.given), *search.match_words(spec, shape)]
        return [_Part(selected, where, _ordered(descending=down))]
    found = []
    for value, condition in ranks if down else ranks[::-1]:
        selected = spec.select.add_columns(literal(value), id_column)
        by_id: Order = lambda _, row_id: (_directed(row_id, down),)  # noqa: E731 - as short as it is
        found.append(_Part(selected, [*where, condition, *beyond], by_id, either))
        beyond = []
    return found


def _rank(cursor: Cursor, wanted: ParsedSearch) -> int:
    """Return the rank in a cursor. Errors: ValidationFailed."""
    if isinstance(cursor.value, int) and cursor.value in (search.RANKS if wanted.longest else (0,)):
        return cursor.value
    raise _unknown()


@lru_cache(maxsize=1000)
def count(spec: ResourceSpec, shape: ListQueryShape) -> Select[tuple[int]]:
    """Return the query for the number of rows of all pages."""
    where = filters.conditions(spec, shape.given)
    return select(func.count()).select_from(spec.model).where(*where, *search.match_words(spec, shape))


def known_total(query: ListQuery, found: int) -> int | None:
    """Return the total if no row follows this page of a list by number; None if it has to be counted."""
    if query.cursor is not None or found > query.page_size or (not found and query.current_page > 1):
        return None
    return _offset(query) + found


def page(spec: ResourceSpec, query: ListQuery, rows: Sequence[Row], total: int | None) -> Page[Any]:
    """Build the page of these rows. One row more than its size means that there are further rows."""
    cursor = query.cursor
    forward = cursor is None or cursor.forward
    shown = rows[: query.page_size][:: 1 if forward else -1]
    more, elsewhere = len(rows) > query.page_size, cursor is not None or query.current_page > 1
    before, after = (elsewhere, more) if forward else (more, elsewhere)
    return Page(
        [spec.represent(row[:-2]) for row in shown],
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


def _beyond(column: Any, id_column: Any, shape: ListQueryShape) -> list[tuple[Condition, Order]]:
    """Return the conditions of rows beyond a cursor, those with a value and those without, each with its order.

    Each is a range of an index.
    """
    assert shape.cursor is not None  # noqa: S101 - the caller has checked
    forward, inclusive = shape.cursor
    descending = (shape.sort_order == "desc") == forward
    compare = _COMPARE[descending, inclusive]
    here = bindparam("cursor_id", type_=id_column.type)
    # Rows without a value are ordered by it, too: otherwise PostgreSQL would not use the index.
    if shape.without:
        found = [and_(column.is_(None), compare(id_column, here))] + [column.is_not(None)] * (not forward)
    else:
        place = tuple_(bindparam("cursor_value", type_=column.type), here)
        found = [compare(tuple_(column, id_column), place)] + [column.is_(None)] * bool(column.nullable and forward)
    return [(each, _ordered(descending=descending)) for each in found]


_COMPARE: dict[tuple[bool, bool], Callable[[Any, Any], Condition]] = {
    (False, False): operator.gt,
    (False, True): operator.ge,
    (True, False): operator.lt,
    (True, True): operator.le,
}


def _checked(query: ListQuery) -> Cursor:
    """Return the query's cursor. Errors: ValidationFailed if it does not fit the rest of the query."""
    cursor = query.cursor
    assert cursor is not None  # noqa: S101 - the caller has checked
    field_errors = []
    if "current_page" in query.model_fields_set:
        field_errors.append(FieldError("superfluous", "a cursor says where the page is", parameter="currentPage"))
    if (cursor.order_by, cursor.sort_order) != (query.order_by, query.sort_order):
        field_errors.append(FieldError("cursor", "is of a list in another order", parameter="cursor"))
    if field_errors:
        raise ValidationFailed("The request has errors; each is listed.", field_errors)
    return cursor


def _place(query: ListQuery, rows: Sequence[Row], *, forward: bool) -> str | None:
    """Return the cursor for the rows beyond a row, or beyond an empty page, in one direction."""
    if rows:
        value, row_id = rows[0][-2:]
        return str(Cursor(query.order_by, query.sort_order, forward, False, _written(value), row_id))
    cursor: Cursor | None = query.cursor
    return None if cursor is None else str(replace(cursor, forward=forward, inclusive=not cursor.inclusive))


def _written(value: Any) -> str | int | None:
    match value:
        case date():
            return value.isoformat().replace("+00:00", "Z")
        case UUID() | Decimal():
            return str(value)
    found: str | int | None = value
    return found


def _read(value: str | int | None, column: Any) -> Any:
    """Parse the value of a column in a cursor. Errors: ValidationFailed."""
    try:
        found = _reader(column.type)(value)
        if _written(found) == value:
            return found
    except (ValueError, TypeError, AttributeError):
        pass  # of another type than the column: raised below
    raise _unknown()


def _unknown() -> ValidationFailed:
    field_error = FieldError("cursor", cursors.UNKNOWN, parameter="cursor")
    return ValidationFailed("The request has errors; each is listed.", [field_error])


def _moment(value: str) -> datetime:
    # In UTC, a time with another offset could be outside the years of datetime.
    found = datetime.fromisoformat(value)
    if found.tzinfo != UTC:
        raise ValueError
    return found


def _reader(kind: TypeEngine[Any]) -> Callable[[Any], Any]:
    """Return the function that parses a cursor's value for a column of this type, or raises ValueError or TypeError."""
    if isinstance(kind, FixedDecimal):
        return kind.parse
    return column_types.check_of(kind) if isinstance(kind, Integer) else _KINDS[kind.python_type]


_KINDS: dict[type, Callable[[Any], Any]] = {
    datetime: _moment,
    date: date.fromisoformat,
    UUID: UUID,
    str: str,
}
