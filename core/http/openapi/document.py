"""The table of operations as an OpenAPI 3.1 document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from itertools import groupby
from typing import Any, get_origin

from pydantic import TypeAdapter

from diptych.core.access.permissions import ANONYMOUS, SCOPES
from diptych.core.engine.schemas.field_types import Id
from diptych.core.engine.schemas.pagination import Page
from diptych.core.http.openapi.components import Components, parameters
from diptych.core.http.operations import Operation, parameters_of
from diptych.core.http.problem_types import PROBLEM_TYPES, ProblemType
from diptych.core.http.problems import PROBLEM_JSON
from diptych.core.http.uploads import MULTIPART, OCTETS
from diptych.core.idempotency.rules import PATTERN

DESCRIPTION = """\
- Bodies are JSON in UTF-8. Members are in snake_case, query parameters in camelCase. A member or parameter that is not
  known, and a single one given twice, is an error.
- Times are in UTC (RFC 3339). Ids are UUIDs.
- Text is kept in Unicode's NFC and without white space around it; its length is counted in characters after that.
- A POST with an `Idempotency-Key` can be sent again, and is done once.
- 2xx means saved. Every error is an `application/problem+json` (RFC 9457) that names every fault at
  once that the request shows by itself.
- What cannot be read at all, or is too much, is refused at any address: 400, 408, 414, 417, 421, 429 and 431 can be
  the answer anywhere, and 405 with `Allow` where a method is not taken.
- What anonymous clients may do is up to the service. A request that needs more sends `Authorization: Bearer` with a
  token; without one it gets 401, and 403 where the token does not allow it. `GET /me` tells what a token allows.
- HEAD works wherever GET does, and OPTIONS everywhere.
- Every answer has an `X-Request-ID`, the request's own or one that was made, under which it is in the service's log.
"""

_BEARER = "bearer"
_NEVER_ANONYMOUS = {*SCOPES, "me:read"} - frozenset().union(*ANONYMOUS.values())

_SUCCESS = {
    200: "Done; the answer is in the body.",
    201: "Created.",
    202: "Accepted; a job does it.",
    204: "Done; no content.",
}

_HEADERS = {
    "Location": "The address of what was created, or of the job.",
    "Content-Location": "The address of what the body represents.",
    "ETag": "The version of what is answered, for If-None-Match and If-Match.",
    "Cache-Control": "How long, and by whom, the answer may be kept.",
    "Vary": "The request headers that the answer depends on.",
    "Accept-Ranges": "That a part can be read: bytes.",
    "Content-Disposition": "Whether a browser is to show the file or to save it, and by what name (RFC 6266).",
    "Content-Range": "Which part it is, of how many bytes.",
    "Link": "The addresses (RFC 8288) of the first, previous, next and last page, as far as there are such, or of a "
    "row's other representations.",
}

_FILE = {
    OCTETS: {
        "schema": {"type": "string", "contentMediaType": OCTETS, "minLength": 1},
        "example": "title,author\nFinn Family Moomintroll,Tove Jansson\n",
    },
    MULTIPART: {
        "schema": {
            "type": "object",
            "required": ["file"],
            "properties": {"file": {"type": "string", "contentMediaType": OCTETS, "minLength": 1}},
        },
        "example": {"file": "title,author\nFinn Family Moomintroll,Tove Jansson\n"},
    },
}

_PROBLEM = {
    "description": "An error (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "The address of a page about this type."},
        "title": {"type": "string", "description": "The type, in words."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599, "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What was wrong this time, for people."},
        "errors": {
            "type": "array",
            "minItems": 1,
            "items": {"$ref": "#/components/schemas/Fault"},
            "description": "Each single fault, where they are known.",
        },
    },
}

_FAULT = {
    "description": "One thing that is wrong, and where: in the body, or in a query parameter.",
    "type": "object",
    "required": ["code", "detail"],
    "properties": {
        "pointer": {"type": "string", "description": "A JSON Pointer (RFC 6901) into the body."},
        "parameter": {"type": "string", "description": "The name of a query parameter."},
        "code": {"type": "string", "description": "What is wrong, for programs: it stays the same."},
        "detail": {"type": "string", "description": "What is wrong, for people."},
    },
    "oneOf": [{"required": ["pointer"]}, {"required": ["parameter"]}],
}


def document(operations: Sequence[Operation], prefix: str) -> dict[str, Any]:
    """Build the OpenAPI document of a table, without the forms of its pages.

    prefix: where the catalogue is mounted ("" at the root).
    """
    operations = [each for each in operations if not each.for_browsers]
    components = Components(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, operations, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Diptych",
            "summary": "A book catalogue.",
            "description": DESCRIPTION,
            "version": version("diptych"),
            "contact": {"name": "Whoever runs this service"},
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": prefix or "/"}],
        "security": [],
        "tags": [{"name": tag, "description": f"What can be done with {tag}."} for tag in tags(operations)],
        "paths": paths,
        "components": {
            "schemas": {**components.schemas, "Fault": _FAULT, "Problem": _PROBLEM},
            "responses": {_together(kinds): _problem(kinds, prefix) for kinds in _used(operations)},
            "parameters": {key: _field(*each) for key, each in _FIELDS.items()},
            "headers": {name: _header(description) for name, description in _HEADERS.items()},
            "securitySchemes": {
                _BEARER: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of an account (RFC 6750): POST /tokens, or `diptych tokens create`. Or an"
                    " access token of the identity provider, where one is configured (RFC 9068).",
                }
            },
        },
    }


def tags(operations: Iterable[Operation]) -> list[str]:
    """Return the tags of the operations, in the order of the table."""
    return list(dict.fromkeys(tag(each) for each in operations))


def tag(operation: Operation) -> str:
    """Return the tag that an operation is listed under."""
    return operation.tag or operation.path.split("/")[1]


def _operation(operation: Operation, table: Sequence[Operation], components: Components) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [tag(operation)],
        "summary": operation.summary,
        "description": operation.description or f"{operation.summary}.",
    }
    taken = [*_path_parameters(operation, components), *_query_parameters(operation)]
    taken.extend({"$ref": f"#/components/parameters/{name}"} for name in _fields(operation))
    if taken:
        found["parameters"] = taken
    if operation.body is not None:
        schema = components.body(operation.body)
        content = {"schema": schema, "example": components.example(schema, whole=True)}
        # One media type only: client generators make a separate body class for each.
        first, *others = operation.accepts
        found["requestBody"] = {
            "description": " ".join(["JSON.", *(f"{other} will do as well." for other in others)]),
            "required": operation.body_required,
            "content": {first: content},
        }
    if operation.stores_file is not None:
        content = _FILE if operation.unwraps_file else _binary(operation.accepts)
        found["requestBody"] = {"description": "The content of the file.", "required": True, "content": content}
    if operation.needed is not None:
        # An empty requirement: the catalogue's operations may be open to anonymous clients.
        found["security"] = [{_BEARER: []}] if operation.needed in _NEVER_ANONYMOUS else [{}, {_BEARER: []}]
    found["responses"] = _responses(operation, table, components)
    return found


# Parameters


def _path_parameters(operation: Operation, components: Components) -> list[dict[str, Any]]:
    """Describe the path parameters: `id` and `..._id` are UUIDs; any other is as the response member of that name."""
    answer = (
        components.resolve(components.answer(operation.response_schema))
        if operation.response_schema is not None
        else {}
    )
    an_id = TypeAdapter(Id).json_schema()
    members = {name: an_id for name in parameters_of(operation.path) if name == "id" or name.endswith("_id")}
    members = {**answer.get("properties", {}), **members}
    return [
        {"name": name, "in": "path", "required": True, "schema": members.get(name, {"type": "string", "minLength": 1})}
        for name in parameters_of(operation.path)
    ]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    found = []
    for name, schema in parameters(operation.query).items():
        described = {"description": schema.pop("description")} if "description" in schema else {}
        found.append({"name": name, "in": "query", **described, "schema": schema})
    return found


_FIELDS: dict[str, tuple[str, dict[str, Any], str]] = {
    "Unchanged": (
        "If-None-Match",
        {},
        "The ETag of an answer that the client has: 304 without a body while it is still right.",
    ),
    "If-Match": (
        "If-Match",
        {},
        "The ETag that was read; 412 if the resource has changed since.",
    ),
    "If-None-Match": ("If-None-Match", {}, "`*`: only where there is nothing yet, else 412."),
    "Range": (
        "Range",
        {},
        "The part of the file to read, such as `bytes=0-1023`: 206, or 416 where there is nothing of it.",
    ),
    "If-Range": (
        "If-Range",
        {},
        "The ETag of what the client has a part of: the whole file is the answer when it has changed since.",
    ),
    "Idempotency-Key": (
        "Idempotency-Key",
        {"pattern": PATTERN},
        "A name for this request alone, such as a UUID: within a day it is done once, however often it is sent.",
    ),
}


def _field(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string", **schema}}


def _fields(operation: Operation) -> list[str]:
    """Return the names, in the document, of the request headers that an operation reads."""
    if operation.repeatable:
        return ["Idempotency-Key"]
    if _conditional(operation):
        return ["Unchanged", *(["Range", "If-Range"] if operation.sends_file else [])]
    if operation.lock is None:
        return []
    return ["If-Match", "If-None-Match"] if operation.creates else ["If-Match"]


def _conditional(operation: Operation) -> bool:
    return operation.method == "GET" and operation.tagged


# Responses


def _responses(operation: Operation, table: Sequence[Operation], components: Components) -> dict[str, Any]:
    found: dict[int, Any] = {operation.status: _success(operation, operation.status, table, components)}
    if operation.creates:
        found[201] = _success(operation, 201, table, components)
    if operation.sends_file:
        headers = _headers(*_VALIDATORS[:2], *_OF_FILES, "Content-Range")
        found[206] = {
            "description": "A part of the file.",
            "headers": headers,
            "content": _binary(operation.sends_file),
        }
    if _conditional(operation):
        found[304] = {"description": "What the client has is still right.", "headers": _headers(*_VALIDATORS)}
    for kinds in _problems(operation):
        found[kinds[0].status] = {"$ref": f"#/components/responses/{_together(kinds)}"}
    return {str(status): found[status] for status in sorted(found)}


_VALIDATORS = ("ETag", "Cache-Control", "Vary")
_OF_FILES = ("Accept-Ranges", "Content-Disposition")


def _success(operation: Operation, status: int, table: Sequence[Operation], components: Components) -> dict[str, Any]:
    found: dict[str, Any] = {"description": _SUCCESS[status]}
    if operation.sends_file:
        found["content"] = _binary(operation.sends_file)
    names = [
        *(["Location"] if status == 202 or (status == 201 and operation.creates) else []),
        *(["Content-Location"] if operation.is_representation else []),
        *(["ETag"] if operation.tagged else []),
        *(["Cache-Control"] if operation.method == "GET" else []),
        *(_OF_FILES if operation.sends_file else []),
        *(["Vary"] if operation.response_schema is not None and operation.unit != "stream" else []),
        *(["Link"] if get_origin(operation.response_schema) is Page or operation.suffixes else []),
    ]
    if names:
        found["headers"] = _headers(*names)
    if operation.response_schema is not None:
        schema = components.answer(operation.response_schema)
        example = {"example": components.example(schema, whole=False)} if "$ref" in schema else {}
        found["content"] = {operation.media_type.partition(";")[0]: {"schema": schema, **example}}
        if operation.creates:
            found["links"] = _links(operation, table, components.resolve(schema)["properties"])
    return found


def _links(operation: Operation, table: Iterable[Operation], members: Iterable[str]) -> dict[str, Any]:
    """Return links to the operations below a created resource that need no more than its members."""
    collection = str(operation.resource_path).partition("{")[0]
    return {
        each.name: {
            "operationId": each.name,
            "parameters": {step: f"$response.body#/{step}" for step in parameters_of(each.path)},
        }
        for each in table
        if each.path.startswith(collection)
        and parameters_of(each.path)
        and set(parameters_of(each.path)) <= set(members)
    }


def _binary(media_types: Iterable[str]) -> dict[str, Any]:
    return {each: {"schema": {"type": "string", "contentMediaType": each}} for each in media_types}


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "required": True, "schema": {"type": "string"}}


# Problems


Kinds = tuple[ProblemType, ...]
"""The problem types that an operation can return with one status."""


def _problems(operation: Operation) -> list[Kinds]:
    """Return the problems an operation can return. 405 is left out: it answers methods that are not operations."""
    names = {"malformed", "too-large", "invalid", "internal", *operation.problems}
    if parameters_of(operation.path):
        names.add("not-found")
    if operation.query is not None:
        names.add("uri-too-long")
    if operation.body is not None or operation.stores_file is not None:
        names.add("unsupported-media-type")
    if operation.needed is not None:
        names |= {"unauthorized", "forbidden", "unavailable"}
    if operation.unit != "none":
        names.add("unavailable")
    if operation.writes:
        names |= {"conflict", "cross-site"}
    if operation.lock is not None:
        names |= {"precondition-failed", "precondition-required"}
    if operation.repeatable:
        names |= {"key-in-use", "key-reused"}
    kinds = [kind for kind in PROBLEM_TYPES.values() if kind.name in names]
    return [tuple(each) for _, each in groupby(kinds, lambda kind: kind.status)]


def _used(operations: Iterable[Operation]) -> list[Kinds]:
    used = {_together(kinds): kinds for operation in operations for kinds in _problems(operation)}
    return sorted(used.values(), key=lambda kinds: (kinds[0].status, len(kinds)))


def _together(kinds: Kinds) -> str:
    return "-or-".join(kind.name for kind in kinds)


def _problem(kinds: Kinds, prefix: str) -> dict[str, Any]:
    descriptions = [f"{kind.title}. {kind.meaning} {kind.advice}" for kind in kinds]
    found: dict[str, Any] = {"description": " Or: ".join(descriptions)}
    headers = {name: text for kind in kinds for name, text in kind.headers.items()}
    if headers:
        always = {name for name in headers if all(name in kind.headers for kind in kinds)}
        found["headers"] = {name: {**_header(text), "required": name in always} for name, text in headers.items()}
    examples = {kind.name: {"value": _example(kind, prefix)} for kind in kinds}
    shown = {"examples": examples} if len(kinds) > 1 else {"example": _example(kinds[0], prefix)}
    found["content"] = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}, **shown}}
    return found


def _example(kind: ProblemType, prefix: str) -> dict[str, Any]:
    return {
        "type": f"{prefix}/problems/{kind.name}",
        "title": kind.title,
        "status": kind.status,
        "detail": kind.example,
    }
