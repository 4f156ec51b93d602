"""Query strings as the library's filters: what they find is what a list of the API shows."""

from __future__ import annotations

from typing import Any

import pytest

from diptych.core.aio.operations.books import resource as book_resource
from diptych.core.aio.operations.crud_operations import ReadOnlyResource, reads
from diptych.core.catalogue.books.queries import spec
from diptych.core.catalogue.books.schemas import BookList
from diptych.core.errors import CatalogueError, Conflict, NotFound, ServiceUnavailable, ValidationFailed
from diptych.core.http.filters import provide_filters
from tests.services.guide import ISBNS, NOBODY, Guide
from tests.services.twins import Twin, _Awaitable, author, book

QUERIES = [
    "",
    "pageSize=2&currentPage=2",
    "pageSize=2&currentPage=9",
    "orderBy=year&sortOrder=asc",
    "orderBy=year",
    "orderBy=title&sortOrder=asc",
    "searchString=%C3%A9T",
    "searchString=%25",
    "searchString=St&searchIgnoreCase=false",
    "yearIn=1972",
    "yearNotIn=1972",
    "languageIn=fr&languageIn=en",
    "tagsIn=sea&tagsIn=love",
    "tagsNotIn=sea",
    "createdAfter=2001-01-01T00:00:00Z",
    "createdBefore=2001-01-01T00:00:00Z",
    f"ids={NOBODY}",
]


@pytest.mark.parametrize("query", QUERIES)
async def test_filters_find_what_a_list_of_the_api_shows(guide: Guide, query: str):
    who = await author(guide.twin)
    for number, values in enumerate(({"title": "Été", "year": 1972, "language": "fr"}, {"title": "STORM"},
                                     {"title": "Stone 100%", "year": 1999, "isbn": ISBNS[0]})):  # fmt: skip
        what = await book(guide.twin, author_id=who, **values)
        await guide.twin.books.set_tags(what, [["sea"], ["love", "sea"], []][number])
    parsed = provide_filters(spec, BookList, query)
    asked = BookList.model_validate(_gathered(query))
    page = await guide.twin.books.page(asked)
    async with guide.service("books") as service:
        rows, total = await service.get_many_and_count(*parsed)
    assert ([row.title for row in rows], total) == ([item.title for item in page.items], page.total)


def _gathered(query: str) -> dict[str, Any]:
    from diptych.core.http.query_string import gather, pairs  # noqa: PLC0415

    return gather(pairs(query), BookList)[0]


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("colour=red&pageSize=0", {"colour", "pageSize"}),
        ("q=x", {"q"}),
        ("total=false", {"total"}),
        ("orderBy=relevance", {"orderBy"}),
        ("sortOrder=up", {"sortOrder"}),
        ("pageSize=1&pageSize=2", {"pageSize"}),
        ("searchString=%ff", set()),
    ],
)
def test_what_is_not_a_filter_is_refused_at_once(query: str, parameters: set[str]):
    with pytest.raises(ValidationFailed) as caught:
        provide_filters(spec, BookList, query)
    assert {field_error.parameter for field_error in caught.value.field_errors} == parameters


def test_a_resource_that_is_only_read_has_the_operations_that_read():
    resource = ReadOnlyResource(
        name="books",
        service=book_resource.service,
        answer=book_resource.answer,
        list_query=book_resource.list_query,
    )
    assert [(each.name, each.method) for each in reads(resource)] == [
        ("books_list", "GET"),
        ("books_get", "GET"),
        ("books_get_by_slug", "GET"),
    ]


class _Session:
    """`Database.session()` of either twin, awaited."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._session = twin.database.session()

    async def __aenter__(self) -> Any:
        return await self._session.__aenter__() if self._twin.name == "aio" else self._session.__enter__()

    async def __aexit__(self, *error: object) -> Any:
        return await self._session.__aexit__(*error) if self._twin.name == "aio" else self._session.__exit__(*error)


async def test_a_session_commits_at_the_end_and_rolls_back_what_raises(twin: Twin):
    kind = twin.module("services").TagService

    async def upserted(name: str, fail: type[Exception] | None = None) -> None:
        async with _Session(twin) as session:
            service = kind(session) if twin.name == "aio" else _Awaitable(kind(session))
            await service.create({"name": name})
            if fail is not None:
                raise fail

    await upserted("war")
    with pytest.raises(LookupError):
        await upserted("peace", LookupError)
    with pytest.raises(Conflict) as taken:
        await upserted("war")
    assert [field_error.path for field_error in taken.value.field_errors] == [("name",)]
    async with _Session(twin) as session:
        service = kind(session) if twin.name == "aio" else _Awaitable(kind(session))
        assert [tag.name for tag in await service.get_many()] == ["war"]


async def test_errors_of_the_library_come_out_of_a_session_as_the_cores(twin: Twin):
    kind = twin.module("services").BookService

    async def do(verb: str, *arguments: Any) -> None:
        async with _Session(twin) as session:
            service = kind(session) if twin.name == "aio" else _Awaitable(kind(session))
            await getattr(service, verb)(*arguments)

    async def doing(verb: str, *arguments: Any) -> CatalogueError:
        with pytest.raises(CatalogueError) as caught:
            await do(verb, *arguments)
        return caught.value

    assert isinstance(await doing("get", NOBODY), NotFound)
    assert isinstance(await doing("update", {"title": "X"}, NOBODY), NotFound)
    assert isinstance(await doing("create", {"title": "X", "author_id": NOBODY}), Conflict)
    assert isinstance(await doing("create_many", [{"title": "X", "author_id": NOBODY}]), ValidationFailed)
    assert not isinstance(await doing("delete", NOBODY), ServiceUnavailable)
