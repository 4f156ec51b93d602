"""An upload and a sweep of the same file, again and again: what was acknowledged is there."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from diptych.core.settings import Settings
from diptych.core.sync.file_storage import FileSweep
from tests.support.calling import Called
from tests.support.databases import BACKENDS, Databases
from tests.support.files import age, differences

pytestmark = pytest.mark.unsampled

ROUNDS = int(os.environ.get("FILE_RACES", "50"))


class Service(Called):
    """An application with its sweep of files."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.sweep = FileSweep(self.application._files)


@pytest.fixture(params=BACKENDS)
def service(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[Service]:
    made = Service(Settings(database_url=databases.migrated(request.param), files=str(tmp_path), request_timeout=600))
    yield made
    made.close()


def test_a_file_that_is_swept_while_it_is_sent_is_there(service: Service, tmp_path: Path):
    book, content = service.book(), b"GIF89a".ljust(10_000, b"x")
    ended = threading.Event()
    sweeper = threading.Thread(target=_sweep, args=(service, str(tmp_path), ended))
    sweeper.start()
    try:
        for _ in range(ROUNDS):
            sent = service.send(book, content)
            # The sweep believes that hours have gone by: an upload may find that it has taken so long.
            assert sent.status in (201, 503), sent.body
            if sent.status == 201:
                file = json.loads(sent.body)["id"]
                assert service.read("books_get_file", book_id=book, id=file) == (200, content)
                assert service.call("books_delete_file", book_id=book, id=file).status == 204
    finally:
        ended.set()
        sweeper.join()
    # An upload that was put off for hours leaves a file without a row, of which the next one takes possession.
    file = json.loads(service.send(book, content).body)["id"]
    assert service.call("books_delete_file", book_id=book, id=file).status == 204
    with service.engine.connect() as connection:
        _sweep_once(service, str(tmp_path))
        assert differences(connection, str(tmp_path)) == []


def _sweep(service: Service, location: str, ended: threading.Event) -> None:
    while not ended.is_set():
        _sweep_once(service, location)


def _sweep_once(service: Service, location: str) -> None:
    for _ in range(2):
        # In its turn: SQLite has one writer.
        service.database.run_in_transaction(lambda session: age(session.connection(), location))
        while service.database.execute_write(service.sweep, in_transaction=True):
            pass
