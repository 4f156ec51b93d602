"""Read an old table row by row and check which rows can be copied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Text, case, cast, column, func, select, table, type_coerce
from sqlalchemy.types import LargeBinary, NullType

from diptych.core.import_export.duplicate_detector import DuplicateDetector
from diptych.core.legacy_import.column_mapping import shown, uuid, whole
from diptych.core.legacy_import.schema_detection import LegacySchema, OldTable

BATCH = 1000

FAULTS = 100
"""Most problems that are reported one by one."""

Values = dict[str, Any]
Advanced = Callable[[int], None]


@dataclass(slots=True)
class ValidationReport:
    """The result of validating the rows.

    rows: number of rows by noun. problems: the first FAULTS of `faulty` sentences. changed: by column, the number of
    values that are stored in another form, and the row of the first.
    """

    rows: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    faulty: int = 0
    changed: dict[str, tuple[int, Any]] = field(default_factory=dict)

    def refuse(self, problem: str) -> None:
        """Report a problem."""
        self.faulty += 1
        if len(self.problems) < FAULTS:
            self.problems.append(problem)

    def change(self, name: str, row: Any) -> None:
        """Count a value that is stored in another form."""
        count, first = self.changed.get(name, (0, row))
        self.changed[name] = (count + 1, first)


def count(connection: Connection, name: str) -> int:
    """Return the number of rows of a table."""
    return int(connection.execute(select(func.count()).select_from(table(name))).scalar_one())


def batches(connection: Connection, old: OldTable, also: FromClause | None = None) -> Iterator[list[Values]]:
    """Yield all rows with their old values, ordered by id on PostgreSQL and by rowid on SQLite.

    also: another table that author_id refers to; `author_known` then says whether the author exists.
    """
    source = table(old.name, *(column(name) for name, _ in old.columns.values()), column("rowid")).alias("old")
    on_sqlite = connection.dialect.name == "sqlite"
    # A SQLite primary key may be NULL, or of mixed types.
    key: ColumnElement[Any] = source.c.rowid if on_sqlite else source.c[old.columns["id"][0]]
    wanted: list[ColumnElement[Any]] = [key.label("_key")]
    for name, (found, kind) in old.columns.items():
        wanted += _as_stored(source.c[found], name) if on_sqlite else [_as_text(source.c[found], name, kind)]
    statement = select(*wanted).order_by(key).limit(BATCH)
    if also is not None:
        join = source.outerjoin(also, also.c.id == source.c[old.columns["author_id"][0]])
        statement = statement.select_from(join).add_columns(also.c.id.is_not(None).label("author_known"))
    last: Any = None
    while True:
        rows = connection.execute(statement if last is None else statement.where(key > last)).mappings().all()
        if rows:
            yield [_decoded(dict(row)) if on_sqlite else dict(row) for row in rows]
            last = rows[-1]["_key"]
        if len(rows) < BATCH:
            return


def _as_text(found: ColumnElement[Any], name: str, kind: str) -> ColumnElement[Any]:
    """Read dates and times of PostgreSQL as text: Python has no value for some, such as "infinity"."""
    return (cast(found, Text) if kind in ("date", "time", "aware time") else found).label(name)


def _as_stored(found: ColumnElement[Any], name: str) -> list[ColumnElement[Any]]:
    """Read a SQLite column with its type, and text as bytes: any column may hold any type, and invalid UTF-8."""
    stored = func.typeof(found)
    value = case((stored == "text", cast(found, LargeBinary)), else_=found)
    return [stored.label(f"_type_{name}"), type_coerce(value, NullType()).label(name)]


def _decoded(row: Values) -> Values:
    for name in [name for name in row if f"_type_{name}" in row]:
        if row.pop(f"_type_{name}") == "text":
            try:
                row[name] = row[name].decode()
            except UnicodeDecodeError:
                continue  # left as bytes, which the field's rule rejects
    return row


def validate_rows(connection: Connection, shape: LegacySchema, advanced: Advanced) -> ValidationReport:
    """Validate every row, and report why a row cannot be copied."""
    report = ValidationReport()
    parents = table(shape.authors.name, column("id")).alias("parent")
    with closing(DuplicateDetector()) as seen:
        for old, also in ((shape.authors, None), (shape.books, parents)):
            rows = 0
            for batch in batches(connection, old, also):
                for row in batch:
                    rows += 1
                    _validate_row(old, row, report, seen)
                advanced(len(batch))
            report.rows[old.noun] = rows
    return report


def _validate_row(old: OldTable, row: Values, report: ValidationReport, seen: DuplicateDetector) -> None:
    known, problems = values(old, row)
    where = f"{old.name} {shown(row['id'])}"
    for name, problem in problems.items():
        report.refuse(f"{where}: {old.columns[name][0]} {problem}")
    if not row.get("author_known", True) and row["author_id"] is not None:
        report.refuse(f"{where}: author_id is {shown(row['author_id'])}, and there is no such author")
    unique = [
        name for name in ("id", "isbn") if known.get(name) is not None and old.columns[name][1] in ("text", "bytes")
    ]
    for name in unique:
        if seen.check((old.noun, name, known[name]), row["_key"], 0)[0] != "new":
            report.refuse(f"{where}: another row has the same {name}, {known[name]}")
    for name, value in known.items():
        if isinstance(row[name], str) and isinstance(value, str | None) and value != row[name]:
            report.change(f"{old.name}.{old.columns[name][0]}", shown(row["id"]))


def values(old: OldTable, row: Values) -> tuple[Values, dict[str, str]]:
    """Convert a row; return the valid values, and by field the problems of the others."""
    known: Values = {}
    problems: dict[str, str] = {}
    for item in old.fields:
        if item.name not in old.columns:
            continue
        rule = item.rule
        if rule is uuid and old.columns[item.name][1] == "integer":
            rule = whole
        value = row[item.name]
        if value is None:
            known[item.name] = None
            if item.required:
                problems[item.name] = "is NULL, and has to have a value"
            continue
        try:
            known[item.name] = rule(value)
        except ValueError as error:
            problems[item.name] = _phrase(str(error))
    return known, problems


def _phrase(reason: str) -> str:
    """Phrase a rule's reason so that it follows the column's name."""
    return reason if reason.startswith(("is ", "has ")) else f"cannot be taken: {reason}"
