"""Run an adoption in place, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from diptych.core.db.error_translation import translate
from diptych.core.db.schema_diff import scripts
from diptych.core.engine.entity import now
from diptych.core.errors import ServiceUnavailable
from diptych.core.legacy_import import adopted_ids, report, schema_history
from diptych.core.legacy_import.connections import changing, missing_file
from diptych.core.legacy_import.copy import REVISION, MiscountedError, Target, check_counts, copy_rows
from diptych.core.legacy_import.inspection import Estate, quoted
from diptych.core.legacy_import.plan import Plan
from diptych.core.legacy_import.planning import AdoptionRefused, Request, make_plan, written_plan
from diptych.core.legacy_import.renaming import Renames, find_renames, rename, renamed
from diptych.core.legacy_import.row_conversion import ROWID, EstateReader, source
from diptych.core.legacy_import.row_reader import Source, count, escaped
from diptych.core.legacy_import.row_validation import Advanced, ValidationReport, validate_rows
from diptych.core.legacy_import.schema_detection import (
    LegacySchema,
    NothingToAdopt,
    OwnSchema,
    UnknownSchema,
    detect_schema,
)
from diptych.core.settings import Settings

UNKNOWN = "This database is not known, and nothing was changed."


class ProgressListener(Protocol):
    """Receives the progress of an adoption."""

    def say(self, line: str) -> None:
        """Show a sentence to the operator."""

    def begin(self, doing: str, rows: int) -> Callable[[int], None]:
        """Start a progress display over `rows` rows; return a function that takes the number of further rows done."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """The result of an adoption, and the database's new revision."""

    told: str
    revision: str


@dataclass(frozen=True, slots=True)
class Move:
    """What is copied in place, and what is renamed before."""

    plan: Plan
    estate: Estate
    renames: Renames


def adopt(settings: Settings, request: Request, listener: ProgressListener) -> Adopted | None:
    """Adopt a database; return None for a dry run or where there is nothing to adopt.

    Errors: AdoptionRefused; CommandError when another migration takes too long; SQLAlchemyError for an unreachable
    database.
    """
    if missing_file(settings):
        listener.say("There is nothing to adopt: no such file. `diptych database upgrade` makes it.")
        return None
    with refusals(), changing(settings, dry_run=request.dry_run) as connection:
        return _adopt(connection, request, listener)


def plan_of(settings: Settings, request: Request) -> str:
    """Return the text of a plan for the database. Errors: as those of adopt()."""
    if missing_file(settings):
        raise AdoptionRefused("There is nothing to plan: no such file.")
    with refusals(), changing(settings, dry_run=True) as connection:
        schema = detect_schema(connection, scripts(), planned=request.plan is not None)
        match schema:
            case LegacySchema():
                return written_plan(connection, schema.estate, request)
            case NothingToAdopt():
                raise AdoptionRefused(schema.reason)
            case UnknownSchema():
                raise AdoptionRefused(UNKNOWN, schema.reasons)
        raise AdoptionRefused("These are the catalogue's own tables, which need no plan.")


@contextmanager
def refusals() -> Iterator[None]:
    """Raise AdoptionRefused for a statement that the database refuses, and for a wrong number of rows."""
    try:
        yield
    except DBAPIError as error:
        if not isinstance(translate(error), ServiceUnavailable):
            message = str(error.orig).strip().partition("\n")[0]
            raise AdoptionRefused(f"The database refused a statement, and nothing was changed: {message}") from error
        raise
    except MiscountedError as error:
        raise AdoptionRefused(f"Rows changed while they were read, and nothing was changed: {error}.") from error


def refuse_rows(validated: ValidationReport) -> None:
    """Errors: AdoptionRefused, if any row cannot be adopted."""
    if validated.refusals.count:
        values = f"{validated.refusals.count:,} value{'' if validated.refusals.count == 1 else 's'}"
        raise AdoptionRefused(
            f"{values} cannot be adopted, and nothing was changed.", tuple(validated.refusals.lines())
        )


def _adopt(connection: Connection, request: Request, listener: ProgressListener) -> Adopted | None:
    script = scripts()
    schema = detect_schema(connection, script, planned=request.plan is not None)
    match schema:
        case NothingToAdopt():
            listener.say(schema.reason)
            return None
        case UnknownSchema():
            raise AdoptionRefused(UNKNOWN, schema.reasons)
        case OwnSchema():
            return _adopt_own(connection, script, schema, request, listener)
    return _adopt_legacy(connection, script, schema, request, listener)


def _adopt_own(
    connection: Connection, script: ScriptDirectory, schema: OwnSchema, request: Request, listener: ProgressListener
) -> Adopted | None:
    renames = find_renames(connection, script, schema.versions, after=schema.revision)
    if renames.clashes:
        raise AdoptionRefused(UNKNOWN, renames.clashes)
    head = str(script.get_current_head())
    say_steps(listener, report.found_own(schema), [*report.renaming(renames), *report.stamping(schema.revision, head)])
    if _is_dry(request, listener):
        return None
    rename(connection, renames)
    schema_history.stamp(connection, script, schema.revision)
    return Adopted("Adopted the catalogue.", schema.revision)


def _adopt_legacy(
    connection: Connection, script: ScriptDirectory, schema: LegacySchema, request: Request, listener: ProgressListener
) -> Adopted | None:
    plan = make_plan(connection, schema.estate, request)
    renames = find_renames(connection, script, [*plan.tables(), *schema.versions], make_room=True)
    if renames.clashes:
        raise AdoptionRefused("Names are in the way, and nothing was changed.", renames.clashes)
    if connection.dialect.name == "postgresql" and not request.dry_run:
        # A row written to the old table after validation would be lost.
        names = ", ".join(quoted(connection, name) for name in renames.tables)
        connection.exec_driver_sql(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
    reader = EstateReader(connection, plan, schema.estate)
    rows = number_of_rows(connection, plan)
    validated = validate_rows(reader, listener.begin("Reading", rows))
    described = report.Adoption(connection, plan, schema.estate, validated, in_place=True)
    head = str(script.get_current_head())
    say_steps(
        listener,
        described.found(schema.versions, renames),
        [*report.renaming(renames, schema.estate), *described.copying(), *report.stamping(REVISION, head)],
    )
    for line in described.values():
        listener.say(line)
    refuse_rows(validated)
    if _is_dry(request, listener):
        return None
    advanced = listener.begin("Copying", rows)
    copied = _copy_in_place(connection, script, Move(plan, schema.estate, renames), validated, advanced)
    return Adopted(f"Adopted {report.counted(copied)}.", REVISION)


def _copy_in_place(
    connection: Connection, script: ScriptDirectory, move: Move, validated: ValidationReport, advanced: Advanced
) -> Mapping[str, int]:
    """Return the number of rows that were made, by table."""
    plan, estate = move.plan, move.estate
    sources = _views(connection, plan, estate)
    rename(connection, move.renames)
    schema_history.build(connection, script, REVISION)
    if validated.new_ids:
        adopted_ids.create(connection)
    target = Target(connection, now(), mapped=validated.new_ids)
    copy_rows(EstateReader(connection, plan, estate, sources), target, advanced)
    check_counts(connection, validated.expected)
    for section, each in plan.sections.items():
        if each.condition:
            connection.exec_driver_sql(f"DROP VIEW {_view(section)}")
    schema_history.stamp(connection, script, REVISION)
    return target.copied


def _views(connection: Connection, plan: Plan, estate: Estate) -> Mapping[str, Source]:
    """Return what is read after tables are renamed: a view for each condition.

    A condition may name tables by their old names: a view that exists already follows the renaming.
    """
    sources = {}
    for section, each in plan.sections.items():
        found = source(plan, estate, section)
        if each.condition:
            has_rowid = found.key not in found.columns
            columns = f"{found.key} AS {ROWID}, *" if has_rowid else "*"
            rows = f"SELECT {columns} FROM {quoted(connection, each.table)} WHERE ({escaped(each.condition)})"  # noqa: S608
            connection.execute(text(f"CREATE TEMPORARY VIEW {_view(section)} AS {rows}"))
            sources[section] = Source(_view(section), found.columns, ROWID if has_rowid else found.key)
        else:
            sources[section] = Source(renamed(each.table), found.columns, found.key)
    return sources


def _view(section: str) -> str:
    return f"adoption_of_{section}"


def number_of_rows(connection: Connection, plan: Plan) -> int:
    """Return how many rows are read, for a progress display."""
    sections = [plan[name] for name in ("authors", "tags", "books") if name in plan]
    return sum(count(connection, section.table, section.condition) for section in sections)


def say_steps(listener: ProgressListener, lines: list[str], steps: list[str]) -> None:
    """Say what was found, and the steps by number."""
    for line in lines:
        listener.say(line)
    for number, step in enumerate(steps, 1):
        listener.say(f"{number:>3}. {step}")


def _is_dry(request: Request, listener: ProgressListener) -> bool:
    if request.dry_run:
        listener.say("This was a dry run: nothing was changed.")
    return request.dry_run
