"""Make the plan of an adoption, from a file or from the database, with the options of the command line."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from diptych.core.catalogue.limits import NAME_MAX
from diptych.core.engine.text_normalization import line
from diptych.core.legacy_import import live_rows, plan_check, plan_file
from diptych.core.legacy_import.inference import Inferred, infer
from diptych.core.legacy_import.inspection import Estate
from diptych.core.legacy_import.plan import Options, Plan, PlanError


class AdoptionRefused(Exception):
    """The schema is unknown, or some rows cannot be copied; nothing was changed.

    The text is one line, and each reason is a line.
    """

    def __init__(self, message: str, reasons: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Request:
    """What an operator asks for. plan: the text of a plan's file. copy_from: the URL of another database."""

    options: Options = field(default_factory=Options)
    plan: str | None = None
    dry_run: bool = False
    copy_from: str | None = None
    again: bool = False


def make_plan(connection: Connection, estate: Estate, request: Request, clashes: tuple[str, ...] = ()) -> Plan:
    """Return a plan that can be followed. clashes: further reasons why it cannot. Errors: AdoptionRefused."""
    try:
        inferred, plan = _planned(estate, request)
        reasons = _ambiguous(inferred, plan) or plan_check.faults(plan, estate, request.options.left())
    except PlanError as error:
        raise AdoptionRefused("This cannot be planned, and nothing was changed.", (str(error),)) from None
    if not reasons:
        found = live_rows.undecided(connection, plan, estate)
        reasons = [
            *plan_check.condition_faults(connection, plan),
            *(each for lines in found.values() for each in lines),
        ]
    if reasons or clashes:
        raise AdoptionRefused("This cannot be adopted as it is, and nothing was changed.", (*reasons, *clashes))
    return plan


def written_plan(connection: Connection, estate: Estate, request: Request) -> str:
    """Return the text of a plan for a person to edit, with what is to be decided. Errors: AdoptionRefused."""
    try:
        inferred, plan = _planned(estate, request)
        reasons = _ambiguous(inferred, plan) or plan_check.faults(plan, estate, request.options.left())
    except PlanError as error:
        raise AdoptionRefused("This cannot be planned, and nothing was changed.", (str(error),)) from None
    known = replace(plan, sections={name: each for name, each in plan.sections.items() if each.table in estate})
    tables = {name: list(table.columns) for name, table in estate.items()}
    return plan_file.write(plan, reasons, live_rows.undecided(connection, known, estate), tables)


def _planned(estate: Estate, request: Request) -> tuple[Inferred, Plan]:
    given = request.plan
    inferred = infer(estate, request.options.left()) if given is None else Inferred(plan_file.read(given))
    plan = request.options.applied(inferred.plan)
    if plan.default_author:
        try:
            plan = replace(plan, default_author=line(NAME_MAX)(plan.default_author))
        except ValueError as error:
            raise PlanError(f"The default author {plan.default_author!r} cannot be used: {error}.") from None
    return inferred, plan


def _ambiguous(inferred: Inferred, plan: Plan) -> list[str]:
    """Return what could not be inferred and no option has decided."""
    return [
        sentence
        for section, sentences in inferred.undecided.items()
        if not (section == "books" and plan.has_field("books", "author_id"))
        for sentence in sentences
    ]
