"""Check responses against an OpenAPI document, and build requests from its examples."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
from jsonschema import Draft202012Validator

Document = dict[str, Any]


def operations(document: Document) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Return method, path and operation by operationId."""
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def resolved(document: Document, node: dict[str, Any]) -> dict[str, Any]:
    """Return the node that a $ref refers to, or the node itself."""
    found: Any = document
    if "$ref" not in node:
        return node
    for step in node["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return resolved(document, found)


def check_value(document: Document, schema: dict[str, Any], value: Any) -> None:
    """Errors: ValidationError when the schema does not allow the value."""
    whole = {**schema, "components": document["components"]}
    Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


def check_answer(document: Document, operation_id: str, response: httpx.Response) -> None:
    """Errors: AssertionError or ValidationError when the document does not allow the response."""
    described = operations(document)[operation_id][2]["responses"]
    assert str(response.status_code) in described, f"{operation_id} does not tell of {response.status_code}"
    answer = resolved(document, described[str(response.status_code)])
    for name, header in answer.get("headers", {}).items():
        if resolved(document, header).get("required"):
            assert name in response.headers
    if "content" not in answer:
        assert response.content == b""
        return
    media_type = response.headers["Content-Type"].partition(";")[0]
    is_json = media_type == "application/json" or media_type.endswith("+json")
    value = response.json() if is_json else response.text
    check_value(document, answer["content"][media_type]["schema"], value)


def example_request(document: Document, operation_id: str) -> httpx.Request:
    """Build the request of an operation's examples: path, body, and every parameter with an example."""
    method, path, operation = operations(document)[operation_id]
    query: dict[str, Any] = {}
    for parameter in operation.get("parameters", ()):
        given = resolved(document, parameter)
        schema = given["schema"]
        examples = schema.get("examples") or schema.get("items", {}).get("examples") or schema.get("enum")
        if given["in"] == "path":
            path = path.replace(f"{{{given['name']}}}", examples[0])
        elif given["in"] == "query" and examples:
            query[given["name"]] = examples[0]
    if "requestBody" not in operation:
        return httpx.Request(method, f"http://example{path}", params=query)
    media_type, content = next(iter(operation["requestBody"]["content"].items()))
    body, headers = json.dumps(content["example"]), {"Content-Type": media_type}
    # Where a body is optional, the query says the same, and exactly one of the two must be sent.
    return httpx.Request(method, f"http://example{path}", content=body, headers=headers)


def names(path: str) -> list[str]:
    """Return the parameters of a path."""
    return re.findall(r"{(\w+)}", path)
