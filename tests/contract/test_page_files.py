"""Covers, e-books and other formats of books on the pages."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable

import httpx
import pytest

from tests.contract.conftest import each_once
from tests.contract.making import Row, make_book, marker
from tests.contract.test_examined_files import cover
from tests.support.markup import Page

pytestmark = each_once

BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"

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
    ebook = api.get(files[0])
    assert (ebook.content, ebook.headers["Content-Disposition"]) == (b"%PDF-1.7", 'attachment; filename="ebook.x"')
    assert api.get(files[0], headers={"Range": "bytes=1-3"}).content == b"PDF"
    for href in records:
        same = api.get(href.removeprefix("/ui/record").join(["/books", ""]))
        found = api.get(href)
        assert (found.content, found.headers["Content-Type"]) == (same.content, same.headers["Content-Type"])
    assert len(records) == 7


def opened(api: httpx.Client, path: str) -> dict[str, str]:
    return as_shown(api.get(path))


def as_shown(response: httpx.Response) -> dict[str, str]:
    """Return the fields of a form as they are sent if nothing is changed."""
    found = Page.of(response.text).fields
    return {name: value for name, value in found.items() if (name, value) != ("take.cover", "nothing")}


def sent(api: httpx.Client, path: str, typed: dict[str, str], file: tuple[str, bytes] | None = None) -> httpx.Response:
    """Send a form as a browser does: an input without a file is an empty part."""
    part = "ebook.file" if path.endswith("/files") else "cover.file"
    name, content = file or ("", b"")
    heads = [(f'name="{field}"', value.encode()) for field, value in typed.items()]
    heads.append((f'name="{part}"; filename="{name.replace(chr(34), "%22")}"', content))
    body = b"".join(
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + value + b"\r\n"
        for head, value in heads
    )
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return api.post(path, content=body + f"--{BOUNDARY}--\r\n".encode(), headers=headers)


def files_of(api: httpx.Client, book: Row | str) -> list[Row]:
    found: list[Row] = api.get(f"/books/{book if isinstance(book, str) else book['id']}/files").json()["items"]
    return found


def test_a_book_is_added_with_its_cover_and_loses_it_again(api: httpx.Client, work: Callable[[], None]):
    title, content, other = marker(), cover(), cover()

    answer = sent(api, "/ui/books/new", {**opened(api, "/ui/books/new"), "title": title}, ('Ä ".png', content))

    assert answer.status_code == 303, answer.text
    (book,) = api.get(f"/books?searchString={title}").json()["items"]
    (file,) = files_of(api, book)
    assert (file["kind"], file["name"], file["sha256"]) == ("cover", 'Ä ".png', hashlib.sha256(content).hexdigest())
    there = f"/ui/book/{book['slug']}"
    assert "shown when a worker" in api.get(there).text
    work()
    assert COVER.search(api.get(there).text)
    # Nothing is chosen: it stays. Then another one takes its place, and then none does.
    typed = {**opened(api, f"{there}/edit"), "year": "1999"}
    assert sent(api, f"{there}/edit", typed).status_code == 303
    assert files_of(api, book) == [file]
    assert sent(api, f"{there}/edit", opened(api, f"{there}/edit"), ("b.png", other)).status_code == 303
    (changed,) = files_of(api, book)
    assert (changed["id"], changed["sha256"]) == (file["id"], hashlib.sha256(other).hexdigest())
    assert sent(api, f"{there}/edit", {**opened(api, f"{there}/edit"), "take.cover": "nothing"}).status_code == 303
    assert files_of(api, book) == []


def test_a_file_of_a_refused_form_is_kept_and_need_not_be_chosen_again(api: httpx.Client):
    title, content = marker(), cover()
    typed = {**opened(api, "/ui/books/new"), "title": title, "year": "next"}

    refused = sent(api, "/ui/books/new", typed, ("<b>.png", content))

    assert refused.status_code == 422
    assert "<bdi>&lt;b&gt;.png</bdi> was sent, and is saved with this form." in refused.text
    again = sent(api, "/ui/books/new", {**as_shown(refused), "year": "1999"})
    assert again.status_code == 303, again.text
    (book,) = api.get(f"/books?searchString={title}").json()["items"]
    (file,) = files_of(api, book)
    assert (file["name"], file["sha256"]) == ("<b>.png", hashlib.sha256(content).hexdigest())
    unknown = sent(api, f"/ui/book/{book['slug']}/edit", {"title": title, "cover": "0" * 64})
    assert (unknown.status_code, 'id="cover-mistake"' in unknown.text) == (422, True)
    assert sent(api, f"/ui/book/{book['slug']}/edit", {"title": title, "cover": "../x"}).status_code == 422


def test_whatever_the_name_of_a_file_is_its_form_is_taken(api: httpx.Client):
    """Nobody could correct the name: the form has no field for it."""
    names = {"a\x9f\x85b.png": "a b.png", "\u0958" * 200: "\u0915\u093c" * 127 + "\u0915", "a" + "\u0301" * 99: None}
    for given, kept in names.items():
        title = marker()
        typed = {**opened(api, "/ui/books/new"), "title": title}
        assert sent(api, "/ui/books/new", typed, (given, cover())).status_code == 303
        (book,) = api.get(f"/books?searchString={title}").json()["items"]
        assert files_of(api, book)[0]["name"] == kept


def bomb() -> bytes:
    """Return a PNG file that says it has more pixels than any memory holds."""
    chunks = (b"IHDR" + (60000).to_bytes(4) * 2 + b"\x08\x02\x00\x00\x00", b"IDAT", b"IEND")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (len(chunk) - 4).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4) for chunk in chunks
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<svg/>", "another type than JPEG"),
        (b"%PDF-1.7", "of type PDF, and no image"),
        (bomb(), "million pixels"),
        (b"GIF89a" + b"\0" * (33 << 20), "larger than 32 MiB"),
        (b"", "file is empty"),
    ],
    ids=["type", "kind", "bomb", "large", "empty"],
)
def test_a_file_that_is_no_cover_is_told_at_its_field_and_everything_typed_stays(
    api: httpx.Client, content: bytes, reason: str
):
    typed = {**opened(api, "/ui/books/new"), "title": marker(), "subtitle": "été <b>", "description": "a\r\nb"}

    response = sent(api, "/ui/books/new", typed, ("x", content))

    assert response.status_code == 422, response.text
    page = Page.of(response.text)
    assert reason in page.text
    assert 'href="#cover"' in response.text
    assert 'id="cover-mistake"' in response.text
    assert (page.fields["subtitle"], page.fields["description"]) == ("été <b>", "a\nb")
    assert not page.fields.get("cover")


def test_two_who_choose_a_cover_are_asked_which_one_it_is(api: httpx.Client):
    book = make_book(api)
    there = f"/ui/book/{book['slug']}/edit"
    mine, theirs = opened(api, there), opened(api, there)
    contents = {"mine": cover(), "theirs": cover()}
    assert sent(api, there, theirs, ("theirs.png", contents["theirs"])).status_code == 303

    conflict = sent(api, there, mine, ("mine.png", contents["mine"]))

    assert conflict.status_code == 409
    assert files_of(api, book)[0]["name"] == "theirs.png"
    again = as_shown(conflict)
    assert again["take.cover"] == "mine"
    assert sent(api, there, again).status_code == 303
    (file,) = files_of(api, book)
    assert (file["name"], file["sha256"]) == ("mine.png", hashlib.sha256(contents["mine"]).hexdigest())


def test_an_e_book_is_added_on_the_page_of_its_book_and_removed_again(api: httpx.Client):
    book = make_book(api)
    there = f"/ui/book/{book['slug']}"

    answer = sent(api, f"{there}/files", {}, ("a b.pdf", b"%PDF-1.7" + b"x" * 9_000_000))

    assert (answer.status_code, answer.headers["Location"]) == (303, f"../../../{there[1:]}")
    (file,) = files_of(api, book)
    assert (file["kind"], file["name"], file["size"]) == ("ebook", "a b.pdf", 9_000_008)
    assert "a b.pdf" in api.get(there).text
    for content, reason in (
        (b"%PDF-1.7" + b"x" * 9_000_000, "has this file"),
        (cover(), "PNG"),
        (b"", "file is empty"),
    ):
        refused = sent(api, f"{there}/files", {}, ("a", content))
        assert (refused.status_code, 'href="#ebook"' in refused.text) == (422, True), reason
        assert reason in refused.text
    removed = api.post(f"{there}/files/{file['id']}/remove")
    assert (removed.status_code, files_of(api, book)) == (303, [])
    assert api.post(f"{there}/files/{file['id']}/remove").status_code == 404
    assert sent(api, "/ui/book/none/files", {}, ("a", b"%PDF-1.7")).status_code == 404


def test_a_form_with_a_file_is_a_form(api: httpx.Client):
    head = {"Content-Type": 'multipart/form-data; boundary="x"'}
    title = marker()
    name = 'Content-Disposition: form-data; name="title"\r\n\r\n'
    whole = f"--x\r\n{name}{title}\r\n--x\r\n".encode()

    for body in (b"", b"--y--", whole, f"--x\r\n{name}a\r\n--x\r\n{name}b\r\n--x--".encode(),
                 b'--x\r\nContent-Disposition: form-data; name="title"; filename="a"\r\n\r\na\r\n--x--',
                 f"--x\r\n{name}".encode() + b"\xff\r\n--x--", b"--x\r\nX: 1\r\n\r\n\r\n--x--"):  # fmt: skip
        assert api.post("/ui/books/new", content=body, headers=head).status_code == 400, body
    many = "".join(f'--x\r\nContent-Disposition: form-data; name="{number}"\r\n\r\n\r\n' for number in range(5000))
    assert "more than 4,999 parts" in api.post("/ui/books/new", content=f"{many}--x--".encode(), headers=head).text
    assert api.post("/ui/books/new", content=whole, headers={"Content-Type": "multipart/form-data"}).status_code == 400
    cross = {**head, "Sec-Fetch-Site": "cross-site"}
    assert api.post("/ui/books/new", content=whole[:-2] + b"--", headers=cross).status_code == 403
    assert api.post("/ui/books/new", content=whole, headers={**head, "Content-Encoding": "gzip"}).status_code == 415
    assert api.post("/ui/books/new", content=b"{}", headers={"Content-Type": "application/json"}).status_code == 415
    long = f"--x\r\n{name}{'x' * (9 << 20)}\r\n--x--".encode()
    assert api.post("/ui/books/new", content=long, headers=head).status_code == 413
    assert api.get(f"/books?searchString={title}").json()["total"] == 0
    assert api.post("/ui/books/new", content=whole[:-2] + b"--", headers=head).status_code == 303


def test_a_form_with_a_file_that_is_sent_twice_counts_once(api: httpx.Client):
    typed, content = {**opened(api, "/ui/books/new"), "title": marker()}, cover()

    first, second = (sent(api, "/ui/books/new", typed, ("x.png", content)) for _ in range(2))

    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["Location"] == second.headers["Location"]
    assert sent(api, "/ui/books/new", typed, ("x.png", cover())).status_code == 422
