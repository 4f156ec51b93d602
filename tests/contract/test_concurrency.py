"""Many concurrent clients."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from threading import Event

import httpx
import pytest

from tests.contract.making import (
    at_once,
    found,
    ids,
    make_author,
    make_book,
    make_tag,
    marker,
    new_id,
    new_isbn,
    read,
    refused,
)
from tests.support import patient

MANY = 20


def statuses(answers: list[httpx.Response]) -> list[int]:
    """Return the statuses of the responses; none may be an outage."""
    assert [answer.text for answer in answers if answer.status_code >= 500] == []
    return [answer.status_code for answer in answers]


def test_the_same_title_at_once_is_given_a_slug_each_time(api: httpx.Client):
    body = {"title": f"At Once {marker()}", "author_id": make_author(api)["id"]}

    answers = at_once(api.base_url, [lambda client: client.post("/books", json=body)] * MANY)

    assert statuses(answers) == [201] * MANY
    assert len({answer.json()["slug"] for answer in answers}) == MANY
    assert sorted(ids(found(api, "books", body["title"]))) == sorted(answer.json()["id"] for answer in answers)
    assert len({row["slug"] for row in found(api, "books", body["title"])}) == MANY


def test_the_same_name_at_once_is_given_a_slug_each_time(api: httpx.Client):
    name = f"At Once {marker()}"

    answers = at_once(api.base_url, [lambda client: client.post("/authors", json={"name": name})] * MANY)

    assert statuses(answers) == [201] * MANY
    assert len({row["slug"] for row in found(api, "authors", name)}) == MANY


def test_the_same_isbn_at_once_is_given_to_one_book(api: httpx.Client):
    body = {"title": f"At Once {marker()}", "author_id": make_author(api)["id"], "isbn": new_isbn()}

    answers = at_once(api.base_url, [lambda client: client.post("/books", json=body)] * MANY)

    assert sorted(statuses(answers)) == [201] + [409] * (MANY - 1)
    for answer in answers:
        if answer.status_code == 409:
            refused(answer, 409, "/isbn")
    assert len(found(api, "books", body["title"])) == 1
    assert read(api, "/books", isbnIn=body["isbn"])["total"] == 1


def test_the_same_tag_name_at_once_is_given_to_one_tag(api: httpx.Client):
    name = marker()

    answers = at_once(api.base_url, [lambda client: client.post("/tags", json={"name": name})] * MANY)

    assert sorted(statuses(answers)) == [201] + [409] * (MANY - 1)
    assert read(api, "/tags", nameIn=name)["total"] == 1


def test_the_same_other_name_at_once_is_given_to_one_tag(api: httpx.Client):
    free, name = marker(), marker()
    paths = [f"/tags/{make_tag(api)['id']}/names" for _ in range(MANY)]
    puts = [partial(httpx.Client.put, url=path, json={"items": [free + path, name]}) for path in paths]

    answers = at_once(api.base_url, puts)

    assert sorted(statuses(answers)) == [200] + [409] * (MANY - 1)
    for answer in answers:
        if answer.status_code == 409:
            refused(answer, 409, "/items/1")
    assert sorted(name in read(api, path)["items"] for path in paths) == [False] * (MANY - 1) + [True]


def test_the_same_new_tag_can_be_put_on_many_books_at_once(api: httpx.Client):
    author, name = make_author(api), marker()
    books = [make_book(api, author_id=author["id"]) for _ in range(MANY)]
    paths = [f"/books/{book['id']}/tags" for book in books]

    answers = at_once(
        api.base_url, [lambda client, path=path: client.put(path, json={"items": [name]}) for path in paths]
    )

    assert statuses(answers) == [200] * MANY
    assert len({answer.json()["items"][0]["id"] for answer in answers}) == 1
    assert read(api, "/tags", nameIn=name)["total"] == 1
    assert read(api, "/books", tagsIn=name, pageSize=50)["total"] == MANY


def test_different_tags_put_on_one_book_at_once_leave_those_of_one_writer(api: httpx.Client):
    book = make_book(api)
    path = f"/books/{book['id']}/tags"
    wishes = [sorted([marker(), marker()]) for _ in range(10)]

    answers = at_once(
        api.base_url, [lambda client, wish=wish: client.put(path, json={"items": wish}) for wish in wishes]
    )

    assert statuses(answers) == [200] * 10
    assert [tag["name"] for tag in read(api, path)["items"]] in wishes


def test_an_id_put_at_once_is_created_once_and_replaced_after_that(api: httpx.Client):
    author_id, name = new_id(), f"At Once {marker()}"

    answers = at_once(api.base_url, [lambda client: client.put(f"/authors/{author_id}", json={"name": name})] * 10)

    assert sorted(statuses(answers)) == [200] * 9 + [201]
    assert read(api, f"/authors/{author_id}")["name"] == name


def test_a_row_deleted_at_once_is_deleted_once(api: httpx.Client):
    tag = make_tag(api)

    answers = at_once(api.base_url, [lambda client: client.delete(f"/tags/{tag['id']}")] * 10)

    assert sorted(statuses(answers)) == [204] + [404] * 9
    refused(api.get(f"/tags/{tag['id']}"), 404)


@pytest.mark.parametrize("resource", ["authors", "tags"])
def test_batches_that_change_the_same_rows_at_once_all_end(api: httpx.Client, resource: str):
    word = marker()
    items = [{"name": f"{word} {n}"} for n in range(20)]
    rows = api.post(f"/{resource}/batch", json={"items": items}).json()["items"]
    field = "dob" if resource == "authors" else "description"
    wishes = [f"19{n:02}-01-01" for n in range(10, 18)]

    def change(client: httpx.Client, wish: str) -> httpx.Response:
        order = rows if int(wish[3]) % 2 else rows[::-1]
        return client.patch(f"/{resource}/batch", json={"items": [{"id": row["id"], field: wish} for row in order]})

    answers = at_once(api.base_url, [lambda client, wish=wish: change(client, wish) for wish in wishes])

    assert statuses(answers) == [200] * len(wishes)
    kept = {row[field] for row in found(api, resource, word)}
    assert len(kept) == 1
    assert kept <= set(wishes)


def test_a_book_of_an_author_who_is_being_deleted_is_either_kept_or_refused(api: httpx.Client):
    for _ in range(3):
        author, title = make_author(api), f"At Once {marker()}"
        body = {"title": title, "author_id": author["id"]}

        created, deleted = at_once(
            api.base_url,
            [lambda c, b=body: c.post("/books", json=b), lambda c, a=author: c.delete(f"/authors/{a['id']}")],
        )

        assert (created.status_code, deleted.status_code) in {(201, 409), (422, 204), (409, 204)}
        assert len(found(api, "books", title)) == int(created.status_code == 201)
        assert api.get(f"/authors/{author['id']}").status_code == (404 if deleted.status_code == 204 else 200)


def test_clients_that_hang_up_leave_nothing_locked(api: httpx.Client):
    body = json.dumps({"items": [{"name": f"{marker()} {number}"} for number in range(200)]})
    head = f"PUT /tags/batch HTTP/1.1\r\nHost: {api.base_url.host}\r\nContent-Type: application/json\r\n"
    message = f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()

    for pause in (0.02, 0.05, 0.1, 0.2):
        with ExitStack() as clients:
            for _ in range(8):
                client = clients.enter_context(socket.create_connection((api.base_url.host, api.base_url.port)))
                client.sendall(message)
            time.sleep(pause)
        name = f"after {marker()}"
        created = api.post("/tags", json={"name": name})
        assert created.status_code == 201
        assert read(api, created.headers["Location"])["name"] == name


def test_a_reader_sees_the_contributors_of_one_moment(api: httpx.Client):
    first, second = make_author(api)["id"], make_author(api)["id"]
    book = make_book(api, author_id=first)
    orders = [
        {"items": [{"author_id": one, "role": "author"}, {"author_id": other, "role": "author"}]}
        for one, other in ((first, second), (second, first))
    ]
    assert api.put(f"/books/{book['id']}/contributors", json=orders[0]).status_code == 200
    done = Event()

    def write() -> list[int]:
        with patient.Client(base_url=api.base_url) as writer:
            answers = [writer.put(f"/books/{book['id']}/contributors", json=orders[turn % 2]) for turn in range(60)]
        done.set()
        return statuses(answers)

    seen = []
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        while not done.is_set():
            seen.append(read(api, f"/books/{book['id']}/contributors")["items"])
            seen.append(read(api, f"/books/{book['id']}", include="contributors")["contributors"])
        assert set(writing.result()) == {200}

    assert {frozenset(item["author"]["id"] for item in items) for items in seen} == {frozenset([first, second])}
    assert {len(items) for items in seen} == {2}
