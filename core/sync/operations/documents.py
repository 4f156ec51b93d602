# Generated from core/aio/operations/documents.py by tools/unasync.py: do not edit, run "make twins".
"""The service's own documents: the OpenAPI document, the reference, and a page for each problem type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from diptych.core.http import json, problems
from diptych.core.http.openapi import document as openapi
from diptych.core.http.openapi import pages
from diptych.core.http.openapi.reference import Reference
from diptych.core.http.operations import Operation, OperationRequest, OperationResult
from diptych.core.http.problem_types import PROBLEM_TYPES
from diptych.core.web import assets

PREFIXES = 16
"""Prefixes for which documents are cached: one process serves one or two."""

CACHE_CONTROL = "max-age=300"


class Documents:
    """The documents of a table of operations and of these documents themselves; each is built once for a prefix."""

    def __init__(self, described: Sequence[Operation]) -> None:
        self.operations = self._operations()
        table = (*described, *self.operations)
        self._document = _kept(lambda prefix: openapi.document(table, prefix))
        self._openapi = _kept(lambda prefix: json.encode(self._document(prefix)))
        self._reference = _kept(lambda prefix: Reference(self._document(prefix), prefix, assets.address("try.js")))

    def openapi(self, _session: None, call: OperationRequest) -> OperationResult:
        """Return the OpenAPI document."""
        return OperationResult(self._openapi(call.prefix))

    def reference(self, _session: None, call: OperationRequest) -> OperationResult:
        """Return the page that lists all operations."""
        return _page(self._reference(call.prefix).index())

    def reference_page(self, _session: None, call: OperationRequest) -> OperationResult:
        """Return the page of a resource or of a schema. Errors: Problem 404."""
        found = self._reference(call.prefix).page(call.parameters["name"])
        if found is None:
            raise problems.not_found("The reference has no page of this name.")
        return _page(found, pages.WITH_SCRIPT)

    def list_problems(self, _session: None, call: OperationRequest) -> OperationResult:
        """Return the page that lists the problem types."""
        return _page(pages.problem_types(call.prefix))

    def get_problem(self, _session: None, call: OperationRequest) -> OperationResult:
        """Return the page of one problem type."""
        kind = PROBLEM_TYPES.get(call.parameters["name"])
        if kind is None:
            raise problems.not_found("There is no such type of problem.")
        return _page(pages.problem_type(kind, call.prefix))

    def _operations(self) -> list[Operation]:
        return [
            Operation(
                name="documents_openapi",
                method="GET",
                path="/openapi.json",
                summary="Read this API's OpenAPI document",
                run=self.openapi,
                unit="none",
                response_schema=dict[str, Any],
                cache_control=CACHE_CONTROL,
                public=True,
                tag="documents",
            ),
            _page_at("reference", "/docs", "Read the reference of this API", self.reference),
            _page_at(
                "reference_page", "/docs/{name}", "Read the reference of a resource or a schema", self.reference_page
            ),
            _page_at("list_problems", "/problems", "List the types of problems", self.list_problems),
            _page_at("get_problem", "/problems/{name}", "Read about one type of problem", self.get_problem),
        ]


def _page_at(name: str, path: str, summary: str, run: Callable[..., Any]) -> Operation:
    return Operation(
        name=f"documents_{name}",
        method="GET",
        path=path,
        summary=summary,
        run=run,
        unit="none",
        response_schema=str,
        media_type=pages.HTML,
        cache_control=CACHE_CONTROL,
        public=True,
        tag="documents",
    )


def _page(body: bytes, policy: str = pages.CONTENT_SECURITY_POLICY) -> OperationResult:
    return OperationResult(body, headers={"Content-Security-Policy": policy})


def _kept(make: Callable[[str], Any]) -> Callable[[str], Any]:
    return lru_cache(maxsize=PREFIXES)(make)
