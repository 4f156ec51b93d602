"""The operations of an API: the name, path, inputs and function of each."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from msgspec import Struct
from pydantic import BaseModel

from diptych.core.access.permissions import Permission
from diptych.core.access.principal import UNKNOWN, Principal
from diptych.core.access.sessions.rules import Browser
from diptych.core.http.etag import Preconditions
from diptych.core.http.file_responses import FileContent
from diptych.core.http.idempotency import RequestKey
from diptych.core.http.request_response import JSON
from diptych.core.http.uploads import MULTIPART

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

_PARAMETER = re.compile(r"{(\w+)}")

READS = ("GET", "HEAD", "OPTIONS")

Unit = Literal["none", "optional", "read", "stream", "write_one", "write_many", "several"]

FORM = "application/x-www-form-urlencoded"

PAGES = "/ui"
"""Where the pages for people are."""

_OF_BROWSERS = ("/", PAGES, "/favicon.ico", "/robots.txt")
"""Beside the pages: what browsers and search engines ask every service for."""


def is_for_browsers(path: str) -> bool:
    """Return whether a path belongs to the pages. Only there do cookies count, and are errors pages too."""
    return path in _OF_BROWSERS or path.startswith(f"{PAGES}/")


class OperationRequest(Struct, frozen=True):
    """A parsed and validated request.

    prefix: where the catalogue is mounted ("" at the root). suffix: the end of the path that names a representation,
    such as ".bib"; "" for JSON. principal: who sent it. browser: what an operation of the pages knows of the browser.
    """

    prefix: str
    parameters: dict[str, Any]
    query: Any
    body: Any
    preconditions: Preconditions = Preconditions()
    key: RequestKey | None = None
    suffix: str = ""
    principal: Principal = UNKNOWN
    browser: Browser = Browser()


class OperationResult(Struct, frozen=True):
    """The result of an operation.

    body: bytes are sent as they are, anything else as JSON. status: only when it differs from the operation's own
    status. headers: of this response only. media_type: only when it differs from the operation's own. stream: the parts
    of a body that is not made at once. file: a stored file that is the body.
    """

    body: object | None = None
    status: int | None = None
    headers: Mapping[str, str] = {}
    media_type: str | None = None
    stream: AsyncIterator[bytes] | Iterator[bytes] | None = None
    file: FileContent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation.

    run: takes what its unit of work provides and an OperationRequest, and returns an OperationResult; in core/aio it is
    awaited.

    unit: whether it uses no database, can do without one ("optional"), reads, streams, writes one row, writes many, or
    has several units of work. An operation that writes many gets a session; one that reads or writes one row gets an
    executor. One that streams gets the Database, and reads each part of the body in a unit of work of its own; so does
    one that has several units, and one that can do without. needs_transaction: whether a request takes several
    statements that must see one snapshot or form one transaction. lock: a function of an executor and an
    OperationRequest that locks the row until the unit of work ends, so that a precondition (If-Match) holds until the
    change; None where there is no single row. body and query are None where there is none. stores_file: where the body
    is a file that is stored before the unit of work begins, the function that returns its media type; it takes an
    OperationRequest with a diptych.core.http.spool.Spool. `run` gets it as diptych.core.files.rules.StoredFile. admits:
    a function of an executor and an OperationRequest that looks, before the file is received, whether there is what it
    is for. file_field: of a form in which a file may be chosen, the field that becomes the SHA-256 of it once it is
    stored; a field with "_name" at its end becomes its name. sends_file: where a response is a stored file, the media
    types it may have. accepts: media types of the body, without "+json". media_type: of a response. cache_control: of a
    read's response. resource_path: the path of the resource that the response body represents, with the body's members
    as parameters; None where that is the request's own path or no single resource. suffixes: of other representations
    of a single resource, which a GET asks for at the end of its path; they take no query parameters. permission: what a
    client needs, where that is not to read or to write the catalogue. query_permission: what it needs besides for a
    query. public: whether nobody is authenticated, and everybody may. secret: whether a response has a secret, so that
    it is not kept for repetitions. has_form_key: whether each response has a new key of a form, so that no tag would
    match. describes_file: whether a response is about a file, and the file is the resource. refused: for a form of a
    page, the page to correct it: a function of a diptych.core.web.forms.Refused.

    For the description only: description, beyond the summary. response_schema: the type of the response body.
    problems: types of problems that do not follow from the other members. tag: what it is listed under, unless that is
    the first segment of its path.
    """

    name: str
    method: str
    path: str
    summary: str
    run: Callable[..., Any]
    unit: Unit
    needs_transaction: Callable[[OperationRequest], bool] = lambda _: False
    lock: Callable[..., Any] | None = None
    body: type[BaseModel] | None = None
    body_required: bool = True
    stores_file: Callable[[OperationRequest], str] | None = None
    admits: Callable[..., Any] | None = None
    file_field: str = ""
    sends_file: tuple[str, ...] = ()
    accepts: tuple[str, ...] = (JSON,)
    query: type[BaseModel] | None = None
    response_schema: Any = None
    status: int = 200
    media_type: str = JSON
    cache_control: str = "no-cache"
    resource_path: str | None = None
    suffixes: tuple[str, ...] = ()
    permission: Permission | None = None
    query_permission: Callable[[Any], Permission | None] = lambda _: None
    public: bool = False
    secret: bool = False
    has_form_key: bool = False
    describes_file: bool = False
    description: str = ""
    problems: tuple[str, ...] = ()
    tag: str = ""
    refused: Callable[..., bytes] | None = None

    @property
    def for_browsers(self) -> bool:
        """Whether it belongs to the pages."""
        return is_for_browsers(self.path)

    @property
    def creates(self) -> bool:
        """Whether it can return 201 with the Location of what it created."""
        return self.resource_path is not None and self.method in ("POST", "PUT")

    @property
    def writes(self) -> bool:
        """Whether it changes stored data."""
        return self.unit in ("write_one", "write_many")

    @property
    def needed(self) -> Permission | None:
        """The permission that a client needs; None for a public operation."""
        if self.public:
            return None
        return self.permission or ("catalogue:write" if self.writes else "catalogue:read")

    @property
    def repeatable(self) -> bool:
        """Whether it accepts an Idempotency-Key."""
        return self.writes and self.method == "POST" and not self.secret

    @property
    def tagged(self) -> bool:
        """Whether its responses have an ETag, which a later request can use in a precondition.

        Responses to PUT never have one: what is stored is not byte for byte what was sent (RFC 9110 section 9.3.4).
        """
        if self.method == "GET":
            return self.cache_control != "no-store" and not self.has_form_key
        return self.is_representation and self.method != "PUT"

    @property
    def is_representation(self) -> bool:
        """Whether its responses represent the resource: not if they have a secret, or are only about a file."""
        return self.resource_path is not None and not self.secret and not self.describes_file

    @property
    def unwraps_file(self) -> bool:
        """Whether the file may be sent in gzip, or in a form, whose other fields are ignored."""
        return self.stores_file is not None and not self.file_field and MULTIPART in self.accepts


@dataclass(frozen=True, slots=True)
class Route:
    """A path and methods for a framework's router. A route without an operation serves OPTIONS and 405.

    accepts: the response headers that name the media types accepted at this path (RFC 5789, Linked Data Platform).
    suffixes: of the representations that can be read at this path.
    """

    name: str
    path: str
    methods: tuple[str, ...]
    allowed: tuple[str, ...]
    accepts: Mapping[str, str]
    operation: Operation | None = None
    suffixes: tuple[str, ...] = ()


def relative_root(path: str) -> str:
    """Return the relative address of the mount's root, from a path below it: "../../" from "/ui/book/x".

    It works under a prefix that a proxy removes, which nobody here knows.
    """
    return "../" * (path.count("/") - 1)


def routes(operations: Iterable[Operation]) -> list[Route]:
    """Return one route for each operation (HEAD goes with GET), and one for the remaining methods of each path.

    The latter are real routes, so that every framework handles 405 and OPTIONS in the same way.
    """
    by_path: dict[str, list[Operation]] = {}
    for operation in operations:
        by_path.setdefault(operation.path, []).append(operation)
    found: list[Route] = []
    for path, there in by_path.items():
        taken = sorted(method for operation in there for method in _methods(operation))
        allowed = tuple(sorted({*taken, "OPTIONS"}))
        accepts = dict(
            accept_field(each) for each in there if (each.body or each.stores_file) and each.method in ("PATCH", "POST")
        )
        suffixes = tuple(suffix for operation in there for suffix in operation.suffixes)
        found.extend(Route(each.name, path, _methods(each), allowed, accepts, each, suffixes) for each in there)
        others = tuple(method for method in METHODS if method not in taken)
        found.append(Route(f"other_{_identifier(path)}", path, others, allowed, accepts, None, suffixes))
    return found


def accept_field(operation: Operation) -> tuple[str, str]:
    """Return the header, name and value, that names the media types an operation accepts (RFC 9110 section 12.5.1)."""
    name = f"Accept-{operation.method.capitalize()}" if operation.method in ("PATCH", "POST") else "Accept"
    return name, ", ".join(operation.accepts)


def _methods(operation: Operation) -> tuple[str, ...]:
    return ("GET", "HEAD") if operation.method == "GET" else (operation.method,)


def _identifier(path: str) -> str:
    return re.sub(r"\W+", "_", path).strip("_") + "_" * path.endswith("/")


def native_path(path: str, parameter: str) -> str:
    """Convert a path to a framework's syntax. parameter: how the framework writes a path parameter, such as "<{}>"."""
    return _PARAMETER.sub(lambda found: parameter.format(found[1]), path)


def parameters_of(path: str) -> list[str]:
    """Return the names of a path's parameters, in order."""
    return _PARAMETER.findall(path)


def filled(path: str, value: Callable[[str], object]) -> str:
    """Fill the parameters of a path with percent-encoded values."""
    return _PARAMETER.sub(lambda found: quote(str(value(found[1])), safe=""), path)
