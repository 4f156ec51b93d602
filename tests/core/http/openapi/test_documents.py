"""The OpenAPI document and the pages: for any table, under any prefix, with all text escaped."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any

import pytest
from pydantic import Field

from diptych.core import errors
from diptych.core.engine.schemas.base import Input
from diptych.core.engine.schemas.field_types import Length, Line
from diptych.core.engine.schemas.pagination import Page, Query
from diptych.core.http import problems
from diptych.core.http.json import decode, encode
from diptych.core.http.openapi.document import document
from diptych.core.http.openapi.html import Markup, element, together
from diptych.core.http.openapi.pages import marked, problem_type, problem_types
from diptych.core.http.openapi.reference import Reference
from diptych.core.http.operations import Operation
from diptych.core.http.problem_types import PROBLEM_TYPES, ProblemType
from diptych.core.sync.operations import OPERATIONS

EVIL = "<script>alert(\"1\")</script> & 'co'"
ESCAPED = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#x27;co&#x27;"


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing."""

    id: int
    word: str


class ThingInput(Input):
    """A thing to make."""

    word: Annotated[str, Field(max_length=9, examples=["red"])]


class ThingQuery(Query):
    """What can be asked of things."""

    word: Annotated[Line, Length(0, 9)] | None = Field(None, description="This word.")
    some_words: list[str] | None = Field(None, description="These words.")


def table(**changes: Any) -> list[Operation]:
    """Return two operations on things."""
    made = Operation(
        name="things_make",
        method="POST",
        path="/things",
        summary="Make a thing",
        run=print,
        unit="write_many",
        body=ThingInput,
        response_schema=Thing,
        status=201,
        resource_path="/things/{id}",
    )
    one = Operation(
        name="things_get",
        method="GET",
        path="/things/{id}",
        summary="Read a thing",
        run=print,
        unit="read",
        query=ThingQuery,
        response_schema=Thing,
    )
    return [replace(made, **changes), one]


def made(**changes: Any) -> dict[str, Any]:
    [operation] = document(table(**changes), "")["paths"]["/things"].values()
    return dict(operation)


def test_the_document_of_a_table_is_the_same_bytes_every_time():
    assert encode(document(OPERATIONS, "")) == encode(document(OPERATIONS, ""))


def test_a_prefix_is_where_the_server_is_and_in_every_link_of_a_page():
    described = document(OPERATIONS, "/api/v1")
    reference = Reference(described, "/api/v1", "try.js")
    pages = [
        reference.index(),
        reference.page("books") or b"",
        reference.page("Book") or b"",
        problem_types("/api/v1"),
        problem_type(PROBLEM_TYPES["invalid"], "/api/v1"),
    ]

    assert described["servers"] == [{"url": "/api/v1"}]
    assert described["components"]["responses"]["invalid"]["content"]["application/problem+json"]["example"][
        "type"
    ] == ("/api/v1/problems/invalid")
    for page in pages:
        assert b'href="/api/v1/' in page
        assert page.count(b'href="/') == page.count(b'href="/api/v1/')
        assert page.count(b'src="/') == page.count(b'src="/api/v1/try.js"')


def test_an_operation_takes_the_media_types_that_it_accepts():
    body = made(accepts=("application/json", "text/csv"))["requestBody"]

    assert list(body["content"]) == ["application/json"]
    assert body["description"] == "JSON. text/csv will do as well."


def test_an_operation_that_creates_only_sometimes_answers_both():
    answers = made(status=200)["responses"]

    assert "Location" not in answers["200"].get("headers", {})
    assert "Location" in answers["201"]["headers"]
    assert answers["201"]["links"] == {
        "things_get": {"operationId": "things_get", "parameters": {"id": "$response.body#/id"}}
    }


def test_what_an_operation_can_answer_follows_from_its_shape_and_from_what_it_says():
    assert list(made()["responses"]) == [*("201", "400", "401", "403", "409", "413", "415", "422", "500", "503")]
    assert "404" in made(problems=("not-found",))["responses"]
    assert "503" not in made(unit="none", public=True)["responses"]
    assert "401" not in made(public=True)["responses"]


def test_a_list_of_things_is_described_by_its_things():
    described = document(table(response_schema=Page[Thing], resource_path=None), "")

    assert described["components"]["schemas"]["ThingPage"]["properties"]["items"] == {
        "type": "array",
        "items": {"$ref": "#/components/schemas/Thing"},
    }


def test_a_parameter_of_a_query_is_never_null():
    [_, word, words, _] = document(table(), "")["paths"]["/things/{id}"]["get"]["parameters"]

    assert word["description"] == "This word. 0 to 9 characters, as it is kept."
    assert word["schema"]["type"] == "string"
    assert words["name"] == "someWords"
    assert words["schema"] == {"type": "array", "items": {"type": "string"}, "minItems": 1}
    assert words["description"] == "These words."


def test_whatever_is_described_is_text_on_the_reference_page():
    operations = table(summary=EVIL, description=f"{EVIL} `{EVIL}`")

    reference = Reference(document(operations, ""), "", "")
    pages = (reference.index() + (reference.page("things") or b"")).decode()

    assert EVIL not in pages
    assert pages.count(ESCAPED) == 4


def test_whatever_a_problem_says_is_text_on_its_page():
    kind = ProblemType(status=499, name="odd", title=EVIL, meaning=EVIL, advice=EVIL, example=EVIL)

    page = problem_type(kind, '"><b>').decode()

    assert "<script" not in page
    assert "<b>" not in page


def test_text_becomes_markup_only_by_being_escaped():
    assert element("a", EVIL, href=EVIL) == f'<a href="{ESCAPED}">{ESCAPED}</a>'
    assert element("p", element("b", "x"), None, "<") == "<p><b>x</b>&lt;</p>"
    assert isinstance(together("a", Markup("<i>")), Markup)
    assert marked("a `<` b") == "a <code>&lt;</code> b"


# Problems


def every_problem() -> list[problems.Problem]:
    raised = [
        errors.NotFound,
        errors.ValidationFailed,
        errors.Conflict,
        errors.RetryableConflict,
        errors.ServiceUnavailable,
    ]
    return [
        problems.unauthorized(),
        problems.forbidden("catalogue:write"),
        problems.cross_site(),
        problems.not_found(),
        problems.method_not_allowed(["GET"]),
        problems.too_large(1),
        problems.storage_limit(1, 1),
        problems.unsupported_media_type("Send JSON.", {"Accept": "application/json"}),
        problems.malformed("It is."),
        problems.range_not_satisfiable(1),
        problems.internal(),
        problems.precondition_failed(),
        problems.precondition_required(),
        problems.key_in_use(),
        problems.key_reused(),
        problems.too_many_requests(1),
        *(problems.of_status(status) for status in range(400, 600)),
        *(problems.of_error(kind("Because.")) for kind in raised),
    ]


def test_every_problem_there_can_be_is_of_a_type_that_has_a_page():
    for problem in every_problem():
        assert PROBLEM_TYPES[problem.kind.name] is problem.kind


def test_every_type_of_problem_can_be_answered():
    assert {problem.kind.name for problem in every_problem()} == PROBLEM_TYPES.keys()


def test_types_of_problems_that_share_a_status_are_described_together():
    answers = made()["responses"]
    described = document(table(), "/api")["components"]["responses"]["conflict-or-key-in-use"]

    assert answers["409"] == {"$ref": "#/components/responses/conflict-or-key-in-use"}
    assert answers["422"] == {"$ref": "#/components/responses/invalid-or-key-reused"}
    assert described["description"].startswith("Conflict. ")
    assert " Or: Idempotency key in use. " in described["description"]
    assert described["headers"]["Retry-After"]["required"] is False
    examples = described["content"]["application/problem+json"]["examples"]
    assert {name: each["value"]["type"] for name, each in examples.items()} == {
        "conflict": "/api/problems/conflict",
        "key-in-use": "/api/problems/key-in-use",
    }


def test_a_post_that_writes_has_a_key_and_nothing_else_has():
    key = {"$ref": "#/components/parameters/Idempotency-Key"}

    assert made()["parameters"] == [key]
    assert "parameters" not in made(unit="read")
    assert key not in made(method="PUT").get("parameters", [])


def test_types_of_problems_are_in_the_order_of_their_statuses():
    statuses = [kind.status for kind in PROBLEM_TYPES.values()]

    assert statuses == sorted(statuses)


def test_a_problem_has_the_headers_that_its_type_promises():
    for problem in every_problem():
        if problem.own_status is None:
            assert problem.headers.keys() >= problem.kind.headers.keys()


@pytest.mark.parametrize("kind", PROBLEM_TYPES.values(), ids=PROBLEM_TYPES)
def test_a_type_of_problem_says_what_it_means_and_what_to_do(kind: ProblemType):
    page = problem_type(kind, "").decode()

    assert kind.title in page
    assert kind.meaning.split("`")[0] in page.replace("&#x27;", "'")
    assert kind.advice.split("`")[0] in page.replace("&#x27;", "'")
    assert decode(problems.render(problems.Problem(kind, "x")).body)["type"] == f"/problems/{kind.name}"
