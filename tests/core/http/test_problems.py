"""Errors as RFC 9457 problems."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diptych.core import errors
from diptych.core.errors import CatalogueError, FieldError
from diptych.core.http import problems
from diptych.core.http.json import decode
from diptych.core.http.problems import of_error, of_status, pointer, render


def subclasses(kind: type) -> set[type]:
    return {kind}.union(*(subclasses(each) for each in kind.__subclasses__()))


def rendered(problem: problems.Problem) -> dict[str, Any]:
    body: dict[str, Any] = decode(render(problem).body)
    return body


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), ""),
        (("items", 0, "name"), "/items/0/name"),
        (("",), "/"),
        (("a/b",), "/a~1b"),
        (("m~n",), "/m~0n"),
        (("~1",), "/~01"),
        (("/~",), "/~1~0"),
        (("é %",), "/é %"),
    ],
)
def test_a_pointer_escapes_what_rfc_6901_says(path: tuple[str | int, ...], expected: str):
    assert pointer(path) == expected


@given(st.lists(st.text()))
def test_a_pointer_leads_back_to_its_path(path: list[str]):
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer(path).split("/")[1:]]
    assert steps == path


def test_every_error_of_the_catalogue_has_a_problem():
    kinds = subclasses(CatalogueError) - {CatalogueError}
    assert {
        errors.NotFound,
        errors.ValidationFailed,
        errors.Conflict,
        errors.RetryableConflict,
        errors.ServiceUnavailable,
    } <= kinds
    for kind in kinds:
        assert of_error(kind("Because.")).detail == "Because."


@pytest.mark.parametrize(
    ("kind", "status", "name", "title"),
    [
        (errors.NotFound, 404, "not-found", "Not found"),
        (errors.ValidationFailed, 422, "invalid", "Invalid"),
        (errors.Conflict, 409, "conflict", "Conflict"),
        (errors.RetryableConflict, 409, "conflict", "Conflict"),
        (errors.ServiceUnavailable, 503, "unavailable", "Service unavailable"),
    ],
)
def test_an_error_has_its_status_type_title_and_detail(kind: type[CatalogueError], status: int, name: str, title: str):
    response = render(of_error(kind("Because.")))
    assert (response.status, response.content_type) == (status, "application/problem+json")
    assert decode(response.body) == {
        "type": f"/problems/{name}",
        "title": title,
        "status": status,
        "detail": "Because.",
    }


def test_an_error_without_a_problem_type_is_a_mistake():
    with pytest.raises(TypeError, match="no problem for CatalogueError"):
        of_error(CatalogueError("Because."))


def test_an_outage_says_when_to_try_again_and_others_do_not():
    assert render(of_error(errors.ServiceUnavailable("Busy."))).headers == {
        "Cache-Control": "no-store",
        "Retry-After": "1",
    }
    assert render(of_error(errors.Conflict("Busy."))).headers == {"Cache-Control": "no-store"}


def test_faults_are_listed_in_order_by_pointer_or_by_parameter():
    field_errors = [
        FieldError("taken", "another has it", path=("items", 3, "a/b")),
        FieldError("repeated", "given more than once", parameter="pageSize"),
        FieldError("missing", "nothing there", path=()),
        FieldError("odd", "nowhere"),
    ]
    assert rendered(of_error(errors.ValidationFailed("Bad.", field_errors)))["errors"] == [
        {"pointer": "/items/3/a~1b", "code": "taken", "detail": "another has it"},
        {"parameter": "pageSize", "code": "repeated", "detail": "given more than once"},
        {"pointer": "", "code": "missing", "detail": "nothing there"},
        {"pointer": "", "code": "odd", "detail": "nowhere"},
    ]


@pytest.mark.parametrize("kind", [errors.NotFound, errors.ValidationFailed, errors.Conflict])
def test_field_errors_are_rendered_whatever_the_error(kind: type[CatalogueError]):
    assert len(rendered(of_error(kind("Bad.", [FieldError("a", "b", path=("c",))])))["errors"]) == 1


def test_the_type_of_a_problem_is_the_address_of_its_page_wherever_the_catalogue_is_mounted():
    assert decode(render(problems.not_found(), "/catalogue").body)["type"] == "/catalogue/problems/not-found"


def test_an_unexpected_error_is_a_bare_500_and_its_trace_is_logged_once(caplog: pytest.LogCaptureFixture):
    error = RuntimeError("the secret of Pandora")

    assert "Pandora" not in render(problems.unexpected(error)).body.decode()

    (record,) = caplog.records
    assert record.getMessage() == "unexpected error"
    assert record.exc_info is not None
    assert record.exc_info[1] is error


def test_a_problem_without_faults_has_no_list_of_them():
    assert "errors" not in rendered(problems.not_found())


@pytest.mark.parametrize(
    ("problem", "status", "told"),
    [
        (problems.not_found(), 404, "nothing at this address"),
        (problems.method_not_allowed(["PUT", "GET"]), 405, "Allowed here: GET, PUT."),
        (problems.too_large(1024), 413, "1024 bytes"),
        (problems.unsupported_media_type("Send application/json.", {}), 415, "application/json"),
        (problems.malformed("It is broken."), 400, "It is broken."),
        (problems.internal(), 500, "has been logged"),
    ],
)
def test_each_problem_of_a_message_has_its_status_and_says_what_to_do(
    problem: problems.Problem, status: int, told: str
):
    response = render(problem)
    assert response.status == status
    assert decode(response.body)["status"] == status
    assert told in decode(response.body)["detail"]


def test_a_method_that_is_not_allowed_is_answered_with_those_that_are():
    headers = render(problems.method_not_allowed(["PUT", "GET", "OPTIONS"])).headers
    assert headers == {"Cache-Control": "no-store", "Allow": "GET, OPTIONS, PUT"}


@pytest.mark.parametrize(
    ("status", "name"),
    [(404, "not-found"), (400, "malformed"), (418, "malformed"), (408, "request-timeout"), (431, "header-too-large")],
)
def test_an_error_of_a_server_has_its_status_alone(status: int, name: str):
    body = rendered(of_status(status))
    assert (body["status"], body["type"]) == (status, f"/problems/{name}")


def test_a_path_that_a_router_does_not_know_is_answered_like_one_the_core_does_not_know():
    assert of_status(404) == problems.not_found()


def test_an_unknown_status_is_an_internal_error():
    assert of_status(799) == problems.internal()
