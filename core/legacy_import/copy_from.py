"""Copy an earlier application's rows from another database, which is left as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, nullcontext
from enum import Enum, auto
from pathlib import Path

from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DBAPIError

from diptych.core.attribution import by_command
from diptych.core.db.change_source import attributing
from diptych.core.db.config import make_sqlite_file
from diptych.core.db.schema_diff import scripts
from diptych.core.db.schema_version import VERSION_TABLE, head
from diptych.core.engine.entity import now
from diptych.core.legacy_import import adopted_ids, report, schema_history
from diptych.core.legacy_import.connections import changing, missing_file, reading
from diptych.core.legacy_import.copy import REVISION, Target, check_counts, copy_rows
from diptych.core.legacy_import.earlier_copy import EarlierCopy
from diptych.core.legacy_import.planning import AdoptionRefused, Request, make_plan, written_plan
from diptych.core.legacy_import.renaming import find_renames
from diptych.core.legacy_import.row_conversion import EstateReader
from diptych.core.legacy_import.row_validation import ValidationReport, validate_rows
from diptych.core.legacy_import.runner import (
    Adopted,
    ProgressListener,
    number_of_rows,
    refusals,
    refuse_rows,
    say_steps,
)
from diptych.core.legacy_import.schema_detection import LegacySchema, has_rows, read_estate
from diptych.core.settings import Settings, parse_database_url

REFUSED = "Nothing can be copied into this database, and nothing was changed."


SAME = "--copy-from names the database of the catalogue itself: leave it out to adopt in place."


class State(Enum):
    """What a database is to a copy."""

    EMPTY = auto()
    MIGRATED = auto()
    COPIED = auto()


def copy_from(settings: Settings, request: Request, listener: ProgressListener) -> Adopted | None:
    """Copy every row that the plan names, or with `again` those that are new; return None for a dry run.

    Errors: AdoptionRefused; CommandError when another migration takes too long; SQLAlchemyError.
    """
    _refuse_same(settings, request)
    with refusals(), ExitStack() as stack:
        source = stack.enter_context(_other(request))
        schema = _estate(source, request)
        target = None
        if not missing_file(settings):
            target = stack.enter_context(changing(settings, dry_run=request.dry_run))
            _refuse_same_schema(source, target)
        state = State.EMPTY if target is None else _state(target)
        _refuse_state(state, request)
        plan = make_plan(source, schema.estate, request)
        reader = EstateReader(source, plan, schema.estate)
        rows = number_of_rows(source, plan)
        earlier = None
        if state is State.COPIED and target is not None:
            earlier = stack.enter_context(closing(EarlierCopy(target)))
        validated = validate_rows(reader, listener.begin("Reading", rows), earlier)
        if earlier is None:
            described = report.Adoption(source, plan, schema.estate, validated, in_place=False)
            _describe(described, schema, state, listener)
        refuse_rows(validated)
        if earlier is not None:
            _report_differences(earlier, listener)
            for line in report.dropped_links(plan, validated.dropped):
                listener.say(line)
        if request.dry_run:
            _say_dry(validated, earlier, listener)
            return None
        if target is None:
            make_sqlite_file(settings)
            target = stack.enter_context(changing(settings, dry_run=False))
        copied = _copy(reader, target, state, validated, listener.begin("Copying", rows))
    if earlier is not None and not sum(copied.values()):
        return Adopted("Nothing is new.", REVISION)
    return Adopted(f"Copied {report.counted(copied)}{', new since the last copy' if earlier else ''}.", REVISION)


def plan_of_other(settings: Settings, request: Request) -> str:
    """Return the text of a plan for the other database. Errors: as those of copy_from()."""
    _refuse_same(settings, request)
    with refusals(), _other(request) as source:
        return written_plan(source, _estate(source, request).estate, request)


@contextmanager
def _other(request: Request) -> Iterator[Connection]:
    """Open the other database. Errors: AdoptionRefused."""
    with ExitStack() as stack:
        try:
            source = stack.enter_context(reading(str(request.copy_from)))
        except DBAPIError as error:
            message = str(error.orig).strip().partition("\n")[0]
            shown = parse_database_url(str(request.copy_from)).render_as_string(hide_password=True)
            raise AdoptionRefused(f"The other database, {shown}, cannot be read: {message}") from error
        yield source


def _copy(
    reader: EstateReader,
    connection: Connection,
    state: State,
    validated: ValidationReport,
    advanced: Callable[[int], None],
) -> Mapping[str, int]:
    """Copy the rows, and return the number of rows that were made, by table."""
    if state is State.EMPTY:
        schema_history.build(connection, scripts(), REVISION)
    if state is not State.COPIED:
        adopted_ids.create(connection)
    target = Target(connection, now(), (adopted_ids.last_run(connection) or 0) + 1, every=True)
    # In a catalogue that is made here the history begins when all rows are there.
    recorded = nullcontext() if state is State.EMPTY else attributing(connection, by_command("adopt"))
    with recorded:
        copy_rows(reader, target, advanced)
    if state is not State.COPIED:
        check_counts(connection, validated.expected)
    if state is State.EMPTY:
        schema_history.stamp(connection, scripts(), REVISION)
    return target.copied


def _refuse_same(settings: Settings, request: Request) -> None:
    try:
        other = parse_database_url(str(request.copy_from))
    except ValueError as error:
        raise AdoptionRefused(f"--copy-from {error}.") from None
    ours = parse_database_url(settings.database_url)
    same_file = (
        other.drivername == ours.drivername == "sqlite"
        and Path(str(other.database)).resolve() == Path(str(ours.database)).resolve()
    )
    if other == ours or same_file:
        raise AdoptionRefused(SAME)


def _refuse_same_schema(source: Connection, target: Connection) -> None:
    """Refuse two URLs that lead to one schema of PostgreSQL, such as one by a host's name and one by its address."""
    if not source.dialect.name == target.dialect.name == "postgresql":
        return
    schema = "SELECT pg_postmaster_start_time()::text, current_database(), current_schema()"
    if source.exec_driver_sql(schema).one() == target.exec_driver_sql(schema).one():
        raise AdoptionRefused(SAME)


def _estate(source: Connection, request: Request) -> LegacySchema:
    """Return what the other database has. Errors: AdoptionRefused, for a catalogue or no tables."""
    schema = read_estate(source)
    if not schema.estate:
        raise AdoptionRefused("The other database has no tables, and nothing was changed.")
    if schema.estate.keys() >= schema_history.FIRST and request.plan is None:
        raise AdoptionRefused(
            "The other database has the catalogue's own tables, and nothing was changed:"
            " `diptych database dump-data` and `diptych load` copy a catalogue."
        )
    return schema


def _state(target: Connection) -> State:
    """Return what may be done with a database. Errors: AdoptionRefused."""
    names = set(inspect(target).get_table_names())
    if not names >= schema_history.FIRST:
        clashes = find_renames(target, scripts(), (), make_room=False).clashes
        if clashes:
            raise AdoptionRefused(REFUSED, clashes)
        return State.EMPTY
    revisions = schema_history.stamped(target, VERSION_TABLE) if VERSION_TABLE in names else []
    if revisions != [head()]:
        at = ", ".join(revisions) or "none"
        raise AdoptionRefused(
            REFUSED,
            (f"The catalogue in it is at revision {at} and has to be at {head()}: `diptych database upgrade`.",),
        )
    if adopted_ids.NAME not in names:
        if has_rows(target):
            raise AdoptionRefused(REFUSED, ("There are rows in the catalogue: copy into an empty one.",))
        return State.MIGRATED
    if adopted_ids.last_run(target) is None:
        raise AdoptionRefused(REFUSED, ("Its rows were adopted in place, and not by --copy-from.",))
    return State.COPIED


def _refuse_state(state: State, request: Request) -> None:
    if state is State.COPIED and not request.again:
        raise AdoptionRefused(REFUSED, ("Rows were copied into it before: --again copies those that are new since.",))
    if state is not State.COPIED and request.again:
        raise AdoptionRefused(REFUSED, ("Nothing was copied into it before: leave out --again.",))


def _describe(described: report.Adoption, schema: LegacySchema, state: State, listener: ProgressListener) -> None:
    steps = described.copying(create=state is State.EMPTY)
    if state is State.EMPTY:
        steps += report.stamping(REVISION, head())
    say_steps(listener, described.found(schema.versions), steps)
    for line in described.values():
        listener.say(line)


def _report_differences(earlier: EarlierCopy, listener: ProgressListener) -> None:
    for line in earlier.changed.lines("changed since, or have more that is read now, and stayed as copied"):
        listener.say(line)
    for line in earlier.deleted().lines("deleted or left out since, and kept here"):
        listener.say(line)


def _say_dry(validated: ValidationReport, earlier: EarlierCopy | None, listener: ProgressListener) -> None:
    if earlier is not None:
        listener.say(f"New are {report.counted(validated.rows)}.")
    listener.say("This was a dry run: nothing was changed.")
