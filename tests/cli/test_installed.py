"""Every command from an installed wheel, from anywhere, without a terminal: `diptych` and `flask --app diptych.flask_app`."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from diptych.core.revisions import head
from tests.support.commands import installed
from tests.support.databases import ROOT, Databases, run

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def binaries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("installed"))


class Program:
    """An entry point of the installation, run in a directory of its own."""

    def __init__(self, command: list[str], url: str, directory: Path) -> None:
        self.command = command
        self.url = url
        self.directory = directory

    def done(self, *arguments: str, check: bool = True, **settings: str) -> CompletedProcess[str]:
        return run(
            [*self.command, *arguments],
            check=check,
            cwd=self.directory,
            DATABASE_URL=self.url,
            PYTHONPATH="",
            **settings,
        )

    def database(self, *arguments: str, **settings: str) -> str:
        done = self.done("db", *arguments, **settings)
        assert done.stderr == ""
        return done.stdout


def before(revision: str) -> str:
    """The one before: revisions are numbered."""
    return f"{int(revision) - 1:04}"


@pytest.mark.parametrize(("program", "backend"), [("diptych", "postgresql"), ("flask", "sqlite")])
def test_every_command_works(binaries: Path, databases: Databases, program: str, backend: str, tmp_path: Path):
    flask = [str(binaries / "python"), "-m", "flask", "--app", "diptych.flask_app"]
    command = [str(binaries / "diptych")] if program == "diptych" else flask
    (tmp_path / "cwd").mkdir()
    ours = Program(command, databases.empty(backend), tmp_path / "cwd")
    site = binaries.parent

    ours.database("ensure-version")
    assert ours.database("upgrade") == f"The database is at revision {head()}.\n"
    assert "as the models say" in ours.database("check")
    assert ours.database("current") == ours.database("show-current-revision") == f"{head()} (head)\n"
    assert ours.database("history").partition(" -> ")[2].startswith(f"{head()} (head)")
    assert ours.database("heads") == f"{head()} (head)\n"
    assert ours.database("branches") == ""
    path = ours.database("show", "head").split("Path: ")[1].split("\n")[0]
    assert Path(path).is_relative_to(site)
    assert ours.database("stamp", "head") == f"The database is at revision {head()}.\n"
    assert ours.database("edit", "head", EDITOR="true") == ""
    assert ours.database("list-templates").count("\n") == 2
    ours.database("init", "mine")
    assert "healthy: yes" in ours.done("check-db-status").stdout

    # Two heads, and one again.
    written = []
    for name in ("left", "right"):
        told = ours.database("make-migrations", "--no-autogenerate", "--head", head(), "--splice", "-m", name)
        written.append(Path(told.splitlines()[-1].removeprefix("Wrote ")))
        assert written[-1].parent == Path(path).parent
    try:
        told = ours.database("merge")
        written.append(Path(told.splitlines()[-1].removeprefix("Wrote ")))
        assert written[-1].name.endswith("_merge.py")
        assert ours.database("heads").split("_")[0].split()[0] == written[-1].name.split("_")[0]
    finally:
        for file in written:
            file.unlink()

    ours.done("import", str(ROOT / "core/data/sample.jsonl"))
    exported = ours.done("export").stdout
    ours.database("dump-data", "-o", "dump.json")
    assert json.loads((tmp_path / "cwd" / "dump.json").read_text(encoding="utf-8"))["tables"]["book"]
    assert ours.database("downgrade") == f"The database is at revision {before(head())}.\n"
    assert ours.done("check-db-status", check=False).returncode == 1
    assert ours.done("database", "check", check=False).returncode == 1
    assert ours.database("drop-all") == "The catalogue is gone.\n"
    ours.database("upgrade")
    ours.done("load", "dump.json")
    assert ours.done("export").stdout == exported
    assert sorted(each.name for each in (tmp_path / "cwd").iterdir()) == ["dump.json", "mine"]
