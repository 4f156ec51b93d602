"""Validators, caching and links."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.contract.making import RESOURCES, Row, make, make_author, make_book, make_tag, marker, new_id

Where = Callable[[httpx.Client], str]


def book_path(api: httpx.Client, rest: str = "") -> str:
    return f"/books/{make_book(api)['id']}{rest}"


READS: dict[str, Where] = {
    "an author": lambda api: f"/authors/{make(api, 'authors')['id']}",
    "a book": book_path,
    "a tag": lambda api: f"/tags/{make(api, 'tags')['id']}",
    "a book with all that belongs to it": lambda api: book_path(api, "?include=tags,contributors"),
    "a book by its slug": lambda api: f"/books/slug/{make_book(api)['slug']}",
    "the tags of a book": lambda api: book_path(api, "/tags"),
    "the contributors of a book": lambda api: book_path(api, "/contributors"),
    "a list": lambda api: f"/authors?ids={make(api, 'authors')['id']}",
    "an empty list": lambda _: f"/tags?ids={new_id()}",
    "the books of an author": lambda api: f"/authors/{make_author(api)['id']}/books",
    "the books of a tag": lambda api: f"/tags/{make_tag(api)['id']}/books",
}


@pytest.fixture(params=READS)
def path(request: pytest.FixtureRequest, api: httpx.Client) -> str:
    return READS[request.param](api)


def test_a_read_has_a_strong_tag_and_is_to_be_asked_for_again(api: httpx.Client, path: str):
    response = api.get(path)

    assert response.status_code == 200
    assert response.headers["ETag"].startswith('"')
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["Vary"] == "Accept-Encoding"


def test_what_has_not_changed_is_not_sent_again(api: httpx.Client, path: str):
    first = api.get(path)

    again = api.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    for name in ("ETag", "Cache-Control", "Vary", "Content-Location"):
        assert again.headers.get(name) == first.headers.get(name)
    for name in ("Content-Type", "Content-Encoding", "Link"):
        assert name not in again.headers


def test_head_has_the_headers_of_get_and_the_same_304(api: httpx.Client, path: str):
    get, head = api.get(path), api.head(path)

    assert (head.status_code, head.content) == (200, b"")
    of_the_moment = {"date", "x-request-id"}
    assert {n: v for n, v in head.headers.items() if n not in of_the_moment} == {
        n: v for n, v in get.headers.items() if n not in of_the_moment
    }
    assert api.head(path, headers={"If-None-Match": get.headers["ETag"]}).status_code == 304


def test_any_of_several_tags_will_do_weak_ones_too(api: httpx.Client):
    path = book_path(api)
    tag = api.get(path).headers["ETag"]

    for field in (f'"x", W/{tag}', "*", f'W/"x",{tag}', f", {tag}", f'"x",,{tag} ,'):
        assert api.get(path, headers={"If-None-Match": field}).status_code == 304
    assert api.get(path, headers=[("If-None-Match", '"x"'), ("If-None-Match", tag)]).status_code == 304
    for field in ('"x"', tag.strip('"'), f"{tag};", ""):
        assert api.get(path, headers={"If-None-Match": field}).status_code == 200


@pytest.mark.parametrize("resource", RESOURCES)
def test_what_has_changed_has_another_tag(api: httpx.Client, resource: str):
    row = make(api, resource)
    path, named_by = f"/{resource}/{row['id']}", {"books": "title"}.get(resource, "name")
    before = api.get(path).headers["ETag"]

    changed = api.patch(path, json={named_by: marker()})

    after = api.get(path, headers={"If-None-Match": before})
    assert (after.status_code, after.json()) == (200, changed.json())
    assert after.headers["ETag"] != before


def test_a_book_has_another_tag_when_what_it_shows_of_its_author_changes(api: httpx.Client):
    author = make_author(api)
    path = f"/books/{make_book(api, author_id=author['id'])['id']}"
    before = api.get(path).headers["ETag"]

    assert api.patch(f"/authors/{author['id']}", json={"name": marker()}).status_code == 200

    assert api.get(path, headers={"If-None-Match": before}).status_code == 200


def test_what_is_not_there_is_a_404_whatever_the_client_has(api: httpx.Client):
    assert api.get(f"/books/{new_id()}", headers={"If-None-Match": "*"}).status_code == 404


@pytest.mark.parametrize("resource", RESOURCES)
def test_what_was_made_or_changed_says_where_it_is_and_has_the_tag_that_a_read_has(api: httpx.Client, resource: str):
    body = {name: value for name, value in make(api, resource).items() if name == "author_id"}
    named_by = {"books": "title"}.get(resource, "name")

    made = api.post(f"/{resource}", json={**body, named_by: marker()})
    path = f"/{resource}/{made.json()['id']}"
    assert made.headers["Location"] == made.headers["Content-Location"] == path
    assert api.get(path).headers["ETag"] == made.headers["ETag"]

    changed = api.patch(path, json={named_by: marker()})
    assert changed.headers["Content-Location"] == path
    assert "Location" not in changed.headers
    assert api.get(path).headers["ETag"] == changed.headers["ETag"]


def test_what_was_put_has_no_tag_because_it_is_not_stored_as_it_was_sent(api: httpx.Client):
    path = f"/tags/{new_id()}"

    made, replaced = (api.put(path, json={"name": f"  {marker().upper()} "}) for _ in range(2))

    assert (made.status_code, replaced.status_code) == (201, 200)
    assert made.headers["Location"] == made.headers["Content-Location"] == replaced.headers["Content-Location"] == path
    assert "ETag" not in made.headers
    assert "ETag" not in replaced.headers


def test_a_book_by_its_slug_says_where_it_is_for_good(api: httpx.Client):
    book = make_book(api)
    path = f"/books/{book['id']}"

    plain = api.get(f"/books/slug/{book['slug']}")
    full = api.get(f"/books/slug/{book['slug']}?include=tags")

    assert plain.headers["Content-Location"] == path
    assert full.headers["Content-Location"] == f"{path}?include=tags"
    assert api.get(full.headers["Content-Location"]).content == full.content


@pytest.mark.parametrize(
    "path", ["/nothing", "/books/01a1fbd7-55dd-7561-861e-8d0bba31278f", "/books?x=1", "/health/live"]
)
def test_what_is_of_the_moment_is_not_kept(api: httpx.Client, path: str):
    response = api.get(path)

    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers


# Links between pages


def links(response: httpx.Response) -> dict[str, str]:
    return {relation: link["url"] for relation, link in response.links.items()}


@pytest.fixture
def tags(api: httpx.Client) -> tuple[str, list[Row]]:
    word = marker()
    return word, [make_tag(api, name=f"{word} é&{number}") for number in range(5)]


def test_following_next_reads_a_list_to_its_end_once(api: httpx.Client, tags: tuple[str, list[Row]]):
    word, rows = tags
    path: str | None = f"/tags?searchString={word}%20%C3%89%26&pageSize=2&orderBy=name&sortOrder=asc"
    seen = []
    while path is not None:
        response = api.get(path)
        seen += response.json()["items"]
        path = links(response).get("next")

    assert seen == rows


def test_a_page_in_the_middle_has_all_four_neighbours(api: httpx.Client, tags: tuple[str, list[Row]]):
    response = api.get(f"/tags?searchString={tags[0]}&pageSize=2&currentPage=2")

    found = {relation: parse_qs(urlsplit(target).query)["currentPage"] for relation, target in links(response).items()}
    assert found == {"first": ["1"], "prev": ["1"], "next": ["3"], "last": ["3"]}
    assert all(api.get(target).json()["total"] == 5 for target in links(response).values())


def test_a_page_past_the_end_leads_back(api: httpx.Client, tags: tuple[str, list[Row]]):
    response = api.get(f"/tags?searchString={tags[0]}&pageSize=2&currentPage=9")

    assert links(response).keys() == {"first", "last", "prev"}
    assert links(response)["prev"] == links(response)["last"]


def test_the_books_of_an_author_link_to_books_of_that_author(api: httpx.Client):
    author = make_author(api)
    for _ in range(2):
        make_book(api, author_id=author["id"])
    path = f"/authors/{author['id']}/books"

    found = links(api.get(path, params={"pageSize": 1}))

    assert found["next"] == f"{path}?pageSize=1&currentPage=2"
    assert api.get(found["next"]).json()["offset"] == 1
