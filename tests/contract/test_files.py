"""Files of books: covers and e-books, sent and received, whole and in parts."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import httpx
import pytest

from tests.contract.making import make, new_id

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
PDF = b"%PDF-1.7\n"


def png(size: int = 1000) -> bytes:
    """Return what begins as an image does, with a content of its own."""
    return PNG + os.urandom(size - len(PNG))


@pytest.fixture
def book(api: httpx.Client) -> str:
    return str(make(api, "books")["id"])


def sent(api: httpx.Client, book: str, content: bytes, kind: str = "cover", **options: Any) -> dict[str, Any]:
    response = api.post(f"/books/{book}/files", params={"kind": kind, **options}, content=content)
    assert response.status_code == 201, response.text
    return response.json()  # type: ignore[no-any-return]


def test_a_file_is_sent_listed_read_replaced_and_deleted(api: httpx.Client, book: str):
    content = png()
    response = api.post(f"/books/{book}/files?kind=cover&name=Föö.png", content=content)
    file = response.json()
    digest = hashlib.sha256(content).hexdigest()
    address = f"/books/{book}/files/{file['id']}"
    assert response.status_code == 201
    assert response.headers["Location"] == address
    # It is about the file, and no representation of it.
    assert not {"content-location", "etag"} & response.headers.keys()
    assert {name: value for name, value in file.items() if name not in ("id", "created_at")} == {
        "book_id": book,
        "kind": "cover",
        "name": "Föö.png",
        "media_type": "image/png",
        "size": 1000,
        "sha256": digest,
    }

    read = api.get(address)

    assert (read.status_code, read.content) == (200, content)
    assert read.headers["Content-Type"] == "image/png"
    assert read.headers["Content-Length"] == "1000"
    assert read.headers["ETag"] == f'"{digest}"'
    assert read.headers["Accept-Ranges"] == "bytes"
    assert read.headers["Cache-Control"] == "no-cache"
    assert read.headers["X-Content-Type-Options"] == "nosniff"
    assert read.headers["Content-Disposition"] == "inline; filename=\"F__.png\"; filename*=UTF-8''F%C3%B6%C3%B6.png"
    assert "Transfer-Encoding" not in read.headers
    assert api.get(f"/books/{book}/files").json() == {"items": [file]}

    other = PDF + os.urandom(2000)
    replaced = api.put(f"{address}?kind=ebook", content=other, headers={"If-Match": read.headers["ETag"]})
    assert replaced.status_code == 200, replaced.text
    assert (replaced.json()["id"], replaced.json()["name"]) == (file["id"], None)
    assert replaced.json()["created_at"] == file["created_at"]
    read = api.get(address)
    assert read.content == other
    assert read.headers["Content-Disposition"] == 'attachment; filename="ebook.pdf"'

    assert api.delete(address, headers={"If-Match": f'"{digest}"'}).status_code == 412
    assert api.delete(address).status_code == 204
    assert [api.request(method, address).status_code for method in ("GET", "HEAD", "DELETE")] == [404, 404, 404]
    assert api.get(f"/books/{book}/files").json() == {"items": []}


RANGES: list[tuple[str, int, slice | None, str | None]] = [
    ("bytes=0-0", 206, slice(0, 1), "bytes 0-0/200000"),
    ("bytes=10-99999", 206, slice(10, 100_000), "bytes 10-99999/200000"),
    ("bytes=199999-", 206, slice(199_999, None), "bytes 199999-199999/200000"),
    ("bytes=-7", 206, slice(-7, None), "bytes 199993-199999/200000"),
    ("bytes=-999999", 206, slice(None), "bytes 0-199999/200000"),
    ("bytes=5-999999999", 206, slice(5, None), "bytes 5-199999/200000"),
    ("Bytes = 1-2", 206, slice(1, 3), "bytes 1-2/200000"),
    ("bytes=0-1,4-5", 200, slice(None), None),
    ("bytes=2-1", 200, slice(None), None),
    ("bytes=-", 200, slice(None), None),
    ("bytes=a-b", 200, slice(None), None),
    ("pages=1-2", 200, slice(None), None),
    ("bytes=200000-", 416, None, "bytes */200000"),
    ("bytes=-0", 416, None, "bytes */200000"),
]
"""Range -> status, the part of the content, and Content-Range (RFC 9110 section 14)."""


def test_a_part_of_a_file_is_read(api: httpx.Client, book: str):
    content = png(200_000)
    address = f"/books/{book}/files/{sent(api, book, content)['id']}"
    for range_, status, part, content_range in RANGES:
        response = api.get(address, headers={"Range": range_})

        assert (response.status_code, response.headers.get("Content-Range")) == (status, content_range), range_
        if part is None:
            assert response.json()["type"] == "/problems/range-not-satisfiable"
        else:
            assert response.content == content[part], range_
            assert response.headers["Content-Length"] == str(len(content[part]))


def test_a_part_is_read_only_of_the_version_that_the_client_has(api: httpx.Client, book: str):
    content = png()
    address = f"/books/{book}/files/{sent(api, book, content)['id']}"
    tag = api.head(address).headers["ETag"]

    def status(**headers: str) -> int:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return api.get(address, headers={"Range": "bytes=0-9", **fields}).status_code

    assert status(if_range=tag) == 206
    assert status(if_range='"another"') == 200
    assert status(if_range=f"W/{tag}") == 200
    assert status(if_range="Mon, 30 Nov 2026 09:00:00 GMT") == 200
    # RFC 9110 section 13.2.2: If-None-Match is first.
    assert status(if_none_match=tag) == status(if_none_match=tag, range="bytes=5000-") == 304
    assert status(if_none_match='"another"') == 206


def test_head_says_what_get_has(api: httpx.Client, book: str):
    address = f"/books/{book}/files/{sent(api, book, png())['id']}"
    got, head = api.get(address), api.head(address, headers={"Range": "bytes=0-9"})

    def fields(response: httpx.Response) -> dict[str, str]:
        return {name: value for name, value in response.headers.items() if name not in ("date", "x-request-id")}

    assert (head.status_code, head.content) == (200, b"")
    assert fields(head) == fields(got)


def test_what_is_no_file_of_its_kind_is_refused_in_words(api: httpx.Client, book: str):
    def refused(content: bytes, query: str = "?kind=cover", **headers: str) -> tuple[int, str]:
        response = api.post(f"/books/{book}/files{query}", content=content, headers=headers)
        errors = response.json().get("errors", [])
        return response.status_code, "; ".join(each["detail"] for each in errors) or response.json()["detail"]

    assert refused(b"GIF")[0] == refused(b"<svg/>")[0] == refused(b"<script>")[0] == 415
    assert "another type than JPEG" in refused(b"<svg/>")[1]
    assert refused(b"") == (422, "there is no file, or an empty one")
    assert refused(PDF) == (422, "a file of type PDF is no cover")
    assert refused(png(), "?kind=ebook") == (422, "a file of type PNG is no ebook")
    assert refused(png(), "")[0] == refused(png(), "?kind=x")[0] == refused(png(), "?kind=cover&x=1")[0] == 422
    assert refused(png(), **{"Content-Encoding": "gzip"})[0] == 415
    assert refused(png(), **{"Content-Type": "multipart/form-data; boundary=x"})[0] == 415
    assert api.get(f"/books/{book}/files").json() == {"items": []}


def test_a_file_belongs_to_a_book_that_there_is(api: httpx.Client, book: str):
    address = f"/books/{book}/files/{sent(api, book, png())['id']}"
    other = f"/books/{make(api, 'books')['id']}/files/{address.rpartition('/')[2]}"
    assert api.post(f"/books/{new_id()}/files?kind=cover", content=png()).status_code == 404
    assert api.get(f"/books/{new_id()}/files").status_code == 404
    assert [api.get(other).status_code, api.delete(other).status_code] == [404, 404]
    assert api.put(f"{other}?kind=cover", content=png()).status_code == 404

    assert api.delete(f"/books/{book}").status_code == 204
    assert api.get(address).status_code == 404


def test_a_book_has_a_file_once_and_any_number_of_books_have_it(api: httpx.Client, book: str):
    content = png()
    first = sent(api, book, content)
    assert api.post(f"/books/{book}/files?kind=cover", content=content).status_code == 409
    second = make(api, "books")["id"]
    same = sent(api, second, content)
    assert same["sha256"] == first["sha256"]

    assert api.delete(f"/books/{book}/files/{first['id']}").status_code == 204

    assert api.get(f"/books/{second}/files/{same['id']}").content == content


def test_an_upload_is_sent_again_by_its_key(api: httpx.Client, book: str):
    content, key = png(), {"Idempotency-Key": f'"{new_id()}"'}
    path = f"/books/{book}/files?kind=cover"
    first, second = (api.post(path, content=content, headers=key) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert api.post(path, content=png(), headers=key).status_code == 422


def test_an_upload_may_have_chunks_and_more_than_other_bodies(api: httpx.Client, book: str):
    content = png(9_000_000)

    file = api.post(
        f"/books/{book}/files?kind=cover",
        content=(content[start : start + 70_000] for start in range(0, len(content), 70_000)),
    ).json()

    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    assert api.get(f"/books/{book}/files/{file['id']}").content == content


def test_the_history_of_a_book_has_its_files(administrator: httpx.Client):
    book = make(administrator, "books")["id"]
    file = sent(administrator, book, png(), name="x.png")

    change = administrator.get(f"/books/{book}/changes").json()["items"][0]

    assert change["before"] == {"files": []}
    kept = {name: file[name] for name in ("id", "kind", "name", "sha256")}
    assert [{**each, "created_at": None} for each in change["after"]["files"]] == [{**kept, "created_at": None}]


def test_a_deleted_book_comes_back_with_its_files(administrator: httpx.Client):
    book = make(administrator, "books")["id"]
    content = png()
    file = sent(administrator, book, content)
    assert administrator.delete(f"/books/{book}").status_code == 204
    deletion = next(
        each for each in administrator.get(f"/books/{book}/changes").json()["items"] if each["action"] == "delete"
    )

    undone = administrator.post("/changes/undo", json={"change_id": deletion["id"]})

    assert undone.is_success, undone.text
    assert administrator.get(f"/books/{book}/files").json()["items"] == [file]
    assert administrator.get(f"/books/{book}/files/{file['id']}").content == content
