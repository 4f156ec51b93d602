"""From an OperationResult to a Response, and the headers of every response."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import Any

import pytest

from diptych.core.engine.schemas.pagination import Page
from diptych.core.http import problems
from diptych.core.http.cors import Cors
from diptych.core.http.etag import entity_tag
from diptych.core.http.operations import Operation, OperationResult, routes
from diptych.core.http.problems import render
from diptych.core.http.request_response import JSON, Request, Response
from diptych.core.http.response_building import ALWAYS, finished, mounted, options, response
from diptych.core.sync.operations import OPERATIONS

TABLE = {operation.name: operation for operation in OPERATIONS}
ROUTES = {route.name: route for route in routes(OPERATIONS)}
ID = "01890f3e-8f6a-7cc0-9d5a-3b1f6d2c4e5f"
BODY = b'{"id":"%b","name":"Homer"}' % ID.encode()
LONG = b'{"name":"' + b"Homer " * 1000 + b'"}'
NOBODY = Cors(())


@dataclass
class Row:
    id: str
    name: str


HOMER = Row(ID, "Homer")


def written(name: str, answer: OperationResult, query: str = "", **parameters: str) -> Response:
    operation: Operation = TABLE[name]
    asked = Request(operation.method, "/catalogue", parameters, query, {}, b"")
    return mounted(response(answer, operation, asked), asked.prefix)


def test_what_was_made_is_where_its_location_says_below_where_the_catalogue_is_mounted():
    made = written("authors_create", OperationResult(HOMER))

    assert (made.status, made.body, made.content_type) == (201, BODY, JSON)
    assert made.headers == {
        "Location": f"/catalogue/authors/{ID}",
        "Content-Location": f"/catalogue/authors/{ID}",
        "ETag": entity_tag(BODY),
    }


def test_what_was_changed_has_a_tag_and_no_location():
    changed = written("authors_change", OperationResult(HOMER), id=ID)

    assert changed.status == 200
    assert changed.headers == {"Content-Location": f"/catalogue/authors/{ID}", "ETag": entity_tag(BODY)}


@pytest.mark.parametrize(("status", "headers"), [(200, {"Content-Location"}), (201, {"Content-Location", "Location"})])
def test_what_was_put_has_no_tag_because_it_is_not_stored_as_it_was_sent(status: int, headers: set[str]):
    put = written("authors_replace", OperationResult(HOMER, status=status), id=ID)

    assert put.status == status
    assert put.headers.keys() == headers


def test_what_is_read_has_a_tag_and_is_asked_for_again():
    read = written("authors_get", OperationResult(HOMER), id=ID)

    assert read.headers == {"Cache-Control": "no-cache", "ETag": entity_tag(BODY)}


def test_what_is_read_at_another_address_says_where_it_is_for_good():
    read = written("books_get_by_slug", OperationResult(HOMER), "include=tags", slug="homer")

    assert read.headers["Content-Location"] == f"/catalogue/books/{ID}?include=tags"


def test_what_is_of_the_moment_is_not_kept():
    assert written("health_live", OperationResult({"status": "ok"})).headers == {"Cache-Control": "no-store"}


def test_a_page_has_links_below_where_the_catalogue_is_mounted():
    page = written("authors_list_books", OperationResult(Page([], 20, 0, 40, "c", None)), "pageSize=20", id=ID)

    assert f'</catalogue/authors/{ID}/books?pageSize=20&currentPage=2>; rel="next"' in page.headers["Link"]


def test_an_answer_without_a_body_has_no_content_type():
    empty = written("authors_delete", OperationResult(), id=ID)

    assert (empty.status, empty.body, empty.content_type, empty.headers) == (204, b"", None, {})


def test_bytes_are_sent_as_they_are():
    document = written("documents_reference", OperationResult(b"<p>", headers={"X-Own": "1"}))

    assert (document.body, document.content_type, document.headers["X-Own"]) == (
        b"<p>",
        "text/html; charset=utf-8",
        "1",
    )


def test_options_is_answered_with_what_is_allowed():
    answer = options(ROUTES["other_authors_id"], ROUTES["other_authors_id"].allowed, {}, NOBODY)

    assert (answer.status, answer.body, answer.content_type) == (204, b"", None)
    assert answer.headers == {
        "Allow": "DELETE, GET, HEAD, OPTIONS, PATCH, PUT",
        "Accept-Patch": "application/json, application/merge-patch+json",
    }


def test_options_names_what_can_be_posted():
    assert options(ROUTES["authors_list"], ROUTES["authors_list"].allowed, {}, NOBODY).headers["Accept-Post"] == JSON


def test_options_answers_a_browser_that_asks_first():
    asked = {"origin": "https://a.example", "access-control-request-method": "POST"}

    headers = options(
        ROUTES["authors_list"], ROUTES["authors_list"].allowed, asked, Cors(("https://a.example",))
    ).headers

    assert headers["Access-Control-Allow-Methods"] == headers["Allow"] == "GET, HEAD, OPTIONS, POST"


# --- what every response carries ---


def sent(body: bytes = BODY, *, method: str = "GET", cors: Cors = NOBODY, **headers: str) -> Response:
    tagged: dict[str, Any] = {"Cache-Control": "no-cache", "ETag": entity_tag(body)}
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return finished(Response(200, body, JSON, tagged), method, given, cors, "1")


@pytest.mark.parametrize("given", [Response(204), Response(200, BODY, JSON), render(problems.not_found())])
def test_every_response_forbids_what_a_browser_might_make_of_it(given: Response):
    assert ALWAYS.items() <= finished(given, "GET", {}, NOBODY, "1").headers.items()


def test_an_answer_may_say_otherwise_of_itself():
    own = {"Content-Security-Policy": "style-src 'self'"}
    assert own.items() <= finished(Response(200, BODY, "text/html", own), "GET", {}, NOBODY, "1").headers.items()


def test_a_short_body_is_sent_as_it_is_and_may_yet_differ_by_coding():
    short = sent(accept_encoding="gzip")

    assert (short.body, short.headers["ETag"], short.headers["Vary"]) == (BODY, entity_tag(BODY), "Accept-Encoding")
    assert "Content-Encoding" not in short.headers


def test_a_long_body_is_sent_in_the_coding_that_is_asked_for_under_a_tag_of_its_own():
    long = sent(LONG, accept_encoding="gzip")

    assert gzip.decompress(long.body) == LONG
    assert long.headers["Content-Encoding"] == "gzip"
    assert long.headers["ETag"] == f'{entity_tag(LONG)[:-1]}-gzip"'


def test_a_long_problem_is_compressed_too():
    fault = render(problems.malformed("x" * 5000))

    assert gzip.decompress(finished(fault, "POST", {"accept-encoding": "gzip"}, NOBODY, "1").body) == fault.body


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_the_client_has_is_not_sent_again(method: str):
    answer = sent(method=method, if_none_match=entity_tag(BODY))

    assert (answer.status, answer.body, answer.content_type) == (304, b"", None)
    assert answer.headers == {
        **ALWAYS,
        "X-Request-ID": "1",
        "Cache-Control": "no-cache",
        "ETag": entity_tag(BODY),
        "Vary": "Accept-Encoding",
    }


def test_what_the_client_has_in_another_coding_is_sent_again():
    assert sent(LONG, if_none_match=entity_tag(LONG), accept_encoding="gzip").status == 200
    assert sent(LONG, if_none_match=f'{entity_tag(LONG)[:-1]}-gzip"', accept_encoding="gzip").status == 304


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_the_result_of_a_write_is_returned_whatever_the_client_has_cached(method: str):
    assert sent(method=method, if_none_match="*").status == 200


def test_an_answer_that_depends_on_the_origin_says_so():
    some = Cors(("https://a.example",))

    assert sent(cors=some).headers["Vary"] == "Accept-Encoding, Origin"
    assert finished(Response(204), "DELETE", {}, some, "1").headers["Vary"] == "Origin"
    assert "Vary" not in finished(Response(204), "DELETE", {}, Cors(("*",)), "1").headers
    assert sent(cors=some, origin="https://a.example").headers["Access-Control-Allow-Origin"] == "https://a.example"
