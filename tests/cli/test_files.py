"""`diptych files verify`, where the store cannot be used: one line says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from diptych.core.files.store import FileStore
from tests.support.commands import done, refused
from tests.support.databases import Databases
from tests.support.deployments import free_port


def test_a_store_that_works_is_left_as_it_was(databases: Databases, tmp_path: Path):
    assert done(databases.migrated("sqlite"), "files", "verify", files=str(tmp_path)) == "Found 0 differences.\n"
    assert list(FileStore(str(tmp_path)).listed()) == []
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_store_that_may_only_be_read_is_compared_and_not_written(databases: Databases, tmp_path: Path):
    url, location = databases.migrated("sqlite"), str(tmp_path)

    assert done(url, "files", "verify", "--read-only", files=location) == "Found 0 differences.\n"
    assert not [*tmp_path.rglob("*")]
    both = ("files", "verify", "--read-only", "--repair")
    assert "leave out --read-only" in refused(url, *both, status=2, files=location)


@pytest.mark.parametrize("is_file", [False, True])
def test_a_directory_that_cannot_be_read_is_named_and_not_made(databases: Databases, tmp_path: Path, is_file: bool):  # noqa: FBT001 - a case
    location = tmp_path / "mistyped/files"
    if is_file:
        location.parent.mkdir()
        location.touch()

    line = refused(databases.migrated("sqlite"), "files", "verify", "--read-only", files=str(location))

    reason = "Not a directory" if is_file else "No such file or directory"
    assert line.startswith(f"Error: The store of files, {location}, cannot be read: ")
    assert reason in line
    assert location.exists() == is_file


@pytest.mark.parametrize("blocking", ["files", "files/sha256"])
def test_a_directory_that_cannot_be_written_is_named_with_the_reason(
    databases: Databases, tmp_path: Path, blocking: str
):
    # A file in the way stops root too.
    (tmp_path / blocking).parent.mkdir(exist_ok=True)
    (tmp_path / blocking).touch()
    location = tmp_path / "files"

    line = refused(databases.migrated("sqlite"), "files", "verify", files=str(location))

    assert line.startswith(f"Error: The store of files, {location}, cannot be written: ")
    assert "(os error " in line


def test_a_bucket_that_cannot_be_reached_is_named_with_its_address(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
):
    address = f"http://127.0.0.1:{free_port()}"
    for name, value in (("ENDPOINT_URL", address), ("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x"), ("REGION", "x")):
        monkeypatch.setenv(f"AWS_{name}", value)

    line = refused(databases.migrated("sqlite"), "files", "verify", files="s3://missing/books")

    assert line.startswith("Error: The store of files, s3://missing/books, cannot be written: ")
    assert address in line
