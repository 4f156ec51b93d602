"""The floors' SQL statements."""

from __future__ import annotations

from functools import cache
from typing import Any

from psycopg.sql import SQL, Identifier, Placeholder

from benchmarks.floors.schemas import ListQuery
from diptych.core.engine.text_normalization import fold

_BOOK = (
    "SELECT book.id, book.title, book.author_id, book.isbn, book.year, book.language, book.description, book.slug,"
    " book.created_at, book.updated_at, author.id, author.name, author.slug"
    " FROM {} book JOIN author ON author.id = book.author_id"
)
_BOOKS = _BOOK.format("book")

GET_AUTHOR = b"SELECT id, name, dob, slug, created_at, updated_at FROM author WHERE id = %s"

GET_BOOK = f"{_BOOKS} WHERE book.id = %s".encode()

TAGS_OF_BOOK = (
    b"SELECT tag.id, tag.name, tag.description, tag.created_at, tag.updated_at FROM tag"
    b" JOIN book_tag ON book_tag.tag_id = tag.id WHERE book_tag.book_id = %s ORDER BY tag.sort_key, tag.id"
)

DELETE_BOOK = b"DELETE FROM book WHERE id = %s"

_COLUMNS = {
    "id": "uuid",
    "title": "text",
    "author_id": "uuid",
    "isbn": "text",
    "year": "smallint",
    "language": "text",
    "description": "text",
    "slug": "text",
    "search_text": "text",
    "sort_key": "text",
    "created_at": "timestamptz",
    "updated_at": "timestamptz",
}
_INSERT = f"INSERT INTO book ({', '.join(_COLUMNS)})"
_SLUG = "CASE WHEN EXISTS (SELECT FROM book WHERE slug = {slug}) THEN {other} ELSE {slug} END"
_MADE = f"WITH made AS ({{insert}} RETURNING *) {_BOOK.format('made')}"
_VALUES = {name: f"%({name})s" for name in _COLUMNS} | {"slug": _SLUG.format(slug="%(slug)s", other="%(other_slug)s")}
_SELECTED = {name: f"given.{name}" for name in _COLUMNS} | {
    "slug": _SLUG.format(slug="given.slug", other="given.other_slug")
}
_ARRAYS = _COLUMNS | {"other_slug": "text"}
_GIVEN = ", ".join(f"%({name})s::{kind}[]" for name, kind in _ARRAYS.items())

ADD_BOOK = _MADE.format(insert=f"{_INSERT} VALUES ({', '.join(_VALUES.values())})").encode()
"""Insert one book; a suffix is added to a slug that is taken."""

ADD_BOOKS = _MADE.format(
    insert=f"{_INSERT} SELECT {', '.join(_SELECTED.values())}"  # noqa: S608 - names of columns
    f" FROM unnest({_GIVEN}) AS given ({', '.join(_ARRAYS)})"
).encode()
"""Insert many books."""


def arrays(items: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Return the parameters of ADD_BOOKS."""
    return {name: [item[name] for item in items] for name in _ARRAYS}


@cache
def change_book(names: tuple[str, ...]) -> bytes:
    """Return the statement that sets these columns of the book with an `id`."""
    changes = SQL(", ").join(SQL("{} = {}").format(Identifier(name), Placeholder(name)) for name in names)
    return SQL(_MADE).format(insert=SQL("UPDATE book SET {} WHERE id = %(id)s").format(changes)).as_bytes()


@cache
def page(searched: bool, filtered: bool, order_by: str, sort_order: str) -> tuple[bytes, bytes]:  # noqa: FBT001
    """Return the statements that select a page and count all rows; `parameters` returns their parameters."""
    conditions = ["strpos(book.search_text, %(search)s) > 0"] * searched + ["book.language = %(language)s"] * filtered
    where = SQL(f" WHERE {' AND '.join(conditions)}" if conditions else "")
    order = SQL(" ORDER BY {column} {way}{nulls}, book.id {way} LIMIT %(limit)s OFFSET %(offset)s").format(
        column=Identifier("book", order_by),
        way=SQL(sort_order),
        nulls=SQL(" NULLS LAST" if order_by == "year" else ""),
    )
    return (SQL(_BOOKS) + where + order).as_bytes(), (SQL("SELECT count(*) FROM book") + where).as_bytes()


def parameters(query: ListQuery) -> dict[str, Any]:
    """Return the parameters of the statements of `page`."""
    return {
        "search": fold(query.search_string),
        "language": query.language_in,
        "limit": query.page_size,
        "offset": (query.current_page - 1) * query.page_size,
    }
