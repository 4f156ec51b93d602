"""Servers that are killed, all of their processes at once, while clients send files."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from diptych.core.files.store import FileStore
from diptych.core.settings import Settings
from diptych.core.sync.file_storage import FileSweep
from tests.support import patient
from tests.support.calling import Called
from tests.support.databases import ROOT, environment
from tests.support.deployments import PATIENT, command, free_port, wait_until_ready
from tests.support.files import age, differences
from tests.support.waiting import PATIENCE, until

CLIENTS = 4

SIZE = 300_000
"""Bytes of a file: several pieces, on the way in and into the store."""


class Senders:
    """Clients that send files of a book, each one after the other, until their server is gone.

    begun, sent: how many files they have sent the first half of, and all of. kept: the content of each file that was
    acknowledged, by its address.
    """

    def __init__(self, port: int, book: str) -> None:
        self.begun = self.sent = 0
        self.kept: dict[str, bytes] = {}
        self._port = port
        self._path = f"/books/{book}/files"
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(PATIENCE)

    def _send(self, client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        with suppress(OSError, http.client.HTTPException):
            for number in itertools.count():
                content = f"GIF89a {self._path} {client} {number} ".encode().ljust(SIZE, b"x")
                connection.putrequest("POST", f"{self._path}?kind=cover")
                connection.putheader("Content-Length", str(SIZE))
                connection.endheaders(content[: SIZE // 2])
                self.begun += 1
                connection.send(content[SIZE // 2 :])
                self.sent += 1
                response = connection.getresponse()
                body = response.read()
                if response.status != http.client.CREATED:
                    return
                self.kept[f"{self._path}/{json.loads(body)['id']}"] = content
        connection.close()


MOMENTS: dict[str, Callable[[Senders], bool]] = {
    "when files have begun to arrive": lambda senders: senders.begun >= CLIENTS,
    "when the first has arrived": lambda senders: senders.sent >= 1,
    "when the first is acknowledged": lambda senders: bool(senders.kept),
    "while the third of each client is sent": lambda senders: senders.begun > 2 * CLIENTS,
    "when ten are acknowledged": lambda senders: len(senders.kept) >= 10,
}


@contextmanager
def killed(adapter: str, url: str, **settings: str) -> Iterator[tuple[str, int]]:
    """Run an adapter on a database as an operator does, and kill it at the end of the block. Yields where it is."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    given = {**PATIENT, "DATABASE_URL": url, "FLASK_PORT": str(port), **settings}
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            command(adapter, port), cwd=ROOT, env=environment(**given), stdout=log, stderr=log, start_new_session=True
        )
        try:
            wait_until_ready(address, process, log)
            yield address, port
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            # The port is free when the last of its processes is gone.
            until(lambda: not _is_alive(process.pid))


def _is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def uploads_until(moment: str, adapter: str, url: str, **settings: str) -> dict[str, bytes]:
    """Have files sent, and the server killed in a moment; return what was acknowledged."""
    with killed(adapter, url, **settings) as (address, port):
        book = patient.post(f"{address}/books", json={"title": "x", "author_id": None}).raise_for_status().json()["id"]
        senders = Senders(port, book)
        until(lambda: MOMENTS[moment](senders))
    senders.join()
    return senders.kept


def check(url: str, location: str, kept: dict[str, bytes]) -> None:
    """Check that all that was acknowledged is there, and that nothing else is, but for what the sweep deletes."""
    service = Called(Settings(database_url=url, files=location))
    assert kept
    for address, content in kept.items():
        _, _, book, _, file = address.split("/")
        assert service.read("books_get_file", book_id=book, id=file) == (200, content)
    sweep = FileSweep(FileStore(location))
    for _ in range(2):
        service.database.run_in_transaction(lambda session: age(session.connection(), location))
        while service.database.execute_write(sweep, in_transaction=True):
            pass
    with service.engine.connect() as connection:
        assert differences(connection, location) == []
    service.close()
