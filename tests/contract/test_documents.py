"""/openapi.json, /docs and /problems, and that the service keeps to them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate

from diptych.core.http.openapi.document import document as described
from diptych.core.http.openapi.document import tags
from diptych.core.http.openapi.reference import Reference
from diptych.core.http.problem_types import PROBLEM_TYPES
from diptych.core.sync.operations import OPERATIONS
from diptych.core.web import assets
from tests.contract.conftest import each_once
from tests.contract.making import RESOURCES, make, make_author, make_book, marker, new_id, refused
from tests.support.commands import done
from tests.support.openapi import Document, check_answer, check_value, example_request, names, operations, resolved

pytestmark = each_once

EXAMPLE_ID = "01a1fbd7-55dd-7561-861e-8d0bba31278f"
EXAMPLE_OTHER_ID = "01a1fbd7-55dd-7561-861e-8d0bba312790"
TABLE = {operation.name: operation for operation in OPERATIONS if not operation.for_browsers}
RESOURCE_PAGES = [f"/docs/{tag}" for tag in tags(TABLE.values())]
PAGES = ["/docs", *RESOURCE_PAGES, "/docs/Book", "/problems", *(f"/problems/{name}" for name in PROBLEM_TYPES)]


@pytest.fixture(scope="module")
def document(api: httpx.Client) -> Document:
    response = api.get("/openapi.json")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    found: Document = response.json()
    return found


def test_the_document_is_valid_openapi(document: Document):
    validate(document)

    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": "/"}]


def test_the_document_that_is_served_is_the_one_the_command_writes(api: httpx.Client):
    assert api.get("/openapi.json").text == done("sqlite:///none.db", "openapi").rstrip("\n")


def test_the_document_has_every_operation_of_the_table_and_no_other(document: Document):
    assert {name: (method, path) for name, (method, path, _) in operations(document).items()} == {
        name: (operation.method, operation.path) for name, operation in TABLE.items()
    }


def test_every_operation_tells_of_its_parameters_its_body_and_its_errors(document: Document):
    for name, (_, path, operation) in operations(document).items():
        parameters = [resolved(document, each) for each in operation.get("parameters", ())]
        assert [each["name"] for each in parameters if each["in"] == "path"] == names(path)
        assert ("requestBody" in operation) == bool(TABLE[name].body or TABLE[name].stores_file)
        assert {"400", "413", "422", "500"} <= operation["responses"].keys()
        assert ("415" in operation["responses"]) == ("requestBody" in operation)
        assert ("503" in operation["responses"]) == (TABLE[name].unit != "none" or TABLE[name].needed is not None)
        assert ({"401", "403"} <= operation["responses"].keys()) == ("security" in operation)
        kept = TABLE[name].method == "GET" and TABLE[name].cache_control != "no-store"
        assert ("304" in operation["responses"]) == kept
        assert "405" not in operation["responses"]


# Responses


@pytest.mark.parametrize("resource", RESOURCES)
def test_answers_are_what_the_document_says(api: httpx.Client, document: Document, resource: str):
    row = make(api, resource)
    item, batch = f"/{resource}/{row['id']}", f"/{resource}/batch"
    requests: list[tuple[str, str, str, Any, int]] = [
        ("list", "GET", f"/{resource}?pageSize=3", None, 200),
        ("list", "GET", f"/{resource}?pageSize=0&nonsense=1", None, 422),
        ("list", "GET", f"/{resource}?searchString=%ff", None, 400),
        ("create", "POST", f"/{resource}", {}, 422),
        ("create_batch", "POST", batch, {"items": []}, 422),
        ("change_batch", "PATCH", batch, {"items": [{"id": row["id"]}]}, 200),
        ("change_batch", "PATCH", batch, {"items": [{"id": new_id()}]}, 404),
        ("upsert_batch", "PUT", batch, {"items": [{"x": 1}]}, 422),
        ("get", "GET", item, None, 200),
        ("get", "GET", f"/{resource}/{new_id()}", None, 404),
        ("change", "PATCH", item, {}, 200),
        ("replace", "PUT", item, {"id": 1}, 422),
        ("delete_batch", "DELETE", batch, {"ids": [new_id()]}, 404),
        ("delete", "DELETE", item, None, 204),
        ("delete", "DELETE", item, None, 404),
    ]
    for name, method, path, body, status in requests:
        response = api.request(method, path, json=body)
        assert response.status_code == status, (name, response.text)
        check_answer(document, f"{resource}_{name}", response)


def test_answers_with_what_belongs_to_a_book_are_what_the_document_says(api: httpx.Client, document: Document):
    book = make_book(api)
    api.put(f"/books/{book['id']}/tags", json={"items": ["described"]})

    for name, path in (
        ("books_get", f"/books/{book['id']}?include=tags,contributors"),
        ("books_list", f"/books?include=tags&include=contributors&ids={book['id']}"),
        ("books_get_by_slug", f"/books/slug/{book['slug']}"),
        ("books_get_tags", f"/books/{book['id']}/tags"),
        ("books_get_contributors", f"/books/{book['id']}/contributors"),
        ("authors_list_books", f"/authors/{book['author_id']}/books"),
        ("health_live", "/health/live"),
        ("health_ready", "/health/ready"),
        ("metrics_read", "/metrics"),
        ("documents_openapi", "/openapi.json"),
        ("documents_reference", "/docs"),
        ("documents_reference_page", "/docs/books"),
        ("documents_get_problem", "/problems/none"),
    ):
        check_answer(document, name, api.get(path))
    in_use = api.delete(f"/authors/{book['author_id']}")
    assert in_use.status_code == 409
    check_answer(document, "authors_delete", in_use)
    text = api.post("/books", content=b"{}", headers={"Content-Type": "text/plain"})
    assert text.status_code == 415
    check_answer(document, "books_create", text)


def test_an_answer_that_the_document_does_not_tell_of_would_be_found(api: httpx.Client, document: Document):
    response = api.get(f"/authors/{make_author(api)['id']}")

    with pytest.raises(Exception, match="is a required property"):
        check_answer(document, "tags_get", response)
    with pytest.raises(AssertionError, match="does not tell of 200"):
        check_answer(document, "authors_create", response)


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_link_of_what_was_created_leads_somewhere(
    api: httpx.Client, administrator: httpx.Client, document: Document, resource: str
):
    row = make(api, resource)
    links = operations(document)[f"{resource}_create"][2]["responses"]["201"]["links"]

    assert {f"{resource}_{name}" for name in ("get", "change", "replace", "delete")} <= links.keys()
    for link in links.values():
        method, path, _ = operations(document)[link["operationId"]]
        for name, expression in link["parameters"].items():
            path = path.replace(f"{{{name}}}", row[expression.removeprefix("$response.body#/")])
        assert "{" not in path
        response = administrator.request("GET" if method == "GET" else "OPTIONS", path)
        assert response.status_code in (200, 204)


# Examples


@pytest.fixture
def example_rows(api: httpx.Client, document: Document) -> Iterator[None]:
    """Create the rows that examples use: each resource's own example, at the id that all examples have."""
    for resource in ("authors", "publishers", "series", "books", "tags"):
        request = example_request(document, f"{resource}_replace")
        assert sent(api, request).is_success
    yield
    for resource in ("books", "authors", "publishers", "series", "tags"):
        api.delete(f"/{resource}/{EXAMPLE_ID}")


def sent(api: httpx.Client, request: httpx.Request) -> httpx.Response:
    headers = {name: value for name, value in request.headers.items() if name == "content-type"}
    return api.request(request.method, request.url.raw_path.decode(), content=request.content, headers=headers)


OF_ADMINISTRATORS = ("accounts", "tokens", "me", "security")
"""What only administrators read. Rows of accounts and tokens cannot be created at the id that all examples have."""


@pytest.fixture
def example_account(administrator: httpx.Client, document: Document) -> Iterator[dict[str, str]]:
    """Create an account and a token from their examples; yield the id that takes the examples' place in each."""
    account = sent(administrator, example_request(document, "accounts_create")).raise_for_status().json()
    administrator.patch(f"/accounts/{account['id']}", json={"name": marker()})
    token = administrator.post("/tokens", json={"label": "x", "account_id": account["id"]}).raise_for_status().json()
    yield {"accounts": account["id"], "tokens": token["id"], "account": account["id"]}
    administrator.delete(f"/accounts/{account['id']}")


@pytest.mark.parametrize("name", [name for name in TABLE if name.split("_", 1)[0] in OF_ADMINISTRATORS])
def test_every_example_of_accounts_and_tokens_is_accepted(
    administrator: httpx.Client, document: Document, name: str, example_account: dict[str, str]
):
    request = example_request(document, name)
    path = request.url.raw_path.decode().replace(
        EXAMPLE_ID, example_account.get(name.split("_", 1)[0], example_account["account"])
    )
    content = request.content.replace(EXAMPLE_ID.encode(), example_account["account"].encode())
    headers = {"Content-Type": "application/json"} if content else {}

    response = administrator.request(request.method, path, content=content, headers=headers)

    assert response.is_success, response.text
    check_answer(document, name, response)
    if name == "accounts_create":
        administrator.delete(f"/accounts/{response.json()['id']}")


OF_JOBS = ("exports", "imports", "jobs")


@pytest.mark.parametrize("name", [name for name in TABLE if name.split("_", 1)[0] in OF_JOBS])
def test_every_example_of_jobs_and_their_files_is_accepted(
    administrator: httpx.Client, document: Document, name: str, work: Callable[[], None]
):
    api = administrator
    row = sent(api, example_request(document, "imports_create")).raise_for_status().json()
    cancel = f"/jobs/{row['job']['id']}/cancel"
    if name in ("imports_delete", "imports_preview", "imports_start"):
        api.post(cancel).raise_for_status()
    if name == "imports_undo":
        work()
        api.post(f"/imports/{row['id']}/start", json={}).raise_for_status()
        work()
    of = row if name.startswith("imports") else row["job"]
    if name == "exports_read_file":
        of = sent(api, example_request(document, "exports_create")).raise_for_status().json()
        work()
    request = example_request(document, name)
    headers = {name: value for name, value in request.headers.items() if name == "content-type"}

    path = request.url.raw_path.decode().replace(EXAMPLE_ID, of["id"])
    response = api.request(request.method, path, content=request.content, headers=headers)

    assert response.is_success, response.text
    check_answer(document, name, response)
    for job in api.get("/jobs?stateIn=queued").json()["items"]:
        api.post(f"/jobs/{job['id']}/cancel")


@pytest.mark.usefixtures("example_rows")
@pytest.mark.parametrize(
    "name",
    [
        name
        for name in TABLE
        if "{name}" not in TABLE[name].path
        and name.split("_", 1)[0] not in (*OF_ADMINISTRATORS, *OF_JOBS)
        # There are no examples of files: they are not text.
        and not name.endswith(("_file", "_file_details"))
    ],
)
def test_every_example_is_accepted(api: httpx.Client, administrator: httpx.Client, document: Document, name: str):
    resource, action = name.split("_", 1)
    if action in ("create", "create_batch"):
        # Name and ISBN are unique. An author who has a book stays, and may share the name with another.
        api.delete(f"/{resource}/{EXAMPLE_ID}")
    if resource in ("authors", "publishers") and action in ("delete", "delete_batch"):
        api.delete(f"/books/{EXAMPLE_ID}")
    if action == "merge":
        assert api.put(f"/{resource}/{EXAMPLE_OTHER_ID}", json={"name": marker()}).is_success

    request = example_request(document, name)
    if name == "changes_undo":
        body, headers = {"name": marker()}, {"X-Request-ID": json.loads(request.content)["request_id"]}
        assert api.patch(f"/authors/{EXAMPLE_ID}", json=body, headers=headers).is_success
    asking = administrator if str(TABLE[name].permission).startswith("history:") else api
    response = sent(asking, request)
    if response.status_code == 201:
        for row in response.json().get("items", [response.json()]):
            api.delete(f"/{resource}/{row['id']}")

    assert response.is_success, response.text
    check_answer(document, name, response)


def test_every_example_of_an_answer_is_one_that_its_schema_allows(document: Document):
    checked = 0
    for _, _, operation in operations(document).values():
        for response in operation["responses"].values():
            for content in resolved(document, response).get("content", {}).values():
                if "example" in content:
                    check_value(document, content["schema"], content["example"])
                    checked += 1
    assert checked > len(TABLE)


# Pages


class Links(HTMLParser):
    """A parser that collects a page's links and ids, and elements left open or closed twice."""

    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.scripts: list[str] = []
        self.elements = 0
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self.elements += 1
        self.hrefs += [str(given["href"])] if "href" in given else []
        self.ids += [str(given["id"])] if "id" in given else []
        self.scripts += [str(given.pop("src"))] if tag == "script" else []
        assert not {"src", "style", "onclick", "onload"} & given.keys()
        if tag not in ("input", "meta"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def close(self) -> None:
        super().close()
        assert self._open == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_and_loads_nothing(api: httpx.Client, administrator: httpx.Client, path: str):
    response = api.get(path)
    page = Links()
    page.feed(response.text)
    page.close()

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.tags.isdisjoint({"img", "link", "iframe", "object", "base"})
    assert page.elements < 1000
    if path not in RESOURCE_PAGES:
        assert page.tags.isdisjoint({"script", "form"})
    for script in page.scripts:
        assert api.get(script).headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "url(" not in response.text
    assert "@import" not in response.text
    assert len(set(page.ids)) == len(page.ids)
    assert {href.removeprefix("#") for href in page.hrefs if href.startswith("#")} <= set(page.ids)
    for href in {href for href in page.hrefs if not href.startswith("#")}:
        assert administrator.get(href).status_code == 200


@pytest.mark.parametrize("path", ["/docs", "/docs/Book", "/docs/books", "/problems", "/problems/not-found"])
def test_a_page_may_only_show_itself_in_its_own_style(api: httpx.Client, path: str):
    response = api.get(path)
    [style] = re.findall(r"<style>(.*?)</style>", response.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert response.headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; connect-src 'self'; object-src 'none'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'" + ("; script-src 'self'" if path.startswith("/docs/") else "")
        # Its script, a file of this service, sends the requests of its forms to this service.
    )


def test_the_reference_has_every_operation_and_every_schema(api: httpx.Client, document: Document):
    page = Links()
    page.feed(api.get("/docs").text)
    described = Links()
    for path in RESOURCE_PAGES:
        described.feed(api.get(path).text)

    assert {href.partition("#")[2] for href in page.hrefs if "#" in href} - {"content"} == TABLE.keys()
    assert TABLE.keys() <= set(described.ids)
    assert {f"/docs/{name}" for name in document["components"]["schemas"]} <= set(page.hrefs)
    refused(api.get("/docs/nothing"), 404)


def test_the_reference_that_is_served_is_made_of_the_table(api: httpx.Client):
    expected = Reference(described(OPERATIONS, ""), "", assets.address("try.js"))

    assert api.get("/docs").content == expected.index()
    assert api.get("/docs/books").content == expected.page("books")


def test_a_page_of_the_reference_has_a_title_that_says_what_it_is_part_of(api: httpx.Client):
    page = api.get("/docs/books").text

    assert "<title>Books · API documentation</title>" in page
    assert "<h1>Books · API documentation</h1>" in page


def test_each_type_of_problem_has_a_page_and_is_listed(api: httpx.Client):
    page = Links()
    page.feed(api.get("/problems").text)

    assert {f"/problems/{name}" for name in PROBLEM_TYPES} <= set(page.hrefs)
    for name, kind in PROBLEM_TYPES.items():
        text = api.get(f"/problems/{name}").text
        assert f"<h1>{kind.title}</h1>" in text
        assert str(kind.status) in text


def test_a_problem_leads_to_the_page_about_it(api: httpx.Client):
    for response in (api.get("/nothing"), api.get("/books?x=1"), api.put("/books"), api.post("/books")):
        problem = response.json()

        page = api.get(problem["type"])

        assert page.status_code == 200
        assert f"<h1>{problem['title']}</h1>" in page.text


@pytest.mark.parametrize("name", ["none", "Not-Found", "not-found%2F", "<b>", "%00"])
def test_a_type_of_problem_that_is_none_is_a_404(api: httpx.Client, name: str):
    refused(api.get(f"/problems/{name}"), 404)


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/docs/books", "/problems", "/problems/conflict"])
def test_a_document_is_read_like_anything_else(api: httpx.Client, path: str):
    head = api.head(path)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == api.get(path).headers["ETag"]
    assert head.headers["Cache-Control"] == "max-age=300"
    assert api.options(path).headers["Allow"] == "GET, HEAD, OPTIONS"
    refused(api.post(path), 405)
    refused(api.get(path, params={"x": "1"}), 422, "x")
