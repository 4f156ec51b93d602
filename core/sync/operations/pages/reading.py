# Generated from core/aio/operations/pages/reading.py by tools/unasync.py: do not edit, run "make twins".
"""The pages that show the catalogue."""

from __future__ import annotations

from diptych.core.http.operations import OperationRequest, OperationResult
from diptych.core.sync.operations.pages.page import html, page
from diptych.core.sync.statement_executor import Executor
from diptych.core.web import templates
from diptych.core.web.frame import frame_of


def home(_executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the first page."""
    return html(templates.render("home.html", frame_of("/ui/", call.principal)))


operations = [
    page("home", "/ui/", home),
]
