"""Covers, e-books and other formats of books on the pages."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

import httpx
import pytest

from tests.contract.conftest import each_once
from tests.contract.making import Row, make_book, marker
from tests.contract.test_examined_files import cover
from tests.support.markup import Page

pytestmark = each_once

COVER = re.compile(
    r'<source srcset="(../(?:../)?ui/cover/\w+/\w+.webp)" type="image/webp">'
    r'<img src="(.+?.jpg)" alt="(.*?)" width="(\d+)" height="(\d+)"( loading="lazy")?>'
)


@pytest.fixture
def book(api: httpx.Client, work: Callable[[], None]) -> Row:
    """Return a book with a cover and an e-book, which has been looked into."""
    made = make_book(api, title=f"<i>{marker()}")
    for kind, content in (("cover", cover()), ("ebook", b"%PDF-1.7")):
        api.post(f"/books/{made['id']}/files?kind={kind}&name={kind}.x", content=content).raise_for_status()
    work()
    return made


def test_a_cover_is_shown_in_lists_and_on_its_page_in_its_own_size(api: httpx.Client, book: Row):
    bare = make_book(api)
    listed = api.get(f"/ui/books?ids={book['id']}&ids={bare['id']}").text
    page = api.get(f"/ui/book/{book['slug']}").text

    (small,), (large,) = COVER.findall(listed), COVER.findall(page)
    assert small[2:] == ("", "160", "240", ' loading="lazy"')
    assert large[2:] == (f"Cover of &lt;i&gt;{book['title'][3:]}", "640", "960", "")
    Page.of(listed), Page.of(page)
    for where, (webp, jpeg, *_) in (("/ui/books", small), (f"/ui/book/{book['slug']}", large)):
        for href, media_type, begin in ((webp, "image/webp", b"RIFF"), (jpeg, "image/jpeg", b"\xff\xd8")):
            response = api.get(str(httpx.URL(f"http://x{where}").join(href).path))
            assert (response.status_code, response.headers["Content-Type"]) == (200, media_type)
            assert response.content.startswith(begin)
            assert response.headers["Cache-Control"] == "private, max-age=31536000, immutable"
            assert response.headers["ETag"] == f'"{hashlib.sha256(response.content).hexdigest()}"'


def test_a_list_without_covers_has_no_room_for_them(api: httpx.Client):
    bare = make_book(api)
    assert "cover" not in api.get(f"/ui/books?ids={bare['id']}").text


def test_a_cover_that_no_book_has_any_more_is_gone_at_once(api: httpx.Client, book: Row):
    href = COVER.findall(api.get(f"/ui/book/{book['slug']}").text)[0][0].removeprefix("../../")
    assert api.get(f"/{href}").status_code == 200
    for wrong in (href.replace("large", "huge"), f"ui/cover/{'0' * 64}/large.webp", "ui/cover/x/y"):
        assert api.get(f"/{wrong}").status_code == 404
    (file, _) = api.get(f"/books/{book['id']}/files").json()["items"]

    api.delete(f"/books/{book['id']}/files/{file['id']}").raise_for_status()

    assert api.get(f"/{href}").status_code == 404


def test_every_download_of_a_book_is_below_ui(api: httpx.Client, book: Row):
    there = f"/ui/book/{book['slug']}"
    page = Page.of(api.get(there).text)
    files = [httpx.URL(f"http://x{there}").join(href).path for href in page.links if "/file/" in href]
    records = [httpx.URL(f"http://x{there}").join(href).path for href in page.links if "/record/" in href]

    assert not [href for href in page.links if href.startswith("../../books/")]
    (ebook,) = [api.get(href) for href in files]
    assert (ebook.content, ebook.headers["Content-Disposition"]) == (b"%PDF-1.7", 'attachment; filename="ebook.x"')
    assert api.get(files[0], headers={"Range": "bytes=1-3"}).content == b"PDF"
    for href in records:
        same = api.get(href.removeprefix("/ui/record").join(["/books", ""]))
        found = api.get(href)
        assert (found.content, found.headers["Content-Type"]) == (same.content, same.headers["Content-Type"])
    assert len(records) == 7
