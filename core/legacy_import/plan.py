"""The plan of an adoption: which tables and columns of an earlier database become authors, books and tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from diptych.core.legacy_import.column_mapping import FIELDS

ALL_ROWS = "true"
"""The condition that takes every row, and says so."""


class PlanError(Exception):
    """A plan or an option is wrong. The text is one line for the operator."""


@dataclass(frozen=True, slots=True)
class Section:
    """What a plan says of one table of the earlier database.

    columns: by field of FIELDS, the old columns, whose texts are joined by spaces where these are several. where: an
    SQL condition for the rows that are adopted; "" where nothing is said. leave: columns that stay behind. values: by
    field and old value, the new value; the old value "" is no value.
    """

    table: str
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    where: str = ""
    leave: tuple[str, ...] = ()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def condition(self) -> str:
        """The condition that leaves rows out, "" for none."""
        return "" if self.where.strip().lower() == ALL_ROWS else self.where

    def used(self) -> dict[str, list[str]]:
        """Return the fields that each old column fills."""
        fields: dict[str, list[str]] = {}
        for name, columns in self.columns.items():
            for column in columns:
                fields.setdefault(column, []).append(name)
        return fields

    def name_of(self, field_name: str) -> str:
        """Return the name of a field's column for messages: the old column, or the field where several make it."""
        columns = self.columns[field_name]
        return f"{self.table}.{columns[0] if len(columns) == 1 else field_name}"

    def field_of(self, column: str) -> str | None:
        """Return the field that an old column, or several as one, fills."""
        fields = self.used().get(column) or ([column] if column in self.columns else [])
        return fields[0] if fields else None


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole plan.

    sections: by name in FIELDS. default_author: the author of books without one; "" for none. author_separator and
    tag_separator: between several in one text; "" where there is one.
    """

    sections: Mapping[str, Section] = field(default_factory=dict)
    default_author: str = ""
    author_separator: str = ""
    tag_separator: str = ""

    def __getitem__(self, name: str) -> Section:
        return self.sections[name]

    def __contains__(self, name: str) -> bool:
        return name in self.sections

    def tables(self) -> list[str]:
        """Return the tables that it reads, each once."""
        return list(dict.fromkeys(section.table for section in self.sections.values()))

    def has_field(self, section: str, name: str) -> bool:
        """Return whether it fills a field of a section."""
        return section in self and name in self[section].columns


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says beside or instead of a plan's file. Each has the form that its option has there."""

    leave: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    default_author: str = ""

    def left(self) -> set[tuple[str, str]]:
        """Return the tables and columns to leave behind. Errors: PlanError."""
        return {_dotted("--leave", item, item) for item in self.leave}

    def applied(self, plan: Plan) -> Plan:
        """Return the plan with these options, which go before what it says. Errors: PlanError."""
        sections = dict(plan.sections)
        for item in self.columns:
            dotted, _, columns = item.partition("=")
            table, name = _dotted("--column", item, dotted)
            for each in _sections_of(sections, "--column", item, table, name):
                given = tuple(column.strip() for column in columns.split(",") if column.strip())
                sections[each] = _with_columns(sections[each], name, given)
        for item in self.where:
            table, separator, condition = item.partition("=")
            if not separator or not condition.strip():
                raise PlanError(f'--where {item}: write --where "TABLE=CONDITION".')
            for each in _sections_of(sections, "--where", item, table):
                sections[each] = replace(sections[each], where=condition.strip())
        for item in self.values:
            _apply_value(sections, item)
        for table, column in self.left():
            for name, section in sections.items():
                if section.table == table:
                    sections[name] = _without(section, column)
        return replace(plan, sections=sections, default_author=self.default_author or plan.default_author)


def _apply_value(sections: dict[str, Section], item: str) -> None:
    dotted, separator, pair = item.partition(":")
    old, equals, new = pair.rpartition("=")
    if not separator or not equals:
        raise PlanError(f'--value {item}: write --value "TABLE.COLUMN:OLD=NEW".')
    table, column = _dotted("--value", item, dotted)
    found = [
        (each, name)
        for each in _sections_of(sections, "--value", item, table)
        if (name := sections[each].field_of(column)) is not None
    ]
    if not found:
        raise PlanError(f"--value {item}: {table}.{column} is not adopted, so that its values need no other.")
    for each, name in found:
        section = sections[each]
        values = {**section.values, name: {**section.values.get(name, {}), old: new}}
        sections[each] = replace(section, values=values)


def _dotted(option: str, item: str, text: str) -> tuple[str, str]:
    table, separator, column = text.partition(".")
    if not (table and separator and column):
        raise PlanError(f"{option} {item}: write a table and a column, such as books.language.")
    return table, column


def _sections_of(sections: Mapping[str, Section], option: str, item: str, table: str, name: str = "") -> list[str]:
    """Return the sections that read a table and, where it is given, have a field of this name."""
    found = [each for each, section in sections.items() if section.table == table]
    if not found:
        known = ", ".join(dict.fromkeys(section.table for section in sections.values()))
        raise PlanError(f"{option} {item}: {table} is none of the tables that are adopted ({known}).")
    fitting = [each for each in found if not name or name in FIELDS[each]]
    if not fitting:
        known = ", ".join(FIELDS[found[0]])
        raise PlanError(f"{option} {item}: there is no {name} to be filled; there are {known}.")
    return fitting


def _with_columns(section: Section, name: str, columns: tuple[str, ...]) -> Section:
    kept = {**section.columns, name: columns}
    return replace(
        section,
        columns={each: given for each, given in kept.items() if given},
        leave=tuple(column for column in section.leave if column not in columns),
    )


def _without(section: Section, column: str) -> Section:
    """Return a section that leaves a column behind."""
    kept = {
        name: left for name, columns in section.columns.items() if (left := tuple(c for c in columns if c != column))
    }
    return replace(section, columns=kept, leave=tuple(dict.fromkeys((*section.leave, column))))
