"""The head of a request (RFC 9112), judged strictly: one reader for both servers, so that they cannot differ."""

from __future__ import annotations

import re

from msgspec import Struct

from diptych.core.http import problems

REQUEST_LINE = 8190
"""Bytes of the first line, at most, without its end."""

SECTION = 16384
"""Bytes of all header lines together, at most, with their ends."""

FIELDS = 100
"""Header lines, at most."""

ONCE = frozenset({"authorization", "content-length", "content-type", "host", "transfer-encoding"})
"""Fields that have no list form: given twice, two readers could take two different ones."""

LF_ALONE = "A line of the head ends with LF alone."

_CONTROLS = bytes({*range(32), 127} - {9, 10, 13})
_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Z-]+) ([!-~]+) HTTP/1\.([0-9])")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# Narrower than RFC 3986: names that are in DNS, with "_", which machines' own networks have.
_NAME = r"[A-Za-z0-9_-]{1,63}"
_HOST = rf"(?:\[[0-9A-Fa-f:.]{{2,45}}\]|{_NAME}(?:\.{_NAME})*\.?)(?::[0-9]{{0,5}})?"
_AUTHORITY = re.compile(_HOST)
_ABSOLUTE = re.compile(rf"[Hh][Tt][Tt][Pp][Ss]?://{_HOST}(?P<rest>(?:[/?].*)?)")
_BARE_LF = re.compile(rb"(?<!\r)\n")


class Head(Struct):
    """What a head says.

    target: the path and the query as they were sent, or "*". headers: names in lower case; of a repeated one, all
    values in one. length: of the body, None where it comes in chunks. close: whether the connection ends after this.
    expects: whether the client waits to be told to go on.
    """

    method: str
    target: str
    headers: dict[str, str]
    length: int | None
    close: bool
    expects: bool


def find(data: bytes | bytearray, seen: int = 0) -> int:
    """Where the head in the data ends (its last line's end aside), or -1 while more of it has to come.

    seen: bytes of the data that an earlier search has gone through in vain; a head may come byte by byte.
    Errors: Problem 400 for a line that ends with LF alone: it would never end; 414, 431 for what is too long already.
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
    """The head that `data` is, from the request line to before the empty line.

    Errors: Problem 400, 417, 431. After any of them the connection cannot be used: nobody knows where the next
    request begins.
    """
    ends = data.count(b"\r\n")
    if data.count(b"\n") != ends:
        raise problems.malformed(LF_ALONE)
    if data.count(b"\r") != ends or data.translate(None, _CONTROLS) != data:
        raise problems.malformed("The head has control characters in it.")
    line, *lines = data.decode("latin-1").split("\r\n")
    method, target, version = _request_line(line)
    headers = _fields(lines)
    old = version == "0"
    host = headers.get("host")
    if host is None and not old:
        raise problems.malformed("There is no Host.")
    if host is not None and not _AUTHORITY.fullmatch(host):
        raise problems.malformed("Host is not the name of a host.")
    expects = _expects(headers) and not old
    return Head(method, target, headers, _length(headers, old=old), _closes(headers, old=old), expects)


def _request_line(line: str) -> tuple[str, str, str]:
    found = _LINE.fullmatch(line)
    if found is None:
        raise problems.malformed("The first line is not a method in upper case, a target, and HTTP/1.1.")
    method, target, minor = found.groups()
    return method, _target(method, target), minor


def _target(method: str, target: str) -> str:
    if target[0] != "/" and not (target == "*" and method == "OPTIONS"):
        absolute = _ABSOLUTE.fullmatch(target)
        if absolute is None:
            raise problems.malformed("The target is neither a path nor an address of http or https.")
        # RFC 9112 section 3.2.2: the host that is named here counts, and this service has one set of rows for all.
        target = absolute["rest"] if absolute["rest"].startswith("/") else "/" + absolute["rest"]
    if "#" in target:
        raise problems.malformed("The target has a fragment.")
    return target


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
    # WSGI cannot tell X_Test from X-Test, and what cannot be told apart is left out, as proxies do.
    return headers if not any("_" in name for name in headers) else {n: v for n, v in headers.items() if "_" not in n}


def _length(headers: dict[str, str], *, old: bool) -> int | None:
    coding, length = headers.get("transfer-encoding"), headers.get("content-length")
    if coding is not None:
        if coding != "chunked":
            # RFC 9112 section 6.1 suggests 501. It is the client's mistake all the same: what it sent is at fault.
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
