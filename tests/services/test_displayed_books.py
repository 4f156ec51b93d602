"""What the page of a book reads by one statement: the same as the API by several, on both databases."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from diptych.core.catalogue.books import queries
from diptych.core.catalogue.books.schemas import DisplayedBook
from diptych.core.errors import NotFound
from diptych.core.http.json import encode
from tests.services.api import Api

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
