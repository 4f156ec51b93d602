"""Many slow uploads hold no thread and no connection to the database: others are answered meanwhile."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.contract.making import make
from tests.support import patient
from tests.support.databases import Databases
from tests.support.deployments import ADAPTERS, deployment
from tests.support.metrics import scraped
from tests.support.waiting import until
from tests.support.wire import Target, connect
from tests.wire.case import CLOSE, HOST, head

pytestmark = pytest.mark.long

MANY = 20
SIZE = 300_000


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_reads_are_answered_during_twenty_slow_uploads_with_one_connection(
    databases: Databases, tmp_path: Path, adapter: str
):
    settings = {
        "DIPTYCH_POOL_SIZE": "1",
        "DIPTYCH_WORKERS": "1",
        "DIPTYCH_THREADS": "2",
        "DIPTYCH_FILES": str(tmp_path),
    }
    with (
        deployment(adapter, databases.migrated("sqlite"), DIPTYCH_KEEPALIVE_TIMEOUT="300", **settings) as url,
        patient.Client(base_url=url) as api,
        ExitStack() as stack,
    ):
        book = make(api, "books")["id"]
        contents = [b"GIF89a" + f"{number:0{SIZE}}".encode() for number in range(MANY)]
        message = head("POST", f"/books/{book}/files?kind=cover", HOST, CLOSE, f"Content-Length: {len(contents[0])}")
        uploads = [stack.enter_context(connect(Target.of(url))) for _ in contents]
        for start in (0, SIZE // 2):
            for upload, content in zip(uploads, contents, strict=True):
                upload.sendall((b"" if start else message) + content[start : start + SIZE // 2])
            assert api.get(f"/books/{book}").status_code == 200
            # What the heads of the uploads ask of the database may still be in progress.
            until(lambda: scraped(api)["diptych_pool_connections_in_use",] == 0)
        for upload, content in zip(uploads, contents, strict=True):
            upload.sendall(content[SIZE // 2 * 2 :])
            assert upload.recv(65536).startswith(b"HTTP/1.1 201 ")

        listed = api.get(f"/books/{book}/files").json()["items"]
        assert {each["sha256"] for each in listed} == {hashlib.sha256(each).hexdigest() for each in contents}
