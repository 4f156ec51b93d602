"""Parts of an OpenAPI document as HTML: types of values, tables, examples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from diptych.core.http import json
from diptych.core.http.openapi.html import Markup, element, together

Node = Mapping[str, Any]

SCHEMAS = "#/components/schemas/"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    """Return a table whose rows are named by their first cell."""
    columns = [element("th", head, scope="col") for head in heads]
    lines = [
        element("tr", element("th", element("code", first), scope="row"), *(element("td", cell) for cell in rest))
        for first, *rest in rows
    ]
    return element("table", element("thead", element("tr", *columns)), element("tbody", *lines))


def folded(title: str, content: Markup, *, opened: bool = False) -> Markup:
    """Return content that unfolds."""
    return element("details", element("summary", title), content, open="" if opened else None)


def example(value: Any) -> Markup:
    """Return a value as indented JSON."""
    return element("pre", json.indented(value), tabindex="0")


def resolved(node: Node, document: Node) -> Node:
    """Return the node that a $ref refers to, or the node itself."""
    if "$ref" not in node:
        return node
    found: Node = document
    for step in node["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found


def first_sentence(text: str) -> str:
    """Return the first sentence of a text, without its full stop."""
    return text.partition(". ")[0].rstrip(".")


def type_of(schema: Node, docs: str) -> Markup:
    """Describe the type of value that a schema allows in a few words, with links to named schemas, below docs."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(SCHEMAS)
        return element("a", name, href=f"{docs}/{name}")
    if "anyOf" in schema:
        return _joined(" or ", (type_of(each, docs) for each in schema["anyOf"]))
    if "enum" in schema:
        return _joined(" | ", (element("code", str(value)) for value in schema["enum"]))
    if schema.get("type") == "array":
        return together("list of ", type_of(schema["items"], docs), _between("", schema, "minItems", "maxItems"))
    kind = schema.get("format", schema.get("type", "anything"))
    bounds = _between("", schema, "minimum", "maximum") + _between(" characters", schema, "minLength", "maxLength")
    return together(kind, bounds)


def _joined(between: str, parts: Iterable[Markup]) -> Markup:
    return together(*[each for part in parts for each in (between, part)][1:])


def _between(unit: str, schema: Node, low: str, high: str) -> str:
    if high not in schema:
        return ""
    return f", {schema.get(low, 0)} to {schema[high]:,}{unit}"


def descriptions(*nodes: Node) -> str:
    """Return the descriptions of schemas, and the default if there is one."""
    options = [option for node in nodes for option in (node, *node.get("anyOf", ()), node.get("items", {}))]
    texts = [option["description"] for option in options if "description" in option]
    default = next((node["default"] for node in nodes if "default" in node), None)
    written = str(default).lower() if isinstance(default, bool) else default
    return " ".join([*dict.fromkeys(texts), *([] if default is None else [f"`{written}` when it is left out."])])
