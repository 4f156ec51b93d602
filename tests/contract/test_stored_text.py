"""Whatever is stored, asked or typed is text on every page and in every feed: none becomes an element or a link."""

from __future__ import annotations

import csv
import io
import itertools
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from diptych.core.http.operations import Operation, parameters_of
from diptych.core.sync.operations import OPERATIONS
from tests.contract.conftest import each_once
from tests.contract.making import new_id
from tests.contract.test_administration import SignedIn, Work
from tests.contract.test_pages import POLICY
from tests.support.databases import ROOT
from tests.support.hostile import ADDRESS, MARKUP, NUL, TEXTS, Stored, fields_for_text
from tests.support.markup import EMPTY, Page

pytestmark = each_once

KINDS = {
    "author": "authors", "book": "books", "publisher": "publishers", "in-series": "series", "tag": "tags",
    "account": "accounts", "import": "imports", "job": "jobs",
}  # fmt: skip
"""Resources by the first step of their pages' addresses, after /ui."""

RULED = {
    "accounts.name", "books.isbn", "books.language", "books.original_language", "books.published", "tags.scheme",
    "tokens.scope",
}  # fmt: skip
"""Fields whose rule takes nothing that means something to a browser."""

FEEDS = ("/ui/feed.atom", "/opds", "/opds/books", "/opds/authors")

SOURCES = [path.read_text(encoding="utf-8") for path in (ROOT / "core" / "web" / "templates").glob("*.html")]
ELEMENTS = {*re.findall(r"<([a-z]+[0-9]?)", "".join(SOURCES)), *("del", "ins", "h2", "h3")}
"""What the templates have; the last ones by a parameter."""

PLAIN = re.compile("https?:|[^:]*$|[^:]*[?#]")
"""An address of the web, or a relative one: no other scheme."""

ADDRESSES = ("href", "src", "action", "formaction")
ALONE = {"title", "textarea", "option", "bdi"}
PARAGRAPHS = {"dd", "dt", "h1", "h2", "h3", "li", "p", "td", "th"}
"""Elements in which a change of the direction of text ends, whatever is inside; and where nothing else is inside."""


class Shown(HTMLParser):
    """What a page shows. odd: what no template has, and what would run or lead to a script."""

    def __init__(self) -> None:
        super().__init__()
        self.odd: list[str] = []
        self.texts: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in ELEMENTS or (tag == "script" and "src" not in given):
            self.odd.append(tag)
        self.odd += [name for name in given if name.startswith("on") or name in ("style", "autofocus", "srcdoc")]
        self.odd += [given[name] for name in ADDRESSES if not PLAIN.match(given.get(name, ""))]
        self.texts += [given[name] for name in ("value", "content", "placeholder") if name in given]
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._open.pop() != tag:
            self.odd.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if "\u202e" in data and self._open[-1] not in PARAGRAPHS and not ALONE & {*self._open}:
            self.odd.append(f"{data!r} turns what is after this {self._open[-1]}")


def shown(response: httpx.Response) -> Shown:
    """Return what a page shows; check that nothing else becomes of it."""
    page = Shown()
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    if response.text and response.headers["Content-Type"] == "text/html; charset=utf-8":
        assert response.headers["Content-Security-Policy"] == POLICY
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        page.feed(response.text)
        page.close()
        assert page.odd == [], f"{response.url}: {page.odd}"
    return page


def pages(method: str = "GET") -> Iterator[Operation]:
    return (each for each in OPERATIONS if each.path.startswith("/ui/") and each.method == method)


def path_of(operation: Operation, rows: dict[str, dict[str, Any]]) -> str:
    """Return the address of a page of one of the rows."""
    row = rows.get(KINDS.get(operation.path.split("/")[2], ""), {})
    return operation.path.format_map({name: row.get(name, new_id()) for name in parameters_of(operation.path)})


def sent_file(browser: httpx.Client, stored: Stored, work: Work) -> dict[str, Any]:
    """Send a file in whose name, columns and rows is a text; return its import."""
    table = io.StringIO()
    title = f"{MARKUP}{stored.word}"
    csv.writer(table).writerows([["title", title, "language"], [title, title, "en"], ["x", "y", title]])
    response = browser.post("/ui/imports/new", files={"file": (f"{title}.csv", table.getvalue().encode())})
    work()
    return {"id": re.findall(r"import/([0-9a-f-]+)", response.headers["Location"])[0]}


@pytest.fixture(scope="session")
def stored(administrator: httpx.Client) -> list[Stored]:
    """Return rows with each of the texts in all fields that take it."""
    return [Stored(administrator, text) for text in TEXTS]


def test_every_field_for_text_is_tried(stored: list[Stored], administrator: httpx.Client):
    tried = {field for each in stored for field in each.fields}

    assert fields_for_text() - tried == RULED
    assert Stored(administrator, NUL).fields == {}


def test_no_stored_text_is_taken_for_markup_on_any_page(stored: list[Stored], signed_in: SignedIn, work: Work):
    root = signed_in("administrator")
    rows = [each.rows | {"imports": sent_file(root, each, work)} for each in stored]
    paths = [path_of(page, each) for each in rows for page in pages() if "{" in page.path]
    paths += [page.path for page in pages() if "{" not in page.path]
    for each, other in itertools.pairwise(rows):
        paths += [f"/ui/{kind}/{each[KINDS[kind]][name]}/merge?other={other[KINDS[kind]]['id']}"
                  for kind, name in (("author", "slug"), ("publisher", "slug"), ("tag", "id"))]  # fmt: skip
    paths += [f"/ui/{where}?q={each.word}" for each in stored for where in ("search", "books", "tags", "books/batch")]

    seen = "\n".join(text for path in dict.fromkeys(paths) for text in shown(root.get(path)).texts)

    for each in stored:
        missing = [field for field, kept in each.fields.items() if not any(text in seen for text in kept)]
        assert missing == []


def test_no_stored_text_is_taken_for_markup_in_a_feed(stored: list[Stored], api: httpx.Client):
    for each in stored:
        # Books that cannot be acquired are in no feed for e-readers.
        api.patch(f"/books/{each.rows['books']['id']}", json={"url": ADDRESS}).raise_for_status()
    for path in FEEDS:
        feed = ET.fromstring(api.get(path).content)  # noqa: S314 - our own
        names = {each.tag.rpartition("}")[2] for each in feed.iter()}
        assert names.isdisjoint({"script", "evil"}), path
        texts = {text for each in feed.iter() for text in (each.text, *each.attrib.values()) if text}
        if path != "/opds":
            named = "authors" if path.endswith("authors") else "books"
            assert {each.rows[named].get("name", each.rows[named].get("title")) for each in stored} <= texts, path
        links = [each.get("href", "") for each in feed.iter() if each.tag.endswith("}link")]
        assert [link for link in links if link.startswith("javascript:")] == []


def test_nothing_that_is_asked_is_taken_for_markup(stored: list[Stored], signed_in: SignedIn):
    root = signed_in("administrator")
    for page in pages():
        path = path_of(page, stored[0].rows)
        names = [field.alias or name for name, field in page.query.model_fields.items()] if page.query else []
        for given in ({"q": MARKUP}, dict.fromkeys(("q", "next", MARKUP, *names), MARKUP)):
            response = root.get(path, params=given)
            assert response.status_code < 500, path
            shown(response)
    shown(root.get(f"/ui/{MARKUP}"))
    assert root.get("/docs", params={MARKUP: MARKUP}).headers["Content-Type"] == "application/problem+json"


def test_nothing_that_is_typed_is_taken_for_markup(administrator: httpx.Client, signed_in: SignedIn):
    root = signed_in("administrator")
    there = Stored(administrator, MARKUP)
    forms = [form for form in pages("POST") if form.body]
    # What deletes comes last.
    for form in sorted(forms, key=lambda each: each.path.endswith(("delete", "merge"))):
        path = path_of(form, there.rows)
        response = root.get(path)
        names = [*Page.of(response.text).fields] if response.status_code == 200 else [*form.body.model_fields]
        response = root.post(path, data=dict.fromkeys(names, MARKUP))
        assert response.status_code < 500, path
        shown(response)
        shown(root.post(path, data={MARKUP: MARKUP}))
