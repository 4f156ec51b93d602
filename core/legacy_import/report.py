"""Describe what was found and what adoption will do, for the dry run and the real one."""

# ruff: noqa: S608 - the statements are for people to run

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from sqlalchemy import Connection

from diptych.core.legacy_import import adopted_ids
from diptych.core.legacy_import.column_mapping import NOUNS
from diptych.core.legacy_import.inspection import Estate
from diptych.core.legacy_import.plan import Plan
from diptych.core.legacy_import.renaming import Renames, renamed
from diptych.core.legacy_import.row_conversion import link_order
from diptych.core.legacy_import.row_reader import count, filled
from diptych.core.legacy_import.row_validation import ValidationReport
from diptych.core.legacy_import.schema_detection import OwnSchema

BECOMES = {
    ("books", "author_id"): "book.author_id",
    ("books", "author"): "author.name",
    ("books", "publisher"): "publisher.name",
    ("books", "series"): "series.name",
    ("books", "series_position"): "the place in a series",
    ("books", "tags"): "tag.name",
    ("contributors", "book_id"): "a book's contributors",
    ("contributors", "author_id"): "a book's contributors",
    ("contributors", "order"): "the order of contributors",
    ("contributors", "role"): "the roles of contributors",
    ("book_tags", "book_id"): "a book's tags",
    ("book_tags", "tag_id"): "a book's tags",
}
"""What a field becomes, where that is not a column of the same name."""

NO_RENAMES = Renames(())

OTHER_TOOL = "advanced-alchemy's"

SUGGESTED = {
    "tags": ("genre", "genres", "category", "categories", "subject", "subjects", "keywords", "tags"),
    "year": (
        "published_at",
        "published_on",
        "release_date",
        "published",
    ),
}
"""Names of columns of books that are not adopted unasked, by the field that they could fill."""


def found_own(schema: OwnSchema) -> list[str]:
    """Describe a database that has the catalogue's own tables."""
    found = f"Found the catalogue's own tables, exactly as revision {schema.revision} makes them."
    return [found, *versions(schema.versions)]


def versions(found: Mapping[str, list[str]]) -> list[str]:
    """Describe who has migrated the database until now."""
    tools = {"alembic_version": "Flask-Migrate's or Alembic's"}
    return [
        f"{name} is {tools.get(name, OTHER_TOOL)} table of versions, at revision {', '.join(revisions) or 'none'}."
        for name, revisions in found.items()
    ]


def renaming(renames: Renames, estate: Estate | None = None) -> list[str]:
    """Describe which tables and indexes are renamed."""
    lines = []
    names = [*renames.tables, *renames.indexes]
    if names:
        pairs = ", ".join(f"{name} to {renamed(name)}" for name in names)
        lines.append(f"Rename, with every row: {pairs}.")
    referring = [
        table.name
        for table in (estate or {}).values()
        if table.name not in renames.tables and set(table.references.values()) & set(renames.tables)
    ]
    if referring:
        lines.append(f"What refers to these tables refers to them under the new names: {', '.join(referring)}.")
    return lines


def stamping(revision: str, head: str) -> list[str]:
    """Describe how the revision is recorded. revision: reached by adoption, before the upgrade to `head`."""
    lines = [f"Record that the database is at revision {revision}."]
    return lines if revision == head else [*lines, f"Upgrade it to revision {head}."]


def dropped_links(plan: Plan, dropped: Mapping[str, int]) -> list[str]:
    """Say how many links to authors and tags are not adopted. dropped: their number, by section."""
    why = "dropped: the book, author or tag is left out, does not exist, or was deleted in the catalogue."
    return [
        f"{_number(number, 'row')} of {plan[name].table} {'is' if number == 1 else 'are'} {why}"
        for name, number in dropped.items()
        if number
    ]


def counted(rows: Mapping[str, int]) -> str:
    """Return the numbers of rows, such as "3 authors and 9 books"."""
    parts = [_number(rows[noun], noun) for noun in ("author", "book", "tag") if rows.get(noun) or noun == "book"]
    return _listed(parts)


class Adoption:
    """Describes the adoption of an earlier application's tables."""

    def __init__(
        self, connection: Connection, plan: Plan, estate: Estate, validated: ValidationReport, *, in_place: bool
    ) -> None:
        self._connection = connection
        self._plan = plan
        self._estate = estate
        self._validated = validated
        self._in_place = in_place

    def found(self, version_tables: Mapping[str, list[str]], renames: Renames = NO_RENAMES) -> list[str]:
        """Describe the tables."""
        tables = [f"{_number(self._rows[name], 'row')} in {name}" for name in self._plan.tables()]
        others = [name for name in self._estate if name not in self._plan.tables() and name not in renames.tables]
        left = [f"Other tables are left alone: {', '.join(others)}."] if others else []
        return [f"Found {', '.join(tables)}.", *versions(version_tables), *left, *self._unused_links(others)]

    def _unused_links(self, others: Iterable[str]) -> list[str]:
        """Name the tables that link books to authors or tags besides those of the plan."""
        targets = {self._plan[name].table: name for name in ("authors", "tags") if name in self._plan}
        books = self._plan["books"].table
        return [
            f"{name} links {books} to {other} too, and is not adopted."
            for name in others
            for other in targets
            if {books, other} <= set(self._estate[name].references.values())
        ]

    def copying(self, *, create: bool = True) -> list[str]:
        """Describe the steps that copy rows. create: whether the catalogue's tables are created first."""
        lines = ["Create the catalogue's tables."] if create else []
        lines.append("Copy every row, as the table below says.")
        lines += self._left_out()
        lines.append(self._ids())
        lines += [line for name in NOUNS if name in self._plan for line in self._times(name)]
        if "contributors" in self._plan:
            order = " and ".join(link_order(self._plan, self._estate, "contributors"))
            table = self._plan["contributors"].table
            lines.append(
                f"A book's contributors are in the order of {table}.{order}; the first author is its first author."
            )
        if self._plan.default_author:
            lines.append(f"A book without an author gets the author {self._plan.default_author}.")
        lines.append("Make slugs, and what is searched and sorted by, from names and titles.")
        return lines

    def values(self) -> list[str]:
        """Describe each column: the values before and after, what they become, and how they are converted."""
        lines = ["", *_aligned([("old column", "before", "after", "becomes"), *self._columns()])]
        converted = self._validated.conversions.lines()
        if converted:
            lines += ["", "Converted values:", *(f"  {line}" for line in converted)]
        links = [name for name in ("contributors", "book_tags") if name in self._plan]
        dropped = dropped_links(
            self._plan,
            {name: self._rows[self._plan[name].table] - self._validated.kept[name, "book_id"] for name in links},
        )
        lines += ["", *dropped] if dropped else []
        behind = [line for table in self._plan.tables() for line in self._behind(table)]
        if behind:
            lines += ["", "What stays behind is found so:", *(f"  {line}" for line in behind)]
        lines += self._suggestions()
        return [*lines, ""]

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {name: count(self._connection, name) for name in self._plan.tables()}

    def _left_out(self) -> list[str]:
        lines = []
        for section in self._plan.sections.values():
            if section.condition:
                taken = count(self._connection, section.table, section.condition)
                rows = _number(self._rows[section.table], "row")
                lines.append(f"Adopt {taken:,} of {rows} of {section.table}: those where {section.condition}.")
        return lines

    def _ids(self) -> str:
        nouns = _listed([noun for name, noun in NOUNS.items() if name in self._plan])
        if not self._in_place:
            return f"{adopted_ids.NAME} has the old id of each {nouns}, and the new one, a UUID."
        if self._validated.new_ids:
            return (
                f"Each {nouns} whose id is no UUID gets a new one; {adopted_ids.NAME} has the old id and the new one."
            )
        return f"Each {nouns} keeps its id."

    def _times(self, name: str) -> list[str]:
        section, noun = self._plan[name], NOUNS[name]
        columns = {each: section.columns[each][0] for each in ("created_at", "updated_at") if each in section.columns}
        if not columns:
            return [f"{section.table} has no times: each {noun} gets the time of its adoption."]
        kinds = self._estate[section.table].columns
        naive = [column for column in columns.values() if kinds[column] != "aware time"]
        utc = f"; without an offset ({', '.join(naive)}) they are taken as UTC" if naive else ""
        missing = "A missing one is the other, or else the time of adoption."
        return [f"{section.table} has its times in {' and '.join(columns.values())}{utc}. {missing}"]

    def _columns(self) -> Iterable[tuple[str, str, str, str]]:
        for table in self._plan.tables():
            before = filled(self._connection, self._estate[table])
            for column, number in before.items():
                uses = self._uses(table, column)
                kept = max((self._kept(*use, column) for use in uses), default=0)
                becomes = " and ".join(self._becomes(*use) for use in uses) or f"stays in {self._place(table)}"
                yield f"{table}.{column}", f"{number:,}", f"{kept:,}" if uses else "-", becomes

    def _uses(self, table: str, column: str) -> list[tuple[str, str]]:
        """Return the sections and fields that a column fills."""
        return [
            (name, field)
            for name, section in self._plan.sections.items()
            if section.table == table
            for field in section.used().get(column, ())
        ]

    def _kept(self, section: str, field: str, column: str) -> int:
        joined = len(self._plan[section].columns[field]) > 1
        return self._validated.parts[section, column] if joined else self._validated.kept[section, field]

    def _becomes(self, section: str, field: str) -> str:
        if field == "id" and (self._validated.new_ids or not self._in_place):
            return f"{adopted_ids.NAME}.old_id"
        return BECOMES.get((section, field)) or f"{NOUNS[section]}.{field}"

    def _place(self, table: str) -> str:
        return renamed(table) if self._in_place else f"the other database, {table}"

    def _behind(self, table: str) -> list[str]:
        """Return how to find the columns of a table that stay behind."""
        section = next(name for name, each in self._plan.sections.items() if each.table == table)
        left = [column for column in self._estate[table].columns if not self._uses(table, column)]
        if not left or section not in NOUNS:
            return []
        key, names = self._plan[section].columns["id"][0], ", ".join(f"old.{self._name(column)}" for column in left)
        if not self._in_place:
            return [f"In the other database: SELECT old.{self._name(key)}, {names} FROM {self._name(table)} AS old"]
        place = self._name(renamed(table))
        if not self._validated.new_ids:
            return [f"SELECT old.{self._name(key)}, {names} FROM {place} AS old"]
        condition = f"kind = '{NOUNS[section]}' AND old_id = CAST(old.{self._name(key)} AS TEXT)"
        return [f"SELECT new_id, {names} FROM {place} AS old JOIN {adopted_ids.NAME} ON {condition}"]

    def _suggestions(self) -> list[str]:
        books = self._plan["books"]
        return [
            f"{books.table}.{column} can fill {name}: --column {books.table}.{name}={column}."
            for name, columns in SUGGESTED.items()
            if name not in books.columns
            for column in self._estate[books.table].columns
            if column.lower() in columns and column not in books.used()
            if self._estate[books.table].columns[column] != "boolean"
        ]

    def _name(self, name: str) -> str:
        return self._connection.dialect.identifier_preparer.quote(name)


def _listed(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]


def _number(count_of: int, noun: str) -> str:
    return f"{count_of:,} {noun}{'' if count_of == 1 else 's'}"


def _aligned(rows: list[tuple[str, str, str, str]]) -> list[str]:
    """Return a table, with numbers to the right."""
    name, before, after = (max(len(row[place]) for row in rows) for place in range(3))
    return [f"  {row[0]:<{name}}  {row[1]:>{before}}  {row[2]:>{after}}  {row[3]}" for row in rows]
