"""Facets: how many books there are of each value, which counts are kept, and what is shown beyond the cap."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text

from diptych.core.catalogue.books.model import Book
from diptych.core.catalogue.books.schemas import FACETS
from diptych.core.catalogue.kept_counts import STALE, KeptCount
from diptych.core.engine.facets import CAP
from tests.services.api import Api
from tests.services.twins import Services

LANGUAGES = ["sv", "sv", "fi", "en", "de", None]


async def stock(api: Api) -> list[str]:
    """Create six books, two of them by two authors, and return the ids of the authors."""
    people = [{"name": name} for name in ("Terry", "Neil", "Tove")]
    authors = [row["id"] for row in (await api.made("authors_create_batch", {"items": people}))["items"]]
    (series,) = (await api.made("series_create_batch", {"items": [{"name": "Omens"}]}))["items"]
    (publisher,) = (await api.made("publishers_create_batch", {"items": [{"name": "Gollancz"}]}))["items"]
    books = [
        {"title": f"Omens {place}", "author_id": authors[place % 2], "language": language, "year": 1969 + place * 7,
         "format": ("ebook", None)[place % 2], "publisher_id": (publisher["id"], None)[place // 4]}
        for place, language in enumerate(LANGUAGES)
    ]  # fmt: skip
    rows = await api.made("books_create_batch", {"items": [*books, {"title": "Old", "author_id": None, "year": -44}]})
    for place, row in enumerate(rows["items"][:3]):
        pair = [
            {"author_id": authors[each], "role": role} for each, role in ((0, "author"), (1, "author"), (1, "other"))
        ]
        await api.made("books_set_contributors", {"items": pair}, id=row["id"])
        await api.made("books_set_tags", {"items": ["war", "angels"][: place + 1]}, id=row["id"])
        await api.made("books_set_series", {"items": [{"series_id": series["id"]}]}, id=row["id"])
    return authors


async def many(api: Api, number: int) -> None:
    """Create books, one in ten of them in English and the others in Swedish."""
    rows = [
        {"id": UUID(int=place), "title": f"T{place}", "slug": f"t{place}", "search_text": f"t{place}",
         "sort_key": f"t{place}", "language": "sv" if place % 10 else "en"}
        for place in range(number)
    ]  # fmt: skip

    async def work(services: Services) -> None:
        await services.session.execute(insert(Book), rows)

    await api.twin.write(work)


async def ask(api: Api, query: str) -> dict[str, dict[str, Any]]:
    response, _ = await api.call("books_get_facets", query=query)
    assert response.status == 200, response.body
    return {each["facet"]: each for each in json.loads(response.body)["items"]}


async def numbers(api: Api, name: str, query: str = "") -> list[tuple[str, int | None]]:
    found = (await ask(api, f"facet={name}&{query}".rstrip("&")))[name]
    assert (found["filter"], found["counted_at"]) == (f"{name}In", None)
    return [(each["value"], each["count"]) for each in found["values"]]


async def test_the_most_common_values_come_first_and_equals_by_value(api: Api):
    authors = await stock(api)

    assert await numbers(api, "language") == [("sv", 2), ("de", 1), ("en", 1), ("fi", 1)]
    assert await numbers(api, "language", "facetSize=2") == [("sv", 2), ("de", 1)]
    assert await numbers(api, "decade") == [("1990", 2), ("-50", 1), ("1960", 1), ("1970", 1), ("1980", 1), ("2000", 1)]
    assert await numbers(api, "tags") == [("war", 3), ("angels", 2)]
    assert await numbers(api, "contributors") == [(authors[0], 4), (authors[1], 5)][::-1]
    assert [each["name"] for each in (await ask(api, "facet=contributors"))["contributors"]["values"]] == [
        "Neil",
        "Terry",
    ]


@pytest.mark.parametrize("query", ["", "q=omens", "languageIn=sv&languageIn=fi", "decadeIn=1990&formatIn=ebook",
                                   "tagsIn=angels&yearNotIn=1969", "searchString=OMENS&decadeNotIn=1960"])  # fmt: skip
async def test_a_count_is_the_total_of_the_list_with_that_value(api: Api, query: str):
    await stock(api)

    found = await ask(api, query)

    assert [*found] == [*FACETS]
    for facet in found.values():
        own = [part for part in query.split("&") if part and not part.startswith(f"{facet['filter']}=")]
        for each in facet["values"]:
            listed, _ = await api.call("books_list", query="&".join([*own, f"{facet['filter']}={each['value']}"]))
            assert json.loads(listed.body)["total"] == each["count"], (facet["filter"], each)


async def test_beyond_the_cap_there_are_the_values_of_the_newest_books_without_numbers(api: Api):
    await many(api, CAP + 500)

    assert await numbers(api, "language") == [("sv", None), ("en", None)]
    assert await numbers(api, "language", "languageIn=en") == [("sv", None), ("en", None)]
    assert await numbers(api, "language", "q=t7") == [("sv", 1)]
    assert await numbers(api, "decade", "q=t7") == []


async def test_a_worker_keeps_counts_of_a_large_catalogue_and_they_say_how_old_they_are(api: Api):
    count = api.twin.module("counting").count_when_due
    database = api.application.database

    async def counted(stopping: Any = lambda: False) -> bool:
        done = count(database, stopping)
        return bool(await done if api.twin.name == "aio" else done)

    await many(api, CAP + 500)
    assert not await counted(lambda: True)
    assert await counted()
    assert not await counted(), "it has just been counted"

    language = (await ask(api, "facet=language"))["language"]
    assert [(each["value"], each["count"]) for each in language["values"]] == [("sv", 2250), ("en", 250)]
    assert language["counted_at"].endswith("Z")
    within = (await ask(api, "facet=language&languageIn=en&facetSize=1"))["language"]
    assert within == {**language, "values": language["values"][:1]}, "its own values do not count"

    async def age(services: Services) -> None:
        (row,) = (await services.session.execute(select(KeptCount.counted_at).limit(1))).all()
        await services.session.execute(text("UPDATE kept_count SET counted_at = :at"), {"at": old(row[0])})

    def old(moment: Any) -> Any:
        from datetime import timedelta  # noqa: PLC0415

        earlier = moment - timedelta(seconds=STALE + 1)
        return earlier if api.twin.backend == "postgresql" else earlier.strftime("%Y-%m-%d %H:%M:%S.%f")

    await api.twin.write(age)
    assert await numbers(api, "language") == [("sv", None), ("en", None)]
