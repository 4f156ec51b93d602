"""Forms, and what is known of the browser that sends one."""

from __future__ import annotations

import pytest

from diptych.core.access.sessions.rules import Browser
from diptych.core.http.client_address import TrustedProxies
from diptych.core.http.cross_site import is_cross_site
from diptych.core.http.request_parsing import browser_of, decode_form
from diptych.core.http.request_response import Request


def test_a_form_is_decoded_as_browsers_encode_it():
    assert decode_form(b"name=T%C3%B6ve+J&password=a%26b%3Dc&empty=") == {
        "name": "T\u00f6ve J", "password": "a&b=c", "empty": "",
    }  # fmt: skip
    assert decode_form(b"") == {}


@pytest.mark.parametrize("content", [b"a=1&a=2", b"a=%f", b"a=%ff", "a=\u00f6".encode()])
def test_a_form_that_is_not_whole_is_refused(content: bytes):
    with pytest.raises(ValueError, match=r"more than once|percent|ascii"):
        decode_form(content)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, False),
        ({"sec-fetch-site": "same-origin", "origin": "https://other.example"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": ""}, False),
        ({"sec-fetch-site": "", "origin": "https://other.example", "host": "books.example"}, True),
        ({"origin": "https://books.example", "host": "books.example"}, False),
        ({"origin": "https://BOOKS.example:8443", "host": "books.example:8443"}, False),
        ({"origin": "https://books.example.evil", "host": "books.example"}, True),
        ({"origin": "null", "host": "books.example"}, True),
        ({"origin": "http://books.example:80", "host": "books.example"}, False),
        ({"origin": "https://books.example", "host": "books.example:443"}, False),
        ({"origin": "http://books.example:443", "host": "books.example"}, True),
        ({"origin": "http://[", "host": "["}, True),
        ({"origin": "", "host": ""}, True),
    ],
)
def test_a_request_of_a_page_of_another_site_is_known_by_what_the_browser_says(headers: dict[str, str], expected: bool):  # noqa: FBT001
    assert is_cross_site(headers) is expected


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("LOCALHOST:8000", True), ("127.0.0.1:8000", True), ("[::1]", True), ("[::1]:8000", True),
     ("localhost.evil.example", False), ("books.example", False), ("", False)],
)  # fmt: skip
def test_the_cookie_follows_from_the_host(host: str, loopback: bool):  # noqa: FBT001
    cookies = "__Host-diptych-session=away; diptych-session=here"
    request = Request("POST", "", {}, "", {"host": host, "cookie": cookies}, b"", "192.0.2.1")

    expected = Browser("192.0.2.1", "here" if loopback else "away", loopback)
    assert browser_of(request, TrustedProxies(())) == expected
