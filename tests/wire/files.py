"""Cases about files: what is sent, and what is read of one, whole or in parts."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator

from tests.wire.case import CHUNKED, CLOSE, HOST, ID, Case, ask, head, raw

CONTENT = b"GIF89a".ljust(200_000, b"x")
"""What the file of the cases has: several parts."""

ONE = "/books/{book}/files/{file}"
ALL = "/books/{book}/files?kind=cover"
TAG = f'"{hashlib.sha256(CONTENT).hexdigest()}"'

RANGES = [
    ("bytes=0-0", 206), ("bytes=10-99999", 206), ("bytes=199999-", 206), ("bytes=-7", 206), ("bytes=-999999", 206),
    ("bytes=5-999999999", 206), ("Bytes = 1-2", 206), ("bytes=0-1,4-5", 200), ("bytes=2-1", 200), ("bytes=-", 200),
    ("bytes=a-b", 200), ("pages=1-2", 200), ("bytes=200000-", 416), ("bytes=-0", 416), ("", 200),
    ("bytes=" + "9" * 30 + "-", 200),
]  # fmt: skip


def files() -> Iterator[Case]:
    """Yield every case about files."""
    for range_, status in RANGES:
        yield ask(status, ONE, f"Range: {range_}")
    yield ask(200, ONE, "Range: bytes=0-9", method="HEAD")
    for field, status in [
        (f"If-Range: {TAG}", 206), (f"If-Range: W/{TAG}", 200), ('If-Range: "x"', 200), (f"If-None-Match: {TAG}", 304),
        ("If-None-Match: *", 304), ('If-None-Match: "x"', 206),
    ]:  # fmt: skip
        yield ask(status, ONE, "Range: bytes=5-9", field)
    yield ask(200, ONE, "Accept-Encoding: gzip")
    again = head("GET", "{prefix}" + ONE, HOST) + head("HEAD", "{prefix}" + ONE, HOST, CLOSE)
    yield Case("read a file, and its head", again, (200, 200), ("GET", "HEAD"))
    yield from _refused()
    yield from _writes()
    yield from _imports()


def _refused() -> Iterator[Case]:
    image = b"GIF89a{marker}"
    for path, body, status in [
        (ALL, b"<svg/>", 415), (ALL, b"%PDF-1.7 x", 422), (ALL, b"", 422), ("/books/{book}/files", image, 422),
        ("/books/{book}/files?kind=x", image, 422), (f"/books/{ID}/files?kind=cover", image, 404),
        ("/books/x/files?kind=cover", image, 404),
    ]:  # fmt: skip
        yield ask(status, path, method="POST", body=body)
    yield ask(415, ALL, "Content-Type: multipart/form-data; boundary=x", method="POST", body=image)
    yield ask(415, ALL, "Content-Encoding: gzip", method="POST", body=image)
    yield ask(404, f"/books/{{book}}/files/{ID}?kind=cover", method="PUT", body=image)
    yield ask(412, f"{ONE}?kind=cover", 'If-Match: "x"', method="PUT", body=image)
    upload = ("POST", "{prefix}" + ALL, HOST)
    yield raw("a file that is too large", 413, head(*upload, "Content-Length: 134217729"), method="POST")
    yield raw(
        "a file that ends early", 400, head(*upload, "Content-Length: 100") + image, method="POST", half_close=True
    )
    for chunks, status in [(b"x\r\n", 400), (b"3\r\nGIF\r\n5 \r\n", 400), (b"8000001\r\n", 413)]:
        yield raw(f"a file of chunks {chunks!r}", status, head(*upload, CHUNKED) + chunks, method="POST")


def _writes() -> Iterator[Case]:
    yield ask(201, ALL, method="POST", body=b"GIF89a{marker}", writes=True, name="send a file")
    chunks = b"6\r\nGIF89a\r\n21\r\n{marker}\r\n0\r\n\r\n"
    continued = head("POST", "{prefix}" + ALL, HOST, CLOSE, CHUNKED, "Expect: 100-continue") + chunks
    yield Case("send a file in chunks with 100-continue", continued, (201,), ("POST",), writes=True, own=True)


_PART = b'Content-Disposition: form-data; name="f"; filename="a.csv"\r\n\r\ntitle\n'


def _imports() -> Iterator[Case]:
    """Yield the cases about files to be imported, which may come in a form and in gzip."""
    path, kind = "/imports", "Content-Type: multipart/form-data; boundary=x"
    form = b"--x\r\n%b\r\n--x--" % _PART
    coded = gzip.compress(form, mtime=0)
    for fields, body, status in [
        ((), b"title\nx{marker}", 201), ((kind,), form, 201), (("Content-Encoding: gzip",), coded, 201),
        ((kind, "Content-Encoding: gzip"), coded, 201),
    ]:  # fmt: skip
        yield ask(status, path, *fields, method="POST", body=body, writes=True)
    for fields, body, status in [
        ((kind,), b"title\n", 400), ((kind,), form[:-5], 400), ((kind,), form[:-5] + form, 400),
        ((kind,), b"", 400), (("Content-Type: multipart/form-data",), form, 400),
        (("Content-Encoding: gzip",), b"title\n", 400), (("Content-Encoding: br",), b"title\n", 415),
    ]:  # fmt: skip
        yield ask(status, path, *fields, method="POST", body=body)
    upload = ("POST", "{prefix}/imports", HOST)
    for fields in ((), (kind,)):
        name = f"a file to be imported that is too large {fields}"
        yield raw(name, 413, head(*upload, *fields, "Content-Length: 134217729"), method="POST")
    content = b"title\n" + b"x" * 9_000_000
    chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)
    name = "a file to be imported that is larger than other bodies"
    yield Case(name, head(*upload, CLOSE, CHUNKED) + chunks, (201,), ("POST",), writes=True, own=True)
