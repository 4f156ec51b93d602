"""The processes of docs/deploy run as the files say: with these commands and variables, and on read-only files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.deploy.examples import (
    DOCKERFILE,
    Process,
    compose,
    dockerfile,
    own_environment,
    processes,
    sources,
    unit,
)
from tests.support import patient
from tests.support.commands import built, environment_in
from tests.support.databases import ROOT, Databases, run
from tests.support.deployments import ADAPTERS, deployment, free_port, server
from tests.support.fronts import HOST
from tests.support.hosts import HOSTS
from tests.support.metrics import requests, scraped
from tests.support.postgresql import postgresql
from tests.support.programs import program
from tests.support.revisions import put_at
from tests.support.secrets import planted
from tests.support.shared import SharedRun

pytestmark = [pytest.mark.long, pytest.mark.unsampled]

PROCESSES = processes()
SERVERS = [name for name, each in PROCESSES.items() if each.serves]


def copy_sources(target: Path) -> Path:
    """Copy what the Dockerfile copies, and return the copy's path."""
    for name in sources():
        copy = target / (name if (ROOT / name).is_dir() else Path(name).name)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, copy)
    return target


def install(directory: Path) -> Path:
    """Install the package as the Dockerfile does, with this environment's packages; return the installation's `bin`."""
    source, site = copy_sources(directory / "src"), environment_in(directory / "venv")
    runs = [arguments.split() for name, arguments in dockerfile() if name == "RUN"]
    *_, arguments = [arguments for program, *arguments in runs if program == "/opt/diptych/bin/pip"]
    run([sys.executable, "-m", "pip", "--python", str(directory / "venv"), *arguments, "--no-index"], cwd=source)
    assert (site / "diptych" / "core" / "settings.py").is_file()
    return directory / "venv" / "bin"


READ_ONLY = """
import errno, os, sys

writable = {writable}
paths = {"open": 1, "os.mkdir": 1, "os.remove": 1, "os.rename": 2, "os.rmdir": 1, "os.symlink": 2}


def refuse(event, arguments):
    if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC):
        return
    for path in arguments[: paths.get(event, 0)]:
        # Relative to an open directory, of which the last argument is the number, are the files that rmtree() removes.
        relative = event != "open" and arguments[-1] != -1
        if not isinstance(path, int) and not relative and not os.path.abspath(os.fsdecode(path)).startswith(writable):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)


sys.addaudithook(refuse)
"""
"""Makes every file read-only for Python but those in some directories. Python runs it first in each process."""


class Machine:
    """An installation whose processes may write to two directories only, and have no capabilities of root's."""

    def __init__(self, directory: Path) -> None:
        self.temporary, self.state = directory / "temporary", directory / "state"
        for each in (self.temporary, self.state, directory / "site", directory / "cwd"):
            each.mkdir()
        self._binaries = install(directory)
        self._directory = directory
        text = READ_ONLY.replace("{writable}", repr((str(self.temporary), str(self.state), "/dev/")))
        (directory / "site" / "sitecustomize.py").write_text(text, "utf-8")

    def put_secret(self, url: str) -> None:
        """Write the file with the database's URL."""
        (self._directory / "database_url").write_text(f"{url}\n", "utf-8")

    def run(self, process: Process, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a process to its end."""
        command, settings = self._command(process), self._environment(process)
        return run(command, check=check, cwd=self._directory / "cwd", **settings)

    @contextmanager
    def serve(self, process: Process) -> Iterator[str]:
        """Run a server, and yield its address."""
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        settings = {**self._environment(process), "FLASK_PORT": str(port)}
        with server(self._command(process, port), address, cwd=self._directory / "cwd", **settings) as started:
            yield address
        assert started.returncode == 0

    def _command(self, process: Process, port: int = 0) -> list[str]:
        name = Path(process.command[0]).name
        # Only Diptych itself is installed there; the others are modules of this environment.
        module = {"diptych": "diptych.core.cli"}.get(name, name)
        words = [re.sub(r"\b800[01]$", str(port), word) for word in process.command[1:]]
        return [*_without_capabilities(), str(self._binaries / "python"), "-m", module, *words]

    def _environment(self, process: Process) -> dict[str, str]:
        places = {"DATABASE_URL_FILE": "database_url", "TMPDIR": "temporary", "PYTHONPATH": "site"}
        return {**process.environment, **{name: str(self._directory / path) for name, path in places.items()}}


def _without_capabilities() -> list[str]:
    """Return the beginning of a command that may do no more than another user's, but for files of its own."""
    if os.getuid() != 0:
        return []
    return [program("setpriv", "util-linux"), "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("machine"))


@pytest.fixture(scope="module")
def postgres(shared_run: SharedRun) -> Iterator[str]:
    """Yield the URL of a database on a server that is connected to as a container's is, by TCP."""
    port = free_port()
    with postgresql(shared_run.directory / "deployed", "listen_addresses=127.0.0.1", f"port={port}"):
        yield planted(f"postgresql://postgres@127.0.0.1:{port}/postgres")


def test_a_process_of_the_machine_writes_to_two_directories_only(machine: Machine):
    def opened(path: Path) -> str:
        """Open a file for writing, and return what Python says."""
        command = ["timeit", "--number=1", "--repeat=1", f"open({str(path)!r}, 'w')"]
        return machine.run(Process("opens", command, {}), check=False).stderr

    assert "Read-only file system" in opened(Path("here"))
    assert "Read-only file system" in opened(machine.state.parent / "beside")
    assert opened(machine.state / "there") == ""


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_runs_as_its_file_says_and_writes_temporary_files_alone(name: str, machine: Machine, postgres: str):
    kind = name.partition(" ")[0]
    # Containers have PostgreSQL; on a single machine the database may be a file in the units' directory.
    machine.put_secret(f"sqlite:///{machine.state}/{PROCESSES[name].adapter}.db" if kind == "systemd" else postgres)
    migration = next(each for each in PROCESSES.values() if each.migrates and each.name.startswith(kind))
    machine.run(migration)
    machine.run(replace(migration, command=["diptych", "access", "anonymous", "editor"]))

    with machine.serve(PROCESSES[name]) as address, patient.Client(base_url=address, headers={"Host": HOST}) as api:
        created = api.post("/tags", json={"name": name})
        assert created.status_code == 201
        assert api.get(created.headers["Location"]).json() == created.json()
        assert api.get("/tags", headers={"Host": "evil.example"}).status_code == 421
        # As probes ask, and as Prometheus does.
        assert api.get("/health/ready", headers={"Host": "192.0.2.1:8000"}).status_code == 200
        by_address = {"compose": PROCESSES[name].adapter, "kubernetes": "10.244.1.2", "systemd": "127.0.0.1"}[kind]
        assert api.get("/metrics", headers={"Host": f"{by_address}:8000"}).status_code == 200
        # From whichever worker: they share a directory.
        assert {requests(scraped(api), "POST", "/tags", "201") for _ in range(10)} == {1}
        assert list(machine.temporary.iterdir())

    assert list(machine.temporary.iterdir()) == []


@pytest.mark.parametrize("kind", ["compose", "kubernetes", "systemd"])
def test_a_worker_runs_as_its_file_says(kind: str, machine: Machine, postgres: str):
    machine.put_secret(f"sqlite:///{machine.state}/worker.db" if kind == "systemd" else postgres)
    machine.run(next(each for each in PROCESSES.values() if each.migrates and each.name.startswith(kind)))
    worker = next(each for each in PROCESSES.values() if each.works and each.name.startswith(kind))

    machine.run(replace(worker, command=[*worker.command, "--until-idle"]))


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_the_healthcheck_of_compose_finds_out_whether_a_server_is_ready(adapter: str, databases: Databases):
    instruction, _, *arguments = compose()["services"][adapter]["healthcheck"]["test"]
    assert instruction == "CMD"
    database = databases.migrated("sqlite")

    with deployment(adapter, database, manager=True, DIPTYCH_HOSTS=HOST) as url:
        checks = [sys.executable, *(each.replace("http://127.0.0.1:8000", url) for each in arguments)]
        assert run(checks, check=False).returncode == 0

        put_at(database, "0001")
        done = run(checks, check=False)

    assert done.returncode == 1
    assert "503" in done.stderr


def test_the_processes_of_an_existing_application_count_together(databases: Databases, tmp_path: Path):
    port, secret, counts = free_port(), tmp_path / "database_url", tmp_path / "counts"
    counts.mkdir()
    secret.write_text(databases.migrated("sqlite"), "utf-8")
    variables = own_environment(unit("library.service.d/diptych.conf")).keys()
    settings = dict(zip(sorted(variables), (str(secret), str(counts)), strict=True))
    assert list(settings) == ["DATABASE_URL_FILE", "PROMETHEUS_MULTIPROC_DIR"]
    start = [sys.executable, "-m", "gunicorn", "--no-control-socket", "--workers", "2", "--bind", f"127.0.0.1:{port}"]
    address = f"http://127.0.0.1:{port}/api/v1"
    paths = f"{ROOT}:{HOSTS}"

    with server([*start, "flask_host:app"], address, defaults={}, PYTHONPATH=paths, **settings):
        for each in range(4):
            assert patient.post(f"{address}/tags", json={"name": f"tag {each}"}).status_code == 201
        for _ in range(10):
            # A new connection, which either process may accept.
            with patient.Client(base_url=address) as api:
                assert requests(scraped(api), "POST", "/tags", "201") == 4


# The image


def test_what_the_image_copies_is_all_of_the_package(tmp_path: Path):
    copied = copy_sources(tmp_path / "src")

    ignored = DOCKERFILE.with_name("Dockerfile.dockerignore").read_text("utf-8").splitlines()
    allowed = ["*", *(f"!{each}" for each in sources()), "**/__pycache__"]
    assert [each for each in ignored if not each.startswith("#")] == allowed
    wheels = [built(tmp_path / "copied", source=copied), built(tmp_path / "whole")]
    one, other = [sorted(zipfile.ZipFile(wheel).namelist()) for wheel in wheels]
    assert one == other
