"""GET /metrics for Prometheus, on either adapter."""

from __future__ import annotations

import httpx
import pytest

from diptych.core.observability.metrics import BUCKETS
from tests.contract.making import make_author, marker
from tests.support.metrics import requests, scraped

NOBODY = "01a1fbd7-55dd-7561-861e-8d0bba31278f"
IN_USE = ("diptych_pool_connections_in_use",)


def test_it_is_prometheus_text_that_no_cache_stores(api: httpx.Client):
    response = api.get("/metrics")

    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers
    assert "# TYPE diptych_request_duration_seconds histogram" in response.text
    assert api.head("/metrics").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "labels"),
    [
        ("GET", f"/authors/{NOBODY}", ("GET", "/authors/{id}", 404)),
        ("HEAD", f"/authors/{NOBODY}", ("HEAD", "/authors/{id}", 404)),
        ("POST", "/authors?nobody=1", ("POST", "/authors", 415)),
        ("OPTIONS", "/tags/batch", ("OPTIONS", "/tags/batch", 204)),
        ("PROPFIND", "/tags/batch", ("_OTHER", "/tags/batch", 405)),
        ("GET", "/nothing/of/this?kind=1", ("GET", "", 404)),
    ],
)
def test_each_request_is_counted_once_under_its_route_and_its_status(
    api: httpx.Client, method: str, path: str, labels: tuple[str, str, int]
):
    before = scraped(api)
    for _ in range(7):
        assert api.request(method, path).status_code == labels[2]
    after = scraped(api)

    assert requests(after, *labels) == requests(before, *labels) + 7


def test_the_time_of_each_request_is_in_a_histogram(api: httpx.Client):
    path = f"/authors/{make_author(api)['id']}"
    before = scraped(api)
    for _ in range(5):
        api.get(path)
    after = scraped(api)

    name, labels = "diptych_request_duration_seconds", ("GET", "/authors/{id}")
    assert after[f"{name}_count", *labels] == before.get((f"{name}_count", *labels), 0) + 5
    assert after[f"{name}_bucket", "+Inf", *labels] == after[f"{name}_count", *labels]
    values = [after[f"{name}_bucket", str(bound), *labels] for bound in BUCKETS]
    assert values == sorted(values)
    assert 0 < after[f"{name}_sum", *labels] - before.get((f"{name}_sum", *labels), 0) < 60


def test_no_connection_is_in_use_when_nothing_is_asked(api: httpx.Client):
    make_author(api)

    assert scraped(api)[IN_USE] == 0


def test_nothing_that_was_sent_is_in_it(api: httpx.Client):
    secret = marker()
    author = make_author(api, name=secret)
    api.get("/authors", params={"searchString": secret})
    api.get(f"/{secret}", headers={"X-Request-ID": secret, "Authorization": secret})
    api.request(secret.upper().replace("-", ""), "/authors")

    text = api.get("/metrics").text.lower()

    assert secret.lower() not in text
    assert author["id"] not in text
