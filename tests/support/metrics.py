"""The metrics of a deployment."""

from __future__ import annotations

import httpx
from prometheus_client.parser import text_string_to_metric_families

Numbers = dict[tuple[str, ...], float]


def scraped(api: httpx.Client) -> Numbers:
    """Return (name, values of its labels ordered by label name) -> value."""
    response = api.get("/metrics")
    assert response.status_code == 200, response.text
    found: Numbers = {}
    for family in text_string_to_metric_families(response.text):
        for sample in family.samples:
            key = (sample.name, *(sample.labels[name] for name in sorted(sample.labels)))
            assert key not in found
            found[key] = sample.value
    return found


def requests(numbers: Numbers, method: str, route: str, status: int) -> float:
    """Return the number of requests."""
    return numbers.get(("diptych_requests_total", method, route, str(status)), 0)
