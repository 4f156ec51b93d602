"""Changes that a page of another site has a browser send, which needs no token where anonymous clients may write."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from diptych.core.access.permissions import ANONYMOUS
from diptych.core.http.operations import Operation, parameters_of
from diptych.core.sync.operations import OPERATIONS
from tests.contract.conftest import each_once
from tests.contract.making import make, marker, new_id
from tests.support.wire import Reader, Target, connect
from tests.wire.case import HOST, head

pytestmark = each_once

ELSEWHERE = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "https://evil.example"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
)

WRITES = [
    each
    for each in OPERATIONS
    if each.method not in ("GET", "HEAD") and each.needed in ANONYMOUS["editor"] and not each.for_browsers
]
"""What anonymous clients may do besides reading."""


def sent(api: httpx.Client, operation: Operation, headers: dict[str, str]) -> httpx.Response:
    path = operation.path.format(**{name: new_id() for name in parameters_of(operation.path)})
    return api.request(operation.method, path, content=b"x", headers={"Content-Type": "text/plain", **headers})


@pytest.mark.parametrize("headers", ELSEWHERE, ids=str)
def test_a_page_of_another_site_changes_nothing_without_a_token(api: httpx.Client, headers: dict[str, str]):
    answers: dict[str, Any] = {each.name: sent(api, each, headers) for each in WRITES}

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 403)
    assert {answer.json()["type"].rpartition("/")[2] for answer in answers.values()} == {"cross-site"}
    assert "DIPTYCH_CORS_ORIGINS" in answers["imports_create"].json()["detail"]


def test_a_page_of_another_site_reads_as_any_client(api: httpx.Client):
    assert [api.get("/tags", headers=headers).status_code for headers in ELSEWHERE] == [200] * len(ELSEWHERE)


def test_pages_of_this_site_and_programs_change_what_they_may(api: httpx.Client, url: str):
    for headers in (
        {},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://behind.proxy.example"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": url.removesuffix("/")},
    ):
        assert api.post("/tags", json={"name": marker()}, headers=headers).status_code == 201


def test_a_token_is_sent_by_whom_it_belongs_to(administrator: httpx.Client):
    assert [
        administrator.post("/tags", json={"name": marker()}, headers=headers).status_code for headers in ELSEWHERE
    ] == [201] * len(ELSEWHERE)


def test_a_password_that_a_browser_sends_by_itself_is_no_token(api: httpx.Client):
    headers = {"Authorization": "Basic dG92ZTp0b3Zl", **ELSEWHERE[0]}

    assert api.post("/tags", json={"name": marker()}, headers=headers).status_code == 403


def test_a_file_of_a_page_of_another_site_is_refused_before_it_is_received(api: httpx.Client, url: str):
    path = f"/books/{make(api, 'books')['id']}/files?kind=cover"
    with connect(Target.of(url)) as connection:
        connection.sendall(head("POST", path, HOST, "Content-Length: 1000000", "Origin: https://evil.example"))
        answer = Reader(connection).answer("POST")

    assert answer is not None
    assert (answer.status, answer.header("connection")) == (403, "close")
    assert b"cross-site" in answer.body
