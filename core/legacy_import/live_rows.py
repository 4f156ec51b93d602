"""Columns that say which rows still count, such as `is_deleted`: no row that was deleted is adopted unasked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlalchemy import Connection

from diptych.core.legacy_import.inspection import Estate, EstateTable, quoted
from diptych.core.legacy_import.plan import ALL_ROWS, Plan, Section
from diptych.core.legacy_import.row_reader import distinct

DEAD = frozenset(
    {"deleted_at", "deleted", "is_deleted", "removed", "is_removed", "removed_at", "draft", "is_draft", "archived"}
    | {"is_archived", "archived_at", "hidden", "is_hidden", "date_deleted", "trashed", "is_trashed", "inactive"}
)
"""Names of columns that have a value, or a true one, in rows that do not count."""

LIVE = frozenset(
    {
        "active",
        "is_active",
        "enabled",
        "is_enabled",
        "status",
        "state",
        "published",
        "is_published",
        "visible",
        "is_visible",
    }
)
"""Names of columns that have a certain value in rows that count."""

_TEXT = re.compile("'(?:[^']|'')*'")
"""A text in an SQL condition."""

_SHOWN = 6
_TIMES = ("date", "time", "aware time")


def undecided(connection: Connection, plan: Plan, estate: Estate) -> dict[str, list[str]]:
    """Return, by section, a sentence for each column that says which rows count, where the plan's condition does not.

    The last sentence of a section says the option that settles all of its columns.
    """
    found = {}
    for name, section in plan.sections.items():
        table = estate[section.table]
        columns = list(_unmentioned(section, table))
        if columns:
            values = {column: distinct(connection, table, column, _SHOWN) for column in columns}
            columns = [column for column in columns if not _is_publication(table, column, values[column])]
        if columns:
            sentences = [f"{table.name}.{each} says which rows count: {_counted(values[each])}." for each in columns]
            condition = " AND ".join(_condition(connection, table, each, values[each]) for each in columns)
            found[name] = [*sentences, _way_out(section, condition)]
    return found


def _is_publication(table: EstateTable, column: str, values: list[tuple[str, int]]) -> bool:
    """Return whether a column called published says when, and not whether."""
    years = any(value.lstrip("-").isdigit() and value not in ("0", "1") for value, _ in values)
    return column.lower() == "published" and (table.columns[column] in _TIMES or years)


def _unmentioned(section: Section, table: EstateTable) -> Iterator[str]:
    """Yield the columns that say which rows count and that the condition does not mention."""
    if section.where.strip().lower() == ALL_ROWS:
        return
    used = section.used()
    for column in table.columns:
        named = _spelt(column) in DEAD | LIVE and column not in used
        if named and not re.search(rf"\b{re.escape(column)}\b", _TEXT.sub("''", section.where), re.IGNORECASE):
            yield column


def _spelt(column: str) -> str:
    """Return a column's name as this file has it, such as deleted_at for deletedAt."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column).lower()


def _counted(values: list[tuple[str, int]]) -> str:
    if not values:
        return "it has no rows yet"
    return ", ".join(f"{value} in {number:,} row{'' if number == 1 else 's'}" for value, number in values)


def _condition(connection: Connection, table: EstateTable, column: str, values: list[tuple[str, int]]) -> str:
    """Return the condition for rows that count, as far as the column's name and type tell."""
    name = column if re.fullmatch(r"[a-z_][a-z0-9_]*", column) else quoted(connection, column)
    kind = table.columns[column]
    dead = _spelt(column) in DEAD
    if kind in _TIMES:
        return f"{name} IS NULL" if dead else f"{name} IS NOT NULL"
    if kind == "boolean" or (kind == "integer" and connection.dialect.name == "sqlite"):
        return f"{name} IS NOT TRUE" if dead else f"{name} IS TRUE"
    if kind == "integer" and column.lower() not in ("status", "state"):
        return f"coalesce({name}, 0) = 0" if dead else f"{name} <> 0"
    most = next((value for value, _ in values if value != "NULL"), "...").replace("'", "''")
    return f"{name} = {most}" if kind == "integer" else f"{name} = '{most}'"


def _way_out(section: Section, condition: str) -> str:
    if section.condition:
        condition = f"({section.condition}) AND {condition}"
    given = condition.replace('"', '\\"')
    return f'--where "{section.table}={given}" adopts such rows, --where "{section.table}={ALL_ROWS}" all of them.'
