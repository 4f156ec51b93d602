"""The pages to add, change and delete books, with all that belongs to them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from msgspec import UNSET
from sqlalchemy.ext.asyncio import AsyncSession

from diptych.core.aio.operations import books
from diptych.core.aio.operations.pages.files import cover_type
from diptych.core.aio.operations.pages.page import form
from diptych.core.aio.operations.pages.writing import RowPages
from diptych.core.aio.services import stored_files
from diptych.core.aio.services.book_editing import BookEditor, WholeBook
from diptych.core.aio.services.books import BookReader
from diptych.core.aio.services.named_rows import AmbiguousNames, NamedRow
from diptych.core.aio.services.stored_files import ChosenFile
from diptych.core.aio.statement_executor import Executor, executor_of
from diptych.core.catalogue.books.model import Book
from diptych.core.http import problems
from diptych.core.http.operations import FORM, Operation, OperationRequest
from diptych.core.http.uploads import MULTIPART
from diptych.core.web.book_form import BOOK, INCLUDED, BookForm, book_texts
from diptych.core.web.fields import Merged, Texts
from diptych.core.web.form_pages import Candidates, option_of

PARTS = ("contributors", "series", "identifiers", "tags", "publisher")


class BookPages(RowPages):
    """The pages that change books."""

    async def read(self, executor: Executor, call: OperationRequest) -> Any:
        return await books.reader(executor).fetch_including("slug", call.parameters["slug"], INCLUDED)

    async def texts(self, executor: Executor, row: Any) -> Mapping[str, str]:
        return book_texts(row, await stored_files.cover_digest(executor, row.id))

    async def create(self, session: AsyncSession, given: Any, _values: Texts) -> Book:
        columns = {name for name in given.model_fields_set if name in self.columns}
        parts = {name for name in PARTS if getattr(given, name)}
        with choosing():
            row = await BookEditor(session).create(_whole(given, parts, columns))
        if given.cover is not None:
            await stored_files.set_cover(await executor_of(session), row.id, _cover(given))
        return row

    async def present(self, session: AsyncSession, row: Any) -> Mapping[str, str]:
        executor = await executor_of(session)
        reader: BookReader = books.reader(executor)
        found = await reader.fetch_including("id", row.id, INCLUDED)
        return book_texts(found, await stored_files.cover_digest(executor, row.id))

    async def write(self, session: AsyncSession, row: Any, given: Any, found: Merged) -> None:
        columns = {name for name in found.changed if name in self.columns}
        # A year that is changed alone would empty the date; instead the form reports that the two differ.
        columns |= {*self.resource.service.spec.rules.reset_by(columns)}
        with choosing():
            await BookEditor(session).change(row, _whole(given, found.changed, columns))
        if "cover" in found.changed:
            await stored_files.set_cover(await executor_of(session), row.id, _cover(given))

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
