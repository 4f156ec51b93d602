"""The response that has a stored file, whole or in part (RFC 9110 section 14)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from msgspec import Struct

from diptych.core.http import problems
from diptych.core.http.etag import none_match_fails
from diptych.core.http.request_response import FileRange, Request, Response

_RANGES = re.compile(r"[ \t]*bytes[ \t]*=(.*)", re.IGNORECASE)
_RANGE = re.compile(r"[ \t]*([0-9]{1,19})?-([0-9]{1,19})?[ \t]*")


class FileContent(Struct, frozen=True):
    """A stored file, as it is sent. digest: its SHA-256 in hexadecimal. name: to save it by. inline: or to show it."""

    digest: str
    size: int
    media_type: str
    name: str
    inline: bool

    @property
    def tag(self) -> str:
        """The entity tag: equal contents have equal ones."""
        return f'"{self.digest}"'


def response(content: FileContent, request: Request, cache_control: str) -> Response:
    """Return the response to a GET or HEAD of a file. Errors: Problem 416."""
    headers = {
        "Cache-Control": cache_control,
        "ETag": content.tag,
        "Accept-Ranges": "bytes",
        "Content-Disposition": disposition(content.name, inline=content.inline),
    }
    # The client has it already: what would be read for it is not. `finished` makes it a 304.
    is_known = none_match_fails(request.headers.get("if-none-match", ""), content.tag)
    part = None if is_known or request.method != "GET" else requested_range(request.headers, content)
    start, stop = part or (0, content.size)
    if not is_known:
        headers["Content-Length"] = str(stop - start)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{content.size}"
    is_sent = not is_known and request.method == "GET" and start < stop
    file = FileRange(content.digest, start, stop) if is_sent else None
    return Response(200 if part is None else 206, b"", content.media_type, headers, file=file)


def requested_range(headers: Mapping[str, str], content: FileContent) -> tuple[int, int] | None:
    """Return the part of a file that a request asks for, as a slice; None for the whole.

    The whole is also the answer to a Range of another unit, to several ranges, which a server may ignore (section
    14.2), to a malformed one, and where If-Range names another version. Errors: Problem 416.
    """
    found = _RANGES.fullmatch(headers.get("range", ""))
    one = None if found is None else _RANGE.fullmatch(found[1])
    if one is None or headers.get("if-range", content.tag).strip() != content.tag:
        return None
    first, last = one.groups()
    if first is None and last is None:
        return None
    if first is None:
        start, stop = max(0, content.size - int(last)), content.size
    else:
        start, stop = int(first), content.size if last is None else min(int(last) + 1, content.size)
        if last is not None and int(last) < int(first):
            return None
    if start >= stop:
        raise problems.range_not_satisfiable(content.size)
    return start, stop


def disposition(name: str, *, inline: bool) -> str:
    """Return the Content-Disposition of a file (RFC 6266), in ASCII. name: any text."""
    ascii_name = re.sub(r"[^ !#-\[\]-~]", "_", name)
    extended = "" if ascii_name == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'{"inline" if inline else "attachment"}; filename="{ascii_name}"{extended}'
