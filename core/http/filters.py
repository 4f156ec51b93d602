"""Turn the query string of a list into the advanced-alchemy filters that a service's methods take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from advanced_alchemy.filters import BeforeAfter, CollectionFilter, LimitOffset, OrderBy, SearchFilter, StatementFilter
from sqlalchemy import ColumnElement, case, or_

from diptych.core.engine.filters import contains_exactly
from diptych.core.engine.resource_spec import ResourceSpec
from diptych.core.engine.row_statements import ONE
from diptych.core.engine.schemas.pagination import RELEVANCE, ListQuery
from diptych.core.engine.text_normalization import fold
from diptych.core.errors import ValidationFailed
from diptych.core.http import query_string

Filter = StatementFilter | ColumnElement[bool]


def provide_filters(spec: ResourceSpec, parameters: type[ListQuery], text: str) -> list[Filter]:
    """Return the filters of a query string, validated as strictly as the API validates its own lists.

    q, cursor and total are accepted only by those lists. Errors: ValidationFailed.
    """
    try:
        query, field_errors = query_string.validated(parameters, text)
    except ValueError as error:
        raise ValidationFailed(f"The query string cannot be read: {error}.") from None
    if query is not None:
        refused = sorted(query.model_fields_set & {"q", "cursor", "total"})
        if query.order_by == RELEVANCE and "q" not in refused:
            refused.append("orderBy")
        field_errors += [query_string.unknown(name) for name in refused]
    if field_errors:
        raise ValidationFailed("The request has errors; each is listed.", field_errors)
    return [*_rows(spec, query), *_order(spec, query), _page(query)]


def _rows(spec: ResourceSpec, query: ListQuery) -> list[Filter]:
    found: list[Filter] = []
    if query.ids is not None:
        found.append(CollectionFilter("id", query.ids))
    for name in ("created", "updated"):
        before, after = getattr(query, f"{name}_before"), getattr(query, f"{name}_after")
        if before or after:
            found.append(BeforeAfter(f"{name}_at", before=before, after=after))
    if query.search_string and query.search_ignore_case:
        words = fold(query.search_string)
        found.append(SearchFilter(spec.search_folded.key, words, ignore_case=False, escape_wildcards=True))
    elif query.search_string:
        # SQLite's LIKE ignores the case of ASCII letters.
        found.append(contains_exactly(spec.search_exactly, query.search_string))
    for name in spec.filters:
        if (values := getattr(query, f"{name}_in")) is not None:
            found.append(_any_of(spec, name, "in", values))
        if (values := getattr(query, f"{name}_not_in")) is not None:
            # NULL NOT IN (...) is NULL; CASE keeps rows without a value.
            found.append(case((_any_of(spec, name, "not_in", values), False), else_=True))
    return found


def _any_of(spec: ResourceSpec, name: str, which: str, values: Sequence[Any]) -> ColumnElement[bool]:
    if name in spec.model.__table__.columns:
        condition: ColumnElement[bool] = getattr(spec.model, name).in_(values)
        return condition
    taken = enumerate(spec.converted(name, values))
    names = {f"{name}_{which}_{place}{ONE}": value for place, value in taken}
    return or_(*(spec.filters[name](each).params({each: value}) for each, value in names.items()))


def _order(spec: ResourceSpec, query: ListQuery) -> list[StatementFilter]:
    column = spec.order_by[query.order_by]
    by_column = OrderBy(column.key, query.sort_order, nulls="last" if column.nullable else None)
    return [by_column, OrderBy("id", query.sort_order)]


def _page(query: ListQuery) -> LimitOffset:
    return LimitOffset(query.page_size, (query.current_page - 1) * query.page_size)
