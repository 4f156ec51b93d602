"""An undo makes rows again what they were, and is an honest change itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import event, insert, select

from diptych.core.attribution import Attribution, attributed_to
from diptych.core.catalogue.authors.model import Author
from diptych.core.history.model import Change
from tests.services.api import Api
from tests.services.test_statements import CHANGES, ask, catalogue
from tests.services.twins import Twin, author
from tests.support.changes import changes, opened, replayed, state

SAMPLED = {"authors_merge", "tags_delete", "books_set_contributors", "books_upsert_batch", "books_delete"}
"""The operations that `make test` tries; `make test-long` tries all."""


@pytest.mark.parametrize(
    "line",
    [pytest.param(line, marks=() if line.split()[0] in SAMPLED else pytest.mark.unsampled) for line in CHANGES],
    ids=lambda line: " ".join(line.replace("{", "").replace("}", "").split()[:2]),
)
async def test_what_an_operation_has_changed_is_undone_and_the_undo_too(api: Api, line: str):
    found = await catalogue(api)
    before = state(api.twin.url)
    response, _, _ = await ask(api, found, line)
    changed = state(api.twin.url)
    request_id = response.headers["X-Request-ID"]
    if changed == before:
        assert (await undo(api, request_id=request_id))[0] == 404
        return
    number = len(changes(api.twin.url))

    status, undone, again = await undo(api, request_id=request_id)

    assert (status, state(api.twin.url)) == (200, before), undone
    assert undone["items"]
    assert replayed(changed, changes(api.twin.url, number)) == before
    redone = await undo(api, request_id=again)
    assert redone[0] == 200, redone
    assert state(api.twin.url) == changed
    assert (await undo(api, request_id=again))[:2] == (200, {"items": []})


async def undo(api: Api, **what: Any) -> tuple[int, Any, str]:
    """Return the status, the body, and the id of the request."""
    response, _ = await api.call("changes_undo", what)
    return response.status, json.loads(response.body or b"null"), response.headers["X-Request-ID"]


def last(api: Api, action: str = "update") -> int:
    """Return the id of the last change of a kind."""
    with opened(api.twin.url) as engine, engine.connect() as connection:
        ids = connection.scalars(select(Change.id).where(Change.action == action).order_by(Change.id.desc()))
        return ids.first() or 0


async def test_other_columns_that_were_changed_later_stay(api: Api):
    found = await catalogue(api)
    book_id = found.books[0]
    was = await api.made("books_change", {"edition": "1st"}, id=book_id)
    await api.made("books_change", {"title": "Another"}, id=book_id)
    change = last(api)
    await api.made("books_change", {"edition": "2nd"}, id=book_id)

    status, body, _ = await undo(api, change_id=change)

    assert (status, body) == (200, {"items": [{"resource": "books", "resource_id": book_id, "action": "update"}]})
    response, _ = await api.call("books_get", id=book_id)
    now = json.loads(response.body)
    assert (now["title"], now["edition"]) == (was["title"], "2nd")


async def test_later_changes_stand_in_the_way_of_an_undo_which_then_changes_nothing(api: Api):
    found = await catalogue(api)
    book_id, other = found.books[0], found.books[1]
    items = [{"id": book_id, "title": "First"}, {"id": other, "title": "Second"}]
    response, _ = await api.call("books_change_batch", {"items": items})
    await api.made("books_change", {"title": "Third"}, id=other)
    before = state(api.twin.url)

    status, body, _ = await undo(api, request_id=response.headers["X-Request-ID"])

    assert (status, body["errors"]) == (
        409,
        [{"pointer": "", "code": "changed_later", "detail": f"book {other}: title was changed later"}],
    )
    assert state(api.twin.url) == before


async def test_a_row_that_others_use_is_not_taken_from_them(api: Api):
    found = await catalogue(api)
    tag = await api.made("tags_create", {"name": "sea"})
    created = last(api, "create")
    await api.made("books_set_tags", {"items": ["sea"]}, id=found.books[0])
    author = await api.made("authors_create", {"name": "Sappho"})
    writer = last(api, "create")
    await api.made("books_change", {"author_id": author["id"]}, id=found.books[0])

    refused = [await undo(api, change_id=change) for change in (created, writer)]

    reasons = [body["errors"][0]["detail"] for _, body, _ in refused]
    assert [status for status, _, _ in refused] == [409, 409]
    assert reasons == [
        f"tag {tag['id']}: other rows refer to it",
        f"author {author['id']}: other rows refer to it",
    ]


async def test_a_merge_that_took_a_name_from_a_third_tag_gives_it_back(api: Api):
    third, kept = [await api.made("tags_create", {"name": name}) for name in ("sea", "ocean")]
    await api.made("tags_set_names", {"items": ["the deep"]}, id=third["id"])
    gone = await api.made("tags_create", {"name": "the deep"})
    before = state(api.twin.url)
    merge, _ = await api.call("tags_merge", {"ids": [gone["id"]]}, id=kept["id"])
    merged = state(api.twin.url)
    assert merged != before

    status, body, again = await undo(api, request_id=merge.headers["X-Request-ID"])

    assert (status, state(api.twin.url)) == (200, before), body
    assert (await undo(api, request_id=again))[0] == 200
    assert state(api.twin.url) == merged


async def test_a_deleted_row_comes_back_only_if_its_slug_and_its_author_are_there(api: Api):
    author = await api.made("authors_create", {"name": "Sappho"})
    book = await api.made("books_create", {"title": "Poems", "author_id": author["id"]})
    await api.call("books_delete", id=book["id"])
    gone = last(api, "delete")
    await api.call("authors_delete", id=author["id"])
    without_author = await undo(api, change_id=gone)
    await undo(api, change_id=last(api, "delete"))
    other = await api.made("books_create", {"title": "Poems", "author_id": author["id"]})
    without_slug = await undo(api, change_id=gone)
    await api.call("books_delete", id=other["id"])
    restored = await undo(api, change_id=gone)

    assert [each[0] for each in (without_author, without_slug, restored)] == [409, 409, 200]
    assert "author_id" in without_author[1]["errors"][0]["detail"]
    assert "slug" in without_slug[1]["errors"][0]["detail"]
    response, _ = await api.call("books_get", id=book["id"])
    again = json.loads(response.body)
    assert {name: value for name, value in again.items() if name != "updated_at"} == {
        name: value for name, value in book.items() if name != "updated_at"
    }


async def test_a_year_that_a_later_date_of_publication_has_is_not_undone(api: Api):
    found = await catalogue(api)
    book_id = found.books[0]
    await api.made("books_change", {"year": 1991, "published": None}, id=book_id)
    change = last(api)
    await api.made("books_change", {"published": "1991-05"}, id=book_id)

    status, body, _ = await undo(api, change_id=change)

    assert (status, body["errors"][0]["detail"]) == (409, f"book {book_id}: published was changed later")


async def test_the_undo_of_a_creation_takes_all_that_came_with_the_row(api: Api):
    author = (await catalogue(api)).authors[0]
    before = state(api.twin.url)
    book = await api.made("books_create", {"title": "Alone", "author_id": author})
    change = last(api, "create")
    await api.made("books_set_tags", {"items": ["epic"]}, id=book["id"])
    tags = last(api)

    assert (await undo(api, change_id=change))[1]["errors"][0][
        "detail"
    ] == f"book {book['id']}: tags were changed later"
    assert (await undo(api, change_id=tags))[0] == 200
    assert (await undo(api, change_id=change))[0] == 200
    assert state(api.twin.url) == before


async def test_what_does_not_name_one_undo_is_refused(api: Api):
    for body, status in (
        ({}, 422),
        ({"change_id": 1, "request_id": "a"}, 422),
        ({"change_id": "1"}, 422),
        ({"change_id": None}, 422),
        ({"change_id": 2**63 - 1}, 404),
        ({"request_id": "never"}, 404),
    ):
        assert (await undo(api, **body))[0] == status, body


@pytest.mark.parametrize("size", [2, 50])
async def test_an_undo_takes_as_many_statements_for_many_rows_as_for_few(api: Api, size: int):
    made = (await api.made("authors_create_batch", {"items": [{"name": f"A{each}"} for each in range(size)]}))["items"]
    items = [{"id": row["id"], "name": f"B{place}"} for place, row in enumerate(made)]
    response, _ = await api.call("authors_change_batch", {"items": items})

    _, counts = await api.call("changes_undo", {"request_id": response.headers["X-Request-ID"]})
    _, deleting = await api.call("changes_undo", {"change_id": last(api, "create")})

    assert (len(counts.statements), counts.commits) == (3, 1), counts.statements
    assert len(deleting.statements) == 9, deleting.statements


async def test_what_several_senders_have_done_under_one_id_is_not_undone_at_once(twin: Twin, api: Api):
    made = {}
    for sender in ("1", "2"):
        with attributed_to(Attribution(sender, None, "token", "constant")):
            made[sender] = await author(twin, sender)

    refused, _ = await api.call("changes_undo", {"request_id": "constant"})

    [error] = json.loads(refused.body)["errors"]
    assert (refused.status, error["code"]) == (409, "several_senders")
    for author_id in made.values():
        assert (await api.call("authors_get", id=str(author_id)))[0].status == 200


async def test_a_deleted_row_comes_back_by_its_change_with_all_that_belonged_to_it(api: Api):
    book_id = (await catalogue(api)).books[0]
    await api.made("books_set_tags", {"items": ["sea", "ship"]}, id=book_id)
    before = state(api.twin.url)
    await api.call("books_delete", id=book_id)
    change = last(api, "delete")

    assert (await undo(api, change_id=change))[0] == 200
    assert state(api.twin.url) == before


async def test_the_undo_of_one_creation_leaves_what_was_changed_later_under_the_same_request_id(twin: Twin, api: Api):
    with attributed_to(Attribution("1", None, "token", "constant")):
        author_id = await author(twin, "Sappho")
    created = last(api, "create")
    with attributed_to(Attribution("1", None, "token", "constant")):
        await twin.write(lambda services: services.authors.update({"name": "Psappha"}, author_id))

    status, body, _ = await undo(api, change_id=created)

    assert (status, body["errors"][0]["detail"]) == (409, f"author {author_id}: name was changed later")


async def test_the_undo_of_a_first_author_keeps_the_others_that_were_added_later(api: Api):
    authors = (await catalogue(api)).authors
    book = await api.made("books_create", {"title": "Anonymous", "author_id": None})
    await api.made("books_change", {"author_id": authors[0]}, id=book["id"])
    change = last(api)
    items = [{"author_id": author_id, "role": "author"} for author_id in authors[:2]]
    await api.made("books_set_contributors", {"items": items}, id=book["id"])
    before = state(api.twin.url)

    status, body, _ = await undo(api, change_id=change)

    assert (status, body["errors"][0]["detail"]) == (409, f"book {book['id']}: contributors were changed later")
    assert state(api.twin.url) == before


@pytest.mark.unsampled
@pytest.mark.parametrize("backend", ["postgresql"])
async def test_one_change_of_more_tags_than_a_statement_has_parameters_is_undone(api: Api):
    book = await api.made("books_create", {"title": "Everything", "author_id": None})
    before = state(api.twin.url).keys()
    with opened(api.twin.url) as engine, engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO tag (id, name, search_text, sort_key, created_at, updated_at)"
            " SELECT gen_random_uuid(), n::text, n::text, n::text, now(), now() FROM generate_series(1, 33000) AS n"
        )
        connection.exec_driver_sql("INSERT INTO book_tag (book_id, tag_id) SELECT book.id, tag.id FROM book, tag")

    assert (await undo(api, change_id=last(api)))[0] == 200
    assert {key for key in state(api.twin.url) if key[0] == "book"} == before
    assert book["id"]


@pytest.mark.parametrize("backend", ["postgresql"])
async def test_what_somebody_else_has_undone_meanwhile_is_undone(api: Api):
    author = await api.made("authors_create", {"name": "Sappho"})
    authors: Any = Author.__table__
    with opened(api.twin.url) as engine, engine.connect() as connection:
        row = dict(connection.execute(select(authors)).mappings().one())
    await api.call("authors_delete", id=author["id"])
    waiting = [row]

    def restore(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "author.slug IN" in statement and waiting:
            with opened(api.twin.url) as engine, engine.begin() as connection:
                connection.execute(insert(authors), waiting.pop())

    event.listen(api.counting.engine, "before_cursor_execute", restore)
    try:
        status, body, _ = await undo(api, change_id=last(api, "delete"))
    finally:
        event.remove(api.counting.engine, "before_cursor_execute", restore)

    assert (status, body, waiting) == (200, {"items": []}, [])
