"""The reference of the API: an OpenAPI document of diptych.core.http.openapi.document as HTML pages.

One page lists all operations; each resource has a page with its operations, and each schema one with its members.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote, urlencode

from diptych.core.http.openapi.html import Markup, element, together
from diptych.core.http.openapi.pages import marked, page, scrolling
from diptych.core.http.openapi.words import (
    SCHEMAS,
    Node,
    descriptions,
    example,
    first_sentence,
    folded,
    resolved,
    table,
    type_of,
)

EVERYWHERE = ("400", "401", "403", "413", "415", "422", "429", "500", "503")
"""Errors that are explained once, on the first page: almost every operation can answer them."""

_FEW = 4


class _Described(NamedTuple):
    """An operation of the document."""

    method: str
    path: str
    node: Node

    @property
    def name(self) -> str:
        return str(self.node["operationId"])


class Reference:
    """The pages. prefix: where the catalogue is mounted. script: the address of the script that sends requests."""

    def __init__(self, document: Node, prefix: str, script: str) -> None:
        self._document, self._prefix, self._script = document, prefix, script
        self._docs = f"{prefix}/docs"
        self._schemas: Node = document["components"]["schemas"]
        found = [
            _Described(method, path, operation)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        ]
        self._listed = {
            tag["name"]: [each for each in found if tag["name"] in each.node["tags"]] for tag in document["tags"]
        }

    def index(self) -> bytes:
        """Return the page that lists all operations and schemas."""
        info = self._document["info"]
        sections = [self._list(tag, there) for tag, there in self._listed.items()]
        main = element("main", self._introduction(), *sections, self._list_of_schemas(), id="content")
        return page(info["title"], f"{info['summary']} Version {info['version']}.", self._columns(main))

    def page(self, name: str) -> bytes | None:
        """Return the page of a tag or of a schema; None if there is none of this name."""
        if name in self._listed:
            return self._page_of_tag(name, self._listed[name])
        if name in self._schemas:
            return self._page_of_schema(name, self._schemas[name])
        return None

    # Pages

    def _introduction(self) -> Markup:
        items = " ".join(self._document["info"]["description"].split()).removeprefix("- ").split(" - ")
        problems = element("a", "problems", href=f"{self._prefix}/problems")
        return together(
            element("h2", "At every address"),
            element("ul", *(element("li", marked(item)) for item in items)),
            element(
                "p",
                "Almost every operation can answer the errors ",
                ", ".join(EVERYWHERE),
                "; its own page has those that are its own. What they mean: ",
                problems,
                ". For programs: ",
                element("a", "the OpenAPI document", href=f"{self._prefix}/openapi.json"),
                ".",
            ),
        )

    def _list(self, tag: str, there: Sequence[_Described]) -> Markup:
        lines = [
            element("li", element("a", _method(each.method), " ", each.path, href=self._address(tag, each)), ": ", what)
            for each in there
            for what in [str(each.node["summary"])]
        ]
        heading = element("h2", element("a", tag, href=f"{self._docs}/{tag}"), class_="tag", id=f"tag-{tag}")
        return element("section", heading, element("ul", *lines, class_="operations"))

    def _list_of_schemas(self) -> Markup:
        links = [element("li", element("a", name, href=f"{self._docs}/{name}")) for name in self._schemas]
        return element("section", element("h2", "Schemas", id="schemas"), element("ul", *links, class_="schemas"))

    def _page_of_tag(self, tag: str, there: Sequence[_Described]) -> bytes:
        articles = []
        told: dict[str, str] = {}
        for each in there:
            articles.append(self._operation(each, told))
            told |= {str(parameter): each.name for parameter in self._parameters(each) if str(parameter) not in told}
        to_list = element("p", element("a", "List of operations", href="#operations"), class_="narrow")
        token = element(
            "input", id="token", type="password", placeholder="Token for “Try it”", aria_label="Token", hidden=""
        )
        main = element("main", to_list, token, *articles, id="content")
        subtitle = "What can be done, at which address, and what is answered."
        title = f"{tag.replace('-', ' ').capitalize()} · API documentation"
        return page(title, subtitle, self._columns(main, tag), script=f"{self._prefix}/{self._script}")

    def _page_of_schema(self, name: str, schema: Node) -> bytes:
        required = schema.get("required", ())
        rows = [
            (
                member,
                "always" if member in required else "optional",
                type_of(kind, self._docs),
                marked(descriptions(kind)),
            )
            for member, kind in schema["properties"].items()
        ]
        heads = ("Member", "There", "Type", "Meaning")
        main = element(
            "main", scrolling(table(heads, rows), name), self._example(name), self._users(name), id="content"
        )
        return page(name, schema.get("description", "The members of a body."), self._columns(main))

    def _example(self, name: str) -> Markup | None:
        """Show the example of a body of this schema, if an operation has one."""
        bodies = [
            content
            for there in self._listed.values()
            for each in there
            for node in (each.node.get("requestBody", {}), *each.node["responses"].values())
            for content in resolved(node, self._document).get("content", {}).values()
            if content["schema"] == {"$ref": f"{SCHEMAS}{name}"} and "example" in content
        ]
        return together(element("h2", "Example"), example(bodies[0]["example"])) if bodies else None

    def _users(self, name: str) -> Markup | None:
        """List the operations and schemas that name a schema."""
        reference = f"'{SCHEMAS}{name}'"
        links = [
            element("a", _method(each.method), " ", each.path, href=self._address(tag, each))
            for tag, there in self._listed.items()
            for each in there
            if reference in str(each.node)
        ]
        links += [
            element("a", other, href=f"{self._docs}/{other}")
            for other, schema in self._schemas.items()
            if other != name and reference in str(schema)
        ]
        if not links:
            return None
        return together(element("h2", "Used by"), element("ul", *(element("li", link) for link in links)))

    def _columns(self, main: Markup, current: str = "") -> Markup:
        # After the content: on a phone it stands below.
        return element("div", main, self._navigation(current), class_="columns")

    def _navigation(self, current: str) -> Markup:
        found = []
        for tag, there in self._listed.items():
            here = "page" if tag == current else None
            links: Markup | None = None
            if here:
                links = element(
                    "ul",
                    *(
                        element("li", element("a", each.method.upper(), " ", each.path, href=f"#{each.name}"))
                        for each in there
                    ),
                )
            found.append(element("li", element("a", tag, href=f"{self._docs}/{tag}", aria_current=here), links))
        first = element("p", element("a", "All operations", href=self._docs))
        return element("nav", first, element("ul", *found, class_="tags"), aria_label="Operations", id="operations")

    def _address(self, tag: str, operation: _Described) -> str:
        return f"{self._docs}/{tag}#{operation.name}"

    # An operation

    def _operation(self, each: _Described, told: dict[str, str]) -> Markup:
        """Describe an operation. told: parameters that are described on this page, and under which operation."""
        summary, description = each.node["summary"], each.node["description"]
        return element(
            "article",
            element("h2", _method(each.method), " ", element("code", each.path)),
            element("p", f"{summary}.", class_="summary"),
            element("p", marked(description)) if description != f"{summary}." else None,
            self._described_parameters(each, told),
            self._body(each.node),
            self._answers(each.node),
            self._try(each) if each.method == "get" else None,
            id=each.name,
        )

    def _parameters(self, each: _Described) -> list[Node]:
        return [resolved(parameter, self._document) for parameter in each.node.get("parameters", ())]

    def _described_parameters(self, each: _Described, told: dict[str, str]) -> Markup | None:
        found = self._parameters(each)
        repeated = [parameter for parameter in found if str(parameter) in told]
        new = [self._parameter(one) for one in found if one not in repeated]
        parts = []
        if new:
            parts.append(folded(f"Parameters ({len(new)})", element("ul", *new), opened=len(new) <= _FEW))
        for name in dict.fromkeys(told[str(parameter)] for parameter in repeated):
            names = ", ".join(one["name"] for one in repeated if told[str(one)] == name)
            link = element("a", name, href=f"#{name}")
            parts.append(element("p", "Parameters as of ", link, ": ", element("code", names)))
        return together(*parts) if parts else None

    def _parameter(self, one: Node) -> Markup:
        kind = type_of(one["schema"], self._docs)
        meaning = marked(descriptions(one, one["schema"]))
        return element("li", element("code", one["name"]), f", {one['in']}, ", kind, ". ", meaning)

    def _body(self, node: Node) -> Markup | None:
        if "requestBody" not in node:
            return None
        body = node["requestBody"]
        media_types = body["content"]
        first = next(iter(media_types.values()))
        needed = "" if body["required"] else ", which may be left out"
        return together(
            element("h3", "Body"),
            element("p", type_of(first["schema"], self._docs), f" as {' or '.join(media_types)}{needed}"),
            # There is none of a file.
            example(first["example"]) if "example" in first else None,
        )

    def _answers(self, node: Node) -> Markup:
        parts, errors, examples = [], [], []
        for status, given in node["responses"].items():
            response = resolved(given, self._document)
            meaning = first_sentence(response["description"])
            if int(status) >= 400:
                errors += [] if status in EVERYWHERE else [f"`{status}` {meaning}"]
                continue
            media_type, content = next(iter(response.get("content", {"": {}}).items()))
            shape = ("; ", type_of(content["schema"], self._docs), f" as {media_type}") if content else ()
            parts.append(element("p", "Answers ", element("code", status), ": ", marked(meaning), *shape))
            if "example" in content and "$ref" not in content["schema"]:
                examples.append(folded(f"Example of {status}", example(content["example"])))
        own = element("p", "Errors of its own: ", marked("; ".join(errors))) if errors else None
        return together(*parts, own, *examples)

    def _try(self, each: _Described) -> Markup:
        """Return the form that the script sends, and without a script a link where nothing has to be filled in."""
        address = f"{self._prefix}{self._example_address(each)}"
        form = element(
            "form",
            element("input", name="address", value=address, aria_label="Address", autocomplete="off"),
            element("button", "Send"),
            element("pre", tabindex="0", hidden=""),
            class_="try",
            hidden="",
        )
        return folded("Try it", together(element("a", address, href=address) if "{" not in each.path else None, form))

    def _example_address(self, each: _Described) -> str:
        path, query = each.path, {}
        for parameter in self._parameters(each):
            schema = parameter["schema"]
            examples = schema.get("examples") or schema.get("items", {}).get("examples")
            if parameter["in"] == "path" and examples:
                path = path.replace(f"{{{parameter['name']}}}", quote(str(examples[0])))
            if parameter["name"] == "pageSize":
                query["pageSize"] = "3"
        return f"{path}?{urlencode(query)}" if query else path


def _method(method: str) -> Markup:
    return element("span", method.upper(), class_=f"method {method}")
