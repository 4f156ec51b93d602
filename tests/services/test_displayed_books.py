"""What the page of a book reads by one statement: the same as the API by several, on both databases."""

from __future__ import annotations

import json
from typing import Any, cast
from uuid import uuid4

import pytest
from sqlalchemy import insert

from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.books import queries
from diptych.core.catalogue.books.contributors import AUTHOR
from diptych.core.catalogue.books.model import Book, BookContributor
from diptych.core.catalogue.books.schemas import DisplayedBook
from diptych.core.engine.resource_spec import by_unique_column
from diptych.core.engine.row_statements import VALUE
from diptych.core.errors import NotFound
from diptych.core.http.json import encode
from tests.services.api import Api
from tests.support.databases import Databases
from tests.support.history import transaction
from tests.support.plans import rows_read

SHOWN = ("tags", "contributors", "identifiers", "series", "publisher")


async def made(api: Api, name: str, body: Any, **parameters: str) -> str:
    return str((await api.made(name, body, **parameters))["id"])


async def shown(api: Api, slug: str) -> DisplayedBook:
    """Return what the page of a book shows."""

    async def work(executor: Any) -> Any:
        reader = api.twin.module("services.row_reader").Reader(executor, queries.displayed)
        found = reader.fetch("slug", slug)
        return await found if api.twin.name == "aio" else found

    return cast("DisplayedBook", await api.twin._run(api.twin.database.read, work))


async def test_the_page_of_a_book_has_all_that_the_api_answers(api: Api):
    tove, other = [await made(api, "authors_create", {"name": name}) for name in ("Tove", "Thomas")]
    publisher = await made(api, "publishers_create", {"name": "Schildts"})
    series = [await made(api, "series_create", {"name": name}) for name in ("B", "A")]
    book = await made(api, "books_create", {"title": 'The "Book" \\ 東', "author_id": tove, "publisher_id": publisher})
    await api.made("books_set_tags", {"items": ["sea", "island", "Åland"]}, id=book)
    people = [{"author_id": other, "role": "translator"}, {"author_id": tove, "role": "author"}]
    await api.made("books_set_contributors", {"items": people}, id=book)
    await api.made("books_set_identifiers", {"items": [{"scheme": "oclc", "value": "7"}]}, id=book)
    places = [{"series_id": each, "position": "2"} for each in series]
    await api.made("books_set_series", {"items": places}, id=book)

    found = await shown(api, "the-book-東")

    response, _ = await api.call("books_get", None, f"include={','.join(SHOWN)}", id=book)
    answered = json.loads(response.body)
    assert json.loads(encode(found.book)) == answered
    assert [tag["name"] for tag in answered["tags"]] == ["åland", "island", "sea"]
    assert (found.files, found.editions, found.others) == ([], [], [])


async def test_the_books_by_an_author_are_editions_first_and_then_others_by_title(api: Api):
    author = await made(api, "authors_create", {"name": "Tove"})
    given = [
        {"title": "Zebra", "author_id": author},
        {"title": "Sommarboken", "author_id": author},
        {"title": "The Summer Book", "author_id": author, "original_title": "Sommarboken"},
        {"title": "Ärende", "author_id": author},
        {"title": "The Summer Book", "author_id": None},
    ]
    await api.made("books_create_batch", {"items": given})

    found = await shown(api, "the-summer-book")

    assert [each.title for each in found.editions] == ["Sommarboken"]
    assert [each.title for each in found.others] == ["Ärende", "Zebra"]


async def test_a_book_without_an_author_has_editions_without_an_author(api: Api):
    author = await made(api, "authors_create", {"name": "Tove"})
    given = [{"title": "Beowulf", "author_id": each} for each in (None, None, author)]
    books = (await api.made("books_create_batch", {"items": given}))["items"]

    found = await shown(api, "beowulf")

    assert ([str(each.id) for each in found.editions], found.others) == ([books[1]["id"]], [])


async def test_a_book_that_is_not_there_is_not_found(api: Api):
    with pytest.raises(NotFound):
        await shown(api, "nowhere")


def test_of_an_authors_many_books_only_those_that_are_shown_are_joined(databases: Databases):
    named = {"search_text": "x", "sort_key": "x"}
    first, second = authors = [uuid4() for _ in range(2)]
    books = [uuid4() for _ in range(300)]
    with transaction(databases.migrated("postgresql")) as connection:
        connection.execute(insert(Author), [{"id": each, "name": "x", "slug": each.hex, **named} for each in authors])
        rows = [{"id": each, "title": "x", "author_id": first, "slug": each.hex, **named} for each in books]
        connection.execute(insert(Book), [{**row, "sort_key": row["slug"]} for row in rows])
        joined = [{"book_id": each, "author_id": second, "role": AUTHOR, "position": 1} for each in books]
        connection.execute(insert(BookContributor), joined)
        # As in a catalogue of many books, where no table is read from its beginning.
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")

        statement = by_unique_column(queries.displayed, "slug")
        read = rows_read(connection, statement, {VALUE: books[0].hex}, "book_contributor")

    assert 0 < read < len(books)
