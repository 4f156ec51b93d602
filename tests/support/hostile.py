"""Rows in whose fields is what a page, a template or a feed must not take for its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

import httpx

from diptych.core.sync.operations import OPERATIONS

MARKUP = '"></title></textarea><script>alert(1)</script><evil onerror=alert(1)>'
ATTRIBUTE = "' onfocus='alert(1)' x=` {{7*7}} {% x %} ${7*7} &lt;evil&gt; ]]>"
ADDRESS = "https://example.org/'onmouseover='alert(1)'//"
SCRIPT = "javascript:alert(1)//"
DIRECTION = "\u202egpj.exe \u2067\u200f x\u2028y\u2029z"
SHORT = "<evil>"
TEXTS = (MARKUP, ATTRIBUTE, ADDRESS, SCRIPT, DIRECTION, SHORT)

NUL = "evil\x00"

NO_TEXT = ("uuid", "date", "date-time")
"""Formats of strings that are no text."""

Row = dict[str, Any]


class Stored:
    """The rows with a text in each field that takes it.

    rows: by resource. fields: what those keep that took it, such as books.title. word: at the end of the text.

    The fields, and those of the rows that belong to a row, are found in the schemas of the operations that write them.
    """

    def __init__(self, api: httpx.Client, text: str) -> None:
        self.rows: dict[str, Row] = {}
        self.fields: dict[str, list[str]] = {}
        self._api = api
        # Some are unique, and some are short.
        self.word = uuid4().hex[:8]
        self._text = f"{text}{self.word}"
        for resource, schema in _created():
            self._create(resource, schema)
        for resource, name, schema in _added():
            self._add(resource, name, schema)

    def _create(self, resource: str, schema: _Schema) -> None:
        response = self._sent("POST", f"/{resource}", self._filled(schema), schema)
        self.rows[resource] = response.json() if response is not None else {}
        self._note(resource, self.rows[resource], schema.texts)

    def _add(self, resource: str, name: str, schema: _Schema) -> None:
        item = schema.of_items()
        items: list[Any] = [f"{self._text}{resource}"]
        if item.properties:
            items = [self._filled(item, chosen) for chosen in item.choices() or [{}]]
        path = f"/{resource}/{self.rows[resource]['id']}/{name}"
        response = self._sent("PUT", path, {"items": items}, schema)
        for each in response.json()["items"] if response is not None else ():
            if item.properties:
                self._note(f"{resource}.{name}", each, item.texts)
            else:
                self._keep(f"{resource}.{name}", each if isinstance(each, str) else each["name"])

    def _filled(self, schema: _Schema, chosen: Row | None = None) -> Row:
        """Return an object with the text in each field for text, and ids of rows that there are."""
        body = dict(chosen or {})
        for name in schema.properties:
            resource = f"{name.removesuffix('_id')}s".replace("ss", "s")
            if name in schema.texts:
                body[name] = self._text
            elif self.rows.get(resource):
                body[name] = self.rows[resource]["id"]
        return body

    def _sent(self, method: str, path: str, body: Row, schema: _Schema) -> httpx.Response | None:
        """Send what is accepted of a body; return None where it accepts nothing of the text."""
        response = self._api.request(method, path, json=body)
        if response.status_code != 422:
            return response.raise_for_status()
        refused = [error["pointer"][1:].split("/") for error in response.json()["errors"]]
        if "items" in body:
            places = {int(pointer[1]) for pointer in refused}
            kept = [item for place, item in enumerate(body["items"]) if place not in places]
            return self._api.request(method, path, json={"items": kept}).raise_for_status() if kept else None
        for (name,) in refused:
            del body[name]
            if name in schema.required:
                body[name] = f"{schema.example(name)}{uuid4().hex}"
        return self._api.request(method, path, json=body).raise_for_status()

    def _note(self, there: str, row: Row, texts: Sequence[str]) -> None:
        for name in texts:
            self._keep(f"{there}.{name}", row.get(name))

    def _keep(self, field: str, value: object) -> None:
        if isinstance(value, str) and self.word in value:
            self.fields.setdefault(field, []).append(value)


class _Schema:
    """The JSON Schema of a body, or of a part of it."""

    def __init__(self, schema: Row, definitions: Row | None = None) -> None:
        self._definitions = schema.get("$defs", {}) if definitions is None else definitions
        self._schema = schema
        self.properties: Row = schema.get("properties", {})
        self.required: list[str] = schema.get("required", [])

    def of_items(self) -> _Schema:
        items = self.properties["items"]["items"]
        return _Schema(self._definitions.get(items.get("$ref", "").rpartition("/")[2], items), self._definitions)

    def choices(self) -> list[Row]:
        """Return each choice of the members that have some."""
        return [{name: value} for name, kind in self.properties.items() for value in kind.get("enum", ())]

    def example(self, name: str) -> str:
        example: str = self.properties[name]["examples"][0]
        return example

    @property
    def texts(self) -> list[str]:
        """The members that are text."""
        return [name for name, kind in self.properties.items() if any(map(_is_text, kind.get("anyOf", [kind])))]


def _is_text(kind: Row) -> bool:
    return kind.get("type") == "string" and "enum" not in kind and kind.get("format") not in NO_TEXT


def _created() -> Iterator[tuple[str, _Schema]]:
    """Yield each resource whose rows can be created, and the schema of their bodies."""
    for operation in OPERATIONS:
        if operation.creates and operation.body and operation.path.count("/") == 1:
            yield operation.path[1:], _Schema(operation.body.model_json_schema())


def _added() -> Iterator[tuple[str, str, _Schema]]:
    """Yield each list that belongs to a row: the resource, the name of the list, and the schema of its body."""
    for operation in OPERATIONS:
        if operation.method == "PUT" and operation.body and operation.path.count("/") == 3:
            resource, _, name = operation.path[1:].partition("/{id}/")
            yield resource, name, _Schema(operation.body.model_json_schema())


def fields_for_text() -> set[str]:
    """Return the fields for text of all rows, and of what belongs to them, such as books.title."""
    found = {f"{resource}.{field}" for resource, schema in _created() for field in schema.texts}
    for resource, name, schema in _added():
        item = schema.of_items()
        found |= {f"{resource}.{name}.{field}" for field in item.texts}
        found |= set() if item.properties else {f"{resource}.{name}"}
    return found
