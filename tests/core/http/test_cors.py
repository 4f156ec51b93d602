"""What a browser's preflight hears: a page of any origin could otherwise delete the catalogue."""

from __future__ import annotations

import pytest

from diptych.core.http.cors import Cors

ALLOWED = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "PUT")
ASKED = {"origin": "https://shop.example", "access-control-request-method": "DELETE"}


@pytest.mark.parametrize(
    ("origins", "methods", "sent"),
    [
        (["https://shop.example"], [], ", ".join(ALLOWED)),
        (["https://shop.example"], ["GET", "PATCH"], "GET, PATCH"),
        (["*"], [], "GET, HEAD"),
        (["https://shop.example", "*"], [], "GET, HEAD"),
        (["*"], ["GET", "DELETE", "POST"], "DELETE, GET"),
    ],
)
def test_pages_of_any_origin_send_get_and_head_unless_methods_are_named(
    origins: list[str], methods: list[str], sent: str
):
    cors = Cors(origins, methods)

    assert cors.preflight(ASKED, ALLOWED)["Access-Control-Allow-Methods"] == sent
    assert [method for method in ALLOWED if cors.may_send(method, ASKED)] == sent.split(", ")


def test_pages_of_an_origin_that_is_not_named_may_send_nothing():
    for origins in ([], ["https://other.example"]):
        assert not any(Cors(origins).may_send(method, ASKED) for method in ALLOWED)
