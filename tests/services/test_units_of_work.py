"""Units of work when others are quicker, or the commit itself fails."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from diptych.core.catalogue.authors.schemas import AuthorList
from diptych.core.catalogue.tags.schemas import TagList
from diptych.core.errors import Conflict, RetryableConflict, ServiceUnavailable
from tests.services.twins import TWINS, Services, Twin, author, book
from tests.support.databases import Databases


@pytest.fixture
def backend() -> str:
    return "postgresql"


async def total(twin: Twin) -> int:
    return int((await twin.authors.page(AuthorList())).total)


@pytest.fixture(params=TWINS)
async def strict(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[Twin]:
    """Yield a twin on a PostgreSQL database that refuses authors called Nemo, but only when the transaction commits."""
    twin = Twin(request.param, databases.migrated("postgresql"))
    with psycopg.connect(twin.url) as connection:
        connection.execute("CREATE TABLE allowed (name text PRIMARY KEY)")
        connection.execute("INSERT INTO allowed VALUES ('Homer')")
        connection.execute(
            "ALTER TABLE author ADD CONSTRAINT allowed FOREIGN KEY (name) REFERENCES allowed DEFERRABLE INITIALLY DEFERRED"  # noqa: E501
        )
    yield twin
    assert twin.connections_in_use == 0
    await twin.close()


async def test_a_commit_that_fails_is_an_error_and_nothing_is_stored(strict: Twin):
    inside: list[Any] = []

    async def work(services: Services) -> None:
        inside.append(await services.authors.add({"name": "Nemo"}))

    with pytest.raises(Conflict):
        await strict.change(work)
    assert inside[0].name == "Nemo"
    assert await total(strict) == 0
    await strict.authors.add({"name": "Homer"})
    assert await total(strict) == 1


@pytest.mark.parametrize("losses", [1, 4])
async def test_work_that_loses_a_race_runs_again_in_a_transaction_of_its_own(twin: Twin, losses: int):
    attempts = 0

    async def work(services: Services) -> None:
        nonlocal attempts
        attempts += 1
        await services.authors.add({"name": f"Attempt {attempts}"})
        if attempts <= losses:
            raise RetryableConflict("Lost.")

    await twin.change(work)
    page = await twin.authors.page(AuthorList())
    assert [item.name for item in page.items] == [f"Attempt {losses + 1}"]


async def test_work_that_loses_every_race_is_an_outage_after_five(twin: Twin):
    attempts = 0

    async def work(_services: Services) -> None:
        nonlocal attempts
        attempts += 1
        raise RetryableConflict("Lost.")

    with pytest.raises(ServiceUnavailable, match=r"^Lost\.$"):
        await twin.write(work)
    assert attempts == 5


async def test_a_conflict_is_not_tried_again(twin: Twin):
    attempts = 0

    async def work(services: Services) -> None:
        nonlocal attempts
        attempts += 1
        await services.tags.add({"name": "war"})
        await services.tags.add({"name": "war"})

    with pytest.raises(Conflict):
        await twin.change(work)
    assert attempts == 1
    assert (await twin.tags.page(TagList())).total == 0


END = text("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.mark.parametrize("losses", [1, 2])
async def test_a_change_whose_connection_is_lost_runs_again_once(twin: Twin, losses: int):
    attempts = 0

    async def work(services: Services) -> None:
        nonlocal attempts
        attempts += 1
        await services.authors.add({"name": f"Attempt {attempts}"})
        if attempts <= losses:
            await services.session.run(END, {})

    if losses == 1:
        await twin.change(work)
    else:
        with pytest.raises(ServiceUnavailable):
            await twin.change(work)
    assert attempts == 2
    page = await twin.authors.page(AuthorList())
    assert [item.name for item in page.items] == (["Attempt 2"] if losses == 1 else [])


@pytest.mark.parametrize("together", [True, False])
async def test_a_change_whose_connection_is_lost_as_it_is_committed_does_not_run_again(
    strict: Twin,
    together: bool,  # noqa: FBT001 - a parameter of the test
):
    with psycopg.connect(strict.url) as connection:
        connection.execute(
            "CREATE FUNCTION go() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'"
        )
        connection.execute(
            "CREATE CONSTRAINT TRIGGER go AFTER INSERT ON author DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION go()"
        )
    attempts = 0

    async def work(services: Services) -> None:
        nonlocal attempts
        attempts += 1
        await services.authors.add({"name": "Homer"})

    with pytest.raises(ServiceUnavailable):
        await strict.change(work, together=together)
    assert attempts == 1
    assert await total(strict) == 0


async def test_no_client_hears_that_idle_connections_were_lost(twin: Twin):
    async def alone(services: Services) -> None:
        await services.authors.add({"name": "Ovid"})

    await twin.authors.add({"name": "Homer"})
    for ask in (
        lambda: twin.authors.page(AuthorList()),
        lambda: twin.authors.add({"name": "Virgil"}),
        lambda: twin.change(alone, together=False),
    ):
        with psycopg.connect(twin.url, autocommit=True) as connection:
            ended = connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE application_name = 'diptych' AND datname = current_database()"
            ).fetchall()
        assert ended == [(True,)]
        await ask()
    assert await total(twin) == 3


# --- against another writer ---


class Other:
    """Another writer, who has done something and not yet committed it."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url)
        self._timer = threading.Timer(0.3, self.connection.commit)

    def commits_soon(self) -> None:
        self._timer.start()

    def close(self) -> None:
        if self._timer.ident is not None:
            self._timer.join()
        self.connection.close()

    def insert(self, table: str, **values: Any) -> uuid.UUID:
        row = {"id": uuid.uuid4(), "search_text": "x", "sort_key": "x", **values}
        columns = ", ".join(row)
        places = ", ".join(f"%({name})s" for name in row)
        self.connection.execute(
            f"INSERT INTO {table} ({columns}, created_at, updated_at) VALUES ({places}, now(), now())",  # noqa: S608
            row,  # type: ignore[arg-type]
        )
        return row["id"]  # type: ignore[return-value]


@pytest.fixture
def other(twin: Twin) -> Iterator[Other]:
    other = Other(twin.url)
    yield other
    other.close()


async def test_an_author_whose_slug_another_takes_meanwhile_gets_one_of_its_own(twin: Twin, other: Other):
    other.insert("author", name="Homer", slug="homer")
    other.commits_soon()
    added = await twin.authors.add({"name": "Homer"})
    assert added.slug.startswith("homer-")
    assert await total(twin) == 2


async def test_a_tag_that_another_makes_meanwhile_is_found_and_set(twin: Twin, other: Other):
    what = await book(twin)
    theirs = other.insert("tag", name="war")
    other.commits_soon()
    assert [tag.id for tag in await twin.books.set_tags(what, ["war"])] == [theirs]


async def test_a_tag_that_another_creates_meanwhile_is_a_conflict_for_who_wanted_to_create_it(twin: Twin, other: Other):
    other.insert("tag", name="war")
    other.commits_soon()
    with pytest.raises(Conflict) as caught:
        await twin.tags.add({"name": "war"})
    assert [field_error.path for field_error in caught.value.field_errors] == [("name",)]


async def test_a_row_that_another_puts_at_the_same_id_meanwhile_is_replaced(twin: Twin, other: Other):
    theirs = other.insert("author", name="Virgil", slug="virgil")
    other.commits_soon()
    item, new = await twin.authors.replace(theirs, {"name": "Homer", "dob": None})
    assert (item.name, item.slug, new) == ("Homer", "virgil", False)


async def test_an_upsert_of_a_tag_that_another_makes_meanwhile_does_not_fail(twin: Twin, other: Other):
    theirs = other.insert("tag", name="war")
    other.commits_soon()
    done = await twin.tags.upsert_many([{"name": "war", "description": "mine"}])
    assert (done.items[0].id, done.updated) == (theirs, 1)


async def test_two_writers_of_the_same_book_wait_for_each_other(twin: Twin):
    who = await author(twin)
    what = await book(twin, author_id=who)

    async def set_tags(number: int) -> None:
        if twin.name == "aio":
            await twin.books.set_tags(what, [f"t{number}", "both"])
        else:
            await asyncio.to_thread(asyncio.run, twin.books.set_tags(what, [f"t{number}", "both"]))

    await twin.books.set_tags(what, ["both", *(f"t{number}" for number in range(8))])
    await asyncio.gather(*(set_tags(number) for number in range(8)))
    assert len(await twin.books.tags(what)) == 2
