"""Each operation once on each deployment: elsewhere `make test` spreads the cases over the deployments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from diptych.core.access.permissions import ANONYMOUS
from diptych.core.sync.operations import OPERATIONS
from diptych.core.web.assets import ASSETS
from tests.contract.making import NAMED_BY, RESOURCES, Row, body_of, make, make_author, make_book, marker, read

OF_THE_SERVICE = ("/health/live", "/health/ready", "/metrics", "/openapi.json", "/docs", "/problems")

FOR_E_READERS = (
    "/opds",
    "/opds/authors",
    "/opds/books",
    "/opds/search.xml",
    "/opds/v2",
    "/opds/v2/authors",
    "/opds/v2/books",
    "/opds/v2/search",
)

STREAMED = ("/books.bib", "/books.csv", "/books.jsonl", "/books.marcxml", "/books.mrc", "/books.ris")


class Asked:
    """A client that records the operations of the OpenAPI document that it asks for."""

    def __init__(self, api: httpx.Client) -> None:
        self._api = api
        self.operations: set[tuple[str, str]] = set()

    def __call__(self, method: str, path: str, body: Any = None, **names: str) -> Any:
        """Send a request that has to succeed, and return the JSON of the response."""
        self.operations.add((method, path))
        response = self._api.request(method.upper(), path.format(**names), json=body)
        assert response.is_success, f"{method} {path}: {response.text}"
        return response.json() if response.headers.get("Content-Type") == "application/json" else None


def _one_row(ask: Asked, api: httpx.Client, resource: str) -> None:
    name, body = NAMED_BY[resource], body_of(api, resource)
    row = ask("post", f"/{resource}", body)
    assert ask("get", f"/{resource}/{{id}}", id=row["id"]) == row
    if "slug" in row:
        assert ask("get", f"/{resource}/slug/{{slug}}", slug=row["slug"]) == row
    assert row in ask("get", f"/{resource}")["items"]
    changed = ask("patch", f"/{resource}/{{id}}", {name: marker()}, id=row["id"])
    replaced = ask("put", f"/{resource}/{{id}}", body, id=row["id"])
    assert row[name] == replaced[name] != changed[name]
    assert ask("get", f"/{resource}/{{id}}", id=row["id"]) == replaced
    ask("delete", f"/{resource}/{{id}}", id=row["id"])
    assert api.get(f"/{resource}/{row['id']}").status_code == 404


def _batch(ask: Asked, api: httpx.Client, resource: str) -> None:
    name, path = NAMED_BY[resource], f"/{resource}/batch"
    bodies = [body_of(api, resource) for _ in range(2)]
    rows = ask("post", path, {"items": bodies})["items"]
    changes = [{"id": row["id"], name: marker()} for row in rows]
    changed = ask("patch", path, {"items": changes})["items"]
    assert [row[name] for row in changed] == [change[name] for change in changes]
    ask("put", path, {"items": [body_of(api, resource) for _ in range(2)]})
    ask("delete", path, {"ids": [row["id"] for row in rows]})
    assert [api.get(f"/{resource}/{row['id']}").status_code for row in rows] == [404, 404]


def _rows_of_a_book(ask: Asked, api: httpx.Client, book: Row) -> None:
    publisher, series = make(api, "publishers"), make(api, "series")
    places = [{"series_id": series["id"], "position": "2"}]
    placed = ask("put", "/books/{id}/series", {"items": places}, id=book["id"])
    assert placed["items"][0]["series"]["name"] == series["name"]
    assert ask("get", "/books/{id}/series", id=book["id"]) == placed
    identified = ask("put", "/books/{id}/identifiers", {"items": [{"scheme": "oclc", "value": "ocm7"}]}, id=book["id"])
    assert identified["items"] == [{"scheme": "oclc", "value": "7"}]
    assert ask("get", "/books/{id}/identifiers", id=book["id"]) == identified
    assert api.patch(f"/books/{book['id']}", json={"publisher_id": publisher["id"]}).is_success
    for path, row in (("/publishers/{id}/books", publisher), ("/series/{id}/books", series)):
        assert [each["id"] for each in ask("get", path, id=row["id"])["items"]] == [book["id"]]


def _other_names(ask: Asked, api: httpx.Client, resource: str) -> None:
    row, other = make(api, resource), make(api, resource)
    names = ask("put", f"/{resource}/{{id}}/names", {"items": [marker()]}, id=row["id"])["items"]
    assert ask("get", f"/{resource}/{{id}}/names", id=row["id"])["items"] == names
    assert ask("post", f"/{resource}/{{id}}/merge", {"ids": [other["id"]]}, id=row["id"])["id"] == row["id"]
    assert read(api, f"/{resource}/{row['id']}/names")["items"] == sorted([*names, other["name"]])


def _imports(asked: Asked, api: httpx.Client, work: Callable[[], None]) -> None:
    row = api.post("/imports?name=books.csv", content=f"title\n{marker()}\n".encode()).json()
    asked.operations.add(("post", "/imports"))
    work()
    assert asked("get", "/imports")["items"][0]["id"] == row["id"]
    assert asked("get", "/imports/{id}", id=row["id"])["preview"]["records"] == 1
    for which in ("preview", "start"):
        job = asked("post", f"/imports/{{id}}/{which}", {}, id=row["id"])
        work()
        assert asked("get", "/jobs/{id}", id=job["id"])["state"] == "succeeded"
    asked("get", "/imports/{id}/rejects.csv", id=row["id"])
    asked("delete", "/imports/{id}", id=row["id"])
    export = api.post(f"/exports?format=ris&searchString={marker()}").json()
    asked.operations.add(("post", "/exports"))
    work()
    assert api.get(f"/exports/{export['id']}/file").content == b""
    asked.operations.add(("get", "/exports/{id}/file"))
    made = api.post("/imports", content=b"title\nx\n").json()
    assert made["job"] in asked("get", "/jobs")["items"]
    assert asked("post", "/jobs/{id}/cancel", id=made["job"]["id"])["state"] == "cancelled"


def _files(ask: Asked, api: httpx.Client, book: Row) -> None:
    file = api.post(f"/books/{book['id']}/files?kind=cover", content=b"GIF89a").raise_for_status().json()
    names = {"book_id": book["id"], "id": file["id"]}
    assert ask("get", "/books/{id}/files", id=book["id"]) == {"items": [file]}
    ask("get", "/books/{book_id}/files/{id}", **names)
    assert not ask("get", "/books/{book_id}/files/{id}/details", **names)["copies"]
    assert api.get(f"/books/{book['id']}/files/{file['id']}/copies/small.jpg").status_code == 404
    api.put(f"/books/{book['id']}/files/{file['id']}?kind=ebook", content=b"%PDF-1.7").raise_for_status()
    ask("delete", "/books/{book_id}/files/{id}", **names)
    ask.operations |= {
        ("post", "/books/{id}/files"),
        ("put", "/books/{book_id}/files/{id}"),
        ("get", "/books/{book_id}/files/{id}/copies/{name}"),
    }


def _access(asked: Asked, administrator: httpx.Client, work: Callable[[], None]) -> None:
    ask = Asked(administrator)
    account = ask("post", "/accounts", {"name": marker()})
    assert ask("get", "/accounts/{id}", id=account["id"]) == account
    assert account in ask("get", "/accounts")["items"]
    assert ask("patch", "/accounts/{id}", {"role": "editor"}, id=account["id"])["role"] == "editor"
    token = ask("post", "/tokens", {"label": "Test", "account_id": account["id"]})
    assert ask("get", "/tokens/{id}", id=token["id"]).items() <= token.items()
    assert ask("get", "/tokens")["items"][0]["id"] == token["id"]
    assert ask("get", "/me")["role"] == "administrator"
    assert ask("get", "/changes")["items"]
    assert ask("get", "/security-events")["items"]
    for resource in (*RESOURCES, "publishers", "series"):
        row = make(administrator, resource)
        history = ask("get", f"/{resource}/{{id}}/changes", id=row["id"])["items"]
        assert [each["action"] for each in history] == ["create"]
    file = administrator.post("/imports?name=books.csv", content=f"title\n{marker()}\n".encode()).json()
    work()
    administrator.post(f"/imports/{file['id']}/start").raise_for_status()
    work()
    undoing = ask("post", "/imports/{id}/undo", id=file["id"])
    work()
    assert ask("get", "/jobs/{id}", id=undoing["id"])["counts"]["deleted"] == 1
    undone = ask("post", "/changes/undo", {"change_id": history[0]["id"]})["items"]
    assert undone == [{"resource": resource, "resource_id": row["id"], "action": "delete"}]
    ask("delete", "/tokens/{id}", id=token["id"])
    ask("delete", "/accounts/{id}", id=account["id"])
    assert administrator.get(f"/accounts/{account['id']}").status_code == 404
    asked.operations |= ask.operations


def test_every_page_is_shown(api: httpx.Client):
    kinds = {"author": "authors", "book": "books", "publisher": "publishers", "in-series": "series", "tag": "tags"}
    rows: dict[str, Any] = {kind: make(api, resource) for kind, resource in kinds.items()}
    sent = api.post("/imports?name=number", content=b"title\nx\n").json()
    rows |= {"record": rows["book"], "import": sent, "job": {"id": sent["job"]["id"], "name": "Preview of an import"}}
    for operation in OPERATIONS:
        for_all = operation.needed in (None, *ANONYMOUS["editor"])
        if operation.for_browsers and operation.method == "GET" and for_all and not operation.sends_file:
            row = rows.get(operation.path.split("/")[2]) if operation.path.count("/") > 2 else None
            path = operation.path.format_map(row or {"name": next(iter(ASSETS))})
            response = api.get(path, params={"format": "csv"} if path == "/ui/export" else None)
            assert response.status_code == (303 if path in ("/", "/ui") else 200), path
            assert row is None or row.get("name", row.get("title")) in response.text


def test_every_operation_of_the_openapi_document_succeeds(
    api: httpx.Client, administrator: httpx.Client, work: Callable[[], None]
):
    ask = Asked(api)
    for resource in (*RESOURCES, "publishers", "series"):
        _one_row(ask, api, resource)
        _batch(ask, api, resource)
    author, book = make_author(api), make(api, "books")
    contributors = [{"author_id": author["id"], "role": "author"}]
    ask("put", "/books/{id}/contributors", {"items": contributors}, id=book["id"])
    [tag] = ask("put", "/books/{id}/tags", {"items": [marker()]}, id=book["id"])["items"]
    assert ask("get", "/books/{id}/contributors", id=book["id"])["items"][0]["author"]["id"] == author["id"]
    assert ask("get", "/books/{id}/tags", id=book["id"])["items"] == [tag]
    for path, names in (("/authors/{id}/books", author), ("/tags/{id}/books", tag)):
        assert [each["id"] for each in ask("get", path, id=names["id"])["items"]] == [book["id"]]
    _rows_of_a_book(ask, api, book)
    _files(ask, api, book)
    for resource in ("authors", "publishers", "tags"):
        _other_names(ask, api, resource)
    _access(ask, administrator, work)
    _imports(ask, api, work)
    for path in ("/books/facets", *STREAMED, *FOR_E_READERS, *OF_THE_SERVICE):
        ask("get", path)
    ask("get", "/opds/v2/books/{id}", id=make_book(api, url="https://example.org/book")["id"])
    ask("get", "/problems/{name}", name="conflict")
    ask("get", "/docs/{name}", name="books")

    methods = {"get", "post", "put", "patch", "delete"}
    paths = read(api, "/openapi.json")["paths"].items()
    assert ask.operations == {(method, path) for path, item in paths for method in item if method in methods}
