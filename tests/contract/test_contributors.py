"""The contributors of a book, and what `include` adds to books."""

from __future__ import annotations

import httpx
import pytest

from tests.contract.making import Row, ids, make_author, make_book, make_tag, marker, new_id, read, refused

ROLES = ("author", "editor", "translator", "illustrator", "narrator", "foreword", "compiler", "other")


def item(author: Row, role: str) -> Row:
    return {"author_id": author["id"], "role": role}


def answered(author: Row, role: str) -> Row:
    return {"role": role, "author": {name: author[name] for name in ("id", "name", "slug")}}


def put(api: httpx.Client, book: Row, *items: Row) -> list[Row]:
    response = api.put(f"/books/{book['id']}/contributors", json={"items": items})
    assert response.status_code == 200, response.text
    assert response.json().keys() == {"items"}
    return response.json()["items"]


def test_a_books_author_is_its_first_contributor(api: httpx.Client):
    author = make_author(api)
    book = make_book(api, author_id=author["id"])

    assert read(api, f"/books/{book['id']}/contributors") == {"items": [answered(author, "author")]}


def test_contributors_are_answered_in_the_order_they_were_put(api: httpx.Client):
    people = [make_author(api) for _ in ROLES]
    book = make_book(api, author_id=people[0]["id"])
    pairs = list(zip(people, reversed(ROLES), strict=True))

    items = put(api, book, *(item(*pair) for pair in pairs))

    assert items == [answered(*pair) for pair in pairs]
    assert read(api, f"/books/{book['id']}/contributors")["items"] == items


def test_the_first_contributor_who_is_an_author_becomes_the_books_author(api: httpx.Client):
    before, editor, first, second = (make_author(api) for _ in range(4))
    book = make_book(api, author_id=before["id"])

    put(api, book, item(editor, "editor"), item(first, "author"), item(second, "author"))

    changed = read(api, f"/books/{book['id']}")
    assert changed["author_id"] == first["id"]
    assert changed["author"]["name"] == first["name"]
    assert changed["updated_at"] > book["updated_at"]
    assert read(api, f"/authors/{before['id']}/books")["total"] == 0
    for author in (editor, first, second):
        assert ids(read(api, f"/authors/{author['id']}/books")["items"]) == [book["id"]]
    assert api.delete(f"/authors/{before['id']}").status_code == 204


def test_one_person_may_have_several_roles(api: httpx.Client):
    author = make_author(api)
    book = make_book(api, author_id=author["id"])

    items = put(api, book, *(item(author, role) for role in ROLES))

    assert [entry["role"] for entry in items] == list(ROLES)
    assert read(api, f"/books/{book['id']}/contributors")["items"] == items
    assert ids(read(api, f"/authors/{author['id']}/books")["items"]) == [book["id"]]


def test_putting_contributors_replaces_those_there_were(api: httpx.Client):
    first, second, third = (make_author(api) for _ in range(3))
    book = make_book(api, author_id=first["id"])
    put(api, book, item(first, "author"), item(second, "editor"), item(third, "other"))

    items = put(api, book, item(third, "illustrator"), item(first, "author"))

    assert items == [answered(third, "illustrator"), answered(first, "author")]
    assert read(api, f"/books/{book['id']}/contributors")["items"] == items
    assert read(api, f"/authors/{second['id']}/books")["total"] == 0


def test_putting_the_same_contributors_again_changes_nothing(api: httpx.Client):
    first, second = make_author(api), make_author(api)
    book = make_book(api, author_id=first["id"])
    put(api, book, item(second, "editor"), item(first, "author"))
    before = read(api, f"/books/{book['id']}")

    put(api, book, item(second, "editor"), item(first, "author"))

    assert read(api, f"/books/{book['id']}") == before


def test_a_book_given_to_one_of_its_other_authors_lists_that_author_once(api: httpx.Client):
    first, second, editor = (make_author(api) for _ in range(3))
    book = make_book(api, author_id=first["id"])
    put(api, book, item(editor, "editor"), item(first, "author"), item(second, "author"))

    changed = api.patch(f"/books/{book['id']}", json={"author_id": second["id"]})

    assert changed.status_code == 200
    assert read(api, f"/books/{book['id']}/contributors")["items"] == [
        answered(editor, "editor"),
        answered(second, "author"),
    ]


def test_a_book_given_to_someone_new_keeps_its_other_contributors(api: httpx.Client):
    first, new, editor = (make_author(api) for _ in range(3))
    book = make_book(api, author_id=first["id"])
    put(api, book, item(editor, "editor"), item(first, "author"))
    body = {"title": book["title"], "author_id": new["id"]}

    assert api.put(f"/books/{book['id']}", json=body).status_code == 200

    assert read(api, f"/books/{book['id']}/contributors")["items"] == [
        answered(editor, "editor"),
        answered(new, "author"),
    ]


@pytest.mark.parametrize("roles", [(), ("editor",), ("translator", "other")])
def test_a_book_can_be_left_without_an_author(api: httpx.Client, roles: tuple[str, ...]):
    book, other = make_book(api), make_author(api)
    path = f"/books/{book['id']}/contributors"

    items = put(api, book, *(item(other, role) for role in roles))

    assert [entry["role"] for entry in items] == list(roles)
    found = read(api, f"/books/{book['id']}", include="contributors")
    assert (found["author_id"], found["author"], found["contributors"]) == (None, None, items)
    assert read(api, "/books", ids=book["id"], include="contributors")["items"] == [found]
    assert api.get(path).json()["items"] == items
    assert api.patch(f"/books/{book['id']}", json={"author_id": other["id"]}).json()["author"]["id"] == other["id"]
    assert answered(other, "author") in read(api, path)["items"]


def test_a_contributor_given_twice_in_one_role_is_refused(api: httpx.Client):
    author, other = make_author(api), make_author(api)
    book = make_book(api, author_id=author["id"])
    items = [item(author, "author"), item(other, "editor"), item(other, "editor")]

    refused(api.put(f"/books/{book['id']}/contributors", json={"items": items}), 422, "/items/2")

    assert read(api, f"/books/{book['id']}") == book
    assert read(api, f"/books/{book['id']}/contributors")["items"] == [answered(author, "author")]


def test_contributors_who_are_not_there_are_all_named(api: httpx.Client):
    author = make_author(api)
    book = make_book(api, author_id=author["id"])
    items = [
        {"author_id": new_id(), "role": "editor"},
        item(author, "author"),
        {"author_id": new_id(), "role": "other"},
    ]

    response = api.put(f"/books/{book['id']}/contributors", json={"items": items})

    refused(response, 422, "/items/0/author_id", "/items/2/author_id")
    assert read(api, f"/books/{book['id']}") == book
    assert read(api, f"/books/{book['id']}/contributors")["items"] == [answered(author, "author")]


def test_bad_contributors_are_all_named(api: httpx.Client):
    author = make_author(api)
    book = make_book(api, author_id=author["id"])
    items = [
        {"author_id": "nobody", "role": "author"},
        {"author_id": author["id"], "role": "Author"},
        {"role": "editor"},
        {"author_id": author["id"]},
        {"author_id": None, "role": None, "name": "x"},
        "author",
    ]

    response = api.put(f"/books/{book['id']}/contributors", json={"items": items})

    refused(
        response,
        422,
        "/items/0/author_id",
        "/items/1/role",
        "/items/2/author_id",
        "/items/3/role",
        "/items/4/author_id",
        "/items/4/role",
        "/items/4/name",
        "/items/5",
    )
    assert read(api, f"/books/{book['id']}") == book


def test_a_book_has_up_to_a_hundred_contributors(api: httpx.Client):
    book = make_book(api)
    items = [{"author_id": book["author_id"], "role": "author"}] * 101

    refused(api.put(f"/books/{book['id']}/contributors", json={"items": items}), 422, "/items")

    assert read(api, f"/books/{book['id']}") == book


def test_a_hundred_contributors_keep_their_order(api: httpx.Client):
    word = marker()
    created = api.post("/authors/batch", json={"items": [{"name": f"{word} {n}"} for n in range(100)]})
    people = created.json()["items"]
    book = make_book(api, author_id=people[0]["id"])
    order = [*people[50:], *people[:50]]

    items = put(api, book, *(item(person, "author" if n == 70 else "other") for n, person in enumerate(order)))

    assert [entry["author"]["id"] for entry in items] == ids(order)
    assert read(api, f"/books/{book['id']}/contributors")["items"] == items
    assert read(api, f"/books/{book['id']}")["author_id"] == order[70]["id"]


def test_the_contributors_of_a_book_that_is_not_there_are_a_404(api: httpx.Client):
    author, path = make_author(api), f"/books/{new_id()}/contributors"

    refused(api.get(path), 404)
    refused(api.put(path, json={"items": [item(author, "author")]}), 404)

    refused(api.get(path), 404)


def included(api: httpx.Client, include: str | None) -> list[Row]:
    """Return one book with two tags and two contributors, in every way it can be read."""
    author, editor, tag = make_author(api), make_author(api), make_tag(api)
    book = make_book(api, author_id=author["id"])
    put(api, book, item(editor, "editor"), item(author, "author"))
    assert api.put(f"/books/{book['id']}/tags", json={"items": [tag["name"], marker()]}).status_code == 200
    tags = read(api, f"/books/{book['id']}/tags")["items"]
    parameters = {} if include is None else {"include": include}
    expected = read(api, f"/books/{book['id']}")
    if "tags" in (include or ""):
        expected["tags"] = tags
    if "contributors" in (include or ""):
        expected["contributors"] = [answered(editor, "editor"), answered(author, "author")]
    return [
        expected,
        read(api, f"/books/{book['id']}", **parameters),
        read(api, f"/books/slug/{book['slug']}", **parameters),
        read(api, "/books", ids=book["id"], **parameters)["items"][0],
        read(api, f"/authors/{editor['id']}/books", **parameters)["items"][0],
        read(api, f"/tags/{tag['id']}/books", **parameters)["items"][0],
    ]


@pytest.mark.parametrize("include", [None, "tags", "contributors", "tags,contributors", "contributors,tags"])
def test_every_read_of_a_book_includes_what_is_asked_for_and_no_more(api: httpx.Client, include: str | None):
    expected, *reads = included(api, include)

    assert reads == [expected] * 5


def test_include_may_be_given_more_than_once(api: httpx.Client):
    book = make_book(api)

    both = read(api, f"/books/{book['id']}", include=["tags", "contributors"])

    assert both == read(api, f"/books/{book['id']}", include="tags,contributors")


def test_include_gives_each_book_of_a_page_its_own(api: httpx.Client):
    author = make_author(api)
    books = [make_book(api, author_id=author["id"]) for _ in range(3)]
    for n, book in enumerate(books):
        assert api.put(f"/books/{book['id']}/tags", json={"items": [marker() for _ in range(n)]}).status_code == 200

    items = read(api, "/books", authorIdIn=author["id"], include="tags,contributors", sortOrder="asc")["items"]

    assert ids(items) == ids(books)
    assert [len(book["tags"]) for book in items] == [0, 1, 2]
    assert [book["contributors"] for book in items] == [[answered(author, "author")]] * 3


@pytest.mark.parametrize("include", ["colour", "tags,colour", "", "Tags", "tags;contributors"])
@pytest.mark.parametrize("path", ["/books", "/books/{id}", "/books/slug/{slug}", "/authors/{author_id}/books"])
def test_an_unknown_include_is_refused(api: httpx.Client, path: str, include: str):
    book = make_book(api)

    refused(api.get(path.format(**book), params={"include": include}), 422, "include")
