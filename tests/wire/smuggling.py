"""Messages in which two readers could find different requests: the corpus of request smuggling."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.wire.case import CHUNKED, HOST, ID, JSON, head

NUMBER = b"#####"
"""Stands in a message for the number of its case, which is as long."""


def _hidden(method: str, *fields: str) -> bytes:
    return head(method, "/metrics", HOST, "X-Request-ID: hidden-#####", *fields)


HIDDEN = _hidden("GET")
"""A request that every proxy refuses: where Diptych sees it, the proxy did not."""

OPEN = HIDDEN[:-2] + b"X-Rest: "
"""The same, which makes the next request's first line a header of its own."""

GREEDY = _hidden("POST", "Content-Length: 400") + b"{"
"""The same, which takes the next request for its body."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is sent on one connection before the marker, and in how many parts, with a pause behind each."""

    name: str
    parts: tuple[bytes, ...]

    def message(self, number: int) -> tuple[bytes, ...]:
        """Return the parts for one sending."""
        return tuple(part.replace(NUMBER, b"%05d" % number) for part in self.parts)


def cases() -> list[Case]:
    """Return the corpus, no message twice."""
    made: dict[tuple[bytes, ...], Case] = {}
    for case in itertools.chain(
        _both_framings(), _two_codings(), _lengths(), _hop_by_hop(), _chunks(), _trailers(), _heads(), _targets(),
        _expectations(), _prefixes(), _pauses(),
    ):  # fmt: skip
        made.setdefault(case.parts, case)
    return list(made.values())


def _case(name: str, *parts: bytes) -> Case:
    return Case(name, parts)


def _outer(*fields: str | bytes, method: str = "POST", target: str = "/tags", version: str = "HTTP/1.1") -> bytes:
    return head(method, target, HOST, "X-Request-ID: case-#####", JSON, *fields, version=version)


def _sized(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST = b"0\r\n\r\n"

CODINGS: tuple[bytes, ...] = (
    b"Transfer-Encoding: chunked", b"Transfer-Encoding:chunked", b"Transfer-Encoding:\tchunked",
    b"Transfer-Encoding: chunked ", b"Transfer-Encoding: chunked\t", b"Transfer-Encoding: CHUNKED",
    b"transfer-encoding: Chunked", b"Transfer-Encoding : chunked", b"Transfer-Encoding\t: chunked",
    b"Transfer-Encoding\x0b: chunked", b"Transfer-Encoding\x00: chunked", b"Transfer-Encoding\xa0: chunked",
    b" Transfer-Encoding: chunked", b"\tTransfer-Encoding: chunked", b"Transfer-Encoding\r\n: chunked",
    b"Transfer-Encoding:\r\n chunked", b"Transfer-Encoding:\n chunked", b"Transfer-Encoding:\r\n\tchunked",
    b"Transfer-Encoding: chunked\r\n ,identity", b"X-A: b\nTransfer-Encoding: chunked",
    b"X-A: b\rTransfer-Encoding: chunked", b"X-A: b\r\n Transfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\rX-A: b",
    b"Transfer-Encoding: xchunked", b"Transfer-Encoding: chunkedx", b"Transfer-Encoding: chunk",
    b"Transfer-Encoding: identity", b"Transfer-Encoding: identity, chunked", b"Transfer-Encoding: chunked, identity",
    b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding: , chunked",
    b"Transfer-Encoding: chunked,", b'Transfer-Encoding: "chunked"', b"Transfer-Encoding: 'chunked'",
    b"Transfer-Encoding: chunked;q=1", b"Transfer-Encoding: chunked;a=b", b"Transfer-Encoding: \x0bchunked",
    b"Transfer-Encoding: chunked\x0b", b"Transfer-Encoding: \x0cchunked", b"Transfer-Encoding: \x00chunked",
    b"Transfer-Encoding: chunked\x00", b"Transfer-Encoding: \x7fchunked", b"Transfer-Encoding: \xa0chunked",
    b"Transfer-Encoding: chunked\xa0", b"Transfer-Encoding: \xd1\x81hunked", b"Transfer-Encoding:",
    b"Transfer_Encoding: chunked", b"Transfer-Encoding;: chunked", b"X-Transfer-Encoding: chunked",
    b"Content-Encoding: chunked", b"TE: chunked", b"Transfer-Encoding", b": chunked", b"Transfer-\r\nEncoding: chunked",
)  # fmt: skip


def _both_framings() -> Iterator[Case]:
    """Yield a length and chunks, in every spelling: the hidden request begins behind one and stands in the other."""
    for coding, hidden in itertools.product(CODINGS, (HIDDEN, OPEN)):
        within_length = LAST + hidden
        length = f"Content-Length: {len(within_length)}"
        yield _case(f"CL.TE {coding!a}", _outer(length, coding) + within_length)
    for number, coding in enumerate(CODINGS):
        hidden = (HIDDEN, GREEDY)[number % 2]
        within_chunk = _sized(hidden) + LAST
        length = f"Content-Length: {within_chunk.index(hidden)}"
        yield _case(f"TE.CL {coding!a}", _outer(coding, length) + within_chunk)


def _two_codings() -> Iterator[Case]:
    values = ("chunked", "identity", "x", "CHUNKED", "")
    for first, second in itertools.product(values, repeat=2):
        fields = (f"Transfer-Encoding: {first}", f"Transfer-encoding: {second}")
        length = f"Content-Length: {len(LAST + HIDDEN)}"
        yield _case(f"TE.TE {first}, {second}", _outer(*fields, length) + LAST + HIDDEN)
        yield _case(f"TE.TE {first}, {second} and no length", _outer(*fields) + LAST + HIDDEN)


def _lengths() -> Iterator[Case]:
    """Yield a length that is none of the hidden request, or the whole: it depends on who reads it."""
    size = str(len(HIDDEN))
    for fields in (
        ("Content-Length: 0", f"Content-Length: {size}"), (f"Content-Length: {size}", "Content-Length: 0"),
        (f"Content-Length: {size}", f"Content-Length: {size}"), ("Content-Length: 0", "Content-Length: 0"),
        (f"Content-Length: 0, {size}",), (f"Content-Length: {size}, 0",), (f"Content-Length: {size}, {size}",),
        (f"Content-Length: +{size}",), (f"Content-Length: -{size}",), ("Content-Length: -0",),
        (f"Content-Length: 0x{len(HIDDEN):x}",), (f"Content-Length: {size} ",), (f"Content-Length:\t{size}",),
        (f"Content-Length: 0{size}",), (f"Content-Length: {size}.0",), (f"Content-Length: {size};",),
        (f"Content-Length: {size},",), (f'Content-Length: "{size}"',), (f"Content-Length: {size}\x00",),
        (f"Content-Length: \x0b{size}",), (f"Content-Length: {size[:1]}_{size[1:]}",), ("Content-Length: 1e2",),
        (f"Content-Length: {size} {size}",), (f"Content-Length: {2**64 + len(HIDDEN)}",),
        (f"Content-Length: {2**32 + len(HIDDEN)}",), ("Content-Length: ",), ("Content-Length",),
        (f"Content-Length : {size}",), (f"Content-Length\t: {size}",), (f" Content-Length: {size}",),
        (f"Content-Length\x00: {size}",), (f"Content-Length:\r\n {size}",), (f"X-A: b\nContent-Length: {size}",),
        (f"X-A: b\rContent-Length: {size}",), (f"Content_Length: {size}",), (f"Content-Length: {size}\r\n 0",),
        (f"Content-Length: {size}\r{size}",), (f"Content-Length: \xb9{size}",), (f"Content-Length: {size}\xa0",),
        ("Content-Length: 0", f"Content-Length : {size}"), (f"Content-Length: {size}", "Content_Length: 0"),
    ):  # fmt: skip
        for method in ("POST", "GET"):
            yield _case(f"CL {method} {fields!a}", _outer(*fields, method=method) + HIDDEN)
    yield _case("0.CL of GET", _outer(f"Content-Length: {size}", method="GET") + HIDDEN)
    yield _case("0.CL of OPTIONS", _outer(f"Content-Length: {size}", method="OPTIONS") + HIDDEN)
    yield _case("0.CL of DELETE", _outer(f"Content-Length: {size}", method="DELETE", target=f"/tags/{ID}") + HIDDEN)
    yield _case("0.CL to nothing", _outer(f"Content-Length: {size}", target="/nothing") + HIDDEN)
    yield _case("a body and no length", _outer() + HIDDEN)
    yield _case("a length that is one too short", _outer(f"Content-Length: {len(HIDDEN) - 1}") + b"x" + HIDDEN)


def _hop_by_hop() -> Iterator[Case]:
    """Yield what removes the framing where a proxy removes all that Connection names."""
    for name in (
        "Content-Length",
        "Transfer-Encoding",
        "Host",
        "close, Content-Length",
        "keep-alive, Transfer-Encoding",
    ):
        yield _case(f"Connection: {name}", _outer(f"Connection: {name}", f"Content-Length: {len(HIDDEN)}") + HIDDEN)
        chunks = _sized(HIDDEN) + LAST
        yield _case(f"Connection: {name}, chunked", _outer(f"Connection: {name}", CHUNKED) + chunks)
    old = _outer(CHUNKED, "Connection: keep-alive", version="HTTP/1.0")
    yield _case("chunks of HTTP/1.0", old + _sized(HIDDEN) + LAST)
    old = _outer(CHUNKED, f"Content-Length: {len(LAST + HIDDEN)}", "Connection: keep-alive", version="HTTP/1.0")
    yield _case("chunks and a length of HTTP/1.0", old + LAST + HIDDEN)


def _chunks() -> Iterator[Case]:
    """Yield chunks that one reader takes for the end and another for more."""
    size, rest = b"%x" % len(HIDDEN), HIDDEN + b"\r\n" + LAST
    for line in (
        b"0x" + size, b"+" + size, b"-" + size, b" " + size, size + b" ", b"\t" + size, size + b"\t", b"00" + size,
        size + b"\x00", size + b"\x0b", b"\x00" + size, size + b"_0", size + b"h", size + b",", b'"' + size + b'"',
        b"0" * 20 + size, b"1" + b"0" * 16 + size.zfill(4), b"F" * 16 + b"1", size + b".0", b"", size + b" " + size,
        size + b";", size + b";a", size + b";a=b", size + b';a="b"', size + b';a="b', size + b";\x00", size + b";a\rb",
        size + b";a\nb", size + b"\n" + b"0", size + b"\r" + b"0", b"0\n" + size, b"0\r" + size, b"0;\n" + size,
        b"0;a\n" + size, b"0 \n" + size, size + b";" + b"a" * 300,
    ):  # fmt: skip
        yield _case(f"a size line {line!a}", _outer(CHUNKED) + line + b"\r\n" + rest)
    for end in (
        b"0\r\n\n",
        b"0\n\r\n",
        b"0\n\n",
        b"0\r\r\n",
        b"0\r\n\r",
        b"0\r\n",
        b"0\n",
        b"00\r\n\r\n",
        b"0;a=b\r\n\r\n",
        b"0 \r\n\r\n",
    ):
        yield _case(f"an end {end!a}", _outer(CHUNKED) + end + HIDDEN)
    for behind in (b"\n", b"\r", b"", b"xx", b"\r\r\n", b"\n\r\n", b" \r\n"):
        yield _case(f"data that ends with {behind!a}", _outer(CHUNKED) + b"2\r\n{}" + behind + LAST + HIDDEN)
    yield _case("data longer than its size", _outer(CHUNKED) + b"2\r\n{}{}\r\n" + LAST + HIDDEN)
    yield _case("data shorter than its size", _outer(CHUNKED) + b"4\r\n{}\r\n" + LAST + HIDDEN)
    yield _case("a size in an extension", _outer(CHUNKED) + b"2;\n{}\r\n" + size + b"\r\n" + rest)
    yield _case("an end in an extension", _outer(CHUNKED) + b"5;\r\n" + LAST + HIDDEN)


def _trailers() -> Iterator[Case]:
    for trailer in (
        b"Content-Length: %d" % len(HIDDEN), b"Transfer-Encoding: chunked", b"Host: evil.example", b"X-A: b",
        b"X-A: b\n", b"X-A : b", b"X-A:\r\n b", b"X-A", b" X-A: b", b"X-A: \x00", b"X-A: b\rX-B: c",
        b"X-Request-ID: hidden-#####", b"Connection: close",
    ):  # fmt: skip
        yield _case(f"a trailer {trailer!a}", _outer(CHUNKED) + b"2\r\n{}\r\n0\r\n" + trailer + b"\r\n\r\n" + HIDDEN)


def _heads() -> Iterator[Case]:
    """Yield heads: where they end, and their lines."""
    whole = _outer(method="GET")
    lines = whole[:-2]
    for end in (b"\n", b"\r\r\n", b"\n\r\n", b"\x00\r\n", b" \r\n", b"\t\r\n", b"\r"):
        yield _case(f"a head that ends with {end!a}", lines + end + HIDDEN)
    yield _case("lines that end with LF alone", whole.replace(b"\r\n", b"\n") + HIDDEN)
    yield _case("lines that end with LF alone, and a length",
                _outer(f"Content-Length: {len(HIDDEN)}").replace(b"\r\n", b"\n") + HIDDEN)  # fmt: skip
    for before in (b"\r\n", b"\n", b"\r", b"\r\n\r\n", b" ", b"\x00", b"\t", b"x\r\n", b"x\r\n\r\n"):
        yield _case(f"a request behind {before!a}", before + whole + HIDDEN)
    for line in (
        b"X-A: b\n\nGET /metrics HTTP/1.1", b"X-A: b\n\r\nGET /metrics HTTP/1.1", b"X-A: b\r\rGET /metrics HTTP/1.1",
        b"X-A: b\x00", b"X-A\x00: b", b"no colon", b": b", b"X A: b", b"X-A: b\r\n folded", b"X-A:\r\n\r", b"X(A): b",
        b"Host: evil.example", b" Host: evil.example", b"Host : evil.example", b"X-A: b\nHost: evil.example",
        b"GET /metrics HTTP/1.1", b"X-A: b\r\n\tGET /metrics HTTP/1.1",
    ):  # fmt: skip
        yield _case(f"a line {line!a}", _outer(line, method="GET") + HIDDEN)


def _targets() -> Iterator[Case]:
    """Yield first lines: what is asked for, and of whom."""
    length = f"Content-Length: {len(HIDDEN)}"
    for target in (
        "http://catalogue.test/tags", "http://evil.example/tags", "https://catalogue.test/tags", "http:///tags",
        "//catalogue.test/tags", "/tags HTTP/1.1\r\nX-A: b", "/tags%20HTTP/1.1%0d%0aX-A:%20b", "/tags\tHTTP/1.1",
        "/tags HTTP/1.1", " /tags", "/tags ", "/tags#x", "/tags?a=\n", "*", "catalogue.test:80", "/tags\x00", "tags",
        "/./tags", "http://catalogue.test@evil.example/tags", "/tags?%00",
    ):  # fmt: skip
        yield _case(f"a target {target!a}", _outer(length, target=target) + HIDDEN)
    for version in (
        "HTTP/1.0",
        "HTTP/0.9",
        "HTTP/1.2",
        "HTTP/1.10",
        "HTTP/2.0",
        "http/1.1",
        "HTTP/1.1 ",
        "HTTP /1.1",
        "HTTP/1,1",
        "",
    ):
        yield _case(f"a version {version!a}", _outer(length, version=version) + HIDDEN)
    for method in ("CONNECT", "TRACE", "post", "GET\tX", "PRI", "P\x00ST", "X" * 100):
        yield _case(f"a method {method!a}", _outer(length, method=method) + HIDDEN)
    yield _case("a request of HTTP/0.9", b"GET /nothing\r\n" + HIDDEN)
    yield _case("a preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + HIDDEN)
    for protocol in ("h2c", "websocket", "TLS/1.0", "HTTP/2.0"):
        fields = (
            "Connection: Upgrade, HTTP2-Settings",
            f"Upgrade: {protocol}",
            "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA",
        )
        yield _case(f"an upgrade to {protocol}", _outer(*fields, method="GET") + HIDDEN)
        yield _case(f"an upgrade to {protocol} with a body", _outer(*fields, length) + HIDDEN)


def _expectations() -> Iterator[Case]:
    """Yield bodies that a server may answer before they come, so that a proxy could take them for a request."""
    for expect in (
        "100-continue",
        "100-Continue",
        "100-continue, x",
        "x 100-continue",
        "x",
        "",
        "100-continue\r\nExpect: x",
    ):
        for method in ("POST", "GET"):
            fields = (f"Expect: {expect}", f"Content-Length: {len(HIDDEN)}")
            yield _case(f"{method} that expects {expect!a}", _outer(*fields, method=method), HIDDEN)
    yield _case("chunks that expect 100-continue", _outer("Expect: 100-continue", CHUNKED), _sized(HIDDEN) + LAST)
    yield _case(
        "too long, and expects 100-continue", _outer("Expect: 100-continue", "Content-Length: 99999999") + HIDDEN
    )


def _prefixes() -> Iterator[Case]:
    """Yield requests that are pipelined, as they may be: a proxy sees each, and refuses the hidden one."""
    live = _outer(method="GET")
    for name, hidden in (("whole", HIDDEN), ("open", OPEN), ("greedy", GREEDY)):
        yield _case(f"pipelined, {name}", live + hidden)
        yield _case(f"pipelined, {name}, behind a body", _outer("Content-Length: 2") + b"{}" + hidden)
        yield _case(f"pipelined, {name}, behind chunks", _outer(CHUNKED) + b"2\r\n{}\r\n" + LAST + hidden)
        yield _case(f"pipelined, {name}, behind the last", _outer("Connection: close", method="GET") + hidden)
        yield _case(f"pipelined, {name}, behind a 404", _outer("Content-Length: 2", target="/nothing") + b"{}" + hidden)
        yield _case(f"pipelined, {name}, behind a 413", _outer("Content-Length: 99999999") + hidden)
    yield _case("half a head", live[:-2])
    yield _case("half a first line", b"GET /tags?a=")
    yield _case("half a body", _outer("Content-Length: 400") + b"{")
    yield _case("half a chunk", _outer(CHUNKED) + b"190\r\n{")


def _pauses() -> Iterator[Case]:
    """Yield the same bytes in parts: a reader that takes what has come so far for all finds other requests."""
    sized = _outer(f"Content-Length: {len(HIDDEN)}") + HIDDEN
    chunks = _outer(CHUNKED) + _sized(HIDDEN) + LAST
    both = _outer(CHUNKED, f"Content-Length: {len(LAST + HIDDEN)}") + LAST + HIDDEN
    for name, message in (("a length", sized), ("chunks", chunks), ("both", both)):
        places = [found.end() for found in re.finditer(rb"\r\n", message)]
        for place in (places[0], places[-4], places[-3] - 1, message.index(HIDDEN), message.index(HIDDEN) + 20):
            yield _case(f"{name}, with a pause at {place}", message[:place], message[place:])
    yield _case("chunks byte by byte", _outer(CHUNKED), *(bytes([byte]) for byte in b"2\r\n{}\r\n0\r\n\r\n"), HIDDEN)
