"""How much an account may have stored, whatever it does at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from diptych.core.access.principal import HostUser
from diptych.core.cli.files import differences
from diptych.core.files.rules import LEAST_COUNTED
from diptych.core.files.store import FileStore
from diptych.core.http.request_response import Refused, Request
from diptych.core.http.spool import Spool
from diptych.core.settings import Settings
from diptych.core.web.wording import text
from tests.services.api import OPERATOR
from tests.support.calling import Called
from tests.support.databases import BACKENDS, Databases
from tests.support.markup import Page

MOST = 3
"""Small files that an account may have."""

EDITOR, OTHER = HostUser("2", "tove", "editor"), HostUser("3", "tuulikki", "editor")


class Service(Called):
    """An application with such a limit, and a book."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.one = self.book()

    def sent(self, content: str, user: HostUser = EDITOR, key: str = "") -> int:
        """Return the status of the answer to a file."""
        return self.send(self.one, b"GIF89a" + content.encode(), user=user, headers=_headers(key)).status

    def admit(self, size: int, user: HostUser = EDITOR, key: str = "") -> int | None:
        """Return the status with which a file of this size would be refused before it is received."""
        headers = {**_headers(key), "content-length": str(size)}
        request = Request("POST", "", {"id": self.one}, "kind=cover", headers, None, user=user)
        refused: Refused | None = self.application.admit(self.routes["books_add_file"], request)
        return None if refused is None else refused.error.status  # type: ignore[attr-defined]


def _headers(key: str) -> dict[str, str]:
    return {"idempotency-key": f'"{key}"'} if key else {}


@pytest.fixture(params=BACKENDS)
def service(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[Service]:
    url = databases.migrated(request.param)
    limits: Any = {"file_bytes_per_account": MOST * LEAST_COUNTED, "request_timeout": 600}
    made = Service(Settings(database_url=url, files=str(tmp_path), pool_size=8, pool_timeout=60, **limits))
    yield made
    made.close()


def test_of_files_that_are_sent_at_once_only_as_many_are_stored_as_an_account_may_have(
    service: Service, tmp_path: Path
):
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda number: service.sent(str(number)), range(8)))

    assert sorted(statuses) == [201] * MOST + [413] * (8 - MOST)
    # Nothing of those that were refused is stored.
    assert len(list(FileStore(str(tmp_path)).listed())) == MOST
    assert list(differences(service.database, FileStore(str(tmp_path)))) == []


def test_a_file_counts_for_who_has_sent_it_and_once(service: Service):
    assert [service.sent("a"), service.sent("b"), service.sent("b", key="k" * 9)] == [201, 201, 409]
    assert service.sent("c", key="k" * 8) == 201

    assert service.admit(7) == service.sent("d") == 413
    # What was stored is stored again; another account and an administrator are not concerned.
    assert service.admit(7, key="k" * 8) is None
    assert service.sent("c", key="k" * 8) == 201
    assert service.sent("d", OTHER) == service.sent("e", OPERATOR) == 201
    # Deleted from the book it is still stored, for a week.
    for file in json.loads(service.call("books_list_files", id=service.one).body)["items"]:
        assert service.call("books_delete_file", book_id=service.one, id=file["id"]).status == 204
    assert service.sent("d") == 413


def test_the_cover_in_a_form_counts_too_and_what_was_typed_comes_back(service: Service):
    assert [service.sent(str(number)) for number in range(MOST)] == [201] * MOST
    image = BytesIO()
    Image.new("L", (1, 1)).save(image, "GIF")
    parts = [('name="title"', b"Sommarboken"), ('name="cover.file"; filename="a.gif"', image.getvalue())]
    spool = Spool()
    for head, value in parts:
        spool.extend(f"--x\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + value + b"\r\n")
    spool.extend(b"--x--")

    refused = service.call(
        "form_new_book", spool, user=EDITOR, headers={"content-type": "multipart/form-data; boundary=x"}
    )

    assert refused.status == 422
    page = Page.of(refused.body.decode())
    assert page.fields["title"] == "Sommarboken"
    assert text("files.full").encode() in refused.body


def test_files_to_be_imported_count_too_and_people_are_told_on_a_page(service: Service):
    def sent(name: str, body: bytes, kind: str = "") -> tuple[int, bytes]:
        spool = Spool()
        spool.extend(body)
        response = service.call(name, spool, user=EDITOR, headers={"content-type": kind})
        return response.status, response.body

    def form(title: str) -> bytes:
        head = 'Content-Disposition: form-data; name="file"; filename="a.csv"'
        return f"--x\r\n{head}\r\n\r\ntitle\r\n{title}\r\n--x--".encode()

    kind = "multipart/form-data; boundary=x"
    assert [sent("imports_create", b"title\na")[0], sent("imports_create", form("b"), kind)[0]] == [201, 201]
    assert sent("form_new_import", form("c"), kind)[0] == 303
    assert sent("imports_create", b"title\na")[0] == 201

    assert service.sent("a") == 413
    refused, on_page = sent("imports_create", b"title\nd"), sent("form_new_import", form("d"), kind)

    assert (refused[0], on_page[0]) == (413, 413)
    assert b"/problems/storage-limit" in refused[1]
    assert text("error.about.storage-limit").encode() in on_page[1]


def test_a_file_that_is_too_much_is_refused_before_it_is_received(service: Service):
    assert service.admit(MOST * LEAST_COUNTED) is None
    assert service.admit(MOST * LEAST_COUNTED + 1) == 413
    assert service.admit(MOST * LEAST_COUNTED + 1, OPERATOR) is None
