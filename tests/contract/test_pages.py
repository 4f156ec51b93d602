"""The pages for people: what every one of them keeps to."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import httpx
import pytest

from tests.contract.conftest import each_once
from tests.contract.making import refused
from tests.support.markup import Page

pytestmark = each_once

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

PAGES = ["/ui/", "/ui/sign-in", "/ui/sign-out"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_nothing_from_elsewhere_and_can_be_framed_by_nobody(api: httpx.Client, path: str):
    response = api.get(path)

    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert response.headers["Content-Security-Policy"] == POLICY
    assert response.headers["Referrer-Policy"] == "same-origin"
    page = Page.of(response.text)
    assert page.tags.isdisjoint({"iframe", "object", "base", "style"})
    assert not {"style", "onclick", "onload", "onsubmit"} & page.attributes
    assert len(set(page.ids)) == len(page.ids)


@pytest.mark.parametrize("path", PAGES)
def test_every_link_of_a_page_is_relative_and_leads_somewhere(api: httpx.Client, path: str):
    page = Page.of(api.get(path).text)

    assert page.links
    for link in page.links:
        assert not re.match(r"[a-z]+:|/", link)
        assert api.get(urljoin(path, link)).status_code == 200, link


def test_a_page_is_asked_for_again_and_sent_again_only_when_it_has_changed(api: httpx.Client):
    response = api.get("/ui/")

    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["Vary"] == "Accept-Encoding, Cookie"
    again = api.get("/ui/", headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize("path", ["/", "/ui"])
def test_the_root_leads_to_the_first_page_wherever_a_proxy_puts_it(api: httpx.Client, path: str):
    for response in (api.get(path), api.get(path, params={"utm_source": "x"}), api.head(path)):
        assert (response.status_code, response.headers["Location"]) == (303, "ui/")


def test_a_file_of_the_pages_never_changes(api: httpx.Client):
    page = Page.of(api.get("/ui/").text)

    assert page.files
    for link in page.files:
        response = api.get(urljoin("/ui/", link))
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Cookie" not in response.headers.get("Vary", "")
    assert api.get("/ui/assets/style.0000000000000000.css").status_code == 404
    assert api.get("/favicon.ico").headers["Content-Type"] == "image/vnd.microsoft.icon"
    assert "Disallow: /ui/search" in api.get("/robots.txt").text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/ui/nothing", 404),
        ("GET", "/ui/books/", 404),
        ("GET", "/ui/assets/none", 404),
        ("DELETE", "/ui/", 405),
        ("GET", "/ui/password", 401),
        ("POST", "/ui/password", 401),
        ("POST", "/ui/sign-in", 415),
    ],
)
def test_an_error_below_ui_is_a_page_for_people(api: httpx.Client, method: str, path: str, status: int):
    response = api.request(method, path)

    assert (response.status_code, response.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Security-Policy"] == POLICY
    page = Page.of(response.text)
    assert urljoin(path, page.links[0]) == "/ui/"
    assert ("Allow" in response.headers) == (status == 405)
    assert ("WWW-Authenticate" in response.headers) == (status == 401)


def test_an_error_elsewhere_stays_a_problem(api: httpx.Client):
    refused(api.get("/nothing", headers={"Accept": "text/html"}), 404)
    refused(api.get("/uix", headers={"Accept": "text/html"}), 404)


def test_who_has_to_sign_in_comes_back_to_the_page(api: httpx.Client):
    page = Page.of(api.get("/ui/password?x=1&y=%22%3Cb%3E").text)

    assert page.fields["next"] == "ui/password?x=1&y=%22%3Cb%3E"
    assert page.fields.keys() == {"name", "password", "code", "next"}


def test_a_refused_form_keeps_everything_but_the_password(api: httpx.Client):
    typed = {"name": '"><script>', "password": "secret \"'<", "next": "ui/books?q=%22"}

    response = api.post("/ui/sign-in", data=typed)

    assert response.status_code == 422
    page = Page.of(response.text)
    assert "secret" not in response.text
    assert "script" not in page.tags
    assert {name: page.fields[name] for name in ("name", "next")} == {name: typed[name] for name in ("name", "next")}


@pytest.mark.parametrize("away", ["//evil.example", "https://evil.example", "ui/\r\nX: 1", "ui/é", "../evil", "ui"])
def test_nobody_is_sent_to_another_site_after_signing_in(api: httpx.Client, away: str):
    response = api.post("/ui/sign-in", data={"name": "tove", "password": "x", "next": away})

    assert response.status_code == 422
    assert "next" in response.text
