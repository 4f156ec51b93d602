"""The pages that show the catalogue."""

from __future__ import annotations

from diptych.core.aio.operations.pages.page import html, page
from diptych.core.aio.statement_executor import Executor
from diptych.core.http.operations import OperationRequest, OperationResult
from diptych.core.web import templates
from diptych.core.web.frame import frame_of


async def home(_executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the first page."""
    return html(templates.render("home.html", frame_of("/ui/", call.principal)))


operations = [
    page("home", "/ui/", home),
]
