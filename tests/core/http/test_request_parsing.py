"""Parsing a request: the order of errors, and all field errors in one response."""

from __future__ import annotations

import gzip
import re
import uuid
from collections.abc import Iterator
from json import dumps
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import BaseModel, ValidationError

from diptych.core.errors import FieldError, ValidationFailed
from diptych.core.http import problems
from diptych.core.http.json import decode
from diptych.core.http.operations import OperationRequest, Route, routes
from diptych.core.http.problems import Problem
from diptych.core.http.request_parsing import Target, read, target_of
from diptych.core.http.request_response import Request
from diptych.core.settings import Settings
from diptych.core.sync.operations import OPERATIONS

ROUTES = {route.name: route for route in routes(OPERATIONS)}
LIMIT = 1024
SETTINGS = Settings(max_body_bytes=LIMIT)
ID = "01890f3e-8f6a-7cc0-9d5a-3b1f6d2c4e5f"
JSON = {"content-type": "application/json"}


def request(method: str = "GET", query: str = "", body: bytes = b"", **parameters: str) -> Request:
    return Request(method, "", parameters, query, JSON if body else {}, body)


def call(route: str, given: Request) -> OperationRequest:
    found = ROUTES[route]
    target = target_of(found, given)
    assert found.operation is not None
    return read(found.operation, target, given, SETTINGS)


def problem(route: str, given: Request) -> Problem:
    with pytest.raises((Problem, ValidationFailed)) as caught:
        call(route, given)
    return caught.value if isinstance(caught.value, Problem) else problems.of_error(caught.value)


def faults(route: str, given: Request) -> list[tuple[str, str]]:
    """Return (location, code) of every field error."""
    told = problem(route, given)
    assert told.status == 422
    return [(fault.parameter or problems.pointer(fault.path or ()), fault.code) for fault in told.field_errors]


# --- the order of complaints ---

ALL_WRONG = Request(
    "PATCH", "", {"id": "not-an-id"}, "nosuch=1&bad=%", {"content-type": "text/plain"}, b"x" * (LIMIT + 1)
)


def test_each_complaint_is_heard_only_when_those_before_it_are_put_right():
    wrong = ALL_WRONG
    assert problem("authors_change", wrong).status == 404
    wrong = replace(wrong, parameters={"id": ID})
    assert problem("authors_change", wrong).status == 413
    wrong = replace(wrong, body=b'{"nosuch": }')
    assert problem("authors_change", wrong).status == 415
    wrong = replace(wrong, headers=JSON)
    assert problem("authors_change", wrong).status == 400
    wrong = replace(wrong, body=b'{"nosuch": 1}')
    assert problem("authors_change", wrong).status == 400
    wrong = replace(wrong, query="nosuch=1")
    assert faults("authors_change", wrong) == [("nosuch", "unknown"), ("/nosuch", "unknown")]
    right = replace(wrong, query="", body=b'{"name": "Homer"}')
    assert call("authors_change", right).body.name == "Homer"


def test_what_cannot_be_an_id_is_not_found_before_its_method_is_refused():
    rest = ROUTES["other_authors_id"]
    with pytest.raises(Problem) as caught:
        target_of(rest, request("POST", id="x"))
    assert caught.value.status == 404
    with pytest.raises(Problem) as caught:
        target_of(rest, request("POST", id=ID))
    assert caught.value.status == 405
    assert caught.value.headers == {"Allow": "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"}


def test_options_passes_wherever_the_path_can_be():
    assert target_of(ROUTES["other_authors_id"], request("OPTIONS", id=ID)).parameters == {"id": uuid.UUID(ID)}


@pytest.mark.parametrize("name", [name for name, route in ROUTES.items() if route.operation is None])
def test_no_path_takes_a_method_without_an_operation(name: str):
    route: Route = ROUTES[name]
    given = {"id": ID} if "{id}" in route.path else {}
    for method in {*route.methods, "TRACE", "PROPFIND"} - {"OPTIONS"}:
        with pytest.raises(Problem) as caught:
            target_of(route, request(method, **given))
        assert caught.value.status == 405


def test_a_suffix_of_the_path_is_split_off_and_only_read():
    found = call("books_get", request(id=f"{ID}.csl.json"))
    assert (found.parameters, found.suffix) == ({"id": uuid.UUID(ID)}, ".csl.json")
    options = target_of(ROUTES["other_books_id"], request("OPTIONS", id=f"{ID}.bib"))
    assert options.allowed == ("GET", "HEAD", "OPTIONS")
    assert problem("books_change", request("PATCH", id=f"{ID}.bib")).status == 405
    assert problem("books_get", request(id=f"{ID}.nothing")).status == 404
    assert problem("books_get", request(id=f"{ID}.")).status == 404
    assert problem("authors_get", request(id=f"{ID}.bib")).status == 404


# --- the path ---


@pytest.mark.parametrize("text", [ID, ID.upper()])
def test_an_id_is_a_uuid_in_either_case(text: str):
    assert call("authors_get", request(id=text)).parameters == {"id": uuid.UUID(ID)}


@pytest.mark.parametrize("text", ["", "1", ID.replace("-", ""), "{" + ID + "}", f"urn:uuid:{ID}", f"{ID} ", f"{ID}\n"])
def test_any_other_spelling_of_an_id_is_not_found(text: str):
    assert problem("authors_get", request(id=text)) == problems.not_found()


def test_a_slug_is_text_as_it_is():
    assert call("books_get_by_slug", request(slug="Ἰλιάς/%2F")).parameters == {"slug": "Ἰλιάς/%2F"}


# --- the body ---


def test_a_body_may_be_as_large_as_the_limit_and_not_larger():
    body = b'{"name": "Homer"}'
    assert call("authors_create", request("POST", body=body.ljust(LIMIT))).body.name == "Homer"
    assert problem("authors_create", request("POST", body=body.ljust(LIMIT + 1))) == problems.too_large(LIMIT)


def test_a_body_that_is_too_large_is_refused_even_where_none_is_read():
    assert problem("authors_list", request("GET", body=b"x" * (LIMIT + 1))).status == 413


def test_a_body_where_none_is_wanted_is_not_read():
    given = replace(request("GET", id=ID, body=b"\xff"), headers={"content-type": "text/plain"})
    assert call("authors_get", given).body is None


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        'application/json;CHARSET="UTF-8"',
        "application/json; charset=us-ascii",
        "application/vnd.api+json",
        " application/json ;x=y",
        "application/json;",
        'application/json; x="a;b"; y=z',
    ],
)
def test_json_is_json_under_any_of_its_names(media_type: str):
    given = replace(request("POST", body=b'{"name":"Homer"}'), headers={"content-type": media_type})
    assert call("authors_create", given).body.name == "Homer"


@pytest.mark.parametrize(
    "media_type",
    [
        None,
        "",
        "text/plain",
        "application/jsonp",
        "json",
        "+json",
        "/+json",
        "application/json-seq",
        "application/json x",
        "application/json, application/json",
        "application/json; charset=iso-8859-1",
        "application/json; charset=utf-16",
        "application/json; charset=utf-8; charset=latin-1",
        "application/json-patch+json",
        "application/merge-patch+json",
    ],
)
def test_what_is_not_called_json_is_refused(media_type: str | None):
    headers = {} if media_type is None else {"content-type": media_type}
    told = problem("authors_create", replace(request("POST", body=b'{"name":"Homer"}'), headers=headers))
    assert (told.status, told.headers) == (415, {"Accept-Post": "application/json"})


def test_a_media_type_of_nothing_but_semicolons_is_refused_at_once():
    # With backtracking, each two of them would cost four times as much, and this would never end.
    headers = {"content-type": "application/json" + "; " * 4000 + "@"}
    assert problem("authors_create", replace(request("POST", body=b"{}"), headers=headers)).status == 415


def test_a_patch_may_be_a_merge_patch_and_no_other_kind_of_patch():
    merge = replace(
        request("PATCH", body=b'{"name":"Homer"}', id=ID), headers={"content-type": "application/merge-patch+json"}
    )
    assert call("authors_change", merge).body.name == "Homer"
    told = problem("authors_change", replace(merge, headers={"content-type": "application/json-patch+json"}))
    assert (told.status, told.headers) == (415, {"Accept-Patch": "application/json, application/merge-patch+json"})


def test_an_operation_without_a_field_of_its_own_says_in_accept_what_it_takes():
    told = problem("authors_replace", replace(request("PUT", body=b"{}", id=ID), headers={}))
    assert (told.status, told.headers) == (415, {"Accept": "application/json"})


# --- the body's content coding ---


def packed(body: bytes, coding: str = "gzip") -> Request:
    return replace(request("POST", body=body), headers={**JSON, "content-encoding": coding})


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip"])
def test_a_body_in_gzip_is_unpacked(coding: str):
    assert call("authors_create", packed(gzip.compress(b'{"name":"Homer"}'), coding)).body.name == "Homer"


@pytest.mark.parametrize("coding", ["deflate", "br", "zstd", "identity", "gzip, gzip", "*"])
def test_a_body_in_a_coding_that_is_not_known_is_refused_with_those_that_are(coding: str):
    told = problem("authors_create", packed(b"{}", coding))
    assert (told.status, told.headers) == (415, {"Accept-Encoding": "gzip"})


def test_a_body_that_unpacks_to_more_than_the_limit_is_too_large():
    body = b'{"name":"Homer"}'
    assert call("authors_create", packed(gzip.compress(body.ljust(LIMIT)))).body.name == "Homer"
    assert problem("authors_create", packed(gzip.compress(body.ljust(LIMIT + 1)))) == problems.too_large(LIMIT)


@pytest.mark.parametrize("body", [b"{}", gzip.compress(b"{}", mtime=0)[:-1], gzip.compress(b"{}", mtime=0) + b"x"])
def test_a_body_that_is_not_whole_gzip_is_unreadable(body: bytes):
    assert problem("authors_create", packed(body)).status == 400


def test_an_empty_body_is_unreadable_where_one_is_required():
    assert problem("authors_create", replace(request("POST"), headers=JSON)).status == 400


def test_an_empty_body_is_no_body_where_none_is_required():
    found = call("authors_delete_batch", request("DELETE", query=f"ids={ID}"))
    assert (found.body, found.query.ids) == (None, [uuid.UUID(ID)])


@pytest.mark.parametrize("body", [b"null", b"1", b'"x"', b"[]", b"true"])
def test_a_body_that_is_no_object_is_a_fault_of_the_whole(body: bytes):
    assert [where for where, _ in faults("authors_create", request("POST", body=body))] == [""]


BODIES = [
    (name, route.operation.body)
    for name, route in ROUTES.items()
    if route.operation and route.operation.body and not route.operation.for_browsers
]
OF_EVERY_KIND = [None, True, 5, 1.5, 10**19, "", "x", "\ud800", [], {}, [None], [5], ["x"], [[]], [{}], [{}] * 1001]
OF_PYTHON = re.compile(r"dict|list|tuple|instance|unicode|validation|None|True|False|Input(?! should )", re.IGNORECASE)


@pytest.mark.parametrize(("name", "model"), BODIES, ids=[name for name, _ in BODIES])
def test_no_fault_of_a_body_speaks_of_python(name: str, model: type[BaseModel]):
    operation = ROUTES[name].operation
    assert operation is not None
    told: list[FieldError] = []
    for value in wrong(model):
        sent = request(operation.method, body=dumps(value).encode())
        try:
            read(operation, Target((), {}), sent, Settings())
        except ValidationFailed as error:
            told += error.field_errors
    assert told
    assert [fault for fault in told if OF_PYTHON.search(fault.detail)] == []


def wrong(model: type[BaseModel]) -> Iterator[Any]:
    """Yield values that are no valid body of this model, each in another way, also as items of a batch."""
    yield from OF_EVERY_KIND
    for name, info in model.model_fields.items():
        yield from ({name: value} for value in OF_EVERY_KIND)
        (item, *_) = get_args(info.annotation) or (None,)
        if isinstance(item, type) and issubclass(item, BaseModel):
            yield from ({name: [value]} for value in wrong(item))


def test_every_bad_member_and_every_bad_parameter_is_named_at_once():
    body = b'{"items":[{"name":"Homer"},{"name":"","dob":"yesterday","x":1},{"dob":null}],"more":1}'
    assert faults("authors_create_batch", request("POST", query="a=1&b=2", body=body)) == [
        ("a", "unknown"),
        ("b", "unknown"),
        ("/items/1/name", "string_too_short"),
        ("/items/1/dob", "date"),
        ("/items/1/x", "unknown"),
        ("/items/2/name", "missing"),
        ("/more", "unknown"),
    ]


@given(st.text(max_size=100), st.sampled_from(["authors_create", "books_create", "tags_create"]))
def test_a_member_with_any_name_can_be_named_in_an_error(name: str, route: str):
    with_name = b'{"' + "".join(f"\\u{unit:04x}" for unit in _units(name)).encode() + b'": 1}'
    answer = problems.render(problem(route, request("POST", body=with_name)))
    assert answer.status == 422
    assert decode(answer.body)["errors"]


def _units(text: str) -> list[int]:
    encoded = text.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(encoded[at : at + 2]) for at in range(0, len(encoded), 2)]


def test_a_member_named_with_half_of_a_surrogate_pair_can_be_named_in_an_error():
    answer = problems.render(problem("authors_create", request("POST", body=b'{"name":"Homer","\\ud800":1}')))
    assert answer.status in (400, 422)


def test_half_of_a_surrogate_pair_in_text_is_a_fault():
    assert faults("authors_create", request("POST", body=b'{"name":"\\ud800"}'))[0][0] == "/name"


# --- the query ---


@pytest.mark.parametrize("query", ["a=%", "a=%ff"])
def test_a_query_that_cannot_be_decoded_is_unreadable(query: str):
    assert problem("authors_list", request(query=query)).status == 400


def test_every_bad_parameter_is_named():
    query = "pageSize=0&currentPage=x&ids=1&nosuch=1&orderBy=&sortOrder=up&pageSize=1&searchIgnoreCase=yes"
    assert sorted(name for name, _ in faults("authors_list", request(query=query))) == [
        "currentPage", "ids", "nosuch", "orderBy", "pageSize", "pageSize", "searchIgnoreCase", "sortOrder",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "query", ["pageSize=", "currentPage=", "orderBy=", "createdAfter=", "searchIgnoreCase=", "ids="]
)
def test_a_blank_value_is_a_value_and_a_bad_one(query: str):
    assert [name for name, _ in faults("authors_list", request(query=query))] == [query.rstrip("=")]


def test_a_blank_search_finds_everything():
    assert call("authors_list", request(query="searchString=")).query.search_string == ""


def test_a_parameter_where_none_is_taken_is_a_fault():
    assert faults("health_live", request(query="x=1")) == [("x", "unknown")]


def test_a_parameter_of_one_list_is_unknown_to_another():
    assert faults("authors_list", request(query="tagsIn=a")) == [("tagsIn", "unknown")]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_query_is_a_call_a_problem_or_errors_that_can_be_rendered(query: str):
    try:
        call("books_list", request(query=query))
    except Problem as told:
        assert told.status == 400  # noqa: PT017 - it may as well be read
    except ValidationFailed as error:
        assert decode(problems.render(problems.of_error(error)).body)["errors"]  # noqa: PT017 - it may as well be read


@pytest.mark.parametrize("route", ["books_list", "books_get", "books_get_tags"])
def test_a_hundred_faults_of_a_query_are_listed_and_no_more(route: str):
    unknown = "&".join(f"x{number}" for number in range(1000))

    assert faults(route, request("GET", unknown, id=ID)) == [(f"x{number}", "unknown") for number in range(100)]


def test_wrong_values_of_one_parameter_are_one_fault():
    assert faults("books_list", request("GET", "ids=x&ids=y&include=" + "z," * 1000)) == [
        ("ids", "uuid"),
        ("include", "literal_error"),
    ]


BATCHES: dict[str, dict[str, Any]] = {
    "many unknown members": {"items": [{f"x{number}": 1 for number in range(50)}] * 1000},
    "unknown members at the end": {"items": [{"name": "a"}] * 900 + [{f"x{number}": 1 for number in range(60)}] * 100},
    "unknown members of the batch": {"items": [{}] * 990, **{f"x{number}": 1 for number in range(60)}},
    "as many as are told": {"items": [{}] * 1000},
    "one item with all": {"items": [{f"x{number}": 1 for number in range(99)}] * 12},
    "too many items": {"items": [{}] * 4000},
    "no list": {"items": {f"x{number}": 1 for number in range(60)}},
}


@pytest.mark.parametrize("kind", BATCHES)
def test_the_first_thousand_faults_of_a_body_are_listed_and_no_more(kind: str):
    body = BATCHES[kind]
    model = ROUTES["tags_create_batch"].operation.body
    with pytest.raises(ValidationError) as caught:
        model.model_validate(body)
    given = request("POST", body=dumps(body).encode())
    with pytest.raises(ValidationFailed) as told:
        read(ROUTES["tags_create_batch"].operation, Target((), {}), given, Settings(max_body_bytes=10_000_000))

    assert [fault.path for fault in told.value.field_errors] == [each["loc"] for each in caught.value.errors()[:1000]]
