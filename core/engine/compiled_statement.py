"""Statements in the form that a driver takes: SQLAlchemy compiles each once, and converts the values of its types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Dialect, Executable, Select
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.types import TypeEngine

SHORT = 100
"""Values of a list that is left as it is: its statement takes 20 kB, and more values would cost a fifth of its time."""

Values = Mapping[str, Any]
Row = Sequence[Any]
Processor = Callable[[Any], Any]


class CompiledStatement:
    """A statement that is compiled for one dialect; it binds parameters and converts rows.

    raw: whether it has PostgreSQL's own placeholders ($1), for psycopg's raw cursors.
    """

    __slots__ = ("_compiled", "_defaults", "_lists", "_names", "_read", "_text", "_written")

    def __init__(self, statement: Executable, dialect: Dialect, *, raw: bool = False) -> None:
        compiled = statement.compile(dialect=_with_numbers(dialect) if raw else dialect)  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - all others are DDL
        self._text = compiled.string
        self._names: Sequence[str] | None = compiled.positiontup if compiled.positional else None
        self._written = _processors({name: bind.type for name, bind in compiled.binds.items()}, dialect, writes=True)
        self._defaults = {
            name: self._write(name, bind.value) for name, bind in compiled.binds.items() if not bind.required
        }
        self._read = list(_processors(dict(enumerate(_types(statement))), dialect, writes=False).items())
        # Lists of any length and literal values become part of the text, which then differs for each set of values.
        late = compiled.post_compile_params | compiled.literal_execute_params
        self._compiled = compiled if late else None
        self._lists = {bind.key for bind in compiled.post_compile_params} if dialect.name == "sqlite" else set()

    def bound(self, values: Values) -> tuple[str, Any]:
        """Return the text and the parameters for these values. Errors: KeyError if one is missing."""
        if self._compiled is not None:
            return self._expanded(self._compiled, values)
        given = {**self._defaults, **values}
        for name, processor in self._written.items():
            if name in values:
                given[name] = processor(values[name])
        return self._text, given if self._names is None else [given[name] for name in self._names]

    def read(self, rows: list[Any]) -> list[Any]:
        """Convert the values of rows to Python's types."""
        if not self._read:
            return rows
        found = []
        for row in rows:
            values = list(row)
            for place, processor in self._read:
                values[place] = processor(values[place])
            found.append(values)
        return found

    def _write(self, name: str, value: Any) -> Any:
        processor = self._written.get(name)
        return value if processor is None else processor(value)

    def _expanded(self, compiled: SQLCompiler, values: Values) -> tuple[str, Any]:
        lists = {name: _padded(values[name]) for name in self._lists & values.keys()}
        state = compiled.construct_expanded_state({**values, **lists})
        processors = {**self._written, **state.processors}
        given = {
            name: processors[name](value) if name in processors else value for name, value in state.parameters.items()
        }
        return state.statement, given if state.positiontup is None else [given[name] for name in state.positiontup]


def _padded(values: Sequence[Any]) -> Sequence[Any]:
    """Repeat the last value of a long list until its length is a power of two, which a condition with IN ignores.

    sqlite3 keeps 128 prepared statements. With one for each length, which may be up to 1,000, they would take up to
    25 MB for each connection, and most lists would have to be prepared again.
    """
    if len(values) <= SHORT:
        return values
    missing = (1 << (len(values) - 1).bit_length()) - len(values)
    return [*values, *[values[-1]] * missing]


@lru_cache(maxsize=2000)
def compile_cached(statement: Executable, dialect: Dialect, *, raw: bool = False) -> CompiledStatement:
    """Compile a statement for a dialect, once: the cache finds it by the identity of the statement object."""
    return CompiledStatement(statement, dialect, raw=raw)


@cache
def _with_numbers(dialect: Dialect) -> Dialect:
    """Return a copy of a PostgreSQL dialect that writes PostgreSQL's own placeholders ($1)."""
    # A new dialect would not know what SQLAlchemy has read from the server, such as standard_conforming_strings.
    numbered = copy(dialect)
    numbered.paramstyle, numbered.positional = "numeric_dollar", True
    numbered.identifier_preparer = numbered.preparer(numbered)
    return numbered


def _types(statement: Executable) -> list[TypeEngine[Any]]:
    """Return the types of the columns that a statement returns."""
    if isinstance(statement, Select):
        return [column["type"] for column in statement.column_descriptions]
    if isinstance(statement, UpdateBase):
        return [column["type"] for column in statement.returning_column_descriptions]
    return []


def _processors(types: Mapping[Any, TypeEngine[Any]], dialect: Dialect, *, writes: bool) -> dict[Any, Processor]:
    """Return the converters to stored values (`writes`) or from them, of the types that need one."""
    found: dict[Any, Processor] = {}
    for key, kind in types.items():
        implementation: Any = kind.dialect_impl(dialect)
        processor = implementation.bind_processor(dialect) if writes else implementation.result_processor(dialect, None)
        if processor is not None:
            found[key] = processor
    return found
