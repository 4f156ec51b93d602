"""Authors, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.contract.making import ids, make_author, make_book, marker, new_id, read, refused


def test_a_created_author_is_answered_with_its_address_and_can_be_read_there(api: httpx.Client):
    created = api.post("/authors", json={"name": "Ursula K. Le Guin", "dob": "1929-10-21"})

    assert created.status_code == 201
    author = created.json()
    assert created.headers["Location"] == f"/authors/{author['id']}"
    assert author["name"] == "Ursula K. Le Guin"
    assert author["dob"] == "1929-10-21"
    read = api.get(created.headers["Location"])
    assert read.status_code == 200
    assert read.json() == author


def test_an_author_has_exactly_the_documented_members(api: httpx.Client):
    author = make_author(api)

    assert author.keys() == {
        "id", "name", "dob", "kind", "sort_name", "birth_year", "death_year", "slug", "created_at", "updated_at"
    }  # fmt: skip
    assert read(api, f"/authors/{author['id']}").keys() == author.keys()


def test_an_author_needs_no_date_of_birth(api: httpx.Client):
    author = make_author(api)

    assert author["dob"] is None
    assert read(api, f"/authors/{author['id']}")["dob"] is None


def test_a_new_author_was_made_now_and_has_not_been_changed_since(api: httpx.Client):
    author = make_author(api)

    assert author["created_at"].endswith("Z")
    assert author["updated_at"] == author["created_at"]
    assert abs(datetime.fromisoformat(author["created_at"]) - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.parametrize("dob", ["0001-01-01", "1752-09-14", "2000-02-29", "9999-12-31"])
def test_a_date_of_birth_comes_back_as_it_was_sent(api: httpx.Client, dob: str):
    author = make_author(api, dob=dob)

    assert author["dob"] == dob
    assert read(api, f"/authors/{author['id']}")["dob"] == dob


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("  Annie Ernaux\u00a0 ", "Annie Ernaux"),
        ("Annie   Ernaux\u2003\u00a0\u3000fils", "Annie Ernaux fils"),
        ("Rene\u0301 Char", "Ren\u00e9 Char"),
        ("\uac00\uac01", "\u1100\u1161\u1100\u1161\u11a8"),
        ("紫式部 \U0001f338", "紫式部 \U0001f338"),
        ("نجيب محفوظ", "نجيب محفوظ"),
        ("N" * 255, "N" * 255),
        ("\U0001f338" * 255, "\U0001f338" * 255),
        ("O'Brien; DROP TABLE author --", "O'Brien; DROP TABLE author --"),
        ('"<b>&amp;\\', '"<b>&amp;\\'),
    ],
)
def test_a_name_is_kept_trimmed_and_composed_with_single_spaces(api: httpx.Client, sent: str, kept: str):
    import unicodedata  # noqa: PLC0415 - this test's business alone

    author = make_author(api, name=sent)

    assert author["name"] == unicodedata.normalize("NFC", kept)
    assert read(api, f"/authors/{author['id']}") == author


def test_two_authors_may_share_a_name_and_a_date_of_birth(api: httpx.Client):
    name = f"Same {marker()}"

    first, second = (make_author(api, name=name, dob="1950-01-01") for _ in range(2))

    assert first["id"] != second["id"]
    assert first["slug"] != second["slug"]
    assert read(api, "/authors", searchString=name)["total"] == 2


def test_a_change_sets_what_is_sent_and_leaves_what_is_not(api: httpx.Client):
    author = make_author(api, dob="1929-10-21")
    name = f"Changed {marker()}"

    changed = api.patch(f"/authors/{author['id']}", json={"name": name})

    assert changed.status_code == 200
    assert changed.json() == {**author, "name": name, "updated_at": changed.json()["updated_at"]}
    assert changed.json()["updated_at"] > author["updated_at"]
    assert read(api, f"/authors/{author['id']}") == changed.json()


def test_null_in_a_change_takes_the_value_away(api: httpx.Client):
    author = make_author(api, dob="1929-10-21")

    changed = api.patch(f"/authors/{author['id']}", json={"dob": None})

    assert changed.status_code == 200
    assert changed.json()["dob"] is None
    assert changed.json()["name"] == author["name"]
    assert read(api, f"/authors/{author['id']}") == changed.json()


def test_an_empty_change_changes_nothing(api: httpx.Client):
    author = make_author(api, dob="1929-10-21")

    changed = api.patch(f"/authors/{author['id']}", json={})

    assert changed.status_code == 200
    assert changed.json() == author
    assert read(api, f"/authors/{author['id']}") == author


def test_putting_an_author_at_a_free_id_creates_it_there(api: httpx.Client):
    author_id = new_id()

    put = api.put(f"/authors/{author_id}", json={"name": "Octavia E. Butler", "dob": "1947-06-22"})

    assert put.status_code == 201
    assert put.headers["Location"] == f"/authors/{author_id}"
    assert put.json()["id"] == author_id
    assert read(api, f"/authors/{author_id}") == put.json()


def test_putting_an_author_in_anothers_place_replaces_it_whole(api: httpx.Client):
    author = make_author(api, dob="1929-10-21")
    name = f"Replaced {marker()}"

    put = api.put(f"/authors/{author['id']}", json={"name": name})

    assert put.status_code == 200
    assert "Location" not in put.headers
    assert put.json()["name"] == name
    assert put.json()["dob"] is None
    assert put.json()["created_at"] == author["created_at"]
    assert read(api, f"/authors/{author['id']}") == put.json()


def test_putting_the_same_author_twice_is_the_same_as_once(api: httpx.Client):
    author_id, body = new_id(), {"name": f"Twice {marker()}", "dob": "1947-06-22"}
    first = api.put(f"/authors/{author_id}", json=body)

    second = api.put(f"/authors/{author_id}", json=body)

    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json()
    assert read(api, f"/authors/{author_id}") == first.json()


def test_a_deleted_author_is_gone(api: httpx.Client):
    author = make_author(api)

    deleted = api.delete(f"/authors/{author['id']}")

    assert deleted.status_code == 204
    assert deleted.content == b""
    refused(api.get(f"/authors/{author['id']}"), 404)
    refused(api.get(f"/authors/slug/{author['slug']}"), 404)
    refused(api.delete(f"/authors/{author['id']}"), 404)
    assert read(api, "/authors", ids=author["id"])["total"] == 0


def test_an_author_who_wrote_a_book_cannot_be_deleted_until_the_book_is(api: httpx.Client):
    book = make_book(api)
    path = f"/authors/{book['author_id']}"

    refused(api.delete(path), 409)

    assert read(api, path)["id"] == book["author_id"]
    assert read(api, f"/books/{book['id']}") == book
    assert api.delete(f"/books/{book['id']}").status_code == 204
    assert api.delete(path).status_code == 204
    refused(api.get(path), 404)


def test_an_author_who_only_contributed_to_a_book_cannot_be_deleted_either(api: httpx.Client):
    book, editor = make_book(api), make_author(api)
    items = [{"author_id": book["author_id"], "role": "author"}, {"author_id": editor["id"], "role": "editor"}]
    assert api.put(f"/books/{book['id']}/contributors", json={"items": items}).status_code == 200

    refused(api.delete(f"/authors/{editor['id']}"), 409)

    assert read(api, f"/authors/{editor['id']}") == editor
    assert len(read(api, f"/books/{book['id']}/contributors")["items"]) == 2


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_author_who_is_not_there_is_a_404(api: httpx.Client, method: str):
    path = f"/authors/{new_id()}"

    refused(api.request(method, path, json={} if method == "PATCH" else None), 404)

    refused(api.get(path), 404)


def test_an_id_is_taken_in_either_case_and_answered_in_lower_case(api: httpx.Client):
    author = make_author(api)

    assert read(api, f"/authors/{author['id'].upper()}") == author
    assert author["id"] == author["id"].lower()


def test_the_books_of_an_author_are_those_written_and_those_contributed_to(api: httpx.Client):
    author, word = make_author(api), marker()
    written = make_book(api, author_id=author["id"], title=f"Written {word}")
    other = make_book(api, title=f"Translated {word}")
    make_book(api, title=f"Someone else's {word}")
    items = [{"author_id": other["author_id"], "role": "author"}, {"author_id": author["id"], "role": "translator"}]
    assert api.put(f"/books/{other['id']}/contributors", json={"items": items}).status_code == 200

    page = read(api, f"/authors/{author['id']}/books", orderBy="title", sortOrder="asc")

    assert ids(page["items"]) == [other["id"], written["id"]]
    assert (page["total"], page["limit"], page["offset"]) == (2, 20, 0)
    assert page["items"][1] == written


def test_the_books_of_an_author_can_be_narrowed_like_any_list_of_books(api: httpx.Client):
    author = make_author(api)
    old = make_book(api, author_id=author["id"], year=1888)
    new = make_book(api, author_id=author["id"], year=1999, title="Zebra")
    path = f"/authors/{author['id']}/books"

    assert ids(read(api, path, yearIn=1888)["items"]) == [old["id"]]
    assert ids(read(api, path, searchString="zebra")["items"]) == [new["id"]]
    assert ids(read(api, path, orderBy="year", sortOrder="asc", pageSize=1, currentPage=2)["items"]) == [new["id"]]
    assert read(api, path, include="tags,contributors")["items"][0]["tags"] == []


def test_an_author_without_books_has_an_empty_list_of_them(api: httpx.Client):
    author = make_author(api)

    page = read(api, f"/authors/{author['id']}/books")

    assert page == {"items": [], "limit": 20, "offset": 0, "total": 0, "next": None, "previous": None}


def test_the_books_of_an_author_who_is_not_there_are_a_404(api: httpx.Client):
    refused(api.get(f"/authors/{new_id()}/books"), 404)
