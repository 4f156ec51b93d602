"""Parse a Request into an OperationRequest, and report its errors in the one documented order."""

from __future__ import annotations

import re
from collections.abc import Callable, Sized
from typing import Any, TypeVar
from uuid import UUID

from msgspec import Struct
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from diptych.core import deadline
from diptych.core.access.principal import UNKNOWN, Principal
from diptych.core.access.sessions.rules import Browser, read_cookie
from diptych.core.engine.column_types import parse_uuid
from diptych.core.engine.schemas.error_messages import detail
from diptych.core.engine.text_normalization import clean
from diptych.core.errors import FieldError, ValidationFailed
from diptych.core.http import content_coding, json, problems, query_string
from diptych.core.http.client_address import TrustedProxies, bucket_of
from diptych.core.http.etag import Preconditions
from diptych.core.http.idempotency import FORM_KEY, RequestKey
from diptych.core.http.operations import FORM, READS, Operation, OperationRequest, Route, accept_field, filled
from diptych.core.http.request_response import MERGE_PATCH, BodyError, Request
from diptych.core.http.spool import Spool
from diptych.core.http.uploads import boundary_of, is_multipart
from diptych.core.http.wire.allowed_hosts import LOOPBACK, name_of
from diptych.core.settings import Settings

PATCH_FORMATS = (MERGE_PATCH, "application/json-patch+json")
"""JSON formats with their own semantics: an operation accepts one only if it names it."""

FAULTS = 1000
"""Most field errors reported for a body: one for each item of the largest batch."""

T = TypeVar("T")

_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_MEDIA_TYPE = re.compile(rf'\s*({_NAME}/{_NAME})(?:\s*;\s*+(?:{_NAME}=(?:{_NAME}|"[^"]*"))?+)*+\s*')
_CHARSET = re.compile(r';\s*charset="?([^";\s]*)', re.IGNORECASE)
_UTF_8 = {"utf-8", "utf8", "us-ascii"}


class Target(Struct, frozen=True):
    """What a path names. allowed: the methods that it has. parameters, suffix: as in OperationRequest."""

    allowed: tuple[str, ...]
    parameters: dict[str, UUID | str]
    suffix: str = ""


def target_of(route: Route, request: Request) -> Target:
    """Parse the path's parameters: `id` is a UUID, which may have a suffix of the route, so is `..._id`, the rest text.

    Errors: Problem 404 for a value that no row can have, then 405 for a method that this path does not have.
    """
    given, suffix = dict(request.parameters), ""
    if route.suffixes and (found := re.fullmatch(r"([^.]*)(\..+)", given["id"])) and found[2] in route.suffixes:
        given["id"], suffix = found.groups()
    try:
        parameters = {
            name: parse_uuid(value) if name == "id" or name.endswith("_id") else clean(value)
            for name, value in given.items()
        }
    except ValueError:
        if route.suffixes and "." in given["id"]:
            raise problems.not_found(f"A suffix can be {', '.join(route.suffixes)}.") from None
        raise problems.not_found() from None
    allowed = READS if suffix else route.allowed
    if request.method not in READS if suffix else (route.operation is None and request.method != "OPTIONS"):
        raise problems.method_not_allowed(allowed)
    return Target(allowed, parameters, suffix)


def read(
    operation: Operation,
    target: Target,
    request: Request,
    settings: Settings,
    sender: tuple[Principal, Browser] = (UNKNOWN, Browser()),
) -> OperationRequest:
    """Parse and validate a request. A file that has not been received yet is left out. sender: who sent it, with what.

    Errors: Problem 413, 415, 400; ValidationFailed with every field error of the query and body; Problem 401, 403 for
    what the query asks for; Problem 428.
    """
    file, content = None, None
    if operation.stores_file is not None and not operation.file_field:
        _check_head_of_file(operation, request, settings.max_file_bytes)
        file = None if request.body is None else _spooled(request, settings.max_file_bytes)
    else:
        content = _content(operation, request, settings.max_body_bytes)
    decode = decode_form if _is_form(operation) else json.decode
    raw = _NOTHING if content is None else _readable(operation, decode, content)
    deadline.check()
    field_errors: list[FieldError] = []
    query_value = _query(operation, target, request.query, field_errors)
    principal, browser = sender
    key = _key(operation, request, raw, content if file is None else f"{file.digest}{file.name}".encode(), principal)
    body_value = None if raw is _NOTHING else _body_value(operation, raw, field_errors)
    if file is not None:
        body_value = file
        _check_not_empty(file, field_errors)
    if field_errors:
        raise ValidationFailed("The request has errors; each is listed.", field_errors)
    needed = operation.query_permission(query_value)
    if needed is not None and needed not in principal.permissions:
        raise problems.not_permitted(principal, needed)
    # Preconditions have no meaning on POST (RFC 9110): what it creates does not exist yet.
    unconditional = not operation.writes or operation.method == "POST"
    preconditions = Preconditions() if unconditional else Preconditions.of(request.headers)
    if settings.require_if_match and operation.lock is not None and not preconditions:
        raise problems.precondition_required()
    parameters = dict(target.parameters)
    return OperationRequest(
        request.prefix, parameters, query_value, body_value, preconditions, key, target.suffix, principal, browser
    )


_NOTHING = object()


def whole_body(request: Request, limit: int) -> bytes | Spool:
    """Return the body, as it was sent. Errors: Problem 400, 413, 503."""
    body = request.body
    if body is BodyError.TOO_LARGE or (isinstance(body, (bytes, Spool)) and len(body) > limit):
        raise problems.too_large(limit)
    if body is BodyError.INCOMPLETE:
        raise problems.malformed("The body did not arrive whole.")
    if body is BodyError.NOT_WRITTEN:
        raise problems.unavailable("The service cannot store files now.")
    if not isinstance(body, (bytes, Spool)):
        raise problems.unavailable("Too much of other requests and responses is in transit.")
    return body


def length_of(request: Request) -> int:
    """Return the length of a body that its request says; 0 for one in chunks."""
    return int(request.headers.get("content-length") or 0)


def check_wrapping(request: Request) -> None:
    """Check what a head says about a file that may be in gzip, or in a form. Errors: Problem 400, 415."""
    headers = request.headers
    if coding := headers.get("content-encoding", ""):
        _readable_coding(content_coding.check, coding)
    try:
        if is_multipart(headers.get("content-type", "")):
            boundary_of(headers["content-type"])
    except ValueError as error:
        raise problems.malformed(f"The body is not a form that can be accepted: {error}.") from None


def _check_head_of_file(operation: Operation, request: Request, limit: int) -> None:
    """Check what the head of a request says about its file. Errors: Problem 400, 413, 415."""
    if request.body is None and length_of(request) > limit:
        raise problems.too_large(limit)
    if operation.unwraps_file:
        check_wrapping(request)
        return
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        detail = "Send the file as it is, without a Content-Encoding."
        raise problems.unsupported_media_type(detail, {"Accept-Encoding": "identity"})
    if is_multipart(request.headers.get("content-type", "")):
        raise problems.unsupported_media_type("Send the file itself as the body, not a form.", {})


def _spooled(request: Request, limit: int) -> Spool:
    """Return the body of a request that sends a file. Errors: Problem 400, 413, 503."""
    body = whole_body(request, limit)
    # A request without a body has none to spool.
    return body if isinstance(body, Spool) else Spool()


def _content(operation: Operation, request: Request, limit: int) -> bytes | None:
    """Return the body without its content coding; None where there is none, or where the operation takes none."""
    body = whole_body(request, limit)
    assert isinstance(body, bytes)  # noqa: S101 - only files are spooled
    if operation.body is None or (not body and not operation.body_required):
        return None
    _check_media_type(operation, request.headers.get("content-type", ""))
    deadline.check()
    return _readable(operation, _decoded, body, request.headers.get("content-encoding", ""), limit)


def _is_form(operation: Operation) -> bool:
    """Return whether an operation takes a form, and no JSON."""
    return FORM in operation.accepts


def _readable(operation: Operation, read: Callable[..., T], *arguments: Any) -> T:
    try:
        return read(*arguments)
    except ValueError as error:
        kind = "a form" if _is_form(operation) else "JSON"
        raise problems.malformed(f"The body is not {kind} that can be accepted: {error}.") from None


def _check_not_empty(content: Sized, field_errors: list[FieldError]) -> None:
    if not len(content):
        field_errors.append(FieldError("missing", "there is no file, or an empty one", path=()))


def _body_value(operation: Operation, raw: Any, field_errors: list[FieldError]) -> Any:
    """Return the body of a request; add what is wrong with it to the field errors."""
    return _validate(operation.body, raw, field_errors) if operation.body else raw


def decode_form(content: bytes) -> dict[str, str]:
    """Decode a form (the URL standard's application/x-www-form-urlencoded). Errors: ValueError."""
    found: dict[str, str] = {}
    for name, value in query_string.pairs(content.decode("ascii")):
        if name in found:
            raise ValueError(f"the field {name!r} is given more than once")
        found[name] = value
    return found


def browser_of(request: Request, proxies: TrustedProxies) -> Browser:
    """Return what is known of the browser that sends a request."""
    loopback = name_of(request.headers.get("host", "")) in LOOPBACK.split(",")
    client = bucket_of(proxies.client_of(request.client, request.headers)) if request.method == "POST" else ""
    return Browser(client, read_cookie(request.headers.get("cookie", ""), loopback=loopback), loopback)


def _check_media_type(operation: Operation, field: str) -> None:
    found = _MEDIA_TYPE.fullmatch(field)
    essence = found[1].lower() if found else ""
    other_json = essence.endswith("+json") and essence not in PATCH_FORMATS and not _is_form(operation)
    known = essence in operation.accepts or other_json
    if not known or not all(charset.lower() in _UTF_8 for charset in _CHARSET.findall(field)):
        name, accepted = accept_field(operation)
        raise problems.unsupported_media_type(f"Send {accepted}, in UTF-8.", {name: accepted})


def _key(
    operation: Operation, request: Request, raw: Any, content: bytes | None, principal: Principal
) -> RequestKey | None:
    """Return the key of a request, which a form has in a field. Errors: Problem 400."""
    header = request.headers.get("idempotency-key")
    field = raw.get(FORM_KEY) if _is_form(operation) and raw is not _NOTHING else header
    if operation.secret and (field is not None or header is not None):
        raise problems.malformed("The response has a secret, and is not kept: send no Idempotency-Key.")
    if field is None or not operation.repeatable:
        return None
    address = f"{filled(operation.path, request.parameters.__getitem__)}?{request.query}"
    try:
        key = RequestKey.of(field, operation.method, address, content or b"")
    except ValueError as error:
        raise problems.malformed(f"The Idempotency-Key cannot be read: {error}.") from None
    return key if principal.is_anonymous else key.of_owner(str(principal.id))


def _decoded(body: bytes, coding: str, limit: int) -> bytes:
    decoded = _readable_coding(content_coding.decode, coding, body, limit)
    if decoded is None:
        raise problems.too_large(limit)
    return decoded


def _readable_coding(read: Callable[..., T], coding: str, *arguments: Any) -> T:
    try:
        return read(coding, *arguments)
    except LookupError:
        detail = "Send the body as it is, or in gzip."
        raise problems.unsupported_media_type(detail, {"Accept-Encoding": "gzip"}) from None


def _query(operation: Operation, target: Target, text: str, field_errors: list[FieldError]) -> Any:
    model, of_page = None if target.suffix else operation.query, operation.for_browsers
    try:
        if model is None:
            if of_page:
                return None
            unknown = (query_string.unknown(name) for name, _ in query_string.pairs(text))
            field_errors.extend(query_string.reported(unknown))
            return None
        value, found = query_string.validated(model, text, of_page=of_page)
    except ValueError as error:
        raise problems.malformed(f"The query string cannot be read: {error}.") from None
    field_errors.extend(found)
    return value


def _validate(model: type[BaseModel], value: Any, field_errors: list[FieldError]) -> BaseModel | None:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        for item in _first_faults(model, value, error):
            code = "unknown" if item["type"] == "extra_forbidden" else item["type"]
            field_errors.append(FieldError(code, detail(item), path=item["loc"]))
    return None


def _first_faults(model: type[BaseModel], value: Any, error: ValidationError) -> list[ErrorDetails]:
    """Return the first FAULTS errors of a body.

    pydantic describes every error that it has found or none, which takes longer than to find them. So the first half
    of a long list is validated again, as long as it has enough.
    """
    if error.error_count() > FAULTS and isinstance(value, dict):
        half = {
            name: member[: len(member) // 2] if isinstance(member, list) else member for name, member in value.items()
        }
        try:
            model.model_validate(half)
        except ValidationError as fewer:
            # The errors of other members come last, and are not to move up.
            if fewer.error_count() > FAULTS + json.MEMBERS:
                return _first_faults(model, half, fewer)
    return error.errors(include_url=False, include_input=False)[:FAULTS]
