"""REDbot, which checks responses for caches, proxies and browsers, finds nothing bad in any GET."""

from __future__ import annotations

from configparser import ConfigParser

import httpx
import pytest
import thor
from redbot.resource import HttpResource
from redbot.resource.fetch import RedFetcher

from tests.contract.conftest import each_once
from tests.contract.making import body_of, make_author, make_tag

pytestmark = each_once

PATHS = [
    "/authors",
    "/authors/{author}",
    "/authors/{author}/books",
    "/authors/slug/{slug}",
    "/books",
    "/books?pageSize=1&orderBy=title",
    "/books/{book}",
    "/books/{book}?include=tags,contributors",
    "/books/{book}/tags",
    "/books/{book}/contributors",
    "/tags",
    "/tags/{tag}",
    "/tags/{tag}/books",
    "/health/live",
    "/health/ready",
    "/openapi.json",
    "/docs",
    "/problems",
    "/problems/conflict",
]

# A connection kept from one run of REDbot's event loop does not work in the next.
RedFetcher.client.idle_timeout = 0


@pytest.fixture(scope="module")
def names(api: httpx.Client) -> dict[str, str]:
    author, tag = make_author(api), make_tag(api)
    book = api.post("/books", json={**body_of(api, "books"), "description": "It is a truth. " * 200}).json()
    assert api.put(f"/books/{book['id']}/tags", json={"items": [tag["name"]]}).status_code == 200
    return {"author": author["id"], "book": book["id"], "tag": tag["id"], "slug": author["slug"]}


def findings(url: str) -> list[str]:
    """Return REDbot's findings of level warn and bad, including those of its follow-up requests."""
    config = ConfigParser()
    config.read_dict({"redbot": {"enable_local_access": "True"}})
    resource = HttpResource(config["redbot"])
    resource.set_request(url)
    resource.on("check_done", thor.stop)
    resource.check()
    thor.run()
    assert resource.response.complete
    notes = [note for each in (resource, *resource.subreqs.values()) for note in each.response.notes]
    assert notes
    return [
        f"{note.level.value}: {note.summary} ({note.subject})"
        for note in notes
        if note.level.value in {"warning", "bad"}
    ]


@pytest.mark.parametrize("path", PATHS)
def test_redbot_has_nothing_bad_to_say(api: httpx.Client, names: dict[str, str], path: str):
    assert findings(f"{str(api.base_url).rstrip('/')}{path.format(**names)}") == []
