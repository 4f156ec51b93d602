"""The pages that bring books in from a file; diptych.core.aio.operations.imports says who may see which."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec.structs import replace

from diptych.core.aio.operations import imports
from diptych.core.aio.operations.pages.jobs import FollowQuery
from diptych.core.aio.operations.pages.page import button, form, html, page, see_other
from diptych.core.aio.services.row_reader import Reader
from diptych.core.aio.statement_executor import Executor
from diptych.core.http.operations import OperationRequest, OperationResult
from diptych.core.http.uploads import MULTIPART
from diptych.core.imports import queries
from diptych.core.imports.forms import ImportForm, options_of
from diptych.core.imports.schemas import ImportList, ImportOptions, ReadingOptions
from diptych.core.jobs.ownership import visible_to
from diptych.core.web import imports as views
from diptych.core.web.frame import frame_of
from diptych.core.web.jobs import following


async def show_imports(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the page of the files that the visitor may see."""
    found = await Reader(executor, queries.spec).page(call.query, **visible_to(call.principal))
    return html(views.imports_page(frame_of("/ui/imports", call.principal), call.query, found))


async def new(_executor: None, call: OperationRequest) -> OperationResult:
    """Return the page to send a file."""
    return html(views.new_page(frame_of("/ui/imports/new", call.principal)))


async def create(executor: Executor, call: OperationRequest) -> OperationResult:
    """Add an import of a file that has been stored, and have it previewed."""
    row = await imports.add(executor, call.principal, call.body, call.body.name)
    return see_other(f"{views.href(row)}?follow=true")


async def show(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the page of a file. Errors: NotFound."""
    row = await imports.visible(executor, call)
    followed = call.query.follow
    shown = views.import_page(frame_of("/ui/import/{id}", call.principal), row, followed=followed)
    return html(shown, following(row.job, followed=followed))


async def preview(executor: Executor, call: OperationRequest) -> OperationResult:
    """Have a file previewed anew. Errors: as the operation of the API."""
    options = await _options(executor, call)
    members = options.model_dump(exclude_unset=True, include=set(ReadingOptions.model_fields))
    await imports.preview(executor, replace(call, body=ReadingOptions.model_validate(members)))
    return _followed(call)


async def start(executor: Executor, call: OperationRequest) -> OperationResult:
    """Have a file imported. Errors: as the operation of the API."""
    await imports.start(executor, replace(call, body=await _options(executor, call)))
    return _followed(call)


async def undo(executor: Executor, call: OperationRequest) -> OperationResult:
    """Have an import undone. Errors: as the operation of the API."""
    await imports.undo(executor, call)
    return _followed(call)


async def delete(executor: Executor, call: OperationRequest) -> OperationResult:
    """Delete a file. Errors: as the operation of the API."""
    await imports.delete(executor, call)
    return see_other("ui/imports")


async def _options(executor: Executor, call: OperationRequest) -> ImportOptions:
    """Return the options that a form stands for. Errors: NotFound."""
    row = await imports.visible(executor, call)
    given: ImportForm = call.body
    columns, mapping = ((), {}) if row.preview is None else (row.preview.columns or (), row.preview.mapping or {})
    return options_of(given, views.given_options(row.job), columns, mapping)


def _followed(call: OperationRequest) -> OperationResult:
    return see_other(f"ui/import/{call.parameters['id']}?follow=true")


def _button(name: str, run: Callable[[Executor, OperationRequest], Awaitable[OperationResult]], **more: Any) -> Any:
    return button(f"{name}_import", f"/ui/import/{{id}}/{name}", run, **more)


operations = [
    page("imports", "/ui/imports", show_imports, query=ImportList, permission="catalogue:write"),
    page("new_import", "/ui/imports/new", new, "none", permission="catalogue:write"),
    form(
        "new_import",
        "/ui/imports/new",
        create,
        views.new_again,
        "write_one",
        needs_transaction=lambda _: True,
        body=None,
        stores_file=imports.media_type_of,
        accepts=(MULTIPART,),
    ),
    page("import", "/ui/import/{id}", show, query=FollowQuery, permission="catalogue:write", cache_control="no-store"),
    _button("preview", preview, body=ImportForm),
    _button("start", start, body=ImportForm),
    _button("undo", undo, permission="history:undo"),
    _button("delete", delete),
    page(
        "rejects",
        "/ui/import/{id}/rejects.csv",
        imports.list_rejects,
        "stream",
        permission="catalogue:write",
        media_type="text/csv",
        cache_control="no-store",
    ),
]
