"""Cases about methods, paths and query strings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from diptych.core.access.permissions import ANONYMOUS
from diptych.core.aio.operations import OPERATIONS
from diptych.core.http.operations import Route, parameters_of, routes
from tests.wire.case import CLOSE, HOST, ID, JSON, Case, ask, head, raw

NOWHERE = [
    "/nothing", "/authors/", "//authors", "///authors", "/authors//", "/Authors", "/AUTHORS", "/authors/nobody",
    "/authors/1", "/authors/-5", "/authors/+5", "/authors/1_000", "/authors/%D9%A5", f"/authors/{ID}/",
    f"/authors/{ID}x", f"/authors//{ID}", f"//authors/{ID}", f"/authors/%7B{ID}%7D", f"/authors/urn:uuid:{ID}",
    f"/authors/%20{ID}", f"/authors/{ID}%20", f"/authors/{ID}%0A", f"/authors/{ID[:-1]}g", f"/authors/{ID}/tags",
    "/authors/" + ID.replace("-", ""), "/authors/%00", "/authors/%FF", "/authors/%zz", "/authors/%", "/authors/%2",
    "/authors/..%2F..%2Fetc%2Fpasswd", f"/authors%2F{ID}", f"/%61uthors/{ID}", "/%61uthors", "/authors%2f",
    "/./authors", "/authors/.", "/authors/..", "/authors/../authors", f"/authors/./{ID}", "/books/../authors",
    "/%2e%2e/authors", "/authors/%2e", "/authors;x=1", f"/authors/{ID};x=1", "/authors,", "/authors:", "/authors@",
    "/authors'", "/authors*", "/authors(", "/authors!", "/authors$", "/authors&x=1", "/authors=", "/authors~",
    "/authors+", "/authors%20", "/authors%3F", "/authors%3FpageSize=1", "/authors%23", "/health", "/health/",
    "/health/dead", "/health//live", "/health/live/", "/authors/slug", "/authors/slug/", "/authors/slug/a/b",
    "/authors/slug/%2F", "/authors/slug/a%2Fb", "/authors/slug/a%00b", "/authors/slug/%FF", "/authors/slug/%ED%A0%80",
    "/authors/slug/a+b%20c%25", "/authors/slug/%E2%80%AE", "/authors/slug/%252F", "/authors/slug/nobody",
    "/authors/slug/x%C3%A9", "/authors/slug/%c3%89", "/books/slug/none", "/books/nobody/tags", f"/books/{ID}/authors",
    "/tags/slug/x", "/%E9%9D%92", "/authors/" + "x" * 2000, "/" + "a/" * 500, "/authors/{author}/nothing",
    "/authors/{author}/", "/index.html", "/ui/nothing", "/ui//x", "/ui//",
    "/.well-known/x", "/static/x", "/authors.json",
    "/authors\\", "/authors|x", "/authors^", "/authors`", '/authors"', "/authors<x>", "/authors[0]",
]  # fmt: skip

FOUND = [
    "/authors?pageSize=3&orderBy=name&sortOrder=asc", "/authors/{author}", "/authors/slug/{slug}", "/authors?",
    "/authors/{author}/books?include=tags,contributors", "/authors?&&pageSize=1&&orderBy=id&",
    "/authors?searchString=%C3%A9cole+du%20soir", "/authors?orderBy=dob&pageSize=5", "/books/{book}",
    "/books?pageSize=5&include=tags,contributors&orderBy=title", "/books/{book}?include=contributors,tags",
    "/books?yearNotIn=1888&languageNotIn=fr&pageSize=5", "/books/{book}/tags", "/books/{book}/contributors",
    "/tags?pageSize=5&orderBy=name", "/tags?nameIn=%C3%89COLE", "/tags/{tag}", "/tags/{tag}/books", "/health/ready",
    "/authors?createdAfter=2026-01-31T12:00:00%2B01:00&pageSize=1", "/authors?pageSize=1&searchString=?",
    "/authors?searchString=/../", "/authors?searchString=a%26b%3Dc", "/authors?searchString=%7B%7D",
    "/books/facets?facetSize=3&tagsNotIn=none", "/books/facets?facet=decade,tags&facet=format", "/books?decadeIn=1970",
    "/authors/slug/%{slug}", "/authors?p%61geSize=1", "/authors?pageSize=%31", "/authors?searchString=a;b&pageSize=1",
    "/authors?searchString=\"<>\\^`{|}'", "/authors?searchString=%2525", "/authors?searchString=+",
]  # fmt: skip

NEED_A_TOKEN = ["/books/{book}?include=audit", "/tags?pageSize=1&include=audit"]

WRONG_QUERIES = [
    "/authors?pageSize", "/authors?pageSize=", "/authors?pageSize=0", "/authors?pageSize=-1", "/authors?pageSize=1_0",
    "/authors?pageSize=%D9%A5", "/authors?pageSize=1.0", "/authors?pageSize=+1", "/authors?pageSize=1e1",
    "/authors?pageSize=1&pageSize=1", "/authors?a=&b", "/authors?=1", "/authors?=", "/authors?x", "/authors?%C3%A9=1",
    "/authors?ids=a&ids=b", "/authors?searchString=" + "x" * 1001, "/authors?createdAfter=2026-01-31T12:00:00+01:00",
    "/authors?pageSize=0&currentPage=x&currentPage=y&nobody=1&ids=a", "/authors/{author}?x=1&x=2&y", "/books?include=",
    "/authors??", "/authors?PageSize=1", "/authors?pageSize[]=1", "/authors?orderBy=%00",
    "/authors?orderBy=name;sortOrder=asc",
    "/books/facets?facet=colour&facetSize=101&decadeIn=1975&formatIn=scroll&pageSize=1",
    "/books?yearIn=x&tagsIn=+&isbnIn=1&languageIn=english&authorIdIn=x&contributorsNotIn=x", "/health/ready?x=1",
]  # fmt: skip

UNREADABLE_QUERIES = [
    "/authors?searchString=%", "/authors?searchString=%FF", "/authors?%FF=1", "/authors?searchString=%E9",
    "/authors?searchString=%zz", "/authors?searchString=%C3", "/authors?searchString=%ED%A0%80", "/authors?%",
    "/authors?searchString=%u00e9", "/authors?searchString=%2", "/authors?x=%00%FF",
]  # fmt: skip

UNKNOWN_METHODS = ["TRACE", "PROPFIND", "FOO", "M-SEARCH", "PURGE", "LINK", "GETT", "X", "A1", "PATCH2", "QUERY"]

NO_METHODS = ["get", "Get", "GE@T", "G(T", "GET,", "GE:T", "G\u00c9T", "GET\x00", '"GET"', "G/T", "{GET}"]


NO_ROWS = ("/jobs/", "/imports/", "/exports/", "/opds/v2/books/", "/ui/job/", "/ui/import/", "/ui/file/", "/ui/record/")
"""What begins so names no row."""


def targets() -> Iterator[Case]:
    """Yield every case about methods and request targets."""
    yield from _tables()
    yield from _methods()
    yield from _forms()


def _tables() -> Iterator[Case]:
    for path in NOWHERE:
        yield ask(404, path)
    for path in [path for path in NOWHERE if "/slug/" not in path][::4]:
        yield ask(404, path, method="POST", body=b"{}")
        yield ask(404, path, method="OPTIONS")
    for path in FOUND:
        yield ask(200 if "%{slug}" not in path else 404, path)
    for path in NEED_A_TOKEN:
        yield ask(401, path)
    for path in WRONG_QUERIES:
        yield ask(422, path)
    for path in UNREADABLE_QUERIES:
        yield ask(400, path)
    yield ask(200, "/authors/{author}".replace("{author}", "{AUTHOR}"), name="an id in upper case")
    yield ask(404, f"/authors/{ID.upper()}", name="an id in upper case that nobody has")


def _methods() -> Iterator[Case]:
    for route in routes(OPERATIONS):
        for method in route.methods:
            # Each deployment has its own numbers.
            if route.path == "/metrics" and method in ("GET", "HEAD"):
                continue
            yield ask(_status(route, method), _example(route.path, method), method=method)
    for path in dict.fromkeys(route.path for route in routes(OPERATIONS)):
        yield ask(405, _example(path, "PROPFIND"), method="PROPFIND")
    for method in UNKNOWN_METHODS:
        yield raw(f"{method} /authors", 405, head(method, "{prefix}/authors", HOST, CLOSE), method=method)
        yield raw(f"{method} /nothing", 404, head(method, "/nothing", HOST, CLOSE), method=method)
    for method in NO_METHODS:
        yield raw(f"method {method!a}", 400, head(method, "/authors", HOST, CLOSE))
    yield raw("a method of 200 letters", 405, head("X" * 200, "/authors", HOST, CLOSE), method="X" * 200)


def _status(route: Route, method: str) -> int:
    if method == "OPTIONS":
        return 204
    if route.operation is None:
        return 405
    if route.operation.needed not in (None, *ANONYMOUS["editor"]):
        return 401
    if method in ("GET", "HEAD"):
        unknown = "{slug}" in route.path or route.path.endswith("{name}") or route.path.startswith(NO_ROWS)
        return 404 if unknown else 303 if route.path in ("/", "/ui") else 422 if route.path == "/ui/export" else 200
    if route.operation.body is None or (route.path.startswith(NO_ROWS) and not route.operation.body_required):
        without = 404 if parameters_of(route.path) else 303
        return 422 if route.operation.stores_file or route.path == "/exports" else without
    return 422 if not route.operation.body_required else 415


def _example(path: str, method: str) -> str:
    """Fill a path with ids: of an existing row for reading, of none for DELETE, which would delete it."""
    row = ID if method == "DELETE" else r"{\1}"
    of_rows = ("/accounts", "/tokens", "/jobs", "/imports", "/exports", "/opds", "/ui/")
    if path.startswith(of_rows) and not path.startswith("/ui/tag/"):
        path = path.replace("{id}", ID)
    path = path.replace("/ui/tag/{id}", "/ui/tag/{tag}").replace("/ui/file/{book_id}", f"/ui/file/{ID}")
    path = path.replace(
        "/books/{book_id}/files/{id}",
        ID.join(("/books/{book}/files/", "")) if row == ID else "/books/{book}/files/{file}",
    )
    path = re.sub(r"^/(\w+)/\{id\}", rf"/\1/{row}", path).replace("{slug}", "no-such-slug")
    return path.replace("{name}", "none").replace("{digest}", "none")


def _forms() -> Iterator[Case]:
    where = "http://catalogue.test{prefix}"
    for name, status, target in [
        ("absolute form", 200, f"{where}/authors?pageSize=1"),
        ("absolute form of another host", 200, "http://elsewhere.example{prefix}/health/live"),
        ("absolute form in upper case", 200, "HTTP://CATALOGUE.TEST{prefix}/health/live"),
        ("absolute form with a port", 200, "http://catalogue.test:8080{prefix}/health/live"),
        ("absolute form of https", 200, "https://catalogue.test{prefix}/health/live"),
        ("absolute form of an IPv6 address", 200, "http://[::1]:80{prefix}/health/live"),
        ("absolute form without a path", 303, "http://catalogue.test"),
        ("absolute form of the root", 303, "http://catalogue.test/"),
        ("absolute form without a path, with a query", 303, "http://catalogue.test?x=1"),
        ("absolute form of nothing", 404, f"{where}/nothing"),
        ("absolute form with two slashes", 404, f"{where}//authors"),
        ("absolute form with a dot segment", 404, f"{where}/./authors"),
        ("absolute form of ftp", 400, "ftp://catalogue.test/authors"),
        ("absolute form without a host", 400, "http:///authors"),
        ("absolute form without slashes", 400, "http:/authors"),
        ("absolute form with one word", 400, "http:authors"),
        ("absolute form with a user", 400, "http://me@catalogue.test/authors"),
        ("absolute form with a broken address", 400, "http://[broken/authors"),
        ("absolute form with a broken port", 400, "http://catalogue.test:port/authors"),
        ("a target of a path only", 400, "authors"),
        ("a target of a host only", 400, "catalogue.test:80"),
        ("a target of a query only", 400, "?pageSize=1"),
        ("a target with a fragment", 400, "{prefix}/authors#x"),
        ("a target of an asterisk", 400, "*"),
        ("a target of two asterisks", 400, "**"),
        ("a target with a tab", 400, "{prefix}/authors\tx"),
        ("a target with a NUL", 400, "{prefix}/authors\x00"),
        ("a target with a DEL", 400, "{prefix}/authors\x7f"),
        ("a target with an escape", 400, "{prefix}/authors\x1b"),
        ("a target with bytes beyond ASCII", 400, "{prefix}/authors/\u00e9"),
        ("a query with bytes beyond ASCII", 400, "{prefix}/authors?searchString=\u00e9"),
        ("a target with a space", 400, "{prefix}/authors x"),
        ("an empty target", 400, ""),
    ]:
        yield raw(name, status, head("GET", target, HOST, CLOSE))
    yield raw("OPTIONS of the server", 204, head("OPTIONS", "*", HOST, CLOSE), method="OPTIONS")
    yield raw("OPTIONS of a host", 204, head("OPTIONS", "http://catalogue.test", HOST, CLOSE), method="OPTIONS")
    yield raw("OPTIONS in absolute form", 204, head("OPTIONS", f"{where}/authors", HOST, CLOSE), method="OPTIONS")
    for target, status in [
        ("catalogue.test:80", 400), ("/authors", 405), ("/x", 404), ("http://catalogue.test/", 405), ("*", 400),
    ]:  # fmt: skip
        yield raw(f"CONNECT {target}", status, head("CONNECT", target, HOST, CLOSE), method="CONNECT")
    yield raw("a long query", 422, head("GET", "/authors?" + "x=1&" * 1900, HOST, CLOSE))
    for size, status in [(8190, 404), (8191, 414), (9000, 414), (20000, 414), (70000, 414)]:
        target = "/" + "x" * (size - len("GET / HTTP/1.1"))
        yield raw(f"a request line of {size} bytes", status, head("GET", target, HOST, CLOSE))
    yield raw("HEAD of a long request line", 414, head("HEAD", "/" + "x" * 9000, HOST, CLOSE), method="HEAD")
    yield raw("a long request line and no end", 414, b"GET /" + b"x" * 9000, half_close=True)
    yield raw("a long method", 414, head("X" * 9000, "/authors", HOST, CLOSE))
    yield ask(422, f"/authors/{ID}", JSON, method="PUT", body=b"{}")
