"""The operations of an API: what each is called, where it is, what it takes, and the function that does it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from msgspec import Struct
from pydantic import BaseModel

from diptych.core.http.etag import Preconditions
from diptych.core.http.idempotency import RequestKey
from diptych.core.http.request_response import JSON

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

_PARAMETER = re.compile(r"{(\w+)}")

Unit = Literal["none", "read", "write_one", "write_many"]


class OperationRequest(Struct, frozen=True):
    """A request that has been read and found valid. prefix: where the catalogue is mounted ("" at the root)."""

    prefix: str
    parameters: dict[str, Any]
    query: Any
    body: Any
    preconditions: Preconditions = Preconditions()
    key: RequestKey | None = None


class OperationResult(Struct, frozen=True):
    """What an operation answers.

    body: bytes are sent as they are, anything else as JSON. status: only where it is not the one that the operation
    declares. headers: of this answer alone.
    """

    body: object | None = None
    status: int | None = None
    headers: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation. `run` takes what its unit of work has, and an OperationRequest, and returns an OperationResult.

    In core/aio its result is awaited.

    unit: whether it needs no database, reads, writes one row, or many. The last has a session, the two before it an
    executor. needs_transaction: whether a request takes several statements that have to see one state, or to be one
    transaction. lock: takes an executor and an OperationRequest, and keeps what is to be changed as it is until the
    unit of work ends, so that a request can depend on how it is (If-Match); None where there is no one such thing.
    body and query are None where there is none. accepts: the media types of a body, "+json" aside. media_type: of an
    answer. cache_control: of what a read answers. resource_path: the path of what an answer's body represents, its
    parameters being members of the body; None where that is the path itself, or nothing in particular.

    Only for the description: description, beyond the summary. response_schema: the type of what is in an answer.
    problems: the types it can answer that do not follow from its shape. tag: what it is listed under, unless that is
    the first step of its path.
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
    accepts: tuple[str, ...] = (JSON,)
    query: type[BaseModel] | None = None
    response_schema: Any = None
    status: int = 200
    media_type: str = JSON
    cache_control: str = "no-cache"
    resource_path: str | None = None
    description: str = ""
    problems: tuple[str, ...] = ()
    tag: str = ""

    @property
    def creates(self) -> bool:
        """Whether it can answer 201 with the Location of what it represents."""
        return self.resource_path is not None and self.method in ("POST", "PUT")

    @property
    def writes(self) -> bool:
        """Whether it changes what is stored."""
        return self.unit in ("write_one", "write_many")

    @property
    def repeatable(self) -> bool:
        """Whether a client can name a request by an Idempotency-Key, and is answered as the first time."""
        return self.writes and self.method == "POST"

    @property
    def tagged(self) -> bool:
        """Whether its answers have an ETag, which a later request can be made to depend on.

        Never those to PUT: what is stored is not what was sent, byte for byte (RFC 9110 section 9.3.4).
        """
        if self.method == "GET":
            return self.cache_control != "no-store"
        return self.resource_path is not None and self.method != "PUT"


@dataclass(frozen=True, slots=True)
class Route:
    """A path and methods for a framework's router. Without an operation it answers for the methods nobody takes.

    accepts: the header fields that name the media types of bodies at this path (RFC 5789, Linked Data Platform).
    """

    name: str
    path: str
    methods: tuple[str, ...]
    allowed: tuple[str, ...]
    accepts: Mapping[str, str]
    operation: Operation | None = None


def routes(operations: Iterable[Operation]) -> list[Route]:
    """One route for each operation (HEAD goes with GET), and one for each path's remaining methods.

    The latter are real routes so that 405 and OPTIONS are answered the same by every framework.
    """
    by_path: dict[str, list[Operation]] = {}
    for operation in operations:
        by_path.setdefault(operation.path, []).append(operation)
    found: list[Route] = []
    for path, there in by_path.items():
        taken = sorted(method for operation in there for method in _methods(operation))
        allowed = tuple(sorted({*taken, "OPTIONS"}))
        accepts = dict(accept_field(each) for each in there if each.body and each.method in ("PATCH", "POST"))
        found.extend(Route(each.name, path, _methods(each), allowed, accepts, each) for each in there)
        others = tuple(method for method in METHODS if method not in taken)
        found.append(Route(f"other_{_identifier(path)}", path, others, allowed, accepts))
    return found


def accept_field(operation: Operation) -> tuple[str, str]:
    """The header field that tells which bodies an operation takes, name and value (RFC 9110 section 12.5.1)."""
    name = f"Accept-{operation.method.capitalize()}" if operation.method in ("PATCH", "POST") else "Accept"
    return name, ", ".join(operation.accepts)


def _methods(operation: Operation) -> tuple[str, ...]:
    return ("GET", "HEAD") if operation.method == "GET" else (operation.method,)


def _identifier(path: str) -> str:
    return re.sub(r"\W+", "_", path).strip("_")


def native_path(path: str, parameter: str) -> str:
    """A path as a framework writes it: `parameter` is its spelling of one, such as "<{}>"."""
    return _PARAMETER.sub(lambda found: parameter.format(found[1]), path)


def parameters_of(path: str) -> list[str]:
    """The names of a path's parameters, in order."""
    return _PARAMETER.findall(path)


def filled(path: str, value: Callable[[str], object]) -> str:
    """A path with the value of each parameter in its place, percent-encoded."""
    return _PARAMETER.sub(lambda found: quote(str(value(found[1])), safe=""), path)
