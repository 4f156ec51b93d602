"""A pytest plugin for the tests of an earlier commit.

Tests of the OpenAPI document read that commit's own, as a client that was generated from it does: its examples are
sent, and responses are checked against it. The outcome of each test is written to a file, a JSON object a line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the names of both files."""
    parser.addoption("--old-document", type=Path)
    parser.addoption("--outcomes", type=Path)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Put the document of the commit in the place of the fixture that fetches the one of the service."""
    if "document" in metafunc.fixturenames:
        document = json.loads(metafunc.config.getoption("--old-document").read_text("utf-8"))
        metafunc.parametrize("document", [document], ids=[pytest.HIDDEN_PARAM])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write the outcome of a test, and of a fixture that fails."""
    report = yield
    if report.when == "call" or report.failed:
        outcome = {"test": without_url(item.nodeid), "error": str(call.excinfo.value) if report.failed else None}
        with item.config.getoption("--outcomes").open("a", encoding="utf-8") as file:
            print(json.dumps(outcome), file=file)
    return report


def without_url(test: str) -> str:
    """Return the name of a test, without the address of the service among its parameters."""
    url = os.environ["CONTRACT_URL"]
    name = test.removeprefix("tests/contract/")
    return name.replace(f"-{url}", "").replace(f"{url}-", "").replace(f"[{url}]", "")
