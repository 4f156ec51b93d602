"""Insert any number of rows by one parameter of a statement, a JSON text, which both databases can read.

With a parameter for each value, a statement would be built, compiled, sent and planned again for each number of rows;
and a statement for each row costs several times as much as the row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Dialect, Insert, Table, Text, bindparam, cast, column, func, insert, select
from sqlalchemy.dialects.postgresql import JSON

GIVEN = "given"
"""The one parameter of such a statement."""


def rows(table: Table, dialect: Dialect, items: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the parameter of an insert, from columns by name. A column that an item lacks becomes null."""
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
    """Return the statement that inserts the rows of GIVEN, in order, without the defaults of columns."""
    given: Any = bindparam(GIVEN, type_=Text)
    names = table.columns.keys()
    if dialect == "postgresql":
        columns = (column(each.name, each.type) for each in table.columns)
        found = func.json_to_recordset(cast(given, JSON)).table_valued(*columns).render_derived(with_types=True)
        return insert(table).from_select(names, select(*found.columns))
    each = func.json_each(given).table_valued("value")
    return insert(table).from_select(names, select(*(func.json_extract(each.c.value, f"$.{name}") for name in names)))
