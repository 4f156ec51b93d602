"""Both adapters on one database: the same request gets the same response, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from tests.contract.making import LIMIT, Row, make_author, make_book, make_tag, marker, new_isbn
from tests.support import patient
from tests.support.databases import BACKENDS
from tests.support.hosts import Hosts

ID = "01a1fbd7-55dd-7561-861e-8d0bba31278f"
OF_THE_SERVER = {"date", "server", "connection", "keep-alive", "x-request-id"}

READS = [
    "/",
    "/nothing",
    "/authors",
    "/authors?pageSize=3&orderBy=name&sortOrder=asc",
    "/authors/",
    "//authors",
    "/authors/nobody",
    f"/authors/{ID}",
    "/authors/{author}",
    "/authors/{author}?x=1&x=2&y",
    "/authors/{author}/books?include=tags,contributors",
    "/authors/{author}/",
    "/authors/{author}/nothing",
    "/authors/batch",
    "/authors/slug/{slug}",
    "/authors/slug/a%2Fb",
    "/authors/slug/%2F",
    "/authors/slug/a%00b",
    "/authors/slug/%FF",
    "/authors/slug/%ED%A0%80",
    "/authors/slug/a+b%20c%25",
    "/authors/slug/%E2%80%AE",
    "/authors%2F{author}",
    "/authors/%61",
    "/authors/./{author}",
    "/authors/../authors",
    "/authors;x=1",
    "/authors?",
    "/authors?&&pageSize=1&&orderBy=id&",
    "/authors?pageSize",
    "/authors?pageSize=0&currentPage=x&currentPage=y&nobody=1&ids=a&ids=b",
    "/authors?searchString=%C3%A9cole+du%20soir",
    "/authors?searchString=%",
    "/authors?searchString=%FF",
    "/authors?searchString=a;b&pageSize=1",
    "/authors?createdAfter=2026-01-31T12:00:00+01:00",
    "/authors?createdAfter=2026-01-31T12:00:00%2B01:00&pageSize=1",
    "/authors?%C3%A9=1",
    "/authors?searchString=" + "x" * 1001,
    "/authors?orderBy=dob&pageSize=5",
    "/books?pageSize=5&include=tags,contributors&orderBy=title",
    "/books.csv",
    "/books.jsonl?ids={book}",
    "/books.marcxml?pageSize=1",
    "/books/{book}.bib",
    "/books/{book}.mrc?x=1",
    "/books?yearNotIn=1888&languageNotIn=fr&pageSize=5",
    "/books?yearIn=x&tagsIn=+&isbnIn=1&languageIn=english&authorIdIn=x&contributorsNotIn=x",
    "/books/{book}",
    "/books/{book}?include=contributors,tags",
    "/books/{book}?include=",
    "/books/{book}/tags",
    "/books/{book}/contributors",
    f"/books/{ID}/tags",
    "/tags?pageSize=5&orderBy=name",
    "/tags?nameIn=%C3%89COLE",
    "/tags/{tag}",
    "/tags/{tag}/books",
    "/tags/slug/x",
    "/health/live",
    "/health/ready",
    "/health/ready?x=1",
    "/%E9%9D%92",
    "/ui",
    "/ui/books?q=&yearIn=1974&languageIn=fr&utm=x&orderBy=year&pageSize=2",
    "/ui/books?yearIn=x&currentPage=0&tagsIn=+&q=a*",
    "/ui/book/{slug}",
    "/ui/book/none",
    "/ui/author/{slug}?pageSize=1",
    "/ui/tag/{tag}",
    "/ui/tag/none",
    "/ui/tags?q=%C3%A9",
    "/ui/search?q=%C3%A9cole",
    "/ui/search?q=%",
    "/ui/search?q=%E6%9D%B1%E4%BA%AC",
    "/ui/feed.atom",
    "/opds",
    "/opds/books?pageSize=2&orderBy=title&sortOrder=asc",
    "/opds/books?orderBy=nothing",
    "/opds/authors?pageSize=2",
    "/opds/search.xml",
    "/opds/v2",
    "/opds/v2/books?pageSize=2&total=true",
    "/opds/v2/search?query=%C3%A9cole",
    "/opds/v2/search?query=a*",
    "/ui/",
    "/ui/nothing",
    "/ui/sign-in?x=1",
    "/ui/password",
    "/ui/second-factor",
    "/ui/first-account",
    "/ui/manage",
    "/ui/imports/new",
    "/ui/accounts",
    "/ui/policy",
    "/ui/job/00000000-0000-7000-8000-000000000000?follow=true",
    "/ui/export?format=csv&yearIn=1974",
    "/ui/export?format=x",
    "/ui/assets/none",
    "/favicon.ico",
    "/robots.txt",
]

OTHERS: list[tuple[str, str, bytes, str | None]] = [
    ("PUT", "/authors", b"{}", "application/json"),
    ("TRACE", "/authors", b"", None),
    ("PROPFIND", "/authors", b"", None),
    ("PROPFIND", "/nothing", b"", None),
    ("FOO", "/authors/{author}", b"", None),
    ("POST", "/authors/nobody", b"{}", "application/json"),
    ("POST", "/authors/{author}", b"{}", "application/json"),
    ("POST", "/nothing", b"{}", "application/json"),
    ("POST", "/authors", b"", None),
    ("POST", "/authors", b"", "application/json"),
    ("POST", "/authors", b"{", "application/json"),
    ("POST", "/authors", b'{"name": "\xff"}', "application/json"),
    ("POST", "/authors", b'{"name": "x", "name": "y"}', "application/json"),
    ("POST", "/authors", b'{"name": NaN}', "application/json"),
    ("POST", "/authors", b"[" * 50_000, "application/json"),
    ("POST", "/authors", b'{"name": "x"}', "text/plain"),
    ("POST", "/authors", b"name=x", "application/x-www-form-urlencoded"),
    ("POST", "/authors", b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x"),
    ("POST", "/authors", b'{"name": "\\ud800", "dob": 5, "x": [], "a/b": 1}', "application/json"),
    ("POST", "/authors", b'{"\\ud800": 1}', "application/json"),
    ("POST", "/authors", b" " * (LIMIT + 1), "application/json"),
    ("POST", "/nothing", b" " * (LIMIT + 1), "application/json"),
    ("PUT", "/authors", b" " * (LIMIT + 1), "application/json"),
    (
        "POST",
        "/books",
        b'{"title": "", "author_id": "x", "year": 9223372036854775808, "isbn": "1"}',
        "application/json",
    ),
    ("POST", "/books", b'{"title": "x", "author_id": "' + ID.encode() + b'"}', "application/json"),
    ("POST", "/books?include=tags", b"{}", "application/json"),
    ("PATCH", f"/books/{ID}", b'{"year": 1}', "application/json"),
    ("PATCH", "/books/{book}", b'{"isbn": "{isbn}"}', "application/json"),
    ("PUT", "/books/{book}/contributors", b'{"items": 1}', "application/json"),
    ("PUT", "/books/{book}/tags", b'{"items": [" ", 5]}', "application/json"),
    ("POST", "/tags", b'{"name": "{name}"}', "application/json"),
    ("DELETE", "/authors/{author}", b"", None),
    ("DELETE", f"/tags/{ID}", b"", None),
    ("DELETE", "/tags/batch", b"", None),
    ("DELETE", "/tags/batch", b'{"ids": ["x", 5]}', "application/json"),
    ("DELETE", f"/tags/batch?ids={ID}", b"", None),
    ("DELETE", "/authors/batch?ids={author}", b"", None),
    ("PUT", "/authors/batch", b'{"items": [{"name": "x"}, {"name": "y", "dob": null}]}', "application/json"),
    ("POST", "/ui/", b"", None),
    ("POST", "/ui/sign-in", b"name=&password=%22%3Cb%3E&next=//elsewhere", "application/x-www-form-urlencoded"),
    ("PATCH", "/tags/batch", b'{"items": [{"id": "' + ID.encode() + b'"}]}', "application/json"),
]


class Pair:
    """A client of each adapter on one database, and the rows that the requests use."""

    def __init__(self, flask: httpx.Client, sanic: httpx.Client) -> None:
        self.flask, self.sanic = flask, sanic
        author = make_author(flask, name=f"École {marker()}", dob="1929-10-21")
        book = make_book(flask, author_id=author["id"], isbn=new_isbn(), year=1974, language="fr", description="Été.\n")
        other = make_book(flask, isbn=new_isbn())
        tag = make_tag(flask, description="É")
        assert flask.put(f"/books/{book['id']}/tags", json={"items": [tag["name"], marker()]}).status_code == 200
        self.names: Row = {"author": author["id"], "book": book["id"], "tag": tag["id"], "slug": quote(author["slug"])}
        self.names |= {"isbn": other["isbn"], "name": tag["name"]}

    def fill(self, text: str) -> str:
        for name, value in self.names.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def answers(
        self, method: str, path: str, body: bytes = b"", content_type: str | None = None
    ) -> list[httpx.Response]:
        content = self.fill(body.decode("latin-1")).encode("latin-1")
        headers = {} if content_type is None else {"Content-Type": content_type}
        # The URL is built by hand: httpx would normalize "/./" and "//".
        answers = []
        for client in (self.flask, self.sanic):
            request = client.build_request(method, "/", content=content or None, headers=headers)
            request.method = method
            request.extensions = {**request.extensions, "target": self.fill(path).encode("ascii")}
            answers.append(client.send(request))
        return answers


@pytest.fixture(scope="module", params=BACKENDS)
def pair(request: pytest.FixtureRequest, hosts: Hosts) -> Iterator[Pair]:
    flask, sanic = (hosts.url(f"{adapter}-{request.param}") for adapter in ("flask", "sanic"))
    with patient.Client(base_url=flask) as one, patient.Client(base_url=sanic) as other:
        yield Pair(one, other)


def same(answers: list[httpx.Response]) -> httpx.Response:
    one, other = (
        (
            answer.status_code,
            {name.lower(): value for name, value in answer.headers.multi_items() if name.lower() not in OF_THE_SERVER},
            answer.content,
        )
        for answer in answers
    )
    assert one == other
    return answers[0]


@pytest.mark.parametrize("path", READS)
def test_both_adapters_answer_a_read_alike(pair: Pair, path: str):
    for method in ("GET", "HEAD", "OPTIONS"):
        answer = same(pair.answers(method, path))

        assert answer.status_code < 500
        streamed = answer.headers.get("Cache-Control") == "no-store" and answer.status_code == 200
        assert answer.status_code in (204, 303) or streamed or int(answer.headers["Content-Length"]) > 0


@pytest.mark.parametrize(("method", "path", "body", "content_type"), OTHERS)
def test_both_adapters_complain_alike(pair: Pair, method: str, path: str, body: bytes, content_type: str | None):
    answer = same(pair.answers(method, path, body, content_type))

    assert 400 <= answer.status_code < 500
    if path.startswith("/ui/"):
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        return
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
