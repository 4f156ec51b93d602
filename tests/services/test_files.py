"""Files between the database and the store: what is kept, what is deleted, and what a kill leaves behind."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from diptych.core.cli.files import files_group
from diptych.core.database import sync_config
from diptych.core.files.model import File
from diptych.core.files.store import FileStore
from diptych.core.http.spool import Spool
from tests.services.api import Api
from tests.services.killed_upload import CONTENT, STEPS
from tests.services.twins import Twin
from tests.support.databases import ROOT, environment
from tests.support.files import age, differences


class Files:
    """The files of a twin's books."""

    def __init__(self, twin: Twin, location: str) -> None:
        self.twin, self.location = twin, location
        self.store = FileStore(location)
        self.api = Api(twin)
        self.engine = sync_config(twin.settings).get_engine()

    async def book(self) -> str:
        return str((await self.api.made("books_create", {"title": "x", "author_id": None}))["id"])

    async def send(self, book: str, content: str) -> Any:
        response, _ = await self.api.call("books_add_file", None, "kind=cover", file=content, id=book)
        return response

    async def sent(self, book: str, content: str) -> str:
        response = await self.send(book, content)
        assert response.status == 201, response.body
        return str(json.loads(response.body)["id"])

    async def listed(self, book: str) -> list[Any]:
        response, _ = await self.api.call("books_list_files", id=book)
        return json.loads(response.body)["items"]  # type: ignore[no-any-return]

    async def delete(self, book: str, file: str) -> None:
        response, _ = await self.api.call("books_delete_file", book_id=book, id=file)
        assert response.status == 204

    async def status(self, book: str, file: str) -> int:
        return (await self.api.call("books_get_file", book_id=book, id=file))[0].status

    async def sweep(self) -> int:
        """Sweep until nothing is left to do, and return how many changes that took."""
        sweep = self.twin.module("file_storage").FileSweep(self.store)
        changes = 0
        while True:
            swept = self.twin.database.execute_write(sweep, in_transaction=True)
            count = await swept if self.twin.name == "aio" else swept
            if not count:
                return changes
            changes += count

    async def sweep_later(self) -> None:
        """Sweep now, and again when that is long ago."""
        await self.sweep()
        with self.engine.connect() as connection:
            age(connection, self.location)
        await self.sweep()

    def differences(self) -> list[str]:
        with self.engine.connect() as connection:
            return differences(connection, self.location)


@pytest.fixture
async def files(twin: Twin, tmp_path: Path) -> AsyncIterator[Files]:
    made = Files(Twin(twin.name, twin.url, files=str(tmp_path / "files")), str(tmp_path / "files"))
    yield made
    made.engine.dispose()
    await made.api.close()
    await made.twin.close()


async def test_a_file_that_no_book_has_is_deleted_a_week_later(files: Files):
    book, other = await files.book(), await files.book()
    first, second = await files.sent(book, "GIF89a1"), await files.sent(other, "GIF89a1")
    await files.delete(book, first)
    await files.sweep_later()
    assert await files.status(other, second) == 200

    await files.delete(other, second)
    # It is marked at the first sweep, and kept until it has been for a week.
    assert await files.sweep() == 1
    assert await files.sweep() == 0
    await files.sweep_later()

    assert list(files.store.listed()) == files.differences() == []


async def test_a_file_that_is_being_deleted_is_stored_again_when_it_is_sent(files: Files):
    book = await files.book()
    await files.delete(book, await files.sent(book, "GIF89a1"))
    # As a sweep leaves it that is killed when it has deleted the file, before the row.
    with files.engine.connect() as connection:
        connection.execute(update(File).values(state="deleting"))
        connection.commit()
    files.store.delete(hashlib.sha256(b"GIF89a1").hexdigest())

    file = await files.sent(book, "GIF89a1")

    await files.sweep_later()
    assert await files.status(book, file) == 200
    assert files.differences() == []


async def test_while_the_store_is_down_nothing_refers_to_it(files: Files, tmp_path: Path):
    (tmp_path / "files").write_text("no directory")
    book = await files.book()

    refused = await files.send(book, "GIF89a1")

    assert refused.status == 503
    assert json.loads(refused.body)["detail"] == "The store of files cannot serve this now."
    assert await files.listed(book) == []
    (tmp_path / "files").unlink()
    await files.sent(book, "GIF89a1")
    await files.sweep_later()
    assert files.differences() == []


async def test_a_file_that_is_missing_in_the_store_is_no_empty_answer(files: Files):
    book = await files.book()
    file = await files.sent(book, "GIF89a1")
    files.store.delete(hashlib.sha256(b"GIF89a1").hexdigest())

    assert await files.status(book, file) == 503

    # Sent again, it is stored again.
    await files.delete(book, file)
    assert await files.status(book, await files.sent(book, "GIF89a1")) == 200


async def test_what_differs_between_store_and_table_is_named_and_repaired(files: Files):
    book = await files.book()
    for number in (1, 2):
        await files.sent(book, f"GIF89a{number}")
    lost, kept = (hashlib.sha256(f"GIF89a{number}".encode()).hexdigest() for number in (1, 2))
    files.store.delete(lost)
    spool = Spool()
    spool.extend(b"GIF89a3")
    files.store.put(spool.digest, spool)
    spool.close()
    with files.engine.connect() as connection:
        connection.execute(update(File).where(File.sha256 == kept).values(size=8))
        connection.commit()

    verify = CliRunner().invoke(files_group(files.twin.settings), ["verify", "--content"])
    repair = CliRunner().invoke(files_group(files.twin.settings), ["verify", "--repair"])

    told = {
        f"{lost}: is in the table and not in the store",
        f"{kept}: has 7 bytes in the store, and 8 in the table",
        f"{spool.digest}: is in the store and not in the table",
    }
    assert {*verify.output.splitlines()} == told | {"Found 3 differences."}
    assert {*repair.output.splitlines()} == told | {"Found 2 differences that cannot be repaired."}
    assert (verify.exit_code, repair.exit_code) == (1, 1)
    assert [digest for digest, _ in files.store.listed()] == [kept]
    # What is lost is sent again.
    await files.sent(await files.book(), "GIF89a1")
    with files.engine.connect() as connection:
        connection.execute(update(File).where(File.sha256 == kept).values(size=7))
        connection.commit()
    verify = CliRunner().invoke(files_group(files.twin.settings), ["verify", "--content"])
    assert (verify.exit_code, verify.output) == (0, "Found 0 differences.\n")


@pytest.mark.long
@pytest.mark.parametrize("step", [STEPS[2], *STEPS[:2], *STEPS[3:]])
async def test_a_kill_loses_nothing_and_leaves_nothing_behind(files: Files, step: str):
    book = await files.book()

    assert status_of_killed(files, book, step) == -signal.SIGKILL

    listed = await files.listed(book)
    assert [each["sha256"] for each in listed] == [hashlib.sha256(CONTENT).hexdigest()] * (step == STEPS[-1])
    for each in listed:
        assert await files.status(book, each["id"]) == 200
    await files.sweep_later()
    assert files.differences() == []


def status_of_killed(files: Files, book: str, step: str) -> int:
    """Have another process send a file and be killed in a step; return its exit status."""
    command = [sys.executable, "-m", "tests.services.killed_upload", files.twin.name, files.twin.url, files.location]
    return subprocess.run([*command, book, step], cwd=ROOT, env=environment(), timeout=120).returncode
