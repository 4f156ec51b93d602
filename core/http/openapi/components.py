"""The schemas of an OpenAPI document: request bodies by pydantic, responses by msgspec, and examples of both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from diptych.core.engine.schemas.base import OPTIONAL_MEMBERS
from diptych.core.http.operations import Operation

Schema = dict[str, Any]

_REF = "#/components/schemas/"
_GENERIC = re.compile(r"(\w+?)_(\w+)_")
"""The name that msgspec gives Page[Book]; it becomes BookPage."""

_FALLBACKS = {
    "date-time": "2026-01-31T12:00:00Z",
    "uuid": "01a1fbd7-55dd-7561-861e-8d0bba31278f",
    "integer": 1,
    "boolean": False,
}


class Components:
    """The schemas of all request and response bodies of a table, by name, and the references to them."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        table = list(operations)
        bodies = list(dict.fromkeys(each.body for each in table if each.body is not None))
        answers = [each.response_schema for each in table if each.response_schema is not None]
        inputs, definitions = models_json_schema(
            [(body, "validation") for body in bodies], ref_template=_REF + "{model}", schema_generator=_Plain
        )
        self._bodies: dict[type[BaseModel], Schema] = {body: _tidy(inputs[body, "validation"]) for body in bodies}
        outputs, described = msgspec.json.schema_components(answers, ref_template=_REF + "{name}")
        self._answers = [(answer, _tidy(schema)) for answer, schema in zip(answers, outputs, strict=True)]
        # Of two types that are described as one, the one with more members is the later.
        named = {**definitions.get("$defs", {}), **{_name(name): described[name] for name in sorted(described)}}
        self.schemas: dict[str, Schema] = {name: _tidy(named[name]) for name in sorted(named)}

    def body(self, model: type[BaseModel]) -> Schema:
        """Return the schema of a request body."""
        return self._bodies[model]

    def answer(self, kind: Any) -> Schema:
        """Return the schema of a response body."""
        found: Schema = next(schema for answer, schema in self._answers if answer == kind)
        return found

    def resolve(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the schema that a `$ref` refers to; any other schema as it is."""
        return self.schemas[str(schema["$ref"]).removeprefix(_REF)] if "$ref" in schema else schema

    def example(self, schema: Mapping[str, Any], *, whole: bool) -> Any:
        """Build a value that the schema allows from the examples in it. whole: include the optional members."""
        schema = self.resolve(schema)
        if "examples" in schema:
            return schema["examples"][0]
        if "enum" in schema:
            return schema["enum"][0]
        if "anyOf" in schema:
            # Releases of msgspec differ in where null stands.
            first = next(each for each in schema["anyOf"] if each != {"type": "null"})
            return self.example(first, whole=whole)
        match schema.get("type"):
            case "object":
                members = schema.get("properties", {})
                names = members if whole else schema.get("required", ())
                return {name: self.example(members[name], whole=whole) for name in members if name in names}
            case "array":
                return [self.example(schema["items"], whole=whole)]
            case kind:
                return _FALLBACKS.get(schema.get("format", kind), "text")


def parameters(model: type[BaseModel]) -> dict[str, Schema]:
    """Return the schema of each query parameter by name. In a query string none of them can be null."""
    members: dict[str, Schema] = _tidy(model.model_json_schema(schema_generator=_Plain))["properties"]
    return {name: _present(schema) for name, schema in members.items()}


def _present(schema: Schema) -> Schema:
    options = [each for each in schema.pop("anyOf", ()) if each != {"type": "null"}]
    descriptions = [each["description"] for each in (schema, *options) if "description" in each]
    merged = {**schema, **(options[0] if options else {})}
    if descriptions:
        merged["description"] = " ".join(descriptions)
    return {**merged, "minItems": 1} if merged["type"] == "array" else merged


class _Plain(GenerateJsonSchema):
    """pydantic's schemas without the titles that it derives from names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - of none
        return False


def _tidy(schema: Any) -> Any:
    """Remove titles, which are class names, and null defaults: a member left out of a PATCH does not become null."""
    if isinstance(schema, list):
        return [_tidy(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": _REF + _name(schema["$ref"].removeprefix(_REF))}
    useless = (("title", str), ("default", type(None)))
    return {
        name: _tidy(value)
        for name, value in schema.items()
        if not any(name == keyword and isinstance(value, kind) for keyword, kind in useless)
    }


def _name(name: str) -> str:
    name = name.replace(OPTIONAL_MEMBERS, "")
    generic = _GENERIC.fullmatch(name)
    return f"{generic[2]}{generic[1]}" if generic else name
