"""Where access log lines are written."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diptych.core.observability import access_log, json_logging

LINE = access_log.Line(datetime(2026, 11, 27, tzinfo=UTC), "info", "mine", "GET", "/books", 200, 1.5, 0.5, 10)

Begin = Callable[..., None]


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Return a function that configures logging with some handlers until the end of the test."""
    root, ours = logging.getLogger(), logging.getLogger("diptych")
    handlers, level, formatters = list(root.handlers), ours.level, [each.formatter for each in root.handlers]
    flags = logging.logThreads, logging.logMultiprocessing
    yield lambda *given: json_logging.begin("info", handlers=list(given))
    root.handlers[:] = handlers
    ours.setLevel(level)
    for handler, formatter in zip(handlers, formatters, strict=True):
        handler.setFormatter(formatter)
    logging.logThreads, logging.logMultiprocessing = flags
    access_log.all_go_to([])


class Broken(io.StringIO):
    """A stream whose writes fail."""

    def write(self, _: str) -> int:
        raise OSError(28, "No space left on device")


def test_a_line_for_one_stream_is_written_without_a_record(begin: Begin, monkeypatch: pytest.MonkeyPatch):
    stream = io.StringIO()
    begin(logging.StreamHandler(stream))
    monkeypatch.setattr(access_log.logger, "handle", lambda _: pytest.fail("a record was made"))

    access_log.write(logging.INFO, LINE)

    assert json.loads(stream.getvalue())["request_id"] == "mine"
    assert stream.getvalue().endswith("}\n")


def test_an_added_handler_gets_the_record(begin: Begin):
    stream, seen = io.StringIO(), []
    begin(logging.StreamHandler(stream))
    other = logging.Handler()
    other.handle = seen.append  # type: ignore[assignment,method-assign]
    logging.getLogger().addHandler(other)

    access_log.write(logging.INFO, LINE)

    assert [record.msg for record in seen] == [LINE]
    assert json.loads(stream.getvalue())["request_id"] == "mine"


def test_two_handlers_from_the_beginning_both_have_it(begin: Begin):
    streams = [io.StringIO(), io.StringIO()]
    begin(*(logging.StreamHandler(each) for each in streams))

    access_log.write(logging.INFO, LINE)

    assert streams[0].getvalue() == streams[1].getvalue() == f"{LINE}\n"


def test_a_file_is_opened_when_there_is_something_to_write(begin: Begin, tmp_path: Path):
    handler = logging.FileHandler(tmp_path / "log", delay=True)
    begin(handler)

    access_log.write(logging.INFO, LINE)
    access_log.write(logging.INFO, LINE)
    handler.close()

    assert (tmp_path / "log").read_text() == f"{LINE}\n" * 2


def test_a_line_that_cannot_be_written_is_handled_as_any_other_record(begin: Begin):
    told: list[logging.LogRecord] = []
    handler = logging.StreamHandler(Broken())
    handler.handleError = told.append  # type: ignore[method-assign]
    begin(handler)

    access_log.write(logging.INFO, LINE)

    assert [record.msg for record in told] == [LINE]
