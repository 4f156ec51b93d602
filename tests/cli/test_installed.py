"""The installed package: its files, and every command of its own, Flask, gunicorn and Sanic, in any directory."""

from __future__ import annotations

import json
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from diptych.core.db.schema_version import head
from tests.architecture.trees import contents
from tests.support import patient
from tests.support.commands import built, done, environment_in, installed, pip
from tests.support.databases import ROOT, Databases, run
from tests.support.deployments import ADAPTERS, command, free_port, server

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def binaries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module")
def wheel(binaries: Path) -> Path:
    """Return the built wheel."""
    (found,) = (binaries.parent.parent / "dist").iterdir()
    return found


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
    """Return the revision before; revisions are numbered."""
    return f"{int(revision) - 1:04}"


@pytest.mark.unsampled
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

    # Two heads, merged into one.
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


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_a_wheel_has_one_package_and_its_metadata(wheel: Path):
    found = names(wheel)
    (told,) = {name.partition("/")[0] for name in found} - {"diptych"}

    assert told.endswith(".dist-info")
    files = ("py.typed", "core/data/sample.jsonl", "migrations/versions/0001_catalogue.py", "migrations/alembic.ini")
    assert found >= {f"diptych/{name}" for name in files}
    assert f"{told}/licenses/LICENSE" in found
    with zipfile.ZipFile(wheel) as archive:
        metadata = message_from_bytes(archive.read(f"{told}/METADATA"))
        assert archive.read(f"{told}/entry_points.txt").decode().split() == [
            *("[console_scripts]", "diptych", "=", "diptych.core.cli:main")
        ]
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert "Typing :: Typed" in (metadata.get_all("Classifier") or [])
    assert metadata["Keywords"]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the unpacked source distribution."""
    directory = tmp_path_factory.mktemp("source")
    with tarfile.open(built(directory / "dist", "sdist")) as archive:
        archive.extractall(directory, filter="data")
    (found,) = directory.glob("diptych-*")
    return found


def test_the_installation_says_which_release_it_is(binaries: Path, wheel: Path):
    said = run([str(binaries / "diptych"), "--version"], PYTHONPATH="").stdout

    assert wheel.name.startswith(f"diptych-{said.removeprefix('diptych ').strip()}-")


def test_a_wheel_made_of_the_source_distribution_has_the_same_files(wheel: Path, source: Path, tmp_path: Path):
    assert names(built(tmp_path / "wheel", source=source)) == names(wheel)


def test_a_source_distribution_has_the_documentation_and_no_test_data(source: Path):
    assert sorted(path.name for path in source.iterdir()) == [
        *(".gitignore", "CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "SECURITY.md"),
        *("diptych", "docs", "pyproject.toml"),
    ]
    assert (source / "diptych/migrations/versions/0001_catalogue.py").is_file()
    assert (source / "docs/releases.md").is_file()


def test_an_applications_own_packages_are_left_alone(wheel: Path, tmp_path: Path):
    site = environment_in(tmp_path / "venv")
    for name in ("core", "migrations", "flask_app"):
        (site / name).mkdir()
        for file in ("__init__.py", "env.py", "settings.py"):
            (site / name / file).write_text(f"OWN = '{name}/{file}'\n", encoding="utf-8")
    before = contents(site)

    pip(tmp_path / "venv", "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    after = contents(site)
    pip(tmp_path / "venv", "uninstall", "--quiet", "--yes", "diptych")

    assert after.items() > before.items()
    assert {name.partition("/")[0] for name in after.keys() - before.keys()} == {
        name.partition("/")[0] for name in names(wheel)
    }
    assert contents(site) == before
    assert sorted(path.name for path in site.iterdir() if path.is_dir()) == ["core", "flask_app", "migrations"]


@pytest.fixture(params=["empty", "with packages of its own"])
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return the working directory of a server: empty, or with packages that have our bare names."""
    (tmp_path / "cwd").mkdir()
    for name in ("core", "flask_app", "migrations", "sanic_app") if request.param != "empty" else ():
        (tmp_path / "cwd" / name).mkdir()
        (tmp_path / "cwd" / name / "__init__.py").write_text("raise RuntimeError('the wrong one')\n", encoding="utf-8")
    return tmp_path / "cwd"


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_adapter_is_migrated_and_served_from_any_directory(
    binaries: Path, databases: Databases, directory: Path, adapter: str
):
    port, python = free_port(), str(binaries / "python")
    address = f"http://127.0.0.1:{port}"
    settings = {"DATABASE_URL": databases.empty("sqlite"), "FLASK_PORT": str(port), "PYTHONPATH": ""}
    migrates = {"flask": [python, "-m", "flask", "--app", "diptych.flask_app"], "sanic": [str(binaries / "diptych")]}

    run([*migrates[adapter], "database", "upgrade"], cwd=directory, **settings)
    done(settings["DATABASE_URL"], "access", "anonymous", "editor")
    with server(command(adapter, port, python), address, cwd=directory, **settings):
        assert patient.post(f"{address}/tags", json={"name": "served"}).status_code == 201


HOSTS = {
    "flask": """
from core import GREETING  # the application's: there is no checkout here
from flask import Flask

from diptych.core.settings import Settings
from diptych.flask_app import create_blueprint

app = Flask("library")
app.add_url_rule("/", view_func=lambda: GREETING)
app.register_blueprint(create_blueprint(Settings(database_url="{url}")), url_prefix="/catalogue")
""",
    "sanic": """
from core import GREETING  # the application's: there is no checkout here
from sanic import Sanic, text

from diptych.core.settings import Settings
from diptych.sanic_app import create_blueprint

app = Sanic("library")
app.add_route(lambda _: text(GREETING), "/", name="greeting")
app.blueprint(create_blueprint(Settings(database_url="{url}")), url_prefix="/catalogue")
""",
}


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_the_catalogue_mounts_in_an_application_that_has_a_core(
    binaries: Path, databases: Databases, tmp_path: Path, adapter: str
):
    port = str(free_port())
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__init__.py").write_text("GREETING = 'its own core'\n", encoding="utf-8")
    text = HOSTS[adapter].replace("{url}", databases.migrated("sqlite"))
    (tmp_path / "host.py").write_text(text, encoding="utf-8")
    options = {
        "flask": ["gunicorn", "--no-control-socket", "--bind", f"127.0.0.1:{port}"],
        "sanic": ["sanic", "--single-process", "--port", port],
    }
    start = [str(binaries / "python"), "-m", *options[adapter], "host:app"]

    with (
        server(start, f"http://127.0.0.1:{port}/catalogue", cwd=tmp_path, PYTHONPATH=""),
        patient.Client(base_url=f"http://127.0.0.1:{port}") as api,
    ):
        assert api.get("/").text == "its own core"
        assert api.get("/catalogue/books").json()["total"] == 0
