"""The pages to change many books at once."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from urllib.parse import quote

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from diptych.core import attribution
from diptych.core.aio.operations import books
from diptych.core.aio.operations.pages.book_writing import choosing, publisher_of
from diptych.core.aio.operations.pages.page import form, html, page, see_other
from diptych.core.aio.operations.pages.writing import WRITE, rows_by_ids
from diptych.core.aio.services.book_editing import BookEditor, ManyBooks
from diptych.core.aio.statement_executor import Executor
from diptych.core.catalogue.books.schemas import BookList
from diptych.core.engine.row_statements import VALUES
from diptych.core.engine.schemas.field_types import QueryInteger
from diptych.core.engine.schemas.pagination import Query
from diptych.core.history.schemas import RequestId
from diptych.core.history.statements import KINDS_OF_REQUEST
from diptych.core.http.operations import OperationRequest, OperationResult
from diptych.core.web import batch_pages, lists
from diptych.core.web.batch_pages import BOOKS, batch_of
from diptych.core.web.frame import HTML, frame_of

PATH = "/ui/books/batch"

_COLUMNS = {"language": "language", "publisher": "publisher_id"}
"""The columns of the fields that can be emptied."""


class DoneQuery(Query):
    """What was done: how many books were changed, by which request."""

    changed: Annotated[int, Field(ge=0, le=BOOKS), QueryInteger] = 0
    request: RequestId | None = None


async def show(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the page to choose among the books of a list."""
    first = {"page_size": BOOKS, "current_page": 1, "cursor": None, "total": True}
    found = await books.reader(executor).page(lists.ordered("books", call.query).model_copy(update=first))
    return html(batch_pages.choose(frame_of(PATH, call.principal), found.items, found.total or 0))


async def preview(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the page that shows what would become of the chosen books. Errors: ValidationFailed."""
    batch = batch_of(call.body.root)
    reader = books.reader(executor)
    rows = await executor.all(rows_by_ids(reader.spec), {VALUES: list(batch.ids)})
    found = {row[0]: reader.spec.represent(row) for row in rows}
    chosen = await reader.including([found[each] for each in batch.ids if each in found], ("tags", "publisher"))
    return html(batch_pages.preview(frame_of(PATH, call.principal), batch, chosen))


async def apply(session: AsyncSession, call: OperationRequest) -> OperationResult:
    """Change the chosen books that still exist. Errors: ValidationFailed."""
    batch = batch_of(call.body.root)
    given = batch.given
    columns: dict[str, str | None] = {_COLUMNS[name]: None for name in given.cleared}
    columns |= {} if given.language is None else {"language": given.language}
    wanted = ManyBooks(columns, publisher_of(given), given.add_tags, given.remove_tags)
    with choosing():
        changed = await BookEditor(session).change_many(batch.ids, wanted)
    made = attribution.current()
    request_id = made.request_id if made and made.request_id else ""
    return see_other(f"{PATH[1:]}/done?changed={changed}&request={quote(request_id, safe='')}")


async def show_done(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the page that tells what was done, with a button that undoes it for those who have done it."""
    request_id = call.query.request or ""
    made = await executor.all(KINDS_OF_REQUEST, {"request_id": request_id}) if request_id else []
    own = bool(made) and {row[0] for row in made} == {str(call.principal.id)}
    frame = frame_of(f"{PATH}/done", call.principal)
    return html(batch_pages.done(frame, request_id if own else "", call.query.changed))


_form = partial(form, refused=batch_pages.choose_again)

operations = [
    page("batch", PATH, show, query=BookList, permission=WRITE, needs_transaction=lambda _: True),
    _form("batch", PATH, preview, unit="read", needs_transaction=lambda _: True, status=200, media_type=HTML),
    _form("batch_apply", f"{PATH}/apply", apply),
    page("batch_done", f"{PATH}/done", show_done, query=DoneQuery, permission=WRITE, has_form_key=True),
]
