"""A client written for the author-and-book service of Litestar's SQLAlchemy guide works here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.contract.making import marker


@pytest.fixture
def author(api: httpx.Client) -> dict[str, Any]:
    response = api.post("/authors", json={"name": f"Agatha Christie {marker()}", "dob": "1890-09-15"})
    assert response.status_code == 201
    return response.json()


def test_the_client_creates_an_author(author: dict[str, Any]):
    assert str(UUID(author["id"])) == author["id"]
    assert author["name"].startswith("Agatha Christie")
    assert author["dob"] == "1890-09-15"


def test_the_client_reads_a_page_of_authors(api: httpx.Client, author: dict[str, Any]):
    response = api.get("/authors", params={"currentPage": 1, "pageSize": 10, "ids": author["id"]})

    assert response.status_code == 200
    assert response.json() == {"items": [author], "limit": 10, "offset": 0, "total": 1, "next": None, "previous": None}


def test_the_client_changes_and_deletes_an_author(api: httpx.Client, author: dict[str, Any]):
    changed = api.patch(f"/authors/{author['id']}", json={"name": "Mary Westmacott"})

    assert changed.status_code == 200
    assert (changed.json()["name"], changed.json()["dob"]) == ("Mary Westmacott", "1890-09-15")
    assert api.get(f"/authors/{author['id']}").json() == changed.json()
    deleted = api.delete(f"/authors/{author['id']}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert api.get(f"/authors/{author['id']}").status_code == 404


def test_the_client_creates_a_book_and_finds_it(api: httpx.Client, author: dict[str, Any]):
    title = f"The Mysterious Affair at Styles {marker()}"

    created = api.post("/books", json={"title": title, "author_id": author["id"]})

    assert created.status_code == 201
    book = created.json()
    assert book["author"]["name"] == author["name"]
    assert api.get(f"/books/{book['id']}").json() == book
    search = {"searchString": title.upper(), "searchIgnoreCase": "true", "orderBy": "title", "sortOrder": "asc"}
    assert api.get("/books", params=search).json()["items"] == [book]
    window = {"createdAfter": "2000-01-01T00:00:00Z", "createdBefore": "2999-01-01T00:00:00+00:00", "ids": book["id"]}
    assert api.get("/books", params=window).json()["total"] == 1
