# Generated from core/aio/operations/books.py by tools/unasync.py: do not edit, run "make twins".
"""Books, their tags and their contributors."""

from __future__ import annotations

from sqlalchemy.orm import Session

from diptych.core.catalogue.books.schemas import Book, BookInput, BookList, BookQuery, Contributor, ContributorList
from diptych.core.catalogue.tags.schemas import Tag, TagNames
from diptych.core.engine.schemas.pagination import Items
from diptych.core.http.operations import Answer, Call, Operation
from diptych.core.sync.operations import crud_operations
from diptych.core.sync.operations.crud_operations import Resource
from diptych.core.sync.services.books import BookReader, BookService
from diptych.core.sync.statement_executor import Executor


def including(call: Call) -> bool:
    """Whether a list of books is read together with what belongs to them."""
    return bool(call.query.include)


class BookResource(Resource):
    """Books: any read can include their tags and contributors."""

    def several(self, call: Call) -> bool:
        return including(call)

    def several_of_one(self, call: Call) -> bool:
        return "contributors" in call.query.include

    def several_changes(self, call: Call) -> bool:
        return "author_id" in call.body.model_fields_set

    def page(self, executor: Executor, call: Call) -> Answer:
        return Answer(reader(executor).page_including(call.query))

    def fetch(self, executor: Executor, call: Call) -> Answer:
        return Answer(reader(executor).fetch_including("id", call.parameters["id"], call.query.include))

    def fetch_by_slug(self, executor: Executor, call: Call) -> Answer:
        return Answer(reader(executor).fetch_including("slug", call.parameters["slug"], call.query.include))


def reader(executor: Executor) -> BookReader:
    """What reads books."""
    return BookReader(executor, BookService.spec)


books = BookResource(
    name="books", service=BookService, schema=BookInput, answer=Book, list_query=BookList, item_query=BookQuery
)


def get_tags(executor: Executor, call: Call) -> Answer:
    """The tags of a book."""
    return Answer(Items(reader(executor).tags(call.parameters["id"])))


def set_tags(session: Session, call: Call) -> Answer:
    """Set the tags of a book, whole."""
    return Answer(Items(BookService(session, wrap_exceptions=False).set_tags(call.parameters["id"], call.body.items)))


def get_contributors(executor: Executor, call: Call) -> Answer:
    """The contributors of a book."""
    return Answer(Items(reader(executor).contributors(call.parameters["id"])))


def set_contributors(session: Session, call: Call) -> Answer:
    """Set the contributors of a book, whole and in order."""
    pairs = [(item.author_id, item.role) for item in call.body.items]
    return Answer(Items(BookService(session, wrap_exceptions=False).set_contributors(call.parameters["id"], pairs)))


operations = [
    *crud_operations.operations(books),
    Operation(
        name="books_get_tags",
        method="GET",
        path="/books/{id}/tags",
        summary="List the tags of a book",
        run=get_tags,
        unit="read",
        answers=Items[Tag],
    ),
    Operation(
        name="books_set_tags",
        method="PUT",
        path="/books/{id}/tags",
        summary="Set the tags of a book, by name",
        description="They take the place of all it had; those that do not exist yet are made.",
        run=set_tags,
        unit="rows",
        lock=books.lock,
        body=TagNames,
        answers=Items[Tag],
    ),
    Operation(
        name="books_get_contributors",
        method="GET",
        path="/books/{id}/contributors",
        summary="List the contributors of a book, in order",
        run=get_contributors,
        unit="read",
        several=lambda _: True,
        answers=Items[Contributor],
    ),
    Operation(
        name="books_set_contributors",
        method="PUT",
        path="/books/{id}/contributors",
        summary="Set the contributors of a book, in order",
        description="They take the place of all it had, each author once in a role, and at least one as author: the"
        " first of those becomes the book's author_id.",
        run=set_contributors,
        unit="rows",
        lock=books.lock,
        body=ContributorList,
        answers=Items[Contributor],
    ),
]
