"""What the pages offer while somebody is typing."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from diptych.core.web.assets import ASSETS
from tests.contract.conftest import each_once
from tests.contract.making import make_author, make_book, make_tag, marker
from tests.support.markup import Page

pytestmark = each_once

FIRST_VISIT = 25_000
"""Bytes of the first page with its style, script and icon, at most, as they are sent."""

OWN_SCRIPTS = 6_144


def offered(api: httpx.Client, q: str, of: str = "search") -> list[dict[str, Any]]:
    response = api.get("/ui/suggestions", params={"q": q, "of": of})
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items


def test_titles_authors_and_tags_are_offered_by_their_beginning_and_by_a_word(api: httpx.Client):
    word = marker()
    make_book(api, title=f"{word.upper()} <b>")
    make_book(api, title=f"Inside {word}")
    make_author(api, name=f"Tové {word}")
    make_tag(api, name=f"{word} tag")

    items = offered(api, f" {word[:-1]}")

    assert [(each["name"], each["about"]) for each in items] == [
        (f"{word.upper()} <b>", "Book"), (f"Inside {word}", "Book"), (f"Tové {word}", "Author"), (f"{word} tag", "Tag"),
    ]  # fmt: skip
    for each in items:
        page = Page.of(api.get(urljoin("/ui/suggestions", each["href"])).text)
        assert each["name"] in page.text
    assert [each["name"] for each in offered(api, f"tove {word[:5]}", "author")] == [f"Tové {word}"]


@pytest.mark.parametrize("of", ["author", "publisher", "series", "tag"])
def test_a_field_of_names_is_offered_each_name_once(api: httpx.Client, of: str):
    word = marker()
    path = of if of == "series" else f"{of}s"
    for name in {f"{word} a", f"{word} b", f"the {word}"}:
        api.post(f"/{path}", json={"name": name}).raise_for_status()
    if of != "tag":
        api.post(f"/{path}", json={"name": f"{word} a"}).raise_for_status()

    assert [each["name"] for each in offered(api, word, of)] == [f"{word} a", f"{word} b", f"the {word}"]


@pytest.mark.parametrize("q", ["", " ", "'", "%", "a", "th j", "\\", '"* OR', "東", "x" * 1000])
def test_anything_may_be_typed(api: httpx.Client, q: str):
    assert len(offered(api, q)) <= 8


def test_suggestions_are_kept_for_a_minute_by_the_browser_alone(api: httpx.Client):
    response = api.get("/ui/suggestions?q=x")

    assert response.headers["Cache-Control"] == "private, max-age=60"
    assert response.headers["Content-Type"] == "application/json"
    assert api.get("/ui/suggestions?q=x&of=account").status_code == 422


def test_the_first_visit_is_small_and_so_are_the_scripts(api: httpx.Client):
    home = api.get("/ui/", headers={"Accept-Encoding": "gzip"})
    page = Page.of(home.text)
    files = [urljoin("/ui/", each) for each in (*page.files, *page.scripts)]
    sizes = [
        int(api.get(each, headers={"Accept-Encoding": "gzip"}).headers["Content-Length"]) for each in ("/ui/", *files)
    ]

    assert len(files) == 3
    assert sum(sizes) <= FIRST_VISIT
    assert sum(len(each.content) for name, each in ASSETS.items() if name.endswith(".js")) <= OWN_SCRIPTS
