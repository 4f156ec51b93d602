"""The columns that are encrypted, and the statements that find values by their key and encrypt them anew."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Executable, String, Table, Text, bindparam, false, func, or_, select, update

from diptych.core.access.encryption import prefix_of
from diptych.core.engine.entity import Base
from diptych.core.engine.row_statements import VALUE, is_value

ENCRYPTED = {"encrypted": True}
"""The info of a column with encrypted values. The primary key of its table has to be one column, a UUID."""

BATCH = 100
"""Rows that are encrypted anew in one transaction."""


def encrypted_columns() -> list[Any]:
    """Return all encrypted columns."""
    tables = Base.metadata.sorted_tables
    return [column for table in tables for column in table.columns if column.info.get("encrypted")]


def key_of(column: Any) -> Any:
    """Return the column of the primary key beside an encrypted column."""
    table: Table = column.table
    return table.primary_key.columns[0]


def count_of_others(column: Any, key_ids: Sequence[str]) -> Executable:
    """Return the statement that counts the values encrypted with other keys than these."""
    known = [_begins_with(column, prefix_of(each)) for each in key_ids]
    return select(func.count()).select_from(column.table).where(column.is_not(None), ~or_(false(), *known))


@cache
def some_of_others(column: Any) -> Executable:
    """Return the statement that selects BATCH rows, by id, which are not encrypted with the key that has a `prefix`.

    It begins after the row with the id VALUE.
    """
    key = key_of(column)
    other = func.substr(column, 1, func.length(_text("prefix"))) != _text("prefix")
    return select(key, column).where(other, key > bindparam(VALUE, type_=key.type)).order_by(key).limit(BATCH)


@cache
def replacing(column: Any) -> Executable:
    """Return the statement that sets a value (`new`) in the row with the id VALUE, unless it is `old` no more."""
    key = key_of(column)
    values = {column.name: _text("new")}
    return update(column.table).where(is_value(key), column == _text("old")).values(values).returning(key)


def _begins_with(column: Any, prefix: str) -> Any:
    # Not LIKE, which SQLite compares without regard to case.
    return func.substr(column, 1, len(prefix)) == prefix


def _text(name: str) -> Any:
    return bindparam(name, type_=Text() if name == "new" else String())
