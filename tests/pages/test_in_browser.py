"""The pages in Chromium: axe, widths, policies. `make test-pages` installs what this needs."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.contract.making import make_author, make_book, make_tag, marker, new_isbn
from tests.contract.test_examined_files import cover
from tests.support import patient
from tests.support.browsing import WIDTHS, wrong_with
from tests.support.databases import DIPTYCH, run
from tests.support.hostile import MARKUP, TEXTS, Stored
from tests.support.hosts import Hosts

pytestmark = pytest.mark.judge

PASSWORD = "the moomins of the valley"  # noqa: S105 - of a test

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft "


def stock(api: httpx.Client) -> list[dict[str, Any]]:
    """Create rows of every script and length; return the states of pages to look at."""
    publisher = api.post("/publishers", json={"name": f"東京 {marker()}"}).raise_for_status().json()
    series = api.post("/series", json={"name": f"Серия {marker()}"}).raise_for_status().json()
    author = make_author(api, name=f"طه حسين {marker()}", birth_year=1889, death_year=1973)
    full = make_book(
        api, title="الأيام", author_id=author["id"], language="ar", subtitle="الجزء الأول (1929)", isbn=new_isbn(),
        description="سيرة ذاتية.\n\nOne <b>paragraph</b> more.", publisher_id=publisher["id"], format="hardcover",
        pages=320, published="1929-05", original_title="الأيام", original_language="ar", url="https://example.org/x",
    )  # fmt: skip
    tag = make_tag(api, name=LONG.strip().lower()[:100])
    api.put(f"/books/{full['id']}/tags", json={"items": [tag["name"], "سيرة", "自伝"]}).raise_for_status()
    api.put(f"/books/{full['id']}/series", json={"items": [{"series_id": series["id"], "position": "1"}]})
    make_book(api, title="الأيام", author_id=author["id"])
    longest = make_book(api, title=(LONG * 13)[:1000].strip(), author_id=make_author(api, name=LONG * 3)["id"])
    for number in range(30):
        make_book(api, title=f"銀河鉄道の夜 sad{number}", language="ja", year=1934)
    for kind, content in (("cover", cover()), ("ebook", b"%PDF-1.7")):
        api.post(f"/books/{full['id']}/files?kind={kind}&name={kind} {LONG}", content=content).raise_for_status()
    paths = [
        f"/ui/book/{full['slug']}/files",
        "/ui/", "/ui/statistics", "/ui/books", "/ui/books?languageIn=ja&decadeIn=1930",
        "/ui/books?yearIn=1934&languageIn=ja&tagsIn=none", "/ui/books?languageIn=ja&currentPage=2",
        "/ui/books?yearIn=next", "/ui/authors", "/ui/publishers", "/ui/series", "/ui/tags", "/ui/search",
        "/ui/search?q=sad1", "/ui/search?q=a*", "/ui/search?q=zzzz", f"/ui/book/{full['slug']}",
        f"/ui/book/{longest['slug']}", f"/ui/author/{author['slug']}", f"/ui/publisher/{publisher['slug']}",
        f"/ui/in-series/{series['slug']}", f"/ui/tag/{tag['id']}", "/ui/sign-in", "/ui/sign-out", "/ui/password",
        "/ui/nothing", "/docs", "/docs/books", "/docs/Book", "/problems",
        "/ui/books/new", "/ui/books/batch?languageIn=ja", f"/ui/book/{full['slug']}/edit",
        f"/ui/book/{longest['slug']}/delete",
        f"/ui/book/{full['slug']}/saved?others=title,tags", f"/ui/author/{author['slug']}/edit",
        f"/ui/author/{author['slug']}/merge?q=d*", f"/ui/author/{author['slug']}/merge?other={longest['author_id']}",
    ]  # fmt: skip
    theirs = {"path": f"/books/{longest['id']}", "field": "title"}
    filled = [
        {"path": "/ui/sign-in", "fill": {"name": LONG, "password": "wrong"}},
        {"path": "/ui/books/new", "fill": {"isbn": "1", "tags": LONG * 3, "contributors.0.name": LONG * 5}},
        {"path": f"/ui/author/{author['slug']}/delete", "fill": {}},
        {"path": "/ui/books/batch?languageIn=ja", "fill": {"add_tags": "自伝", "language": "en"}},
        {"path": f"/ui/book/{longest['slug']}/edit", "fill": {"title": LONG}, "meanwhile": theirs},
    ]
    history = ["/ui/changes", f"/ui/book/{full['slug']}/history", f"/ui/book/{longest['slug']}/history"]
    return [*({"path": path} for path in paths), *filled, *({"path": path, "signedIn": True} for path in history)]


def hostile(hosts: Hosts, url: str) -> list[dict[str, Any]]:
    """Create rows that want to be more than text; return the states of pages to look at."""
    header = {"Authorization": f"Bearer {hosts.administrator(url)}"}
    paths = []
    with patient.Client(base_url=url, headers=header) as api:
        for text in TEXTS:
            rows = Stored(api, text).rows
            paths += [f"/ui/book/{rows['books']['slug']}", f"/ui/author/{rows['authors']['slug']}/edit"]
    return [{"path": path} for path in [*paths, "/ui/books", "/ui/tags", f"/ui/search?q={quote(MARKUP)}"]]


def signed_in(url: str, database: str) -> dict[str, str]:
    """Return the cookie of an administrator's new session."""
    run([*DIPTYCH, "accounts", "create", "browser", "--role", "administrator"], DATABASE_URL=database)
    run([*DIPTYCH, "accounts", "password", "browser"], stdin=f"{PASSWORD}\n", DATABASE_URL=database)
    with patient.Client(base_url=url) as api:
        response = api.post("/ui/sign-in", data={"name": "browser", "password": PASSWORD})
    name, _, value = response.headers["Set-Cookie"].partition(";")[0].partition("=")
    return {"name": name, "value": value}


def managed(hosts: Hosts, url: str, api: httpx.Client) -> list[dict[str, Any]]:
    """Create what an administrator manages; return the states of pages to look at."""
    header = {"Authorization": f"Bearer {hosts.administrator(url)}"}
    account = api.post("/accounts", json={"name": marker(), "role": "administrator"}, headers=header).json()["id"]
    api.post("/tokens", json={"label": LONG[:100].strip(), "account_id": account}, headers=header).raise_for_status()
    rows = f'title,author,{LONG}\n"الأيام","طه حسين",x\n,nobody,x\n'.encode()
    imports = [
        api.post(f"/imports?name={name}", content=content, headers=header).json()
        for name, content in ((f"{LONG.strip()}.csv", rows), ("done.csv", rows), ("wrong.csv", b"Nom\nx\n"))
    ]
    hosts.work(url)
    api.post(f"/imports/{imports[1]['id']}/start", headers=header).raise_for_status()
    hosts.work(url)
    waiting = api.post(f"/imports/{imports[0]['id']}/preview", headers=header).json()
    paths = [
        "/ui/manage", "/ui/me", "/ui/me/tokens/new", "/ui/second-factor", "/ui/accounts", "/ui/accounts/new",
        f"/ui/account/{account}", f"/ui/account/{account}/tokens/new", "/ui/policy", "/ui/security-events",
        "/ui/me/sessions/end-others", "/ui/health", "/ui/jobs", f"/ui/job/{waiting['id']}", "/ui/imports",
        "/ui/imports/new",
        *(f"/ui/import/{row['id']}" for row in imports), f"/ui/import/{imports[0]['id']}?follow=true",
    ]  # fmt: skip
    refused = [
        {"path": "/ui/accounts/new", "fill": {"name": "<b>"}, "signedIn": True},
        {"path": "/ui/me/tokens/new", "fill": {"label": "x", "current_password": "wrong"}, "signedIn": True},
    ]
    return [*({"path": path, "signedIn": True} for path in paths), *refused, {"path": "/ui/first-account"}]


@pytest.mark.parametrize("host", ["flask-sqlite", "sanic-postgresql"])
def test_every_page_is_right_in_a_browser(hosts: Hosts, host: str):
    url = hosts.url(host)
    with patient.Client(base_url=url) as api:
        states = [*stock(api), *hostile(hosts, url), *managed(hosts, url, api)]
        hosts.work(url)
    session = signed_in(url, hosts.database(host.partition("-")[2]))
    given = {"base": url, "session": session, "states": states}

    assert wrong_with("look.mjs", schemes=["light", "dark"], widths=WIDTHS, **given) == []
