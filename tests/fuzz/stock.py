"""The initial rows of every sequence, with fixed ids."""

from __future__ import annotations

from typing import Any

import httpx


def numbered(kind: int, number: int) -> str:
    """Return an id that clients choose and no server generates; kind identifies the resource."""
    return f"f000000{kind}-0000-4000-8000-{number:012}"


AUTHORS = [numbered(1, number) for number in range(6)]
BOOKS = [numbered(2, number) for number in range(6)]
TAGS = [numbered(3, number) for number in range(6)]
"""The first of these exist in the stock; the others are free."""

ISBNS = ["9780306406157", "9791034304844", "9780000000002", "9789999999991"]


def make_stock(api: httpx.Client) -> dict[str, list[dict[str, Any]]]:
    """Create the rows; return the responses by resource."""
    authors = [
        {"name": "École du Soir", "dob": "1929-10-21"},
        {"name": "Anonymous"},
        {"name": "Anonymous"},
    ]
    books = [
        {"title": "The Left Hand", "author_id": AUTHORS[0], "isbn": ISBNS[0], "year": 1969, "language": "en"},
        {"title": "the left hand", "author_id": AUTHORS[0], "year": -400, "description": "Two lines.\nÉté."},
        {"title": "青", "author_id": AUTHORS[1], "isbn": ISBNS[1], "language": "zh-Hant-TW"},
    ]
    tags = [{"name": "fantasy"}, {"name": "été", "description": "summer"}, {"name": "b"}]
    for ids, resource, bodies in ((AUTHORS, "authors", authors), (BOOKS, "books", books), (TAGS, "tags", tags)):
        for item_id, body in zip(ids, bodies, strict=False):
            _put(api, f"/{resource}/{item_id}", body, 201)
    _put(api, f"/books/{BOOKS[0]}/tags", {"items": ["fantasy", "été"]}, 200)
    others = [{"author_id": AUTHORS[1], "role": "translator"}, {"author_id": AUTHORS[0], "role": "author"}]
    _put(api, f"/books/{BOOKS[0]}/contributors", {"items": others}, 200)
    return {
        resource: api.get(f"/{resource}", params={"orderBy": "id", "sortOrder": "asc"}).json()["items"]
        for resource in ("authors", "books", "tags")
    }


def _put(api: httpx.Client, path: str, body: dict[str, Any], status: int) -> None:
    answer = api.put(path, json=body)
    assert answer.status_code == status, answer.text
