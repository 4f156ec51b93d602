"""Files between the database and the store: what is kept, what is deleted, and what a kill leaves behind."""

from __future__ import annotations

import hashlib
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from diptych.core.cli.files import files_group
from diptych.core.files.model import File
from diptych.core.http.spool import Spool
from tests.services.killed_upload import CONTENT, STEPS
from tests.services.stored_files import Files
from tests.services.twins import Twin


@pytest.fixture
async def files(twin: Twin, tmp_path: Path) -> AsyncIterator[Files]:
    made = Files(Twin(twin.name, twin.url, files=str(tmp_path / "files")), str(tmp_path / "files"))
    yield made
    await made.close()


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


async def test_a_file_to_be_imported_is_kept_as_long_as_its_import_and_deleted_a_week_later(files: Files):
    response, _ = await files.api.call("imports_create", file="title\nx\n")
    row = json.loads(response.body)
    assert response.status == 201
    await files.api.call("jobs_cancel", id=row["job"]["id"])
    await files.sweep_later()
    await files.sweep_later()
    assert [digest for digest, _ in files.store.listed()] == [hashlib.sha256(b"title\nx\n").hexdigest()]
    assert files.differences() == []

    assert (await files.api.call("imports_delete", id=row["id"]))[0].status == 204
    assert await files.sweep() == 1
    await files.sweep_later()

    assert list(files.store.listed()) == files.differences() == []


async def test_a_file_to_be_imported_may_be_one_of_a_book_too(files: Files):
    content = "GIF89a1"
    assert (await files.api.call("imports_create", file=content))[0].status == 201
    book = await files.book()
    await files.sent(book, content)

    (file,) = await files.listed(book)
    assert file["media_type"] == "image/gif"
    await files.delete(book, file["id"])
    await files.sweep_later()
    assert [digest for digest, _ in files.store.listed()] == [file["sha256"]]


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
    await files.sent(book, "GIF89a1")
    assert (await files.api.call("imports_create", file="GIF89a2"))[0].status == 201
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

    assert files.killed_in(step, book) == -signal.SIGKILL

    listed = await files.listed(book)
    assert [each["sha256"] for each in listed] == [hashlib.sha256(CONTENT).hexdigest()] * (step == STEPS[-1])
    for each in listed:
        assert await files.status(book, each["id"]) == 200
    await files.sweep_later()
    assert files.differences() == []
