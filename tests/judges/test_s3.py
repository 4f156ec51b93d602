"""Files in a bucket, as moto has one: `pip install 'moto[server]'` in an environment whose `bin` is on the PATH."""

from __future__ import annotations

import hashlib
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.services.killed_upload import CONTENT, STEPS
from tests.services.stored_files import Files
from tests.services.twins import TWINS, Twin
from tests.support.commands import done, refused
from tests.support.databases import Databases
from tests.support.deployments import ADAPTERS, free_port
from tests.support.killing import check, uploads_until
from tests.support.waiting import PATIENCE, until

pytestmark = pytest.mark.judge


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Yield the address of a moto server."""
    port = free_port()
    command = ["moto_server", "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        address = f"http://127.0.0.1:{port}"
        until(lambda: _answers(address))
        yield address
        process.terminate()


def _answers(address: str) -> bool:
    try:
        return httpx.put(f"{address}/diptych", timeout=PATIENCE).is_success
    except httpx.TransportError:
        return False


def bucket(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Set what is needed to reach the bucket, and return a part of it for a test alone."""
    for name, value in (("ENDPOINT_URL", server), ("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x"), ("REGION", "x")):
        monkeypatch.setenv(f"AWS_{name}", value)
    return f"s3://diptych/{tmp_path.name}"


@pytest.fixture(params=TWINS)
async def files(
    request: pytest.FixtureRequest, databases: Databases, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Files]:
    """Yield the files of a twin, in a part of the bucket of their own."""
    location = bucket(server, tmp_path, monkeypatch)
    made = Files(Twin(request.param, databases.migrated("sqlite"), files=location), location)
    yield made
    await made.close()


@pytest.mark.parametrize("step", STEPS)
async def test_a_kill_loses_nothing_and_leaves_nothing_behind(files: Files, step: str):
    book = await files.book()

    assert files.killed_in(step, book) == -signal.SIGKILL

    listed = await files.listed(book)
    assert [each["sha256"] for each in listed] == [hashlib.sha256(CONTENT).hexdigest()] * (step == STEPS[-1])
    for each in listed:
        assert await files.status(book, each["id"]) == 200
    await files.sweep_later()
    assert files.differences() == []


@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_a_server_that_is_killed_during_uploads_loses_none_that_it_has_acknowledged(
    databases: Databases, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, adapter: str
):
    location = bucket(server, tmp_path, monkeypatch)
    url = databases.migrated("sqlite")
    check(url, location, uploads_until("while the third of each client is sent", adapter, url, DIPTYCH_FILES=location))


async def test_while_the_bucket_is_away_nothing_refers_to_it(files: Files, monkeypatch: pytest.MonkeyPatch):
    book = await files.book()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    assert (await files.send(book, "GIF89a1")).status == 503
    assert await files.listed(book) == []


async def test_a_small_file_is_stored_once(files: Files):
    book = await files.book()
    file = await files.sent(book, "GIF89a1")
    await files.sent(await files.book(), "GIF89a1")

    assert await files.status(book, file) == 200
    assert [size for _, size in files.store.listed()] == [7]


def test_a_bucket_that_is_missing_is_one_line(
    databases: Databases, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    bucket(server, tmp_path, monkeypatch)

    line = refused(databases.migrated("sqlite"), "files", "verify", files="s3://missing/books")

    assert line == (
        "Error: The store of files, s3://missing/books, cannot be written: NoSuchBucket: The specified bucket does not"
        " exist"
    )


async def test_a_bucket_that_works_is_left_as_it_was(files: Files):
    done(files.twin.url, "files", "verify", files=files.location)

    assert list(files.store.listed()) == []
