"""Read a row and what belongs to it by one statement: the rows of a subquery are one column, a JSON text."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import Select, Text, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from diptych.core.engine.entity import in_utc

_KINDS: dict[type, Any] = {UUID: UUID | None, datetime: datetime | None}
"""What JSON has as a text: type of a column -> type to read it as."""


class _lists(GenericFunction[str]):  # noqa: N801 - an SQL function is named as SQL names them
    """_lists(*columns): all rows, as a list of lists, in the order of the subquery that has them."""

    type = Text()
    inherit_cache = True


@compiles(_lists, "postgresql")
def _json_agg(element: _lists, compiler: SQLCompiler, **options: Any) -> str:
    columns = compiler.process(element.clauses, **options)
    return f"coalesce(json_agg(json_build_array({columns}))::text, '[]')"


@compiles(_lists, "sqlite")
def _json_group_array(element: _lists, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **options)}))"


class NestedRows:
    """A column of an outer query: the rows of another query, as JSON.

    rows: that query, whose conditions name columns of `outer`. outer: a model that the outer query selects from.
    """

    def __init__(self, rows: Select[Any], outer: Any) -> None:
        columns = rows.correlate(outer).subquery().c
        self.column = select(_lists(*columns)).scalar_subquery()
        kinds = [column.type.python_type for column in columns]
        self._times = [place for place, kind in enumerate(kinds) if kind is datetime]
        row: Any = tuple[tuple(_KINDS.get(kind, Any) for kind in kinds)]  # type: ignore[misc]
        self._decoder = msgspec.json.Decoder(list[row])

    def read(self, text: str) -> list[Any]:
        """Return the rows that the column has."""
        rows = self._decoder.decode(text)
        return [self._with_times(row) for row in rows] if self._times else rows

    def _with_times(self, row: Any) -> list[Any]:
        values = list(row)
        for place in self._times:
            values[place] = in_utc(cast("datetime | None", values[place]))
        return values
