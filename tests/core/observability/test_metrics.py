"""The metrics of one process."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import QueuePool, create_engine
from sqlalchemy.exc import OperationalError

from diptych.core.http.request_response import Response
from diptych.core.observability import metrics
from diptych.core.observability.request_context import RequestRecord


def in_use() -> float:
    (found,) = (line for line in metrics.exposition().decode().splitlines() if line.startswith(metrics.IN_USE))
    return float(found.split()[1])


def test_connections_that_cannot_be_made_again_are_not_counted_as_in_use(tmp_path: Path):
    works = True

    def connect() -> sqlite3.Connection:
        if works:
            return sqlite3.connect(tmp_path / "x.db")
        raise sqlite3.OperationalError("away")

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool)
    metrics.watch(engine.pool)
    before = in_use()
    with engine.connect() as connection:
        assert in_use() == before + 1
        connection.invalidate()
    works = False
    for _ in range(3):
        with pytest.raises(OperationalError):
            engine.connect()
    works = True
    assert in_use() == before
    with engine.connect():
        assert in_use() == before + 1
    assert in_use() == before
    engine.dispose()


def test_a_process_that_cannot_share_its_numbers_keeps_them_and_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    (tmp_path / "file").touch()
    monkeypatch.setenv(metrics.VARIABLE, str(tmp_path / "file" / "inside"))
    monkeypatch.setattr(metrics, "_made", [])
    engine = create_engine("sqlite://", poolclass=QueuePool)
    metrics.watch(engine.pool)
    with engine.connect(), engine.connect():
        ((_, _, numbers),) = metrics.metrics().all()
        assert numbers[0] == 2
    engine.dispose()
    assert caplog.text.count("not shared with the others: Not a directory") == 1


def test_an_answer_that_cannot_be_counted_is_given_all_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    @contextmanager
    def full() -> Iterator[None]:
        def count(*_: object) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(metrics.Metrics, "count", count)
            yield

    answer = Response(201)
    with full(), RequestRecord("POST", "/tags", {}) as observed:
        assert observed.finish(answer) is answer
    assert "could not be counted: No space left on device" in caplog.text
