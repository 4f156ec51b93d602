"""Tests ask with the patience that they have, and not with the five seconds that are httpx's own."""

from __future__ import annotations

import re

import pytest

from tests.support.databases import ROOT

_ASKS = re.compile(r"\bhttpx\.(?:get|head|options|post|put|patch|delete|request|stream|Client|AsyncClient)\([^\n]*")


def impatient(source: str) -> list[str]:
    """Return the calls of httpx without a timeout; tests/support/patient.py has one."""
    return [found for found in _ASKS.findall(source) if "timeout=" not in found]


def test_no_test_waits_less_than_tests_do():
    sources = {path: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")}

    assert {path: found for path, source in sources.items() if (found := impatient(source))} == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("x = http" + "x.get(url)", ["http" + "x.get(url)"]),
        ("x = http" + "x.Client(base_url=url)", ["http" + "x.Client(base_url=url)"]),
        ("x = httpx.get(url, timeout=30)", []),
        ("x = patient.get(url)", []),
        ("def f(api: httpx.Client): ...", []),
    ],
)
def test_a_client_without_patience_is_found(source: str, found: list[str]):
    assert impatient(source) == found
