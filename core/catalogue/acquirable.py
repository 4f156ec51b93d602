"""Which books can be acquired, and who wrote them: alternatives of lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import exists, func, literal_column, or_, select
from sqlalchemy.orm import aliased

from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.books.contributors import AUTHOR
from diptych.core.catalogue.books.model import Book, BookContributor
from diptych.core.engine.resource_spec import Condition
from diptych.core.files.model import BookFile

MANY = 5000
"""The number of links, or of files, from which on a list looks at each row whether it has one.

With fewer it begins with all that there are. So the first twenty of a million books are found by reading some thousand
rows, however many can be acquired.
"""

_Linked, _Filed = aliased(Book), aliased(Book)
_with_link = _Linked.url.is_not(None)
# Literally, as in the condition of the index.
_is_ebook = BookFile.kind == literal_column("'ebook'")


def _number(found: Any) -> Any:
    return select(func.count()).select_from(found.limit(MANY).subquery()).scalar_subquery()


NUMBERS = select(_number(select(_Linked.id).where(_with_link)), _number(select(BookFile.book_id).where(_is_ebook)))
"""How many books have a link, and how many files are e-books; MANY where there are more."""


def alternatives(numbers: Sequence[int]) -> dict[str, bool]:
    """Return the names of the alternatives that find what can be acquired. numbers: of NUMBERS."""
    names = ("link", "file")
    return {f"{'many' if number >= MANY else 'few'}_{name}s": True for number, name in zip(numbers, names, strict=True)}


_filed_books = select(BookFile.book_id).where(_is_ebook)

OF_BOOKS: Mapping[str, Condition] = {
    "few_links": Book.id.in_(select(_Linked.id).where(_with_link)),
    "many_links": Book.url.is_not(None),
    "few_files": Book.id.in_(_filed_books),
    "many_files": exists().where(BookFile.book_id == Book.id, _is_ebook),
}
"""A book can be acquired if its record has a link, or if it has a file."""


def _with_file(book: Any) -> Any:
    return exists().where(BookFile.book_id == book.id, _is_ebook)


def _few(book: Any, condition: Any) -> Condition:
    """Return the condition that an author wrote a book that meets a condition, to be found by these books."""
    first = select(book.author_id).where(condition)
    further = (
        select(BookContributor.author_id)
        .join(book, book.id == BookContributor.book_id)
        .where(BookContributor.role == AUTHOR, condition)
    )
    return Author.id.in_(first.union_all(further))


def _many(book: Any, condition: Any) -> Condition:
    """Return the same condition, to be looked at for each author."""
    further = (
        BookContributor.author_id == Author.id,
        BookContributor.role == AUTHOR,
        book.id == BookContributor.book_id,
        condition,
    )
    return or_(_some(book.author_id == Author.id, condition), _some(*further))


def _some(*conditions: Any) -> Condition:
    """Return the condition that a row exists. Not EXISTS: with OR, PostgreSQL would read all such rows beforehand."""
    found: Condition = select(literal_column("1")).where(*conditions).limit(1).scalar_subquery().is_not(None)
    return found


OF_AUTHORS: Mapping[str, Condition] = {
    "few_links": _few(_Linked, _with_link),
    "many_links": _many(_Linked, _with_link),
    "few_files": _few(_Filed, _Filed.id.in_(_filed_books)),
    "many_files": _many(_Filed, _with_file(_Filed)),
}
"""An author is listed if they wrote a book that can be acquired."""
