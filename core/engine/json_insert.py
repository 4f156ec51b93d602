"""Any number of rows as one parameter of a statement, a text of JSON, which both databases can read.

With a parameter for each value a statement would be made, compiled, sent and planned anew for each number of them; and
a statement for each row costs several times the row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Dialect, Insert, Table, Text, bindparam, cast, column, func, insert, select
from sqlalchemy.dialects.postgresql import JSON

GIVEN = "given"
"""The parameter that such a statement takes."""


def rows(table: Table, dialect: Dialect, items: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The parameter for insertion: columns by name. One that an item has not will be null."""
    stored = {
        each.name: store
        for each in table.columns
        if (store := each.type.dialect_impl(dialect).bind_processor(dialect)) is not None
    }
    if stored:
        items = [
            {**item, **{name: store(item[name]) for name, store in stored.items() if item.get(name) is not None}}
            for item in items
        ]
    return {GIVEN: msgspec.json.encode(items).decode()}


@cache
def insert_statement(table: Table, dialect: str) -> Insert:
    """Insert the rows of GIVEN, in their order. No default of a column's is made use of."""
    given: Any = bindparam(GIVEN, type_=Text)
    names = table.columns.keys()
    if dialect == "postgresql":
        columns = (column(each.name, each.type) for each in table.columns)
        found = func.json_to_recordset(cast(given, JSON)).table_valued(*columns).render_derived(with_types=True)
        return insert(table).from_select(names, select(*found.columns))
    each = func.json_each(given).table_valued("value")
    return insert(table).from_select(names, select(*(func.json_extract(each.c.value, f"$.{name}") for name in names)))
