"""docs/backup.md: its commands are followed while the catalogue is written to, and every row and change is compared."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Self

import psycopg
import pytest
from sqlalchemy import select

from diptych.core.attribution import Attribution, attributed_to
from diptych.core.catalogue.tags.queries import spec
from diptych.core.files.model import BookFile
from diptych.core.settings import Settings
from diptych.core.sync.services.row_writer import Writer
from tests.faults.postgres import Postgres
from tests.support.calling import Called
from tests.support.changes import changes, opened, replayed, state
from tests.support.commands import done
from tests.support.databases import ROOT, Databases, environment
from tests.support.postgresql import initialise, programs
from tests.support.programs import program
from tests.support.waiting import PATIENCE, until

EACH = 5
"""Tags between two files."""

SAMPLE = ROOT / "core" / "data" / "sample.jsonl"


def blocks(section: str) -> list[str]:
    """Return the commands of a section of the page, block by block."""
    text = (ROOT / "docs" / "backup.md").read_text(encoding="utf-8")
    found = text.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", found, re.DOTALL)


class Shell:
    """The shell of somebody who follows the page. user: the system user that it belongs to."""

    def __init__(self, directory: Path, user: str | None = None, **variables: str) -> None:
        self._directory = directory
        self._user = user
        others = (Path(program(name, name)).parent for name in ("sqlite3", "rsync"))
        found = [Path(sys.executable).parent, programs(), *others]
        self._variables = {**variables, "PATH": ":".join([*map(str, found), os.environ["PATH"]])}

    def follow(self, commands: str, **variables: str) -> str:
        result = subprocess.run(
            ["bash", "-euc", commands],
            cwd=self._directory, env=environment(**self._variables, **variables), user=self._user,
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def check(self, **variables: str) -> None:
        (commands,) = blocks("Check")
        assert "healthy: yes" in self.follow(commands, **variables)


class Writing:
    """Somebody who makes tags, one after the other, in a thread, and sends files of books.

    names: of the tags that are committed. files: the directory of the files.
    """

    def __init__(self, url: str, files: Path) -> None:
        self.names: list[str] = []
        self._settings = Settings(database_url=url, files=str(files))
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> Self:
        self._thread.start()
        self.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(PATIENCE)

    def wait(self) -> None:
        """Wait until some more are committed."""
        wanted = len(self.names) + 5
        until(lambda: len(self.names) >= wanted)

    def _write(self) -> None:
        service = Called(self._settings)
        database = service.database
        while not self._ended.is_set():
            name = f"written {len(self.names):06}"
            with attributed_to(Attribution(None, None, "anonymous", name)):
                database.execute_write(lambda executor: Writer(executor, spec).add({"name": name}), in_transaction=True)  # noqa: B023 - called at once
            if len(self.names) % EACH == 0:
                assert service.send(service.book(), f"GIF89a{name}".encode()).status == 201
            self.names.append(name)
            time.sleep(0.001)
        service.close()


def compare(url: str, lost: list[object], committed: list[str], later: list[str]) -> None:
    """Compare a restored database with the history of the lost one, and its rows with its own history.

    committed: the names of the tags that have to be there. later: of those that may be.
    """
    found = changes(url)
    assert found == lost[: len(found)]
    assert replayed({}, found) == state(url)
    names = sorted(change.after["name"] for change in found if change.request_id in {*committed, *later})
    assert names[: len(committed)] == committed
    assert names == later[: len(names)]


@contextmanager
def backed_up(url: str, back_up: Callable[[], object], files: Path) -> Iterator[tuple[list[str], list[str]]]:
    """Back a database up while it is written to; yield the tags that were committed before, and all.

    files: the directory of the files.
    """
    done(url, "import", str(SAMPLE))
    done(url, "accounts", "create", "tove")
    with Writing(url, files) as writing:
        committed = [*writing.names]
        back_up()
        writing.wait()
    yield committed, writing.names


def exported(url: str, files: Path) -> str:
    """Have all books exported; return the id of the export."""
    service = Called(Settings(database_url=url, files=str(files)))
    job = json.loads(service.call("exports_create", query="format=csv").body)["id"]
    service.close()
    done(url, "work", "--until-idle", files=str(files))
    return str(job)


def restored_files(url: str, files: Path, export: str) -> int:
    """Return how many files of books there are after a restore, having read all, and the one of an export."""
    service = Called(Settings(database_url=url, files=str(files)))
    with opened(url) as engine, engine.connect() as connection:
        rows = connection.execute(select(BookFile.book_id, BookFile.id, BookFile.sha256)).all()
    for book, file, digest in rows:
        status, content = service.read("books_get_file", book_id=str(book), id=str(file))
        assert (status, hashlib.sha256(content).hexdigest()) == (200, digest)
    status, content = service.read("exports_read_file", id=export)
    assert status == 200
    assert b"title" in content
    service.close()
    return len(rows)


def test_a_copy_of_sqlite_that_is_made_while_others_write_is_one_moment(databases: Databases, tmp_path: Path):
    (tmp_path / "var").mkdir()
    file = tmp_path / "var" / "diptych.db"
    shutil.copy(databases.migrated("sqlite").removeprefix("sqlite:///"), file)
    url = f"sqlite:///{file}"
    copy, restore = blocks("SQLite")
    copy_files, restore_files = blocks("Files of books")
    shell, files = Shell(tmp_path, DATABASE_URL=url), tmp_path / "var" / "files"
    export = exported(url, files)

    with backed_up(url, lambda: shell.follow(copy + copy_files), files) as (committed, written):
        lost, accounts = list(changes(url)), done(url, "accounts", "list")
    file.write_bytes(b"destroyed")
    shutil.rmtree(files)
    shell.follow(restore + restore_files)

    shell.check()
    assert [oct(each.stat().st_mode & 0o077) for each in (file, tmp_path / "backup" / "diptych.db")] == ["0o0"] * 2
    assert restored_files(url, files, export) >= len(committed) // EACH
    assert "Found 0 differences." in done(url, "files", "verify", "--content", files=str(files))
    compare(url, lost, committed, written)
    assert done(url, "accounts", "list") == accounts
    done(url, "import", str(SAMPLE))


@pytest.mark.unsampled
def test_a_dump_of_postgresql_is_one_moment_with_its_history(databases: Databases, tmp_path: Path):
    url, new = databases.migrated("postgresql"), databases.empty("postgresql")
    dump, restore = blocks("PostgreSQL: one moment")
    shell = Shell(tmp_path)

    with backed_up(url, lambda: shell.follow(dump, DATABASE_URL=url), tmp_path / "files") as (committed, written):
        lost, accounts = list(changes(url)), done(url, "accounts", "list")
    shell.follow(restore, DATABASE_URL=new)

    shell.check(DATABASE_URL=new)
    compare(new, lost, committed, written)
    assert done(new, "accounts", "list") == accounts


@pytest.mark.long
@pytest.mark.unsampled
@pytest.mark.parametrize("kinds", [("sqlite", "postgresql"), ("postgresql", "sqlite")])
def test_a_dump_of_the_catalogue_goes_into_a_database_of_the_other_kind(
    databases: Databases, tmp_path: Path, kinds: tuple[str, str]
):
    url, new = databases.migrated(kinds[0]), databases.empty(kinds[1])
    dump, load = blocks("The catalogue alone")
    shell = Shell(tmp_path)

    with backed_up(url, lambda: shell.follow(dump, DATABASE_URL=url), tmp_path / "files") as (committed, written):
        lost = state(url)
    shell.follow(load, DATABASE_URL=new)

    shell.check(DATABASE_URL=new)
    found = state(new)
    assert found.items() <= lost.items()
    assert len(found) >= len(lost) - (len(written) - len(committed)) - 1
    assert done(new, "accounts", "list") == ""


@pytest.mark.long
@pytest.mark.unsampled
def test_postgresql_is_led_to_a_moment_before_a_mistake(tmp_path: Path):
    of_server = initialise(tmp_path / "old")
    backup = _owned(tmp_path / "backup", of_server.user)
    _owned(backup / "wal", of_server.user)
    old = Postgres(tmp_path / "old", of_server)
    with (tmp_path / "old" / "postgresql.conf").open("a", encoding="utf-8") as settings:
        archive = f"test ! -f {backup}/wal/%f && cp %p {backup}/wal/%f"
        settings.write(f"archive_mode = on\narchive_command = '{archive}'\narchive_timeout = 60\n")
    old.start()
    base, restore = blocks("PostgreSQL: any moment")
    shell = Shell(backup, of_server.user, BACKUP=str(backup), PGUSER="postgres", PGHOST="127.0.0.1")
    done(old.get_uri(), "database", "upgrade", "--no-prompt")

    back_up = partial(shell.follow, base, PGPORT=str(old.port))
    with backed_up(old.get_uri(), back_up, tmp_path / "files") as (_, written):
        pass
    expected, lost = state(old.get_uri()), list(changes(old.get_uri()))
    with psycopg.connect(old.get_uri(), autocommit=True) as connection:
        time.sleep(0.1)
        ((moment,),) = connection.execute("SELECT clock_timestamp()::text").fetchall()
        time.sleep(0.1)
        connection.execute("DELETE FROM book_tag")
        connection.execute("DELETE FROM tag")
        ((segment,),) = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchall()
    until((backup / "wal" / segment).exists)
    old.kill()
    shutil.rmtree(tmp_path / "old")

    new = Postgres(_owned(tmp_path / "new", of_server.user), of_server)
    shell.follow(restore, PGDATA=str(tmp_path / "new"), MOMENT=moment)
    new.start()
    try:
        with psycopg.connect(new.get_uri(), autocommit=True) as connection:
            until(lambda: connection.execute("SELECT NOT pg_is_in_recovery()").fetchone() == (True,))
        Shell(tmp_path).check(DATABASE_URL=new.get_uri())
        assert state(new.get_uri()) == expected
        compare(new.get_uri(), lost, written, written)
        assert changes(new.get_uri()) == lost
    finally:
        new.stop()


def _owned(directory: Path, user: str | None) -> Path:
    """Make a directory that the server may write into, and let it reach it."""
    directory.mkdir(mode=0o700)
    if user is not None:
        shutil.chown(directory, user)
    return directory
