"""Cases about header fields, versions and connections."""

from __future__ import annotations

from collections.abc import Iterator

from tests.wire.case import CLOSE, HOST, ID, JSON, Case, ask, head, post, raw, silent

LIVE = "{prefix}/health/live"
OWN = "Origin: http://catalogue.test"
GET = f"GET {LIVE} HTTP/1.1\r\n"


def heads() -> Iterator[Case]:
    """Yield every case about a head's fields."""
    yield from _hosts()
    yield from _fields()
    yield from _limits()
    yield from _lines()
    yield from _versions()
    yield from _connections()
    yield from _pipelines()
    yield from _media_types()
    yield from _negotiation()
    yield from _origins()


def _hosts() -> Iterator[Case]:
    for host, status in [
        ("catalogue.test", 200), ("catalogue.test:8000", 200), ("127.0.0.1", 200), ("[::1]", 200), ("[::1]:80", 200),
        ("my_service:8000", 200), ("CATALOGUE.TEST", 200), ("catalogue.test:", 200), ("a" * 63, 200),
        ("catalogue.test.", 200),
        ("xn--bcher-kva.test", 200), ("a" * 64, 400), ("a..b", 400), (".", 400), ("%41.test", 400), ("a!b", 400),
        ("[" + "1:" * 30 + "]", 400), ("[]", 400), ("[::1]]", 400),
        ("", 400), (" ", 400), ("catalogue test", 400), ("catalogue.test/", 400), ("catalogue.test?x", 400),
        ("a,b", 400), ("http://catalogue.test", 400), ("me@catalogue.test", 400), ("catalogue.test:port", 400),
        ("[::1", 400), ("::1", 400), ("catalogue.test#x", 400), ("b\u00fccher.test", 400), ("<script>", 400),
        ("catalogue.test:123456", 400), ("a\\b", 400), ("[::1]x", 400), ("%zz", 400),
    ]:  # fmt: skip
        yield raw(f"host {host[:40]!a}", status, head("GET", LIVE, f"Host: {host}", CLOSE))
    yield raw("no host", 400, head("GET", LIVE, CLOSE))
    yield raw("no host, absolute form", 400, head("GET", "http://catalogue.test/health/live", CLOSE))
    yield raw("no host of HTTP/1.0", 200, head("GET", LIVE, version="HTTP/1.0"))
    yield raw("two hosts", 400, head("GET", LIVE, HOST, "Host: elsewhere.example", CLOSE))
    yield raw("the same host twice", 400, head("GET", LIVE, HOST, HOST, CLOSE))
    yield raw("two hosts of HTTP/1.0", 400, head("GET", LIVE, HOST, HOST, version="HTTP/1.0"))


def _fields() -> Iterator[Case]:
    for line, status in [
        ("X-A: b", 200), ("X-A:b", 200), ("X-A:\tb\t", 200), ("X-A:", 200), ("X-A: ", 200), ("X-A: a:b", 200),
        ("!#$%&'*+-.^_`|~09aZ: b", 200), ("X-A: \u00e9\u00ff", 200), ("X-A: a\tb", 200),
        ("X-A: " + "\u00fc" * 500, 200),
        ("X_Test: b", 200), ("Content_Length: 5", 200), ("Transfer_Encoding: chunked", 200),
        ("X-Forwarded-Proto: https", 200), ("X-Forwarded-Host: elsewhere.example", 200), ("X-Forwarded-For: ::1", 200),
        ("X-Forwarded-Prefix: /elsewhere", 200), ("Forwarded: host=elsewhere.example;proto=https", 200),
        ("SCRIPT_NAME: /health", 200), ("Script-Name: /health", 200), ("PATH_INFO: /authors", 200),
        ("X-Script-Name: /x", 200), ("REMOTE_USER: root", 200), ("X-HTTP-Method-Override: DELETE", 200),
        ("X-Original-URL: /authors", 200), ("X-Rewrite-URL: /authors", 200), ("Proxy: http://elsewhere.example", 200),
        ("Cookie: a=b; c", 200), ("Cookie: \u00e9=\x80", 200), ("Authorization: x", 200), ("Range: bytes=0-1", 200),
        ("If-Range: x", 200), ("TE: trailers", 200), ("Upgrade: h2c", 200), ("Via: 1.1 x", 200),
        ("Max-Forwards: 0", 200),
        ("Content-Encoding: gzip", 200), ("Date: never", 200), ("Referer: \\", 200), ("User-Agent: ", 200),
        ("X-A : b", 400), ("X A: b", 400), (": b", 400), ("X-A", 400), ("X(A): b", 400), ("X-\u00c9: b", 400),
        ("X-A: \x00", 400), ("X-A: a\x01b", 400), ("X-A: a\x0bb", 400), ("X-A: \x7f", 400), ("X-A: a\rb", 400),
        ("X-A: a\r", 400), ("\x00X-A: b", 400), ("@: b", 400), ('"X-A": b', 400), ("X-A;: b", 400), ("X-A\x00: b", 400),
        ("X-A\t: b", 400), (" X-A: b", 400), ("\tX-A: b", 400), ("X-A: a\r\n b", 400), ("X-A: a\r\n\tb: c", 400),
        ("X-A: a\nX-B: b", 400), ("X-A: a\n", 400), ("\n", 400), ("X-A:\r\n b", 400), ("GET / HTTP/1.1", 400),
        ("Expect: 100-continue", 200), ("Expect: 100-Continue", 200), ("Expect: x", 417), ("Expect: 200-ok", 417),
        ("Expect: 100-continue, x", 417), ("Expect: 100-continue=1", 417), ("Expect:", 417),
    ]:  # fmt: skip
        yield raw(f"field {line[:60]!a}", status, head("GET", LIVE, HOST, CLOSE, line))
        if line.startswith("X-") and status == 400 and "\r" not in line:
            yield raw(f"first field {line[:60]!a}", status, head("GET", LIVE, line, HOST, CLOSE))
    for name in ("Content-Type", "Authorization"):
        value = "application/json" if name == "Content-Type" else "Basic eA=="
        twice = f"{name}: {value}"
        yield raw(f"{name} twice", 400, head("GET", LIVE, HOST, CLOSE, twice, twice))
    yield raw("a field in upper case, once more", 400, head("GET", LIVE, HOST, CLOSE, JSON, JSON.upper()))
    yield raw("many fields of one name", 200, head("GET", LIVE, HOST, CLOSE, *["X-A: b"] * 50))
    yield raw("two cookies", 200, head("GET", LIVE, HOST, CLOSE, "Cookie: a=1", "Cookie: b=2"))
    yield raw("Expect twice", 417, head("GET", LIVE, HOST, CLOSE, *["Expect: 100-continue"] * 2))
    yield raw("Expect of HTTP/1.0", 200, head("GET", LIVE, HOST, "Expect: 100-continue", version="HTTP/1.0"))
    yield raw("unknown Expect of HTTP/1.0", 417, head("GET", LIVE, HOST, "Expect: x", version="HTTP/1.0"))
    yield raw("HEAD with a bad field", 400, head("HEAD", LIVE, HOST, CLOSE, "X A: b"), method="HEAD")
    yield raw("HEAD with two hosts", 400, head("HEAD", LIVE, HOST, HOST, CLOSE), method="HEAD")


def _limits() -> Iterator[Case]:
    for size, status in [(1000, 200), (8000, 200), (9000, 200), (16000, 200), (17000, 431), (70000, 431)]:
        yield raw(f"a field of {size} bytes", status, head("GET", LIVE, HOST, CLOSE, "X-A: " + "b" * (size - 5)))
    for size, status in [(16384, 200), (16385, 431)]:
        rest = size - sum(len(line) + 2 for line in (HOST, CLOSE, "X-A: "))
        yield raw(f"fields of {size} bytes", status, head("GET", LIVE, HOST, CLOSE, "X-A: " + "b" * rest))
    for count, status in [(100, 200), (101, 431), (200, 431), (1000, 431)]:
        yield raw(f"{count} fields", status, head("GET", LIVE, HOST, CLOSE, *["X-A: b"] * (count - 2)))
    yield raw("12 kB in 60 fields", 200, head("GET", LIVE, HOST, CLOSE, *["X-A: " + "b" * 200] * 60))
    yield raw("fields without an end", 431, head("GET", LIVE, HOST)[:-2] + b"X-A: b\r\n" * 20000, half_close=True)
    yield raw("a field without an end", 431, head("GET", LIVE, HOST)[:-2] + b"X-A: " + b"b" * 80000, half_close=True)
    yield raw("HEAD with large fields", 431, head("HEAD", LIVE, HOST, CLOSE, "X: " + "b" * 20000), method="HEAD")
    large = head("POST", "{prefix}/authors", HOST, JSON, "Content-Length: 2", "X: " + "b" * 20000)
    yield raw("POST with large fields", 431, large + b"{}", method="POST")


def _lines() -> Iterator[Case]:
    rest = f"{HOST}\r\n{CLOSE}\r\n\r\n"
    for name, status, message in [
        ("an empty line first", 200, f"\r\n{GET}{rest}"),
        ("two empty lines first", 400, f"\r\n\r\n{GET}{rest}"),
        ("an LF first", 400, f"\n{GET}{rest}"),
        ("a space first", 400, f" {GET}{rest}"),
        ("LF only", 400, f"{GET}{rest}".replace("\r", "")),
        ("LF after the request line", 400, f"GET {LIVE} HTTP/1.1\n{rest}"),
        ("LF at the end", 400, f"{GET}{HOST}\r\n\n"),
        ("CR only", 400, f"GET {LIVE} HTTP/1.1\r{HOST}\r\r"),
        ("CR CR LF", 400, f"GET {LIVE} HTTP/1.1\r\r\n{rest}"),
        ("two spaces before the target", 400, f"GET  {LIVE} HTTP/1.1\r\n{rest}"),
        ("two spaces after the target", 400, f"GET {LIVE}  HTTP/1.1\r\n{rest}"),
        ("a space at the end", 400, f"GET {LIVE} HTTP/1.1 \r\n{rest}"),
        ("tabs for spaces", 400, f"GET\t{LIVE}\tHTTP/1.1\r\n{rest}"),
        ("no target", 400, f"GET HTTP/1.1\r\n{rest}"),
        ("no version", 400, f"GET {LIVE}\r\n{rest}"),
        ("a word", 400, "hello\r\n\r\n"),
        ("an answer", 400, "HTTP/1.1 200 OK\r\n\r\n"),
        ("a TLS hello", 400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".decode("latin-1")),
        ("binary", 400, "".join(map(chr, range(256)))),
        ("half a request line", 400, f"GET {LIVE}"),
        ("a request line and no more", 400, GET),
        ("half a head", 400, f"{GET}{HOST}\r\n"),
        ("a head but for its last LF", 400, f"{GET}{HOST}\r\n\r"),
        ("a NUL", 400, "\x00"),
        ("a single letter", 400, "G"),
    ]:
        yield raw(name, status, message, half_close=True)
    yield silent("nothing", "")
    yield silent("an empty line", "\r\n")
    yield silent("half an empty line", "\r")


def _versions() -> Iterator[Case]:
    for version, status in [
        ("HTTP/1.0", 200), ("HTTP/1.2", 200), ("HTTP/1.9", 200), ("HTTP/2.0", 400), ("HTTP/0.9", 400),
        ("HTTP/3.0", 400),
        ("HTTP/1", 400), ("HTTP/2", 400), ("HTTP/1.10", 400), ("HTTP/01.1", 400), ("HTTP/1.1.1", 400),
        ("http/1.1", 400),
        ("HTTP1.1", 400), ("HTTP/1,1", 400), ("HTTP/a.b", 400), ("HTTPS/1.1", 400), ("HTTP/ 1.1", 400),
        ("HTTP/\u0661.1", 400), ("HTTP/-1.1", 400), ("SIP/2.0", 400), ("", 400),
    ]:  # fmt: skip
        name = f"version {version!a}"
        version = version if version.isascii() else "HTTP/\xb9.1"  # noqa: PLW2901 - a digit of Latin-1
        yield raw(name, status, head("GET", LIVE, HOST, CLOSE, version=version))
    yield raw("the preface of HTTP/2", 400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", method="PRI")
    yield raw("HEAD of HTTP/2.0", 400, head("HEAD", LIVE, HOST, version="HTTP/2.0"), method="HEAD")
    yield raw("HTTP/1.0 and a list", 200, head("GET", "{prefix}/authors?pageSize=2", version="HTTP/1.0"))
    yield raw("HTTP/1.0 that wants to stay", 200, head("GET", LIVE, "Connection: keep-alive", version="HTTP/1.0"))
    yield raw(
        "HTTP/1.0 with a body", 422, head("POST", "{prefix}/authors", JSON, "Content-Length: 2", version="HTTP/1.0")
        + b"{}", method="POST",
    )  # fmt: skip


def _connections() -> Iterator[Case]:
    for value in [
        None, "", "keep-alive", "Keep-Alive", "close", "Close", "CLOSE", "close, x", "x, close", "keep-alive, close",
        "x", "x,y", "upgrade", "Upgrade, close", "closed", "close x", ",", "close,", "TE, close",
    ]:  # fmt: skip
        fields = () if value is None else (f"Connection: {value}",)
        yield raw(f"connection {value}", 200, head("GET", LIVE, HOST, *fields))
    yield raw("two connection fields", 200, head("GET", LIVE, HOST, "Connection: x", "Connection: close"))
    yield raw("a Keep-Alive field", 200, head("GET", LIVE, HOST, "Keep-Alive: timeout=1000"))
    websocket = ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
    for fields in [
        ("Connection: Upgrade", "Upgrade: websocket", *websocket), ("Connection: Upgrade", "Upgrade: h2c"),
        ("Upgrade: websocket",), ("Connection: close", "Upgrade: websocket", *websocket),
        ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"),
        ("Connection: Upgrade", "Upgrade: TLS/1.0"), ("Connection: Upgrade", "Upgrade: WebSocket"),
    ]:  # fmt: skip
        yield raw(f"upgrade: {', '.join(fields)[:70]}", 200, head("GET", LIVE, HOST, *fields))
    yield raw("an upgrade of nothing", 404, head("GET", "/nothing", HOST, "Connection: Upgrade", "Upgrade: websocket"))
    yield raw("an answer of 404 keeps", 404, head("GET", "{prefix}/nothing", HOST))
    yield raw("an answer of 405 keeps", 405, head("PUT", "{prefix}/authors", HOST), method="PUT")
    yield raw("an answer of 422 keeps", 422, head("GET", "{prefix}/authors?x", HOST))
    yield raw("HEAD keeps", 200, head("HEAD", LIVE, HOST), method="HEAD")
    yield raw("OPTIONS keeps", 204, head("OPTIONS", LIVE, HOST), method="OPTIONS")
    yield raw("a request and an end", 200, head("GET", LIVE, HOST), half_close=True)
    yield raw("a request that closes, and an end", 200, head("GET", LIVE, HOST, CLOSE), half_close=True)
    two = head("GET", LIVE, HOST) * 2
    yield Case("two requests and an end", two, (200, 200), ("GET", "GET"), half_close=True, own=True)
    yield raw("an empty line after a request", 200, head("GET", LIVE, HOST) + b"\r\n", half_close=True)


def _pipelines() -> Iterator[Case]:
    live, missing = head("GET", LIVE, HOST), head("GET", "{prefix}/nothing", HOST)
    last = head("GET", LIVE, HOST, CLOSE)
    first = head("HEAD", "{prefix}/authors", HOST)
    body = head("POST", "{prefix}/authors", HOST, JSON, "Content-Length: 2") + b"{}"
    chunks = head("POST", "{prefix}/authors", HOST, JSON, "Transfer-Encoding: chunked") + b"2\r\n{}\r\n0\r\n\r\n"
    bad = head("GET", LIVE, HOST, "X A: b")
    for name, statuses, messages in [
        ("two", [200, 200], [live, last]),
        ("two that stay", [200, 200], [live, live]),
        ("five", [200, 404, 200, 404, 200], [live, missing, live, missing, last]),
        ("an end and no end", [200], [last, live]),
        ("a HEAD and a GET", [200, 200], [first, last]),
        ("a body and a GET", [422, 200], [body, last]),
        ("chunks and a GET", [422, 200], [chunks, last]),
        ("chunks and a body", [422, 422, 200], [chunks, body, last]),
        ("a body for 404 and a GET", [404, 200], [body.replace(b"authors", b"nothing"), last]),
        ("a body for 405 and a GET", [405, 200], [body.replace(b"POST", b"PUT"), last]),
        ("a body for GET and a GET", [200, 200], [head("GET", LIVE, HOST, "Content-Length: 5") + b"GET /", last]),
        ("a bad one second", [200, 400], [live, bad, live]),
        ("a bad one first", [400], [bad, live]),
        ("a bad chunk first", [400], [chunks.replace(b"2\r\n{}", b"x\r\n{}"), live]),
        ("an empty line between", [200, 200], [live, b"\r\n", last]),
        ("two empty lines between", [200, 400], [live, b"\r\n\r\n", last]),
        ("rubbish after", [200, 400], [live, b"rubbish\r\n\r\n"]),
        ("many", [200] * 20, [live] * 20),
        ("OPTIONS and DELETE", [204, 405, 200], [head("OPTIONS", LIVE, HOST), head("DELETE", LIVE, HOST), last]),
    ]:
        methods = tuple(message.split(b" ", 1)[0].decode() for message in messages if message.strip())
        yield Case(f"pipelined: {name}", b"".join(messages), tuple(statuses), methods[: len(statuses)], own=True)


def _media_types() -> Iterator[Case]:
    for media_type, status in [
        ("application/json", 422), ("APPLICATION/JSON", 422), ("application/json; charset=utf-8", 422),
        ("application/json;charset=latin-1", 415), ("application/vnd.x+json", 422), ("application/json ; a=b", 422),
        ("application/json;", 422), ("  application/json", 422), ("text/json", 415), ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415), ("multipart/form-data; boundary=x", 415), ("", 415), ("x", 415),
        ("application/jsonx", 415), ("application/json, text/plain", 415), ("json", 415), ("*/*", 415),
        ("application/xml", 415), ("multipart/form-data", 415), ("application/\u00e9", 415), ("/", 415),
        ('application/json; charset="utf-8"', 422), ("application/json\tx", 415), (";application/json", 415),
    ]:  # fmt: skip
        yield post(status, b"{}", f"Content-Type: {media_type}")
    yield post(415, b"{}", "X-A: no type")
    yield post(415, b"name=x", "Content-Type: application/x-www-form-urlencoded", name="a form")


def _origins() -> Iterator[Case]:
    elsewhere, same, kind = (
        "Origin: http://elsewhere.example",
        "Sec-Fetch-Site: same-origin",
        "Content-Type: text/plain",
    )
    for fields in [
        (elsewhere,), ("Origin: null",), ("Origin: http://[",), ("Origin: \u00e9",), ("Origin: ",), (OWN, elsewhere),
        ("Sec-Fetch-Site: cross-site", OWN), ("Sec-Fetch-Site: same-site",), ("Sec-Fetch-Site: SAME-ORIGIN",),
        (same, same), ("Sec-Fetch-Site: ", elsewhere),
    ]:  # fmt: skip
        yield ask(403, "/tags", *fields, kind, method="POST", body=b"x")
    for fields in [(), (OWN,), (same, elsewhere), ("Sec-Fetch-Site: none",)]:
        yield ask(415, "/tags", *fields, kind, method="POST", body=b"x")


def _negotiation() -> Iterator[Case]:
    for accept in [
        "*/*", "application/json", "text/html", "application/xml", "garbage", "", ",", ";q=1", "text/html;q=x", "a/b/c",
        "application/json;q=0", "*", "/", "image/png, */*;q=0", "application/problem+json", "\u00e9", "a" * 5000,
    ]:  # fmt: skip
        for target, status in [("/authors/{author}", 200), ("/nothing", 404)]:
            yield ask(status, target, f"Accept: {accept}")
    for field in [
        "Accept-Language: xx, *;q=0", "Accept-Language: \u00e9", "Accept-Encoding: identity", "Accept-Encoding: x",
        "Accept-Encoding: identity;q=0", "Accept-Encoding: ", "Accept-Charset: latin-1", "If-None-Match: x",
        'If-None-Match: "x"', 'If-None-Match: W/"x", "y"', "If-Modified-Since: x", "If-Unmodified-Since: x",
        "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT", "Range: bytes=x", "Range: bytes=0-0", "Prefer: x",
        "Cache-Control: no-cache", "Pragma: no-cache", "Origin: http://elsewhere.example", "Origin: null", "DNT: 1",
    ]:  # fmt: skip
        yield ask(200, "/authors/{author}", field)
        yield ask(404, "/nothing", field)
    for coding in ["gzip", "br", "zstd", "x-gzip", "*", "deflate", "gzip;q=0.5, br;q=0.1", "gzip, identity;q=0"]:
        for target in ("/openapi.json", "/books?include=tags,contributors&pageSize=100", "/problems"):
            yield ask(200, target, f"Accept-Encoding: {coding}")
            yield ask(200, target, f"Accept-Encoding: {coding}", method="HEAD")
    for field in ["*", '"x", *', " * "]:
        for method in ("GET", "HEAD"):
            yield ask(304 if "x" not in field else 200, "/books", f"If-None-Match: {field}", method=method)
        yield ask(404, f"/books/{ID}", f"If-None-Match: {field}")
    for target, status in [("/books", 204), ("/books/{book}", 204), ("/nothing", 404)]:
        asked = ("Origin: http://elsewhere.example", "Access-Control-Request-Method: PATCH")
        yield ask(status, target, *asked, "Access-Control-Request-Headers: content-type", method="OPTIONS")
