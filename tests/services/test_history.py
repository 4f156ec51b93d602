"""Every change of the catalogue is recorded, in its own transaction, whichever way it was made."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from datetime import datetime

import psycopg
import pytest
from sqlalchemy import insert, text
from uuid_utils.compat import uuid7

from diptych.core.access.principal import of_host
from diptych.core.attribution import Attribution, attributed_to
from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.books.model import BookSource
from diptych.core.catalogue.models import Base
from diptych.core.engine import history_triggers
from diptych.core.engine.entity import now
from diptych.core.import_export.dump_format import TABLES
from tests.services.api import OPERATOR, Api
from tests.services.test_statements import CHANGES, ask, catalogue
from tests.services.twins import Services, Twin, author, book
from tests.support.changes import changes, opened, replayed, state

WHO = Attribution("0193", 'Ann \\ O\'Neill 100% "é𝄞" {} $$ :x', "token", "request 1")

SAMPLED = {"authors_merge", "tags_delete", "books_set_contributors", "books_upsert_batch"}
"""The operations that `make test` tries; `make test-long` tries all."""


def test_every_table_of_the_catalogue_is_recorded():
    recorded = {table.name for table in Base.metadata.sorted_tables if history_triggers.in_history(table)}

    # A file itself belongs to no book: what is recorded is which books have it.
    assert recorded == TABLES.keys() - {"file"}


@pytest.mark.parametrize(
    "line",
    [pytest.param(line, marks=() if line.split()[0] in SAMPLED else pytest.mark.unsampled) for line in CHANGES],
    ids=lambda line: " ".join(line.replace("{", "").replace("}", "").split()[:2]),
)
async def test_the_history_tells_exactly_what_an_operation_has_changed(api: Api, line: str):
    found = await catalogue(api)
    before, number = state(api.twin.url), len(changes(api.twin.url))

    response, _, _ = await ask(api, found, line)

    made, after = changes(api.twin.url, number), state(api.twin.url)
    assert bool(made) == (before != after)
    assert replayed(before, made) == after
    request_id = response.headers["X-Request-ID"]
    assert {(each.via, each.principal, each.name, each.request_id) for each in made} <= {
        ("host", str(of_host(OPERATOR).id), OPERATOR.name, request_id)
    }


async def test_a_change_has_the_row_before_and_after_without_what_is_derived(api: Api):
    made = await api.made("authors_create", {"name": "Homer", "dob": "1914-08-09"})
    await api.made("authors_change", {"name": "Virgil"}, id=made["id"])
    await api.call("authors_delete", id=made["id"])

    first = {
        "id": made["id"], "name": "Homer", "dob": "1914-08-09", "slug": "homer", "kind": None, "sort_name": None,
        "birth_year": None, "death_year": None, "created_at": datetime.fromisoformat(made["created_at"]),
    }  # fmt: skip
    second = first | {"name": "Virgil"}
    found = changes(api.twin.url)
    for row in (each for change in found for each in change[3:5] if each):
        row["created_at"] = datetime.fromisoformat(row["created_at"])
    assert [each[:5] for each in found] == [
        ("create", "author", made["id"], None, first),
        ("update", "author", made["id"], first, second),
        ("delete", "author", made["id"], second, None),
    ]


async def test_what_changes_nothing_is_not_recorded(api: Api):
    found = await catalogue(api)
    number = len(changes(api.twin.url))
    book_id = found.books[0]
    row = await api.made("books_change", {"title": "Te0"}, id=book_id)
    given = {name: row[name] for name in ("title", "author_id", "isbn", "url")}

    await api.made("books_replace", given, id=book_id)
    await api.made("books_change_batch", {"items": [{"id": book_id, "title": "Te0"}]})
    await api.made("books_upsert_batch", {"items": [given]})
    await api.made("books_set_tags", {"items": ["epic", "war"]}, id=book_id)
    pair = [{"author_id": found.authors[0], "role": "author"}, {"author_id": found.authors[2], "role": "translator"}]
    await api.made("books_set_contributors", {"items": pair}, id=book_id)

    assert changes(api.twin.url, number) == []


async def test_a_transaction_that_is_rolled_back_leaves_no_history(api: Api):
    found = await catalogue(api)
    number = len(changes(api.twin.url))
    items = [{"id": found.books[1], "title": "New"}, {"id": found.books[2], "isbn": "9780439554930"}]

    response, _ = await api.call("books_change_batch", {"items": items})
    refused, _ = await api.call("authors_delete", id=found.authors[0])

    assert (response.status, refused.status) == (409, 409)
    assert changes(api.twin.url, number) == []


async def test_who_makes_a_change_is_recorded_with_any_characters(twin: Twin):
    with attributed_to(WHO):
        author_id = await author(twin)

        async def rename(services: Services) -> None:
            await services.authors.update_many([{"id": author_id, "name": "Virgil"}])

        await twin.write(rename)
        await twin.change(lambda services: services.authors.remove(author_id), together=False)

    found = changes(twin.url)
    assert [each.action for each in found] == ["create", "update", "delete"]
    assert {each[5:] for each in found} == {(WHO.via, WHO.principal, WHO.name, WHO.request_id)}


async def test_nothing_about_a_change_is_left_for_the_next(twin: Twin):
    with attributed_to(WHO):
        await author(twin)
        await twin.write(lambda services: services.authors.create_many([{"name": "Virgil"}]))
    await author(twin, "Sappho")
    _directly(twin.url, "UPDATE author SET name = 'Alcaeus' WHERE name = 'Sappho'")

    assert [(each.via, each.principal) for each in changes(twin.url)] == [
        *[("token", "0193")] * 2,
        *[("unknown", None)] * 2,
    ]
    if twin.backend == "sqlite":
        with opened(twin.url) as engine, engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM change_source")).scalar() == 0


def _directly(url: str, *statements: str) -> None:
    """Run statements past the service, as psql or sqlite3 does."""
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            connection.execute("PRAGMA foreign_keys=ON")
            for statement in statements:
                connection.execute(statement)
        connection.close()
        return
    with psycopg.connect(url) as other:
        for statement in statements:
            other.execute(statement.encode())


async def test_plain_sql_is_recorded_in_any_number_of_rows(twin: Twin, api: Api):
    await catalogue(api)
    before, number = state(twin.url), len(changes(twin.url))
    _directly(
        twin.url,
        "UPDATE author SET name = name || '!', search_text = 'x'",
        "UPDATE book SET updated_at = created_at",
        "UPDATE book_tag SET tag_id = (SELECT max(CAST(id AS VARCHAR(36))) FROM tag) WHERE false"
        if twin.backend == "sqlite"
        else "UPDATE book_tag SET tag_id = tag_id",
        "DELETE FROM tag WHERE name = 'war'",
        "DELETE FROM book",
    )
    made = changes(twin.url, number)

    assert replayed(before, made) == state(twin.url)
    assert {each.via for each in made} == {"unknown"}
    assert [each.action for each in made].count("delete") == 1 + 3


async def test_a_row_that_goes_to_another_is_a_change_of_both(twin: Twin, api: Api):
    found = await catalogue(api)
    before, number = state(twin.url), len(changes(twin.url))
    ids = [each.replace("-", "") if twin.backend == "sqlite" else each for each in (found.books[0], found.books[2])]
    _directly(twin.url, f"UPDATE book_contributor SET book_id = '{ids[1]}' WHERE book_id = '{ids[0]}'")  # noqa: S608 - ids
    made = changes(twin.url, number)

    assert sorted(each.resource_id for each in made) == sorted([found.books[0], found.books[2]])
    assert replayed(before, made) == state(twin.url)


async def test_a_sources_time_is_written_alike_on_both_databases(twin: Twin):
    book_id = await book(twin)
    row = {"book_id": book_id, "digest": "0" * 64, "format": "marc", "record_id": "1", "imported_at": now()}
    await twin.write(lambda services: services.session.execute(insert(BookSource), [row]))

    [made] = [each for each in changes(twin.url) if "sources" in (each.after or {})]
    assert datetime.fromisoformat(made.after["sources"][0]["imported_at"]) == row["imported_at"]


async def test_writers_of_one_row_leave_an_unbroken_chain(backend: str, urls: dict[str, str]):
    twin = Twin("aio", urls[backend], pool_size=6)
    await twin.emptied()
    author_id = await author(twin)

    async def rename(name: str, *, together: bool) -> None:
        with attributed_to(Attribution(None, None, "token", name)):
            await twin.change(lambda services: services.authors.change(author_id, {"name": name}), together=together)

    async def write(number: int) -> None:
        for step in range(20):
            await rename(f"{number} {step}", together=step % 2 == 0)

    await asyncio.gather(*map(write, range(6)))
    first, *others = changes(twin.url)

    assert len(others) == 6 * 20
    for earlier, later in zip([first, *others], others, strict=False):
        assert later.before == earlier.after
    assert all(each.after["name"] == each.request_id for each in others)
    await twin.close()


async def test_a_session_of_a_script_is_attributed_too(twin: Twin):
    row = {"id": uuid7(), "name": "Homer", "slug": "homer", "search_text": "homer", "sort_key": "homer"}
    with opened(twin.url) as engine, attributed_to(WHO):
        with engine.begin() as connection:
            connection.execute(insert(Author), [row])
        with engine.connect() as connection:
            connection.execute(text("UPDATE author SET name = 'Virgil'"))
            connection.rollback()

    assert [(each.action, each.name) for each in changes(twin.url)] == [("create", WHO.name)]


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [("name", "CAST('Caf' || x'e9' AS TEXT)", {"name": "Caf\ufffd"}), ("birth_year", "9e999", {})],
)
async def test_what_other_programs_have_written_closes_no_page(
    twin: Twin, api: Api, column: str, value: str, shown: dict[str, str]
):
    author_id = await author(twin)
    _directly(twin.url, f"UPDATE author SET {column} = {value}", "UPDATE author SET name = 'Caf', birth_year = NULL")  # noqa: S608 - constants

    listed, _ = await api.call("changes_list")
    of_row, _ = await api.call("authors_list_changes", id=str(author_id))

    items = json.loads(of_row.body)["items"]
    assert json.loads(listed.body)["items"] == items
    assert len(items) == 3
    assert items[1]["after"].items() >= shown.items()
