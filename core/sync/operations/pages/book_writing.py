# Generated from core/aio/operations/pages/book_writing.py by tools/unasync.py: do not edit, run "make twins".
"""The pages to add, change and delete books, with all that belongs to them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from msgspec import UNSET
from sqlalchemy.orm import Session

from diptych.core.catalogue.books.model import Book
from diptych.core.http import problems
from diptych.core.http.operations import FORM, Operation, OperationRequest
from diptych.core.http.uploads import MULTIPART
from diptych.core.sync.operations import books
from diptych.core.sync.operations.pages.files import cover_type
from diptych.core.sync.operations.pages.page import form
from diptych.core.sync.operations.pages.writing import RowPages
from diptych.core.sync.services import stored_files
from diptych.core.sync.services.book_editing import BookEditor, WholeBook
from diptych.core.sync.services.books import BookReader
from diptych.core.sync.services.named_rows import AmbiguousNames, NamedRow
from diptych.core.sync.services.stored_files import ChosenFile
from diptych.core.sync.statement_executor import Executor, executor_of
from diptych.core.web.book_form import BOOK, INCLUDED, BookForm, book_texts
from diptych.core.web.fields import Merged, Texts
from diptych.core.web.form_pages import Candidates, option_of

PARTS = ("contributors", "series", "identifiers", "tags", "publisher")


class BookPages(RowPages):
    """The pages that change books."""

    def read(self, executor: Executor, call: OperationRequest) -> Any:
        return books.reader(executor).fetch_including("slug", call.parameters["slug"], INCLUDED)

    def texts(self, executor: Executor, row: Any) -> Mapping[str, str]:
        return book_texts(row, stored_files.cover_digest(executor, row.id))

    def create(self, session: Session, given: Any, _values: Texts) -> Book:
        columns = {name for name in given.model_fields_set if name in self.columns}
        parts = {name for name in PARTS if getattr(given, name)}
        with choosing():
            row = BookEditor(session).create(_whole(given, parts, columns))
        if given.cover is not None:
            stored_files.set_cover(executor_of(session), row.id, _cover(given))
        return row

    def present(self, session: Session, row: Any) -> Mapping[str, str]:
        executor = executor_of(session)
        reader: BookReader = books.reader(executor)
        found = reader.fetch_including("id", row.id, INCLUDED)
        return book_texts(found, stored_files.cover_digest(executor, row.id))

    def write(self, session: Session, row: Any, given: Any, found: Merged) -> None:
        columns = {name for name in found.changed if name in self.columns}
        # A year that is changed alone would empty the date; instead the form reports that the two differ.
        columns |= {*self.resource.service.spec.rules.reset_by(columns)}
        with choosing():
            BookEditor(session).change(row, _whole(given, found.changed, columns))
        if "cover" in found.changed:
            stored_files.set_cover(executor_of(session), row.id, _cover(given))

    def form_operation(self, name: str, path: str, run: Any, refused: Any) -> Operation:
        return form(name, path, run, refused, file_field="cover", stores_file=cover_type, accepts=(FORM, MULTIPART))

    @property
    def columns(self) -> Collection[str]:
        """The columns that the form has."""
        return {each.name for each in self.form.fields} & {*self.resource.service.spec.columns} - {"publisher_id"}


def _cover(given: BookForm) -> ChosenFile | None:
    return None if given.cover is None else ChosenFile("cover", given.cover, given.cover_name)


def _whole(given: BookForm, names: Collection[str], columns: Collection[str]) -> WholeBook:
    """Return the named fields of a form as a book to write."""
    parts: dict[str, Any] = {
        "contributors": [
            (NamedRow(each.name, ("contributors", place, "name"), each.id), each.role)
            for place, each in enumerate(given.contributors)
        ],
        "series": [
            (NamedRow(each.name, ("series", place, "name"), each.id), each.position)
            for place, each in enumerate(given.series)
        ],
        "identifiers": [(each.scheme, each.value) for each in given.identifiers],
        "tags": given.tags,
        "publisher": None if given.publisher is None else NamedRow(given.publisher, ("publisher",), given.publisher_id),
    }
    values = {name: getattr(given, name) for name in columns}
    return WholeBook(values, **{name: value if name in names else UNSET for name, value in parts.items()})


def publisher_of(given: Any) -> NamedRow | None:
    """Return the publisher that was typed into a form."""
    return None if given.publisher is None else NamedRow(given.publisher, ("publisher",), given.publisher_id)


@contextmanager
def choosing() -> Iterator[None]:
    """Have a page show the rows between which a name does not decide. Errors: Problem 422."""
    try:
        yield
    except AmbiguousNames as error:
        options = {
            ".".join(map(str, [*path[:-1], "id"] if len(path) > 1 else [f"{path[0]}_id"])): [*map(option_of, rows)]
            for path, rows in error.candidates.items()
        }
        raise problems.of_form(error, Candidates(options)) from error


PAGES = BookPages("book", books.resource, BOOK, "/ui/book/{slug}")

operations = PAGES.operations()
