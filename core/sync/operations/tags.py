# Generated from core/aio/operations/tags.py by tools/twins.py: do not edit, run "make twins".
"""Tags, and the books that carry one."""

from __future__ import annotations

from core.http.operations import Answer, Call, Operation
from core.schemas.books import Book, BookList
from core.schemas.lists import Page
from core.schemas.tags import Tag, TagInput, TagList
from core.sync.executing import Executor
from core.sync.operations import resources
from core.sync.operations.books import including, reader
from core.sync.operations.resources import Resource
from core.sync.services.tags import TagService

tags = Resource(name="tags", service=TagService, schema=TagInput, answer=Tag, list_query=TagList)


def list_books(executor: Executor, call: Call) -> Answer:
    """The books that carry a tag."""
    tags.reader(executor).require(call.parameters["id"])
    return Answer(reader(executor).page_including(call.query, tag=call.parameters["id"]))


operations = [
    *resources.operations(tags),
    Operation(
        name="tags_list_books",
        method="GET",
        path="/tags/{id}/books",
        summary="List the books that carry a tag",
        run=list_books,
        unit="read",
        several=including,
        query=BookList,
        answers=Page[Book],
    ),
]
