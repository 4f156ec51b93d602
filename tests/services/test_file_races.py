"""An upload and a sweep of the same file, again and again: what was acknowledged is there."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from diptych.core.database import sync_config
from diptych.core.http.request_response import Request
from diptych.core.http.spool import Spool
from diptych.core.settings import Settings
from diptych.core.sync.application import Application
from diptych.core.sync.file_storage import FileSweep
from tests.services.api import OPERATOR
from tests.support.databases import BACKENDS, Databases
from tests.support.files import age, differences

pytestmark = pytest.mark.unsampled

ROUNDS = int(os.environ.get("FILE_RACES", "50"))


class Service:
    """An application, called directly."""

    def __init__(self, settings: Settings) -> None:
        self.application = Application(settings)
        self.routes = {route.name: route for route in self.application.routes}
        self.sweep = FileSweep(self.application._files)
        self.engine = sync_config(settings).get_engine()

    def call(self, name: str, body: Any = b"", query: str = "", **parameters: str) -> tuple[int, bytes]:
        route = self.routes[name]
        headers = {"content-type": "application/json"}
        request = Request(route.methods[0], "", parameters, query, headers, body, user=OPERATOR)
        response = self.application.handle(route, request)
        return response.status, b"".join(response.stream) if response.stream is not None else response.body  # type: ignore[arg-type]

    def close(self) -> None:
        self.engine.dispose()
        self.application.close()


@pytest.fixture(params=BACKENDS)
def service(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[Service]:
    made = Service(Settings(database_url=databases.migrated(request.param), files=str(tmp_path), request_timeout=600))
    yield made
    made.close()


def test_a_file_that_is_swept_while_it_is_sent_is_there(service: Service, tmp_path: Path):
    _, body = service.call("books_create", b'{"title": "x", "author_id": null}')
    book, content = json.loads(body)["id"], b"GIF89a".ljust(10_000, b"x")
    ended = threading.Event()
    sweeper = threading.Thread(target=_sweep, args=(service, str(tmp_path), ended))
    sweeper.start()
    try:
        for _ in range(ROUNDS):
            spool = Spool()
            spool.extend(content)
            status, body = service.call("books_add_file", spool, "kind=cover", id=book)
            # The sweep believes that hours have gone by: an upload may find that it has taken so long.
            assert status in (201, 503), body
            if status == 201:
                file = json.loads(body)["id"]
                assert service.call("books_get_file", book_id=book, id=file) == (200, content)
                assert service.call("books_delete_file", book_id=book, id=file)[0] == 204
    finally:
        ended.set()
        sweeper.join()
    with service.engine.connect() as connection:
        _sweep_once(service, str(tmp_path))
        assert differences(connection, str(tmp_path)) == []


def _sweep(service: Service, location: str, ended: threading.Event) -> None:
    while not ended.is_set():
        _sweep_once(service, location)


def _sweep_once(service: Service, location: str) -> None:
    for _ in range(2):
        # In its turn: SQLite has one writer.
        service.application.database.run_in_transaction(lambda session: age(session.connection(), location))
        while service.application.database.execute_write(service.sweep, in_transaction=True):
            pass
