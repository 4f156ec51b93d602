"""How much an account may have stored, whatever it does at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from diptych.core.access.principal import HostUser
from diptych.core.cli.files import differences
from diptych.core.files.rules import LEAST_COUNTED
from diptych.core.files.store import FileStore
from diptych.core.http.request_response import Refused, Request, Response
from diptych.core.http.spool import Spool
from diptych.core.settings import Settings
from diptych.core.sync.application import Application
from tests.services.api import OPERATOR
from tests.support.databases import BACKENDS, Databases

MOST = 3
"""Small files that an account may have."""

EDITOR, OTHER = HostUser("2", "tove", "editor"), HostUser("3", "tuulikki", "editor")


class Service:
    """An application with such a limit, called directly."""

    def __init__(self, settings: Settings) -> None:
        self.application = Application(settings)
        self.routes = {route.name: route for route in self.application.routes}
        self.book = json.loads(self.call("books_create", b'{"title": "x", "author_id": null}').body)["id"]

    def call(
        self, name: str, body: Any = b"", query: str = "", user: HostUser = OPERATOR, key: str = "", **parameters: str
    ) -> Response:
        route = self.routes[name]
        request = Request(route.methods[0], "", parameters, query, _headers(key), body, user=user)
        return self.application.handle(route, request)

    def send(self, content: str, user: HostUser = EDITOR, key: str = "") -> int:
        spool = Spool()
        spool.extend(b"GIF89a" + content.encode())
        return self.call("books_add_file", spool, "kind=cover", user, key, id=self.book).status

    def admit(self, size: int, user: HostUser = EDITOR, key: str = "") -> int | None:
        """Return the status with which a file of this size would be refused before it is received."""
        headers = {**_headers(key), "content-length": str(size)}
        request = Request("POST", "", {"id": self.book}, "kind=cover", headers, None, user=user)
        refused: Refused | None = self.application.admit(self.routes["books_add_file"], request)
        return None if refused is None else refused.error.status  # type: ignore[attr-defined]


def _headers(key: str) -> dict[str, str]:
    return {"content-type": "application/json", **({"idempotency-key": f'"{key}"'} if key else {})}


@pytest.fixture(params=BACKENDS)
def service(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[Service]:
    url = databases.migrated(request.param)
    limits: Any = {"file_bytes_per_account": MOST * LEAST_COUNTED, "request_timeout": 600}
    made = Service(Settings(database_url=url, files=str(tmp_path), pool_size=8, pool_timeout=60, **limits))
    yield made
    made.application.close()


def test_of_files_that_are_sent_at_once_only_as_many_are_stored_as_an_account_may_have(
    service: Service, tmp_path: Path
):
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda number: service.send(str(number)), range(8)))

    assert sorted(statuses) == [201] * MOST + [413] * (8 - MOST)
    # Nothing of those that were refused is stored.
    assert len(list(FileStore(str(tmp_path)).listed())) == MOST
    assert list(differences(service.application.database, FileStore(str(tmp_path)))) == []


def test_a_file_counts_for_who_has_sent_it_and_once(service: Service):
    assert [service.send("a"), service.send("b"), service.send("b", key="k" * 9)] == [201, 201, 409]
    assert service.send("c", key="k" * 8) == 201

    assert service.admit(7) == service.send("d") == 413
    # What was stored is stored again; another account and an administrator are not concerned.
    assert service.admit(7, key="k" * 8) is None
    assert service.send("c", key="k" * 8) == 201
    assert service.send("d", OTHER) == service.send("e", OPERATOR) == 201
    # Deleted from the book it is still stored, for a week.
    for file in json.loads(service.call("books_list_files", id=service.book).body)["items"]:
        assert service.call("books_delete_file", book_id=service.book, id=file["id"]).status == 204
    assert service.send("d") == 413


def test_a_file_that_is_too_much_is_refused_before_it_is_received(service: Service):
    assert service.admit(MOST * LEAST_COUNTED) is None
    assert service.admit(MOST * LEAST_COUNTED + 1) == 413
    assert service.admit(MOST * LEAST_COUNTED + 1, OPERATOR) is None
