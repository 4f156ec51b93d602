# Generated from core/aio/operations/pages/writing.py by tools/unasync.py: do not edit, run "make twins".
"""The pages to add, change and delete rows whose fields are columns: authors, publishers, series and tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any
from urllib.parse import quote

from sqlalchemy import Select
from sqlalchemy.orm import Session

from diptych.core.engine.entity import Entity
from diptych.core.engine.resource_spec import ResourceSpec
from diptych.core.engine.row_statements import in_values
from diptych.core.engine.schemas.pagination import Query
from diptych.core.errors import Conflict, naming_no_item
from diptych.core.http import problems
from diptych.core.http.operations import Operation, OperationRequest, OperationResult
from diptych.core.refusals import RowNotFound
from diptych.core.sync.operations import authors, publishers, series, tags
from diptych.core.sync.operations.crud_operations import Resource
from diptych.core.sync.operations.pages.page import form, html, page, see_other
from diptych.core.sync.statement_executor import Executor
from diptych.core.web import form_pages
from diptych.core.web.books import Link
from diptych.core.web.fields import FormOf, Merged, Texts, merged, parsed, sent
from diptych.core.web.form_pages import Conflicts, Doomed, FormPage
from diptych.core.web.frame import frame_of
from diptych.core.web.wording import text

WRITE: Any = "catalogue:write"


@cache
def rows_by_ids(spec: ResourceSpec) -> Select[Any]:
    """Return the query for the rows with ids in VALUES."""
    return spec.select.where(in_values(spec.model.id))


class SavedQuery(Query):
    """Which fields others have changed meanwhile, with a comma between them."""

    others: str = ""


@dataclass(frozen=True, slots=True)
class RowPages:
    """The pages that change rows of one kind.

    form: its fields. path: of a row's page. column: that a row is found by, and the name of the path's parameter.
    """

    kind: str
    resource: Resource
    form: FormOf
    path: str
    column: str = "slug"

    @property
    def list_address(self) -> str:
        """The address of the list of such rows."""
        return f"ui/{self.resource.name}"

    def service(self, session: Session) -> Any:
        """Return the service of such rows."""
        return self.resource.service(session, wrap_exceptions=False)

    def address(self, row: Any, rest: str = "") -> str:
        """Return the address of a row's page, or of a page below it."""
        given = quote(str(getattr(row, self.column)), safe="")
        return f"{self.path[1:].replace(f'{{{self.column}}}', given)}{rest}"

    def form_page(self, address: str) -> FormPage:
        """Return what the page of a form at an address is about."""
        return FormPage(self.kind, self.form, address)

    def read(self, executor: Executor, call: OperationRequest) -> Any:
        """Return the row that a page is about, as the API has it. Errors: NotFound."""
        return self.resource.reader(executor).fetch(self.column, call.parameters[self.column])

    def texts(self, executor: Executor, row: Any) -> Mapping[str, str]:  # noqa: ARG002 - of books, it reads
        """Return the fields of a row as text."""
        return form_pages.row_texts(self.form, row)

    def name_of(self, row: Any) -> str:
        """Return the name of a row."""
        name: str = getattr(row, self.resource.service.spec.rules.named_by)
        return name

    # Add

    def show_new(self, _executor: None, call: OperationRequest) -> OperationResult:
        """Return the page to add a row."""
        address = f"{self.list_address}/new"
        return html(form_pages.new_row(frame_of(f"/{address}", call.principal), self.form_page(address)))

    def add(self, session: Session, call: OperationRequest) -> OperationResult:
        """Add a row. Errors: ValidationFailed, Conflict."""
        values = sent(self.form, call.body.root)
        row = self.create(session, parsed(self.form, values), values)
        return see_other(self.address(row))

    def create(self, session: Session, given: Any, _values: Texts) -> Entity:
        """Create a row of what was typed. Errors: ValidationFailed, Conflict."""
        with naming_no_item():
            rows: Sequence[Entity] = self.service(session).create_many([given.model_dump(exclude_unset=True)])
        return rows[0]

    # Change

    def show(self, executor: Executor, call: OperationRequest) -> OperationResult:
        """Return the page to change a row. Errors: NotFound."""
        row = self.read(executor, call)
        values = self.texts(executor, row)
        frame = frame_of(f"{self.path}/edit", call.principal)
        return html(form_pages.edit_row(frame, self.form_page(self.address(row, "/edit")), self.name_of(row), values))

    def change(self, session: Session, call: OperationRequest) -> OperationResult:
        """Change those fields of a row that were changed in the form. Errors: ValidationFailed, Conflict."""
        values = sent(self.form, call.body.root)
        given = parsed(self.form, values)
        row = self.locked(session, call)
        if row is None:
            raise Conflict(text("form.gone"))
        present = self.present(session, row)
        found = merged(self.form, values, present)
        if found.conflicts:
            raise problems.of_form(Conflict(text("form.conflict")), Conflicts(present, found.conflicts))
        self.write(session, row, given, found)
        rest = f"/saved?others={','.join(found.others)}" if found.others else ""
        return see_other(self.address(row, rest))

    def locked(self, session: Session, call: OperationRequest) -> Any:
        """Return the row that a form is about, locked; None where it does not exist."""
        column = getattr(self.resource.service.spec.model, self.column)
        rows = self.service(session).some_for_update(column == call.parameters[self.column], 1)
        return rows[0] if rows else None

    def present(self, session: Session, row: Any) -> Mapping[str, str]:  # noqa: ARG002 - of books, it reads
        """Return the fields of a locked row as text."""
        return form_pages.row_texts(self.form, row)

    def write(self, session: Session, row: Any, given: Any, found: Merged) -> None:
        """Set the changed fields of a row. Errors: ValidationFailed, Conflict."""
        set_columns(self.service(session), row, given.model_dump(), found.changed)

    def show_saved(self, executor: Executor, call: OperationRequest) -> OperationResult:
        """Return the page that tells what others have changed meanwhile. Errors: NotFound."""
        row = self.read(executor, call)
        there = Link(self.name_of(row), self.address(row))
        frame = frame_of(f"{self.path}/saved", call.principal)
        return html(form_pages.saved(frame, there, call.query.others.split(",")))

    # Delete

    def show_delete(self, executor: Executor, call: OperationRequest) -> OperationResult:
        """Return the page to confirm that a row is deleted. Errors: NotFound."""
        row = self.read(executor, call)
        doomed = Doomed(self.kind, self.name_of(row), self.address(row, "/delete"))
        return html(form_pages.delete_row(frame_of(f"{self.path}/delete", call.principal), doomed))

    def delete(self, session: Session, call: OperationRequest) -> OperationResult:
        """Delete a row. Errors: NotFound, Conflict while others depend on it."""
        row = self.locked(session, call)
        if row is None:
            raise RowNotFound(text("form.gone"))
        self.service(session).delete_rows([row])
        return see_other(self.list_address)

    def form_operation(self, name: str, path: str, run: Any, refused: Any) -> Operation:
        """Return the operation of a form with the fields of a row."""
        return form(name, path, run, refused)

    def operations(self) -> list[Operation]:
        """Return the operations of these pages."""
        kind, path, new = self.kind, self.path, f"/{self.list_address}/new"
        again = partial(form_pages.row_again, kind, self.form)
        delete_again = partial(form_pages.delete_again, kind)
        shown = partial(page, permission=WRITE)
        with_form = partial(shown, has_form_key=True)
        return [
            with_form(f"new_{kind}", new, self.show_new, "none"),
            self.form_operation(f"new_{kind}", new, self.add, again),
            with_form(f"edit_{kind}", f"{path}/edit", self.show, needs_transaction=lambda _: True),
            self.form_operation(f"edit_{kind}", f"{path}/edit", self.change, again),
            shown(f"saved_{kind}", f"{path}/saved", self.show_saved, query=SavedQuery),
            with_form(f"delete_{kind}", f"{path}/delete", self.show_delete),
            form(f"delete_{kind}", f"{path}/delete", self.delete, delete_again),
        ]


FOLLOWED = {"dob": "birth_year"}
"""Columns that say more than another, which is emptied rightly when they change."""


def set_columns(service: Any, row: Entity, given: Mapping[str, Any], changed: Sequence[str]) -> None:
    """Set the columns of a row that were changed in a form. given: all of them, as they were typed.

    A column that is reset when another changes is set to what the form has: the user did not empty it.
    Errors: ValidationFailed where they contradict each other; Conflict.
    """
    names = {name for name in changed if name in given}
    kept = {name for name, by in service.rules.reset_by(names).items() if FOLLOWED.get(by) != name}
    values = service.rules.normalized({name: given[name] for name in (*names, *kept)})
    if not values:
        return
    with naming_no_item():
        service.check_unique(service.unique, [values], [row.id], [0])
    service.set_columns([row], [service.rules.checked(values)])


PAGES = (
    RowPages("author", authors.resource, form_pages.FORMS["author"], "/ui/author/{slug}"),
    RowPages("publisher", publishers.resource, form_pages.FORMS["publisher"], "/ui/publisher/{slug}"),
    RowPages("series", series.resource, form_pages.FORMS["series"], "/ui/in-series/{slug}"),
    RowPages("tag", tags.resource, form_pages.FORMS["tag"], "/ui/tag/{id}", "id"),
)

operations = [operation for each in PAGES for operation in each.operations()]
