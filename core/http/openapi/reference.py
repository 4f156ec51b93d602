"""The reference page: an OpenAPI document of diptych.core.http.openapi.document as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from diptych.core.http import json
from diptych.core.http.openapi.html import Markup, element, together
from diptych.core.http.openapi.pages import marked, page, scrolling

Node = Mapping[str, Any]

_SCHEMAS = "#/components/schemas/"


def reference(document: Node, prefix: str) -> bytes:
    """Return the page. prefix: where the catalogue is mounted."""
    listed = {
        tag["name"]: [
            (method, path, operation)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
            if tag["name"] in operation["tags"]
        ]
        for tag in document["tags"]
    }
    sections = [_section(tag, there, document) for tag, there in listed.items()]
    main = element("main", _introduction(document, prefix), *sections, _schemas(document), id="content")
    info = document["info"]
    subtitle = f"{info['summary']} Version {info['version']}."
    return page(info["title"], subtitle, element("div", _navigation(listed), main, class_="columns"))


def _introduction(document: Node, prefix: str) -> Markup:
    items = " ".join(document["info"]["description"].split()).removeprefix("- ").split(" - ")
    return together(
        element("h2", "At every address"),
        element("ul", *(element("li", marked(item)) for item in items)),
        element(
            "p",
            "For programs: ",
            element("a", "the OpenAPI document", href=f"{prefix}/openapi.json"),
            ". What errors mean: ",
            element("a", "problems", href=f"{prefix}/problems"),
            ".",
        ),
    )


def _navigation(listed: Mapping[str, Sequence[tuple[str, str, Node]]]) -> Markup:
    found = []
    for tag, there in listed.items():
        links = [
            element("li", element("a", _method(method), " ", path, href=f"#{operation['operationId']}"))
            for method, path, operation in there
        ]
        found += [element("h2", tag), element("ul", *links)]
    return element("nav", *found, element("h2", element("a", "Schemas", href="#schemas")), aria_label="Operations")


def _section(tag: str, there: Iterable[tuple[str, str, Node]], document: Node) -> Markup:
    articles = [_operation(method, path, operation, document) for method, path, operation in there]
    return element("section", element("h2", tag, class_="tag", id=f"tag-{tag}"), *articles)


def _method(method: str) -> Markup:
    return element("span", method.upper(), class_=f"method {method}")


def _operation(method: str, path: str, operation: Node, document: Node) -> Markup:
    name, summary, description = operation["operationId"], operation["summary"], operation["description"]
    return element(
        "article",
        element("h3", _method(method), " ", element("code", path)),
        element("p", element("strong", f"{summary}.")),
        element("p", marked(description)) if description != f"{summary}." else None,
        _parameters(operation, document),
        _body(operation),
        _answers(operation, document),
        id=name,
    )


def _parameters(operation: Node, document: Node) -> Markup | None:
    found = [_resolved(each, document) for each in operation.get("parameters", ())]
    rows = [
        (each["name"], each["in"], _type(each["schema"]), marked(_descriptions(each, each["schema"]))) for each in found
    ]
    if not rows:
        return None
    table = _table(("Parameter", "In", "Type", "Meaning"), rows)
    return _folded(f"Parameters ({len(rows)})", scrolling(table, "Parameters"), opened=len(rows) <= _FEW)


_FEW = 4


def _body(operation: Node) -> Markup | None:
    if "requestBody" not in operation:
        return None
    body = operation["requestBody"]
    media_types = body["content"]
    first = next(iter(media_types.values()))
    needed = "" if body["required"] else ", which may be left out"
    return together(
        element("h4", "Body"),
        element("p", _type(first["schema"]), f" as {' or '.join(media_types)}{needed}"),
        _example(first["example"]),
    )


def _answers(operation: Node, document: Node) -> Markup:
    rows, examples = [], []
    for status, given in operation["responses"].items():
        response = _resolved(given, document)
        media_type, content = next(iter(response.get("content", {"": {}}).items()))
        shape = together(_type(content["schema"]), f" as {media_type}") if content else Markup("none")
        rows.append((status, marked(_first_sentence(response["description"])), shape))
        if "example" in content and int(status) < 300:
            examples.append(_folded(f"Example of {status}", _example(content["example"])))
    table = _table(("Status", "Meaning", "Body"), rows)
    return together(element("h4", "Answers"), scrolling(table, "Answers"), *examples)


def _schemas(document: Node) -> Markup:
    articles = [_schema(name, schema) for name, schema in document["components"]["schemas"].items()]
    return element("section", element("h2", "Schemas", id="schemas"), *articles)


def _schema(name: str, schema: Node) -> Markup:
    required = schema.get("required", ())
    rows = [
        (member, "always" if member in required else "optional", _type(kind), marked(_descriptions(kind)))
        for member, kind in schema["properties"].items()
    ]
    table = _table(("Member", "There", "Type", "Meaning"), rows)
    return element(
        "article",
        element("h3", element("code", name)),
        element("p", marked(schema["description"])) if "description" in schema else None,
        scrolling(table, name),
        id=f"schema-{name}",
    )


# Parts


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    columns = [element("th", head, scope="col") for head in heads]
    lines = [
        element("tr", element("th", element("code", first), scope="row"), *(element("td", cell) for cell in rest))
        for first, *rest in rows
    ]
    return element("table", element("thead", element("tr", *columns)), element("tbody", *lines))


def _folded(title: str, content: Markup, *, opened: bool = False) -> Markup:
    return element("details", element("summary", title), content, open="" if opened else None)


def _example(value: Any) -> Markup:
    return element("pre", element("code", json.indented(value)), tabindex="0")


def _resolved(node: Node, document: Node) -> Node:
    if "$ref" not in node:
        return node
    found: Node = document
    for step in node["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].rstrip(".")


def _type(schema: Node) -> Markup:
    """Describe the type of value that a schema allows in a few words, linking to named schemas."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_SCHEMAS)
        return element("a", name, href=f"#schema-{name}")
    if "anyOf" in schema:
        return _joined(" or ", map(_type, schema["anyOf"]))
    if "enum" in schema:
        return _joined(" | ", (element("code", str(value)) for value in schema["enum"]))
    if schema.get("type") == "array":
        return together("list of ", _type(schema["items"]), _between("", schema, "minItems", "maxItems"))
    kind = schema.get("format", schema.get("type", "anything"))
    bounds = _between("", schema, "minimum", "maximum") + _between(" characters", schema, "minLength", "maxLength")
    return together(kind, bounds)


def _joined(between: str, parts: Iterable[Markup]) -> Markup:
    return together(*[each for part in parts for each in (between, part)][1:])


def _between(unit: str, schema: Node, low: str, high: str) -> str:
    if high not in schema:
        return ""
    return f", {schema.get(low, 0)} to {schema[high]:,}{unit}"


def _descriptions(*nodes: Node) -> str:
    """Return the descriptions of schemas, and the default if there is one."""
    options = [option for node in nodes for option in (node, *node.get("anyOf", ()), node.get("items", {}))]
    texts = [option["description"] for option in options if "description" in option]
    default = next((node["default"] for node in nodes if "default" in node), None)
    written = str(default).lower() if isinstance(default, bool) else default
    return " ".join([*dict.fromkeys(texts), *([] if default is None else [f"`{written}` when it is left out."])])
