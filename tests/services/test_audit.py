"""What `include=audit` finds in the history: on both databases, whatever became of the row and of its changes."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.sql.dml import UpdateBase

from diptych.core.catalogue.authors.model import Author
from diptych.core.engine.compiled_statement import compile_cached
from diptych.core.engine.entity import now
from diptych.core.engine.row_statements import VALUES
from diptych.core.history import audit
from diptych.core.history.model import Change
from tests.services.api import Api
from tests.services.twins import Services, Twin
from tests.support.databases import Databases
from tests.support.history import transaction
from tests.support.plans import rows_read

NOBODY = "01890f3e-8f6a-7cc0-9d5a-3b1f6d2c4e5f"


async def run(twin: Twin, statement: UpdateBase) -> None:
    async def work(services: Services) -> None:
        await services.session.execute(statement)

    await twin.write(work)


async def audited(api: Api, resource: str, row_id: str) -> tuple[Any, Any]:
    """Return the requests that created a row, and that changed it last; None where it is not known."""
    response, _ = await api.call(f"{resource}_get", query="include=audit", id=row_id)
    row = json.loads(response.body)
    return tuple(row[name] and row[name]["request_id"] for name in ("created_by", "updated_by"))  # type: ignore[return-value]


async def sent(api: Api, name: str, body: Any = None, **parameters: str) -> str:
    """Make a change, and return the id of its request."""
    response, _ = await api.call(name, body, **parameters)
    assert response.status < 300, response.body
    return response.headers["X-Request-ID"]


async def test_what_was_trimmed_is_null(api: Api):
    row_id = (await api.made("authors_create", {"name": "Homer"}))["id"]
    changed = await sent(api, "authors_change", {"name": "Virgil"}, id=row_id)
    await run(api.twin, delete(Change).where(Change.action == "create"))
    assert await audited(api, "authors", row_id) == (None, changed)

    await run(api.twin, delete(Change))
    assert await audited(api, "authors", row_id) == (None, None)


async def test_a_row_that_was_made_again_was_not_created_by_its_first_change(api: Api):
    first = await sent(api, "authors_replace", {"name": "Homer"}, id=NOBODY)
    assert await audited(api, "authors", NOBODY) == (first, first)
    await sent(api, "authors_delete", id=NOBODY)

    again = await sent(api, "authors_replace", {"name": "Virgil"}, id=NOBODY)
    assert await audited(api, "authors", NOBODY) == (again, again)

    changed = await sent(api, "authors_change", {"name": "Ovid"}, id=NOBODY)
    assert await audited(api, "authors", NOBODY) == (None, changed)


async def test_a_row_that_an_undo_has_brought_back_was_created_by_its_first_change(api: Api):
    created = await sent(api, "authors_replace", {"name": "Homer"}, id=NOBODY)
    deleted = await sent(api, "authors_delete", id=NOBODY)
    await sent(api, "changes_undo", {"request_id": deleted})

    changed = await sent(api, "authors_change", {"name": "Ovid"}, id=NOBODY)

    assert await audited(api, "authors", NOBODY) == (created, changed)


async def test_rows_of_two_resources_with_one_id_are_told_apart(api: Api):
    first = await sent(api, "tags_replace", {"name": "epic"}, id=NOBODY)
    second = await sent(api, "publishers_replace", {"name": "Sort of"}, id=NOBODY)

    assert await audited(api, "tags", NOBODY) == (first, first)
    assert await audited(api, "publishers", NOBODY) == (second, second)


async def test_the_tag_changes_when_a_name_is_redacted(api: Api):
    row_id = (await api.made("authors_create", {"name": "Homer"}))["id"]
    (first, _), (plain, _) = [await api.call("authors_get", query=query, id=row_id) for query in ("include=audit", "")]

    await run(api.twin, update(Change).values(name=None))

    (second, _), (same, _) = [await api.call("authors_get", query=query, id=row_id) for query in ("include=audit", "")]
    assert (json.loads(first.body)["created_by"]["name"], json.loads(second.body)["created_by"]["name"]) == (
        "operator",
        None,
    )
    assert first.headers["ETag"] != second.headers["ETag"]
    assert plain.headers["ETag"] == same.headers["ETag"]


@pytest.mark.parametrize("size", [2, 60])
async def test_a_page_takes_one_statement_more_whatever_its_size(api: Api, size: int):
    await api.made("tags_create_batch", {"items": [{"name": f"t{number}"} for number in range(size)]})

    response, counts = await api.call("tags_list", query=f"include=audit&pageSize={size}")

    found = json.loads(response.body)["items"]
    assert {each["created_by"]["request_id"] for each in found} == {found[0]["updated_by"]["request_id"]}
    assert (len(found), len(counts.statements)) == (size, 2)


AUTHORS, CHANGES = 20, 3000


def test_a_row_with_many_changes_has_two_of_them_read(databases: Databases, backend: str):
    ids = [uuid4() for _ in range(AUTHORS)]
    rows = [
        {"id": each, "name": "Homer", "slug": each.hex, "search_text": "homer", "sort_key": "homer"} for each in ids
    ]
    change = {"at": now(), "via": "token", "action": "update", "resource": "author"}
    with transaction(databases.migrated(backend)) as connection:
        connection.execute(insert(Author), rows)
        connection.execute(insert(Change), [{**change, "resource_id": each} for each in (ids * CHANGES)[:CHANGES]])
        entries = audit.entries(Author, backend)

        # There are no statistics, as after an import: with them, a worse statement would do.
        if backend == "postgresql":
            assert rows_read(connection, entries, {VALUES: ids}, "change") == 2 * AUTHORS
        else:
            query, values = compile_cached(entries, connection.dialect).bound({VALUES: ids})
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", tuple(values)).all()
            steps = [each[-1].partition(" USING ")[2] for each in plan if "change" in each[-1]]
            by_id, by_row = "INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN", "INDEX ix_change_resource_id_id (resource_id=?)"
            assert sorted(steps) == sorted([by_id, by_row] * 2)
            assert not [each for each in plan if "TEMP B-TREE" in each[-1]]
