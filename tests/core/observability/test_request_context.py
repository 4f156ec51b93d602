"""The access log line of a request."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest

from diptych.core.http.request_response import Response
from diptych.core.observability.json_logging import Formatter
from diptych.core.observability.request_context import RequestRecord

BODY = b"0123456789"


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(Formatter().format(record)) for record in caplog.records]


def answer(status: int, method: str = "GET", path: str = "/books/{id}") -> None:
    with RequestRecord(method, path, {"x-request-id": "mine", "authorization": "secret"}) as observed:
        observed.finish(Response(status, BODY))


@pytest.mark.parametrize(
    ("status", "level"), [(200, "info"), (304, "info"), (404, "info"), (500, "error"), (503, "warning")]
)
def test_the_level_is_what_the_status_means(caplog: pytest.LogCaptureFixture, status: int, level: str):
    caplog.set_level(logging.INFO)

    answer(status)

    (line,) = lines(caplog)
    assert (line["level"], line["status"]) == (level, status)


def test_a_line_has_these_members_and_no_others(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)

    answer(200)

    (line,) = lines(caplog)
    assert list(line) == [
        "time", "level", "request_id", "method", "path", "status", "duration_ms", "db_ms", "bytes"
    ]  # fmt: skip
    assert (line["request_id"], line["method"], line["path"], line["bytes"]) == ("mine", "GET", "/books/{id}", 10)


@pytest.mark.parametrize(("level", "expected"), [("WARNING", [500, 503]), ("ERROR", [500]), ("CRITICAL", [])])
def test_what_is_below_the_level_is_not_written(caplog: pytest.LogCaptureFixture, level: str, expected: list[int]):
    caplog.set_level(level)

    for status in (200, 404, 500, 503):
        answer(status)

    assert [line["status"] for line in lines(caplog)] == expected


def test_an_unknown_method_is_not_logged(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)

    for method in ("SECRET", "", "HEAD"):
        answer(200, method)

    assert [(line["method"], line["bytes"]) for line in lines(caplog)] == [("_OTHER", 10), ("", 10), ("HEAD", 0)]


def test_other_lines_of_a_request_are_called_what_it_is_called():
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(Formatter())
    logger = logging.getLogger("anybody")
    logger.addHandler(handler)

    with RequestRecord("GET", "/", {"x-request-id": "mine"}):
        logger.warning("within %s", "it")
    logger.warning("after it")

    logger.removeHandler(handler)
    within, after = map(json.loads, written.getvalue().splitlines())
    assert (within["message"], within["request_id"]) == ("within it", "mine")
    assert list(after) == ["time", "level", "logger", "process", "message"]
