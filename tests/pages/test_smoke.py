"""The six main pages in Chromium, on one adapter: what `.ci/run` looks at."""

from __future__ import annotations

import pytest

from tests.contract.making import make_author, make_book, marker
from tests.support import patient
from tests.support.browsing import wrong_with
from tests.support.hostile import MARKUP
from tests.support.hosts import Hosts

pytestmark = pytest.mark.judge


def test_the_main_pages_are_right_in_a_browser(hosts: Hosts):
    url = hosts.url("flask-sqlite")
    with patient.Client(base_url=url) as api:
        author = make_author(api, name=f"{MARKUP} {marker()}")
        book = make_book(api, title=MARKUP, author_id=author["id"], description=MARKUP, language="ar", year=1929)
    paths = ("/ui/", "/ui/books", f"/ui/book/{book['slug']}", "/ui/books/new", "/ui/sign-in", "/docs")
    states = [{"path": path} for path in paths]

    assert wrong_with("look.mjs", base=url, schemes=["light"], widths=[320, 1280], states=states) == []
