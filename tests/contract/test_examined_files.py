"""What a job finds in files of books: copies for display, and what EPUB books say about themselves."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.contract.making import make, read, refused
from tests.core.files.content.books import epub, package
from tests.support.hosts import Hosts

NAMES = {"small.webp": (160, 240), "small.jpg": (160, 240), "large.webp": (640, 960), "large.jpg": (640, 960)}


@pytest.fixture
def book(api: httpx.Client) -> str:
    return str(make(api, "books")["id"])


@pytest.fixture
def work(url: str, hosts: Hosts) -> Callable[[], None]:
    return lambda: hosts.work(url)


def cover() -> bytes:
    """Return an image with a content of its own."""
    buffer = io.BytesIO()
    picture = Image.frombytes("RGB", (20, 30), os.urandom(1800)).resize((800, 1200))
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def sent(api: httpx.Client, book: str, content: bytes, kind: str) -> str:
    """Send a file, and return its address."""
    response = api.post(f"/books/{book}/files?kind={kind}", content=content)
    assert response.status_code == 201, response.text
    return response.headers["Location"]


def test_a_cover_has_copies_for_display_when_its_job_has_ended(api: httpx.Client, book: str, work: Any):
    address = sent(api, book, cover(), "cover")
    nothing = {"examined": False, "copies": [], "metadata": None, "left_out": [], "error": None}
    assert read(api, f"{address}/details") == nothing
    refused(api.get(f"{address}/copies/small.jpg"), 404)

    work()

    details = read(api, f"{address}/details")
    assert (details["examined"], details["metadata"], details["error"]) == (True, None, None)
    assert {each["name"]: (each["width"], each["height"]) for each in details["copies"]} == NAMES
    for each in details["copies"]:
        response = api.get(f"{address}/copies/{each['name']}")
        assert (response.status_code, response.headers["Content-Type"]) == (200, each["media_type"])
        assert response.headers["ETag"] == f'"{hashlib.sha256(response.content).hexdigest()}"'
        assert response.headers["Content-Disposition"] == f'inline; filename="{each["name"]}"'
        with Image.open(io.BytesIO(response.content)) as picture:
            assert (Image.MIME[picture.format or ""], picture.size) == (each["media_type"], NAMES[each["name"]])
    part = api.get(f"{address}/copies/large.jpg", headers={"Range": "bytes=0-2"})
    assert (part.status_code, part.content) == (206, b"\xff\xd8\xff")
    refused(api.get(f"{address}/copies/huge.jpg"), 404)


def test_an_epub_book_offers_what_it_says_and_writes_nothing(api: httpx.Client, book: str, work: Any):
    before, isbn, image = read(api, f"/books/{book}"), "9780954221713", cover()
    metadata = f"""<dc:title>Sommarboken</dc:title><dc:creator opf:file-as="Jansson, Tove">Tove Jansson</dc:creator>
        <dc:language>sv</dc:language><dc:language>xx-nothing</dc:language><dc:identifier>urn:isbn:{isbn}</dc:identifier>"""
    manifest = '<item id="cover" href="c.png" media-type="image/png"/>'
    address = sent(api, book, epub(package(metadata, manifest), {"OEBPS/c.png": image}), "ebook")

    work()

    details = read(api, f"{address}/details")
    assert details["metadata"] == {
        "title": "Sommarboken",
        "subtitle": None,
        "contributors": [{"name": "Tove Jansson", "role": "author", "sort_name": "Jansson, Tove"}],
        "isbn": isbn,
        "identifiers": [],
        "language": "sv",
        "publisher": None,
        "published": None,
        "year": None,
        "description": None,
        "series": [],
        "tags": [],
    }
    assert [each["field"] for each in details["left_out"]] == ["language"]
    assert {each["name"] for each in details["copies"]} == set(NAMES)
    assert api.get(f"{address}/copies/small.jpg").content.startswith(b"\xff\xd8\xff")
    assert read(api, f"/books/{book}") == before


@pytest.mark.parametrize("kind", ["cover", "ebook"])
def test_a_file_that_cannot_be_read_says_why(api: httpx.Client, book: str, work: Any, kind: str):
    content, reason = {
        "cover": (b"GIF89a/*<script>alert(1)</script>*/=1;", "The image cannot be read"),
        "ebook": (epub("<html/>"), "has no element package"),
    }[kind]
    address = sent(api, book, content, kind)

    work()

    details = read(api, f"{address}/details")
    assert (details["examined"], details["copies"], details["metadata"]) == (True, [], None)
    assert reason in details["error"]
    assert api.get(address).headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_that_is_sent_again_has_its_copies_at_once(api: httpx.Client, book: str, work: Any):
    content = cover()
    sent(api, book, content, "cover")
    work()

    again = sent(api, str(make(api, "books")["id"]), content, "cover")

    assert len(read(api, f"{again}/details")["copies"]) == len(NAMES)
    work()
    assert len(read(api, f"{again}/details")["copies"]) == len(NAMES)
    jobs = [each for each in read(api, "/jobs", typeIn="examine-file")["items"] if each["state"] != "succeeded"]
    assert jobs == []


def test_feeds_for_e_readers_show_the_copies(api: httpx.Client, book: str, work: Any):
    manifest = '<item id="cover" href="c.png" media-type="image/png"/>'
    content = epub(package("<dc:title>T</dc:title>", manifest), {"OEBPS/c.png": cover()})
    ebook = sent(api, book, content, "ebook")
    work()

    def images() -> list[dict[str, str]]:
        return api.get(f"/opds/v2/books?ids={book}").json()["publications"][0]["images"]

    assert images() == [
        {"rel": "http://opds-spec.org/image", "href": f"{ebook}/copies/large.jpg", "type": "image/jpeg"},
        {"rel": "http://opds-spec.org/image/thumbnail", "href": f"{ebook}/copies/small.jpg", "type": "image/jpeg"},
    ]
    own = sent(api, book, cover(), "cover")
    assert images() == [{"rel": "http://opds-spec.org/image", "href": own, "type": "image/png"}]
    work()
    assert [link["href"] for link in images()] == [f"{own}/copies/large.jpg", f"{own}/copies/small.jpg"]
