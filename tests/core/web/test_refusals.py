"""Errors: a page or a problem, and what a refused form shows again."""

from __future__ import annotations

import gzip

import pytest

from diptych.core.access.principal import Principal
from diptych.core.errors import FieldError, ValidationFailed
from diptych.core.http import problems
from diptych.core.http.operations import FORM, routes
from diptych.core.http.request_response import BodyError, Request
from diptych.core.sync.operations import OPERATIONS
from diptych.core.web.refusals import response_to
from tests.support.markup import Page

ROUTES = {route.name: route for route in routes(OPERATIONS)}
TYPED = b"name=tove&password=secret&next=ui/books"
WRONG = problems.of_error(ValidationFailed("No.", [FieldError("wrong", "is <wrong>", path=("name",))]))


def sent(body: bytes | BodyError, **headers: str) -> Request:
    return Request("POST", "", {}, "", {"content-type": FORM, **headers}, body)


@pytest.mark.parametrize("problem", [WRONG, problems.too_many_requests(900), problems.unavailable()])
def test_whatever_was_typed_is_shown_again_after_any_refusal_that_may_pass(problem: problems.Problem):
    response = response_to(problem, ROUTES["ui_sign_in"], sent(TYPED))

    assert response.status == problem.status
    assert response.headers.items() >= problem.headers.items()
    page = Page.of(response.body.decode())
    assert (page.fields["name"], page.fields["next"]) == ("tove", "ui/books")
    assert "secret" not in response.body.decode()
    assert problem.detail in page.text or "is <wrong>" in page.text


@pytest.mark.parametrize(
    "request_", [sent(b"%"), sent(BodyError.TOO_LARGE), sent(gzip.compress(TYPED), **{"content-encoding": "gzip"})]
)
def test_a_body_that_was_not_read_leaves_the_form_empty(request_: Request):
    page = Page.of(response_to(problems.unavailable(), ROUTES["ui_sign_in"], request_).body.decode())

    assert page.fields["name"] == ""


def test_an_error_of_a_page_names_who_has_signed_in_and_when_to_try_again():
    tove = Principal("session", "reader", frozenset(), name="<tove>")

    response = response_to(problems.too_many_requests(900), ROUTES["page_home"], sent(b""), tove)

    text = Page.of(response.body.decode()).text
    assert "Signed in as <tove>" in text
    assert "Try again in 15 minutes." in text


def test_an_error_of_the_api_is_a_problem():
    response = response_to(problems.not_found(), ROUTES["authors_get"], sent(b""))

    assert response.content_type == problems.PROBLEM_JSON
