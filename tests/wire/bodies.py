"""Cases about bodies: length, framing and JSON."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

from tests.contract.making import LIMIT
from tests.wire.case import CHUNKED, CLOSE, HOST, ID, JSON, Case, ask, head, post, raw

AUTHORS = "{prefix}/authors"


def bodies() -> Iterator[Case]:
    """Yield every case about what follows a head."""
    yield from _lengths()
    yield from _codings()
    yield from _chunks()
    yield from _ends()
    yield from _sizes()
    yield from _expectations()
    yield from _json()
    yield from _writes()


def _post(*fields: str, target: str = AUTHORS, method: str = "POST") -> bytes:
    return head(method, target, HOST, CLOSE, JSON, *fields)


def _lengths() -> Iterator[Case]:
    for length, status in [
        ("2", 422), ("02", 422), ("000000000000000000002", 422), (" 2 ", 422), ("0", 400),
        ("-2", 400), ("+2", 400), ("2.0", 400), ("0x2", 400), ("2 2", 400), ("2,2", 400), ("2, 2", 400), ("two", 400),
        ("", 400), ("2;", 400), ("1_0", 400), ("\xb2", 400), ("\u0662".encode().decode("latin-1"), 400), ("1e1", 400),
        ("9" * 30, 413), (str(2**63), 413), (str(2**64 + 2), 413),
    ]:  # fmt: skip
        yield raw(f"length {length!a}", status, _post(f"Content-Length: {length}") + b"{}", method="POST")
    for name, status, fields in [
        ("two lengths", 400, ("Content-Length: 2", "Content-Length: 3")),
        ("the same length twice", 400, ("Content-Length: 2", "Content-Length: 2")),
        ("a length and chunks", 400, ("Content-Length: 2", CHUNKED)),
        ("chunks and a length", 400, (CHUNKED, "Content-Length: 2")),
        ("chunks twice", 400, (CHUNKED, CHUNKED)),
        ("no length", 400, ()),
    ]:
        yield raw(name, status, _post(*fields) + (b"{}" if fields else b""), method="POST")
    yield raw("a body of GET", 200, head("GET", "{prefix}/health/live", HOST, CLOSE, "Content-Length: 2") + b"{}")
    yield raw(
        "a body of HEAD", 200, head("HEAD", "{prefix}/health/live", HOST, CLOSE, "Content-Length: 2") + b"{}",
        method="HEAD",
    )  # fmt: skip
    yield raw(
        "chunks of GET", 200, head("GET", "{prefix}/health/live", HOST, CLOSE, CHUNKED) + b"1\r\nx\r\n0\r\n\r\n"
    )  # fmt: skip
    for method, path, status in [
        ("OPTIONS", "/authors", 204), ("DELETE", f"/authors/{ID}", 404), ("PUT", "/authors", 405), ("PUT", "/x", 404),
        ("FOO", "/authors", 405),
    ]:  # fmt: skip
        yield ask(status, path, method=method, body=b"anything at all")


def _codings() -> Iterator[Case]:
    for coding, status in [
        ("Chunked", 400), ("CHUNKED", 400), ("gzip, chunked", 400), ("chunked, gzip", 400), ("xchunked", 400),
        ("identity", 400), ("gzip", 400), ("chunked, chunked", 400), ("", 400), ("chunked;q=1", 400), ("x", 400),
        ('"chunked"', 400), ("chunked,", 400), (",chunked", 400), ("identity, chunked", 400), ("\xa0chunked", 400),
        ("\x0bchunked", 400), ("chunked\x00", 400), ("  chunked  ", 422),
    ]:  # fmt: skip
        message = _post(f"Transfer-Encoding: {coding}") + b"2\r\n{}\r\n0\r\n\r\n"
        yield raw(f"coding {coding!a}", status, message, method="POST")
    old = head("POST", AUTHORS, HOST, JSON, CHUNKED, version="HTTP/1.0")
    yield raw("chunks of HTTP/1.0", 400, old + b"2\r\n{}\r\n0\r\n\r\n", method="POST")


def _chunks() -> Iterator[Case]:
    end = "0\r\n\r\n"
    for body, status in [
        (f"2\r\n{{}}\r\n{end}", 422), (f"1\r\n{{\r\n1\r\n}}\r\n{end}", 422), (f"0002\r\n{{}}\r\n{end}", 422),
        (f"2;a\r\n{{}}\r\n{end}", 422), (f"2;a=b\r\n{{}}\r\n{end}", 422), (f'2;a="b;c"\r\n{{}}\r\n{end}', 422),
        (f"2 ;a=b\r\n{{}}\r\n{end}", 422), ("2\r\n{}\r\n000\r\n\r\n", 422), ("2\r\n{}\r\n0;a=b\r\n\r\n", 422),
        ("2\r\n{}\r\n0\r\nX-A: b\r\n\r\n", 422), ("2\r\n{}\r\n0\r\nX-A: b\r\nX-B: c\r\n\r\n", 422), (end, 400),
        (f"A\r\n{{        }}\r\n{end}", 422), (f"a\r\n{{        }}\r\n{end}", 422),
        (f"0x2\r\n{{}}\r\n{end}", 400), (f" 2\r\n{{}}\r\n{end}", 400), (f"2 \r\n{{}}\r\n{end}", 400),
        (f"+2\r\n{{}}\r\n{end}", 400), (f"-2\r\n{{}}\r\n{end}", 400), (f"2_0\r\n{{}}\r\n{end}", 400),
        (f"\r\n{{}}\r\n{end}", 400), (f"x\r\n{{}}\r\n{end}", 400), (f"2\n{{}}\n{end}", 400),
        (f"2h\r\n{{}}\r\n{end}", 400),
        (f"1\r\n{{}}\r\n{end}", 400), (f"3\r\n{{}}\r\n{end}", 400), (f"2\r\n{{}}{end}", 400),
        (f"2\r\n{{}}\n{end}", 400),
        (f"2;\r\n{{}}\r\n{end}", 400), (f"2;a b\r\n{{}}\r\n{end}", 400), (f"2;a=\r\n{{}}\r\n{end}", 400),
        (f'2;a="b\r\n{{}}\r\n{end}', 400), (f"2;\x00\r\n{{}}\r\n{end}", 400), (f"2;a\rb\r\n{{}}\r\n{end}", 400),
        (f"2;{'a' * 300}\r\n{{}}\r\n{end}", 400), (f"{'0' * 300}2\r\n{{}}\r\n{end}", 400),
        (f"2,\r\n{{}}\r\n{end}", 400),
        ("2\r\n{}\r\n0\r\nX A: b\r\n\r\n", 400), ("2\r\n{}\r\n0\r\n b\r\n\r\n", 400),
        ("2\r\n{}\r\n0\r\nX-A\r\n\r\n", 400),
        ("2\r\n{}\r\n0\r\nX-A: \x00\r\n\r\n", 400), ("2\r\n{}\r\n0\n\n", 400), ("2\r\n{}\r\n0\r\nX-A: b\n\n", 400),
        ("2\r\n{}\r\n0\r\n" + "X-A: b\r\n" * 3000 + "\r\n", 400), ("FFFFFFFFFFFFFFFF\r\n{}\r\n" + end, 413),
        (f"\xb2\r\n{{}}\r\n{end}", 400), (f"\t2\r\n{{}}\r\n{end}", 400), (f"2\t\r\n{{}}\r\n{end}", 400),
        ("2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n", 422), ("{}", 400), ("GET / HTTP/1.1\r\n\r\n", 400),
    ]:  # fmt: skip
        message = _post(CHUNKED) + body.encode("latin-1")
        yield raw(f"chunks {body[:50]!a}", status, message, method="POST", half_close=True)
    broken = b"x\r\n"
    for method, path, status in [
        ("POST", "/nothing", 404), ("POST", "/authors/nobody", 404), ("PUT", "/authors", 405), ("GET", "/authors", 400),
        ("OPTIONS", "/authors", 204), ("HEAD", "/authors", 400), ("DELETE", f"/authors/{ID}", 400),
    ]:  # fmt: skip
        message = _post(CHUNKED, target="{prefix}" + path, method=method) + broken
        yield raw(f"broken chunks: {method} {path}", status, message, method=method)


def _ends() -> Iterator[Case]:
    name = b'{"name": "Truncated {marker}"}'
    for cut in ("Content-Length: 40", "Content-Length: 1000"):
        yield raw(f"a body cut short, {cut}", 400, _post(cut) + name, method="POST", half_close=True)
        missing = _post(cut, target="/nothing") + name
        yield raw(f"a body cut short, {cut}, to nothing", 404, missing, method="POST", half_close=True)
    yield raw("a length and no body", 400, _post("Content-Length: 2"), method="POST", half_close=True)
    for end in (
        "2",
        "2\r",
        "2\r\n",
        "2\r\n{",
        "2\r\n{}",
        "2\r\n{}\r",
        "2\r\n{}\r\n",
        "2\r\n{}\r\n0",
        "2\r\n{}\r\n0\r\n",
        "",
    ):
        message = _post(CHUNKED) + end.encode()
        yield raw(f"chunks cut short {end!a}", 400, message, method="POST", half_close=True)
    trailer = _post(CHUNKED) + b"2\r\n{}\r\n0\r\nX-A: b\r\n"
    yield raw("a trailer cut short", 400, trailer, method="POST", half_close=True)
    yield raw("a whole body and an end", 422, _post("Content-Length: 2") + b"{}", method="POST", half_close=True)
    longer = head("POST", AUTHORS, HOST, JSON, "Content-Length: 1") + b"{}"
    yield Case("more than its length", longer, (400, 400), ("POST", "GET"), half_close=True, own=True)


def _sizes() -> Iterator[Case]:
    full = b'{"name": 5}'.ljust(LIMIT)
    yield raw("a body of the limit", 422, _post("Content-Length: {length}") + full, method="POST")
    yield raw("a body over the limit", 413, _post("Content-Length: {length}") + full + b" ", method="POST")
    for target, status in [("/nothing", 404), ("/authors/nobody", 404)]:
        message = _post("Content-Length: {length}", target="{prefix}" + target) + full + b" "
        yield raw(f"a body over the limit to {target}", status, message, method="POST")
    yield raw("PUT over the limit", 405, _post("Content-Length: {length}", method="PUT") + full + b" ", method="PUT")
    yield raw("GET over the limit", 413, _post(f"Content-Length: {LIMIT + 1}", method="GET") + full + b" ")
    yield raw("a length over the limit and nothing more", 413, _post(f"Content-Length: {LIMIT + 1}"), method="POST")
    chunk = b"%x\r\n" % LIMIT + full + b"\r\n"
    yield raw("chunks of the limit", 422, _post(CHUNKED) + chunk + b"0\r\n\r\n", method="POST")
    yield raw("chunks over the limit", 413, _post(CHUNKED) + chunk + b"1\r\n \r\n0\r\n\r\n", method="POST")
    yield raw("a chunk over the limit", 413, _post(CHUNKED) + b"%x\r\n" % (LIMIT + 1), method="POST")
    junk = _post(CHUNKED) + chunk + b"5\r\njunk!\r\n0\r\n\r\n"
    yield raw("junk over the limit", 413, junk, method="POST")


def _expectations() -> Iterator[Case]:
    expect = "Expect: 100-continue"
    for name, status, message in [
        ("a body", 422, _post(expect, "Content-Length: 2") + b"{}"),
        ("chunks", 422, _post(expect, CHUNKED) + b"2\r\n{}\r\n0\r\n\r\n"),
        ("no body", 400, _post(expect)),
        ("an empty body", 400, _post(expect, "Content-Length: 0")),
        ("nothing", 404, _post(expect, "Content-Length: 2", target="/nothing") + b"{}"),
        ("a body over the limit", 413, _post(expect, f"Content-Length: {LIMIT + 1}")),
        ("a bad chunk", 400, _post(expect, CHUNKED) + b"x\r\n"),
        ("a body over the limit to nothing", 404, _post(expect, f"Content-Length: {LIMIT + 1}", target="/nothing")),
    ]:
        yield raw(f"100-continue: {name}", status, message, method="POST")
    old = head("POST", AUTHORS, HOST, JSON, expect, "Content-Length: 2", version="HTTP/1.0")
    yield raw("100-continue: HTTP/1.0", 422, old + b"{}", method="POST")
    unknown = _post("Expect: x", "Content-Length: 2") + b"{}"
    yield raw("unknown Expect with a body", 417, unknown, method="POST")
    unsent = _post("Expect: x", "Content-Length: 2")
    yield raw("unknown Expect with a body to come", 417, unsent, method="POST")


def _json() -> Iterator[Case]:
    for body, status in [
        (b"", 400), (b" ", 400), (b"null", 422), (b"true", 422), (b"5", 422), (b'"x"', 422), (b"[]", 422), (b"{}", 422),
        (b"{", 400), (b"}", 400), (b"{} {}", 400), (b"{}x", 400), (b"{,}", 400), (b'{"name": "x",}', 400),
        (b"{'name': 'x'}", 400), (b"{name: 1}", 400), (b'{"name"}', 400), (b'{"name": }', 400), (b"// x\n{}", 400),
        (b"\xef\xbb\xbf{}", 400), (b"\xff\xfe{\x00}\x00", 400), ('{"name": 5}'.encode("utf-16"), 400),
        ('{"name": 5}'.encode("utf-16-be"), 400), ('{"name": 5}'.encode("utf-32"), 400), (b"\x00{}", 400),
        (b'{"name": "\xff"}', 400), (b'{"name": "\xed\xa0\x80"}', 400), (b'{"name": "\xc0\x80"}', 400),
        (b'{"name": "a\nb"}', 400), (b'{"name": "a\tb"}', 400), (b'{"name": "a\x00b"}', 400), (b'{"name": "\\x"}', 400),
        (b'{"name": "\\u12"}', 400), (b'{"name": 01}', 400), (b'{"name": 1.}', 400), (b'{"name": .5}', 400),
        (b'{"name": +1}', 400), (b'{"name": 0x1}', 400), (b'{"name": NaN}', 400), (b'{"name": Infinity}', 400),
        (b'{"name": -Infinity}', 400), (b'{"name": 1e400}', 400), (b'{"name": 1e308}', 422), (b'{"name": -0}', 422),
        (b'{"name": ' + b"9" * 30 + b"}", 400), (b'{"name": 12345678901234567890}', 422), (b'{"name": True}', 400),
        (b'{"name": "x", "name": "y"}', 400), (b'{"name": {"a": 1, "a": 2}}', 400), (b'{"\\u006eame": 5}', 422),
        (b"[" * 2000, 400), (b"[" * 50_000, 400), (b"[" * 33 + b"]" * 33, 400), (b"[" * 32 + b"]" * 32, 422),
        (b'{"a":' * 2000 + b"1" + b"}" * 2000, 400), (b'{"name": "\\ud800"}', 422), (b'{"\\ud800": 1}', 422),
        (b'{"name": "\\u0000"}', 422), (b'{"name": ""}', 422), (b'{"name": " "}', 422), (b'{"name": null}', 422),
        (b'{"name": []}', 422), (b'{"name": {}}', 422), (b'{"name": true}', 422),
        (b'{"name": 5, "x": [], "a/b": 1}', 422),
        (b'{"name": "x", "~1/": 1}', 422), (b'{"name": "' + b"x" * 5000 + b'"}', 422), (b'{"name": "x", "": 1}', 422),
        (b'{"name": "x", "id": "y"}', 422), (b'{"name": "x", "dob": "2001-02-30"}', 422),
        (gzip.compress(b"{}", mtime=0), 400),
        (b'{"name": "x", "dob": 5}', 422), (b'{"name": "x", "dob": ""}', 422), (b'{"name": "x", "dob": "1"}', 422),
        (b"{" + b",".join(b'"%d": 1' % number for number in range(101)) + b"}", 400), (b"{}\x00", 400),
        (b"{}\x1a", 400),
        (b"name=x", 400), (b"<x/>", 400), (b"\r\n{}\r\n", 422), (b"\xa0{}", 400), (b"{\x0b}", 400),
    ]:  # fmt: skip
        yield post(status, body)
    packed = gzip.compress(b"{}", mtime=0)
    for coding, body, status in [
        ("gzip", packed, 422), ("x-gzip", packed, 422), ("GZIP", packed + packed, 400), ("gzip", b"{}", 400),
        ("gzip", packed[:-1], 400), ("gzip", packed + b"x", 400), ("gzip", b"", 400), ("br", packed, 415),
        ("gzip, gzip", packed, 415), ("identity", b"{}", 415), ("", b"{}", 422),
        ("gzip", gzip.compress(b" " * (LIMIT + 1), mtime=0), 413),
    ]:  # fmt: skip
        yield post(status, body, JSON, f"Content-Encoding: {coding}", name=f"{len(body)} bytes in {coding}")
    for method, path, body, status in [
        ("POST", "/books", b'{"title": "", "author_id": "x", "year": 9223372036854775808, "isbn": "1"}', 422),
        ("POST", "/books", b'{"title": "x", "author_id": "%b"}' % ID.encode(), 422),
        ("POST", "/books?include=tags", b"{}", 422),
        ("PATCH", f"/books/{ID}", b'{"year": 1}', 404),
        ("PATCH", "/books/{book}", b'{"isbn": "{isbn}"}', 409),
        ("PATCH", "/books/{book}", b'{"title": null}', 422),
        ("PATCH", "/books/nobody", b'{"year": 1}', 404),
        ("PUT", "/books/{book}/contributors", b'{"items": [5]}', 422),
        ("PUT", "/books/{book}/tags", b'{"items": [" ", 5]}', 422),
        ("POST", "/tags", b'{"name": "{name}"}', 409),
        ("DELETE", "/authors/{author}", b"", 409),
        ("DELETE", "/tags/batch", b'{"ids": ["x", 5]}', 422),
        ("DELETE", f"/tags/batch?ids={ID}", b"", 404),
        ("DELETE", "/authors/batch?ids={author}", b"", 409),
        ("PUT", "/authors/batch", b'{"items": [{"name": "x"}, {"name": "y", "dob": null}]}', 422),
        ("PATCH", "/tags/batch", b'{"items": [{"id": "%b"}]}' % ID.encode(), 404),
        ("POST", "/tags/batch", b'{"items": [{"name": "{name}"}]}', 409),
        ("POST", "/tags/batch", b'{"items": {}}', 422),
        ("POST", "/tags/batch", b"[]", 422),
    ]:
        yield ask(status, path, *([JSON] if body else []), method=method, body=body)
    # Values that a careless pattern takes for years.
    for name, field in [
        ("semicolons", ";" * 8000),
        ("blanks", " ;" * 4000 + "!"),
        ("parameters", ";a=b" * 2000 + ";="),
    ]:
        yield post(415, b"{}", f"Content-Type: application/json{field}@", name=f"a media type of many {name}")


def _writes() -> Iterator[Case]:
    author = b'{"name": "Wire {marker} \\u00e9\xc3\xa9\xf0\x9f\x93\x9a", "dob": "1929-10-21"}'
    book = b'{"title": "Wire {marker}", "author_id": "{author}", "year": 1974}'
    yield post(201, author, writes=True, name="create an author")
    yield post(201, b'{"name": "Wire {marker}"}', "Content-Type: application/x+json; a=b", writes=True, name="+json")
    yield post(201, book, target="/books", writes=True, name="create a book")
    yield post(201, b'{"name": "wire {marker}"}', target="/tags", writes=True, name="create a tag")
    batch = b'{"items": [{"name": "wire {marker}"}, {"name": "wire 2 {marker}", "description": "x"}]}'
    yield post(201, batch, target="/tags/batch", writes=True, name="create a batch")
    yield ask(200, "/authors/{author}", JSON, method="PATCH", body=b'{"dob": "1929-10-22"}', writes=True)
    yield ask(200, "/books/{book}", JSON, method="PATCH", body=b"{}", writes=True)
    yield ask(200, "/books/{book}/tags", JSON, method="PUT", body=b'{"items": ["wire"]}', writes=True)
    yield ask(201, "/tags/{fresh}", JSON, method="PUT", body=b'{"name": "wire {marker}"}', writes=True)
    chunks = _post(CHUNKED) + b'12\r\n{"name": "Wire -- \r\n23\r\n{marker}"}\r\n0\r\n\r\n'
    yield Case("create with chunks", chunks, (201,), ("POST",), writes=True)
    spaced = b" \t\r\n" + author + b"\n\n"
    yield post(201, spaced, writes=True, name="create with blanks around")
    continued = head("POST", AUTHORS, HOST, CLOSE, JSON, "Expect: 100-continue", "Content-Length: {length}") + author
    yield Case("create with 100-continue", continued, (201,), ("POST",), writes=True, own=True)
    tag = b'{"name": "wire {marker}"}'
    both = head("POST", "{prefix}/tags", HOST, JSON, "Content-Length: 50") + tag
    yield Case("create, and read", both + head("GET", "{prefix}/tags/{tag}", HOST, CLOSE), (201, 200), ("POST", "GET"),
               writes=True, own=True)  # fmt: skip
