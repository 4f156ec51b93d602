"""Check a plan against the estate before any row is read. Each fault is a line that says what to write."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from diptych.core.legacy_import.column_mapping import FIELDS
from diptych.core.legacy_import.inspection import Estate, EstateTable, quoted
from diptych.core.legacy_import.plan import Plan, Section
from diptych.core.legacy_import.plan_file import nearest
from diptych.core.legacy_import.row_reader import escaped

WRITE_PLAN = (
    "`diptych database adopt --write-plan plan.toml` writes a plan to complete, and `--plan plan.toml` uses it."
)


def faults(plan: Plan, estate: Estate, left: set[tuple[str, str]]) -> list[str]:
    """Return what is wrong with the tables and columns of a plan. left: what --leave names."""
    if "books" not in plan:
        tables = ", ".join(estate)
        return [f"There are tables here ({tables}), but none is known to hold books.", WRITE_PLAN]
    found = [line for name, section in plan.sections.items() for line in _of_section(name, section, estate, left)]
    if not found:
        found = [*_missing(plan, estate), *_of_authors(plan)]
    return [*found, *_of_leaves(plan, estate, left)]


def condition_faults(connection: Connection, plan: Plan) -> list[str]:
    """Return which conditions the database does not accept."""
    lines = []
    for name, section in plan.sections.items():
        if not section.condition:
            continue
        # With a parameter PostgreSQL takes one statement only: a second one could end the transaction.
        statement = (
            f"SELECT 1 FROM {quoted(connection, section.table)} WHERE ({escaped(section.condition)}) LIMIT :rows"  # noqa: S608
        )
        savepoint = connection.begin_nested()
        try:
            connection.execute(text(statement), {"rows": 0})
        except DBAPIError as error:
            message = str(error.orig).strip().partition("\n")[0]
            lines.append(f"[{name}] where = {section.condition!r}: {message}.")
        savepoint.rollback()
    return lines


def _of_section(name: str, section: Section, estate: Estate, left: set[tuple[str, str]]) -> Iterator[str]:
    table = estate.get(section.table)
    if table is None:
        yield f"[{name}] table = {section.table!r}: there is no such table{nearest(section.table, estate)}"
        return
    for field, columns in section.columns.items():
        for column in columns:
            if column not in table.columns:
                hint = nearest(column, table.columns)
                yield f"[{name}] {field} = {column!r}: {section.table} has no such column{hint}"
    for column in section.leave:
        if column not in table.columns and (section.table, column) not in left:
            hint = nearest(column, table.columns)
            yield f"[{name}] leave = [{column!r}]: {section.table} has no such column{hint}"
        elif column in section.used():
            yield f"[{name}] says that {column} is adopted and left behind: remove one of the two lines."
    for field in section.values:
        if field not in section.columns:
            yield f'[{name}.values.{field}] is of no use: [{name}] has no line {field} = "...".'


def _missing(plan: Plan, estate: Estate) -> Iterator[str]:
    for name, section in plan.sections.items():
        table = estate[section.table]
        for field in FIELDS[name].values():
            if field.required and field.name not in section.columns:
                yield _needed(name, field.name, table)
        given = section.columns.get("id", ())
        if given and (len(given) > 1 or given[0] not in table.unique):
            key = " and ".join(given)
            yield f'{table.name}.{key} does not identify a row: [{name}] id = "..." names a unique column.'


def _needed(section: str, field: str, table: EstateTable) -> str:
    if field == "id":
        return f'{table.name} has no primary key of one column: [{section}] id = "..." in a plan names a unique one.'
    known = ", ".join(table.columns)
    like = nearest(field, table.columns)
    guess = like.removeprefix("; did you mean ").rstrip("?") if "did you mean" in like else "COLUMN"
    return (
        f"{table.name} has no column {field}; it has {known}. Say which it is: --column {table.name}.{field}={guess},"
        f' or {field} = "{guess}" under [{section}] in a plan.'
    )


def _of_authors(plan: Plan) -> Iterator[str]:
    books = plan["books"]
    if "author" in books.columns and "author_id" in books.columns:
        yield "[books] has author and author_id: a book's author is a text or a reference, so remove one of the lines."
    for section, field in (("books", "author_id"), ("contributors", "author_id")):
        if plan.has_field(section, field) and "authors" not in plan:
            yield f"[{section}] has {field}, and there is no section [authors] that it could refer to."
    if "book_tags" in plan and "tags" not in plan:
        yield "There is a section [book_tags], and no section [tags] that it could refer to."
    authored = (
        any(plan.has_field(*each) for each in (("books", "author_id"), ("books", "author"))) or "contributors" in plan
    )
    if not authored and not plan.default_author:
        reference = (
            f"--column {books.table}.author_id=COLUMN for a reference to {plan['authors'].table}"
            if "authors" in plan
            else 'author_id = "COLUMN" under [books] in a plan for a reference to the table that [authors] names'
        )
        yield (
            f"{books.table} has no author: --column {books.table}.author=COLUMN for a column with names, {reference},"
            " a section [contributors] in a plan for a table that ties books to authors, or --default-author NAME."
        )


def _of_leaves(plan: Plan, estate: Estate, left: set[tuple[str, str]]) -> Iterator[str]:
    """Find columns to leave that do not exist, so that a typo is found before anything is copied."""
    known = ", ".join(plan.tables())
    for table, column in sorted(left):
        if table not in plan.tables():
            yield f"--leave {table}.{column}: {table} is none of the tables that are adopted ({known})."
        elif column not in estate[table].columns:
            yield f"--leave {table}.{column}: there is no such column{nearest(column, estate[table].columns)}"
