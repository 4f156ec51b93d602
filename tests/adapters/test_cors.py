"""With DIPTYCH_CORS_ORIGINS, pages of those origins may read responses, errors included."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.support import patient
from tests.support.databases import Databases
from tests.support.deployments import ADAPTERS, deployment

ORIGIN = "https://shop.example.org"


@pytest.fixture(scope="module", params=ADAPTERS)
def api(request: pytest.FixtureRequest, databases: Databases) -> Iterator[httpx.Client]:
    settings = {"DIPTYCH_CORS_ORIGINS": f"https://other.example.org, {ORIGIN}"}
    with (
        deployment(request.param, databases.migrated("sqlite"), **settings) as url,
        patient.Client(base_url=url) as client,
    ):
        yield client


@pytest.mark.long
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/tags"), ("GET", "/nothing"), ("PUT", "/tags"), ("PROPFIND", "/tags"), ("POST", "/tags")],
)
def test_an_origin_that_is_named_may_read_every_answer(api: httpx.Client, method: str, path: str):
    headers = api.request(method, path, headers={"Origin": ORIGIN}).headers

    assert headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "ETag" in headers["Access-Control-Expose-Headers"]
    assert "Origin" in headers["Vary"]


def test_another_origin_may_not(api: httpx.Client):
    headers = api.get("/tags", headers={"Origin": "https://elsewhere.example.org"}).headers

    assert "Access-Control-Allow-Origin" not in headers
    assert "Origin" in headers["Vary"]


def test_a_browser_that_asks_first_may_send_what_the_path_takes(api: httpx.Client):
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "content-type",
    }

    answer = api.options("/tags/batch", headers=asked)

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Methods"] == "DELETE, OPTIONS, PATCH, POST, PUT"
    assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]


def test_a_page_of_an_origin_that_is_named_may_send_what_needs_no_preflight(api: httpx.Client):
    plain = {"Content-Type": "text/plain", "Sec-Fetch-Site": "cross-site"}

    named, other = (
        api.post("/tags", content=b"x", headers={"Origin": origin, **plain})
        for origin in (ORIGIN, "https://elsewhere.example.org")
    )

    assert (named.status_code, other.status_code) == (415, 403)
