"""Parse the head of a request (RFC 9112) strictly: one parser for both servers, so that they cannot differ."""

from __future__ import annotations

import re

from msgspec import Struct

from diptych.core.http import problems

REQUEST_LINE = 8190
"""Most bytes of the request line, without its line end."""

SECTION = 16384
"""Most bytes of all header lines together, with their line ends."""

FIELDS = 100
"""Most header lines."""

ONCE = frozenset({"authorization", "content-length", "content-type", "host", "transfer-encoding"})
"""Fields without a list form: repeated, two parsers could pick different values."""

LF_ALONE = "A line of the head ends with LF alone."

_CONTROLS = bytes({*range(32), 127} - {9, 10, 13})
_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Z-]+) ([!-~]+) HTTP/1\.([0-9])")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# Narrower than RFC 3986: DNS names, and "_", which occurs in container networks.
_NAME = r"[A-Za-z0-9_-]{1,63}"
_HOST = rf"(?:\[[0-9A-Fa-f:.]{{2,45}}\]|{_NAME}(?:\.{_NAME})*\.?)(?::[0-9]{{0,5}})?"
_AUTHORITY = re.compile(_HOST)
_ABSOLUTE = re.compile(rf"[Hh][Tt][Tt][Pp][Ss]?://(?P<host>{_HOST})(?P<rest>(?:[/?].*)?)")
_BARE_LF = re.compile(rb"(?<!\r)\n")


class Head(Struct):
    """A parsed head.

    target: the path and the query as they were sent, or "*". headers: names in lower case; the values of a repeated
    field are joined. length: of the body, None for a chunked one. close: whether the connection ends after this
    request. expects: whether the client waits for 100 Continue. host: that the request is for, with its port. old:
    whether the version is HTTP/1.0, which has no chunks.
    """

    method: str
    target: str
    host: str | None
    headers: dict[str, str]
    length: int | None
    close: bool
    expects: bool
    old: bool = False


def find(data: bytes | bytearray, seen: int = 0) -> int:
    """Return where the head ends in the data (without its last line end), or -1 while it is incomplete.

    seen: bytes of the data that an earlier call has searched already; a head may arrive byte by byte.
    Errors: Problem 400 for a line that ends with LF alone, because such a head would never end; 414 or 431 for one
    that is too long already.
    """
    first = data.find(b"\r\n", 0, REQUEST_LINE + 2)
    limit = REQUEST_LINE + 2 if first < 0 else first + SECTION + 4
    end = -1 if first < 0 else data.find(b"\r\n\r\n", max(first, seen - 3), limit)
    if end < 0:
        if _BARE_LF.search(data, max(0, seen - 1), limit):
            raise problems.malformed(LF_ALONE)
        if len(data) >= limit:
            raise problems.of_status(414 if first < 0 else 431)
    return end


def read(data: bytes) -> Head:
    """Parse the head, from the request line up to the empty line.

    Errors: Problem 400, 417, 431. After any of them the connection must be closed: the start of the next request is
    unknown.
    """
    ends = data.count(b"\r\n")
    if data.count(b"\n") != ends:
        raise problems.malformed(LF_ALONE)
    if data.count(b"\r") != ends or data.translate(None, _CONTROLS) != data:
        raise problems.malformed("The head has control characters in it.")
    line, *lines = data.decode("latin-1").split("\r\n")
    method, target, absolute, version = _request_line(line)
    headers = _fields(lines)
    old = version == "0"
    host = headers.get("host")
    if host is None and not old:
        raise problems.malformed("There is no Host.")
    if host is not None and not _AUTHORITY.fullmatch(host):
        raise problems.malformed("Host is not the name of a host.")
    expects = _expects(headers) and not old
    return Head(
        method, target, absolute or host, headers, _length(headers, old=old), _closes(headers, old=old), expects, old
    )


def _request_line(line: str) -> tuple[str, str, str | None, str]:
    """Return the method, the path with the query, the host of an absolute target, and the minor version."""
    found = _LINE.fullmatch(line)
    if found is None:
        raise problems.malformed("The first line is not a method in upper case, a target, and HTTP/1.1.")
    method, target, minor = found.groups()
    return method, *_target(method, target), minor


def _target(method: str, target: str) -> tuple[str, str | None]:
    host = None
    if target[0] != "/" and not (target == "*" and method == "OPTIONS"):
        absolute = _ABSOLUTE.fullmatch(target)
        if absolute is None:
            raise problems.malformed("The target is neither a path nor an address of http or https.")
        # RFC 9112 section 3.2.2: the host of an absolute target replaces Host; and the scheme says nothing here.
        host = absolute["host"]
        target = absolute["rest"] if absolute["rest"].startswith("/") else "/" + absolute["rest"]
    if "#" in target:
        raise problems.malformed("The target has a fragment.")
    return target, host


def _fields(lines: list[str]) -> dict[str, str]:
    if len(lines) > FIELDS:
        raise problems.of_status(431)
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not _TOKEN.fullmatch(name):
            raise problems.malformed("A header line is not a name, a colon and a value.")
        name, value = name.lower(), value.strip(" \t")
        if name not in headers:
            headers[name] = value
        elif name in ONCE:
            raise problems.malformed(f"{name.title()} is given twice.")
        else:
            headers[name] += ("; " if name == "cookie" else ", ") + value
    # WSGI cannot tell X_Test from X-Test, so headers with "_" are dropped, as proxies do.
    return headers if not any("_" in name for name in headers) else {n: v for n, v in headers.items() if "_" not in n}


def _length(headers: dict[str, str], *, old: bool) -> int | None:
    coding, length = headers.get("transfer-encoding"), headers.get("content-length")
    if coding is not None:
        if coding != "chunked":
            # RFC 9112 section 6.1 suggests 501; but the client sent the error, so the status is 400.
            raise problems.malformed("Transfer-Encoding is not chunked.")
        if old:
            raise problems.malformed("HTTP/1.0 has no chunks.")
        if length is not None:
            raise problems.malformed("There are both Content-Length and Transfer-Encoding.")
        return None
    if length is None:
        return 0
    if not (length.isascii() and length.isdigit()):
        raise problems.malformed("Content-Length is not a number.")
    return int(length.lstrip("0")[:20] or "0")


def _closes(headers: dict[str, str], *, old: bool) -> bool:
    connection = headers.get("connection")
    return old or (connection is not None and "close" in [option.strip() for option in connection.lower().split(",")])


def _expects(headers: dict[str, str]) -> bool:
    expect = headers.get("expect")
    if expect is not None and expect.lower() != "100-continue":
        raise problems.of_status(417)
    return expect is not None
