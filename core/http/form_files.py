"""A file that comes in a form (RFC 7578), or in gzip: it gets a spool of its own."""

from __future__ import annotations

import io
import mmap
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import PurePosixPath
from urllib.parse import urlencode

from msgspec import Struct
from msgspec.structs import replace

from diptych.core import deadline
from diptych.core.engine.text_normalization import clean
from diptych.core.files.rules import NAME_LENGTH
from diptych.core.http import content_coding, problems
from diptych.core.http.operations import FORM
from diptych.core.http.request_parsing import check_wrapping, decode_form, whole_body
from diptych.core.http.request_response import Request
from diptych.core.http.spool import Spool
from diptych.core.http.uploads import HEAD_LIMIT, boundary_of, is_multipart, names_of
from diptych.core.settings import Settings

PARTS = 5000
"""Parts of a form, at most, with its end: the longest book has a fifth of that."""

_SUFFIX = 16
"""Characters of the suffixes that a shortened name keeps, at most."""

_FIRST_PIECE, _PIECE = 1 << 12, 1 << 20
_CHOSEN = re.compile(rb'filename="[^"]')


class _Part(Struct, frozen=True):
    """A part of a form. name: of its field. file: the name of a file, None for a text. start, stop: of its content."""

    name: str
    file: str | None
    start: int
    stop: int


def opened(request: Request, field: str, settings: Settings) -> tuple[Request, Spool | None]:
    """Return a request with a form as one without a file, and the file that was chosen in it, if there is one.

    field: that of the file. Who takes the file closes it. Errors: Problem 400, 413, 415, 503; SpoolError.
    """
    body = whole_body(request, settings.max_file_bytes)
    if not _is_multipart(request):
        plain = body if isinstance(body, bytes) else body.rewound().read(settings.max_body_bytes + 1)
        return replace(request, body=plain), None
    if "content-encoding" in request.headers:
        raise problems.unsupported_media_type("Send the form as it is.", {"Accept-Encoding": "identity"})
    try:
        with _mapped(body) as content:
            parts = list(_parts(content, boundary_of(request.headers["content-type"])))
            fields = _fields(content, parts, settings.max_body_bytes)
            file = _file(content, parts, f"{field}.file", settings.spool_directory)
    except ValueError as error:
        raise problems.malformed(f"The body is not a form that can be accepted: {error}.") from None
    return _plain(request, fields), file


def unwrapped(request: Request, settings: Settings) -> Request:
    """Return a request that sends a file as one with the file alone: not in gzip, and not in a form.

    The file of a form is its one file, in any field. Who takes the request closes its body. Errors: Problem 400, 413,
    415, 503; SpoolError.
    """
    body, headers = whole_body(request, settings.max_file_bytes), request.headers
    check_wrapping(request)
    is_form = _is_multipart(request)
    try:
        with ExitStack() as when_unwrapped:
            if headers.get("content-encoding"):
                body = _decoded(body, settings)
                if is_form:
                    when_unwrapped.callback(body.close)
            if is_form:
                body = _only_file(body, boundary_of(headers["content-type"]), settings.spool_directory)
    except ValueError as error:
        raise problems.malformed(f"The body is not a file that can be accepted: {error}.") from None
    left = {name: value for name, value in headers.items() if name not in ("content-encoding", "content-type")}
    return replace(request, body=body, headers=left)


def with_file(request: Request, field: str, digest: str, name: str) -> Request:
    """Return a request with a form in which a field is the digest of the stored file, and another one its name."""
    assert isinstance(request.body, bytes)  # noqa: S101 - `opened` has made it
    fields = {name: value for name, value in decode_form(request.body).items() if name != f"take.{field}"}
    return _plain(request, fields | {field: digest, f"{field}_name": name})


def fields_of(request: Request, limit: int) -> dict[str, str]:
    """Return the fields of a form that is refused, as far as the beginning of its body has them.

    Errors: ValueError; SpoolError where that is not in memory.
    """
    body = request.body
    if not isinstance(body, Spool):
        return decode_form(body) if isinstance(body, bytes) else {}
    beginning = body.head if len(body) == len(body.head) else body.rewound().read(limit)
    if not _is_multipart(request):
        return decode_form(beginning) if len(beginning) == len(body) else {}
    parts = list(_parts(beginning, boundary_of(request.headers["content-type"]), whole=len(beginning) == len(body)))
    return _fields(beginning, parts, limit)


def has_file(request: Request) -> bool:
    """Return whether a file was chosen in the form of a request."""
    return isinstance(request.body, Spool) and _is_multipart(request) and _CHOSEN.search(request.body.head) is not None


def _is_multipart(request: Request) -> bool:
    return is_multipart(request.headers.get("content-type", ""))


def _plain(request: Request, fields: Mapping[str, str]) -> Request:
    headers = {**request.headers, "content-type": FORM}
    return replace(request, body=urlencode(fields).encode(), headers=headers)


@contextmanager
def _mapped(body: bytes | Spool) -> Iterator[bytes | mmap.mmap]:
    """Yield a body as bytes that are not in memory, where it is in a file."""
    if isinstance(body, bytes) or not len(body):
        yield b"" if isinstance(body, Spool) else body
        return
    file = body.rewound()
    file.flush()
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        yield content


def _parts(content: bytes | mmap.mmap, boundary: bytes, *, whole: bool = True) -> Iterator[_Part]:
    """Yield the parts of a form. whole: whether it has to have its end. Errors: ValueError."""
    delimiter = b"\r\n--" + boundary
    # The line break that belongs to the first boundary may be missing.
    start = len(delimiter) - (0 if content[:2] == b"\r\n" else 2)
    if content[:start] != delimiter[-start:]:
        raise ValueError("it does not begin as its boundary says")
    for _ in range(PARTS):
        if content[start : start + 2] == b"--":
            return
        deadline.check()
        stop = _find(content, delimiter, start)
        if stop < 0:
            if whole:
                raise ValueError("it does not end as its boundary says")
            return
        yield _part(content, start, stop)
        start = stop + len(delimiter)
    raise ValueError(f"it has more than {PARTS - 1:,} parts")


def _find(content: bytes | mmap.mmap, wanted: bytes, start: int) -> int:
    """Return where bytes begin, from a place on; -1 for nowhere. Other threads run between the pieces."""
    size = _FIRST_PIECE
    while start < len(content):
        place = content[start : start + size + len(wanted)].find(wanted)
        if place >= 0:
            return start + place
        start, size = start + size, _PIECE
    return -1


def _part(content: bytes | mmap.mmap, start: int, stop: int) -> _Part:
    end = content.find(b"\r\n\r\n", start, min(stop, start + HEAD_LIMIT))
    head = content[start:end].decode("utf-8", "replace") if end >= 0 else ""
    name, file = names_of(head)
    if name is None:
        raise ValueError("a part of it names no field")
    return _Part(name, file, end + 4, stop)


def _fields(content: bytes | mmap.mmap, parts: list[_Part], limit: int) -> dict[str, str]:
    found: dict[str, str] = {}
    size = 0
    for part in parts:
        if part.file is not None:
            continue
        if part.name in found:
            raise ValueError(f"the field {part.name!r} is given more than once")
        size += part.stop - part.start
        if size > limit:
            raise problems.too_large(limit)
        found[part.name] = content[part.start : part.stop].decode()
    return found


def _file(content: bytes | mmap.mmap, parts: list[_Part], field: str, directory: str | None) -> Spool | None:
    """Return the file of a form; None where none was chosen. Errors: ValueError; SpoolError."""
    files = [part for part in parts if part.file is not None and (part.file or part.start < part.stop)]
    if not files:
        return None
    if len(files) > 1 or files[0].name != field:
        raise ValueError("it has another file than the one that is taken")
    return _copied(content, files[0], directory)


def _only_file(body: bytes | Spool, boundary: bytes, directory: str | None) -> Spool:
    """Return the file of a form with one file. Errors: ValueError; SpoolError."""
    with _mapped(body) as content:
        files = [part for part in _parts(content, boundary) if part.file is not None]
        if len(files) != 1:
            raise ValueError(f"it has {len(files)} files, and one is taken")
        return _copied(content, files[0], directory)


def _copied(content: bytes | mmap.mmap, part: _Part, directory: str | None) -> Spool:
    """Return the content of a part. Errors: SpoolError."""
    starts = range(part.start, part.stop, _PIECE)
    pieces = (content[start : min(start + _PIECE, part.stop)] for start in starts)
    return _filled(Spool(directory, _storable(part.file or "")), pieces, part.stop - part.start)


def _decoded(body: bytes | Spool, settings: Settings) -> Spool:
    """Return what a body in gzip decodes to. Errors: ValueError; Problem 413; SpoolError."""
    coded = body.rewound() if isinstance(body, Spool) else io.BytesIO(body)
    return _filled(Spool(settings.spool_directory), content_coding.decoded(coded), settings.max_file_bytes)


def _filled(spool: Spool, pieces: Iterable[bytes], limit: int) -> Spool:
    """Return a spool with all pieces. Errors: Problem 413 where it would have more bytes than the limit; SpoolError."""
    with ExitStack() as unless_whole:
        unless_whole.callback(spool.close)
        for piece in pieces:
            deadline.check()
            if len(spool) + len(piece) > limit:
                raise problems.too_large(limit)
            spool.extend(piece)
        spool.rewound()
        unless_whole.pop_all()
    return spool


def _storable(name: str) -> str:
    """Return the name of a file without what a name may not have; empty if that is not enough.

    A name is not refused, because a form has no field to correct it in.
    """
    try:
        storable = clean(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", name))
    except ValueError:
        return ""
    if len(storable) <= NAME_LENGTH:
        return storable
    # Suffixes such as .csv.gz stay: the format of a file of an import is known by them.
    suffixes = PurePosixPath(storable).suffixes[-2:]
    kept = next((each for each in ("".join(suffixes), "".join(suffixes[1:])) if len(each) <= _SUFFIX), "")
    return storable[: NAME_LENGTH - len(kept)].strip() + kept
