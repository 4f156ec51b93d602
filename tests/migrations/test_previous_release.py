"""The previous release still runs on the newest schema: both run during a rollout, or after a rollback.

`previous` has the code from before the newest revision (`make previous`). It runs on a database of its own schema and
on one of the newest, gets the same requests, and must give the same responses, whatever they are. The rows in the
newest database were written by the newest code.
"""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE

import pytest

from diptych.core.http.spool import Spool
from diptych.core.settings import Settings
from tests.architecture.trees import run_in
from tests.support import commands, patient, secrets
from tests.support.answers import Told, neutral
from tests.support.calling import Called
from tests.support.changes import changes, replayed, state
from tests.support.databases import ROOT, Databases, environment
from tests.support.deployments import LIMITS, command, free_port, server
from tests.support.history import History, transaction
from tests.support.talking import BOOKS, conversation

pytestmark = pytest.mark.long

PREVIOUS = sorted((Path(__file__).parent / "previous").glob("*.zip"))

CLI = (sys.executable, "-m", "diptych.core.cli")

GUNICORN = "python:diptych.flask_app.gunicorn_conf"


@pytest.fixture(scope="module", params=PREVIOUS, ids=lambda path: path.stem)
def previous(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the tree of an earlier release."""
    tree = tmp_path_factory.mktemp("previous")
    with zipfile.ZipFile(request.param) as archive:
        archive.extractall(tree)
        for entry in archive.infolist():
            # Extracted, a link is a file that contains the link's target.
            if stat.S_ISLNK(entry.external_attr >> 16):
                (tree / entry.filename).unlink()
                (tree / entry.filename).symlink_to(archive.read(entry).decode())
    return tree


def spelt(tree: Path, words: Iterable[str]) -> list[str]:
    """Rewrite a command for a tree: before there was `diptych`, all packages were at its root."""
    if (tree / "diptych").is_dir():
        return list(words)
    file = {GUNICORN: "flask_app/gunicorn.conf.py"}
    return [file.get(word, word).removeprefix("diptych.") for word in words]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Create a file of books to import."""
    path = tmp_path_factory.mktemp("books") / "books.jsonl"
    path.write_text("".join(json.dumps(book) + "\n" for book in BOOKS), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def expected(previous: Path, databases: Databases, books: str) -> list[Told]:
    """Return the earlier release's responses on its own schema, with books that it has imported itself."""
    url = databases.empty("sqlite")
    with commands_of(previous, DATABASE_URL=url) as run:
        for words in (("database", "upgrade", "--no-prompt"), ("access", "anonymous", "editor"), ("import", books)):
            status, output = run(*words)
            assert status == 0, output
    return said(previous, "flask", url)


def newest(databases: Databases, backend: str, books: str) -> str:
    """Create a database of the newest schema, with books that the newest code has imported."""
    url = databases.migrated(backend)
    commands.done(url, "import", books)
    return url


COMMANDS = """
import contextlib, io, json, sys
from diptych.core.cli import main
for line in sys.stdin:
    told = io.TextIOWrapper(io.BytesIO(), "utf-8")
    with contextlib.redirect_stdout(told):
        try:
            status = main(json.loads(line))
        except SystemExit as ended:
            status = ended.code
    told.flush()
    print(json.dumps([status, told.buffer.getvalue().decode()]), flush=True)
"""

Run = Callable[..., tuple[int, str]]
"""Runs a command, and returns its exit status and its output."""


@contextmanager
def commands_of(tree: Path, **settings: str) -> Iterator[Run]:
    """Yield the function that runs a tree's commands.

    One process runs them all: to start one takes longer than what it does.
    """
    with subprocess.Popen(
        [sys.executable, "-c", COMMANDS],
        cwd=tree, env=environment(PYTHONPATH=str(tree), **settings), stdin=PIPE, stdout=PIPE, text=True,
    ) as process:  # fmt: skip
        told, heard = process.stdin, process.stdout
        assert told
        assert heard

        def run(*words: str) -> tuple[int, str]:
            print(json.dumps(words), file=told, flush=True)
            status, output = json.loads(heard.readline())
            secrets.check("a command's output", output)
            return status, output

        yield run


def said(tree: Path, adapter: str, url: str) -> list[Told]:
    """Return a tree's responses on a database, followed by its export."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    files = {"DIPTYCH_FILES": str(tree / f"files-{port}")}
    settings = {"DATABASE_URL": url, "FLASK_PORT": str(port), "PYTHONPATH": str(tree), **files}
    # Without Sanic's manager: an old release cannot be fixed, should it fail to stop.
    start = spelt(tree, command(adapter, port, manager=False))

    with (
        commands_of(tree, DATABASE_URL=url, **files) as run,
        server(start, address, cwd=tree, defaults=LIMITS, **settings),
        patient.Client(base_url=address) as api,
    ):

        def work() -> None:
            assert run("work", "--until-idle")[0] == 0

        answers = conversation(api, work)
        status, exported = run("export")
    return [*answers, {"request": "export", "status": status, "lines": sorted(neutral(exported).splitlines())}]


def test_the_code_that_ran_before_the_newest_revision_is_kept():
    history = History()
    revisions = {script.revision for script in history.revisions()}
    page = (ROOT / "docs" / "releases.md").read_text(encoding="utf-8")
    # A release may bring several revisions; its upgrade notes, of which the newest come first, tell them.
    newest_notes = re.search(r"from revision (\d{4}) to (\d{4})", page)
    assert newest_notes is not None
    before, after = newest_notes.groups()

    assert after == history.head, "the upgrade notes in docs/releases.md name another revision than the newest"
    assert len(PREVIOUS) == 1
    # That of a later revision is kept as soon as servers run on it.
    assert before <= PREVIOUS[0].stem <= after, "see: make previous"
    for path in PREVIOUS:
        with zipfile.ZipFile(path) as archive:
            names = [Path(name) for name in archive.namelist() if name.startswith("migrations/versions/")]
        kept = {name.stem.partition("_")[0] for name in names if name.suffix == ".py"}
        assert path.stem == max(kept)
        assert kept <= revisions


@pytest.mark.unsampled
def test_the_conversation_is_one_of_success_and_of_all_its_refusals(expected: list[Told]):
    statuses = [each["status"] for each in expected[:-1]]

    assert set(statuses) == {200, 201, 202, 204, 401, 404, 409, 415, 422}
    assert sum(status < 300 for status in statuses) > 0.8 * len(statuses)
    assert expected[-1]["status"] == 0
    assert any("Пикник" in line for line in expected[-1]["lines"])


# Which driver an adapter uses matters, and each database; what an adapter does with rows is the same on both.
CROSSED = [
    pytest.param(pairs, marks=marks, id=" and ".join("-".join(pair) for pair in pairs))
    for pairs, marks in (
        ((("flask", "sqlite"), ("sanic", "postgresql")), ()),
        ((("flask", "postgresql"), ("sanic", "sqlite")), pytest.mark.unsampled),
    )
]


@pytest.mark.parametrize("pairs", CROSSED)
def test_the_previous_release_runs_on_the_newest_schema(
    previous: Path, expected: list[Told], databases: Databases, books: str, pairs: Sequence[tuple[str, str]]
):
    adapters = [adapter for adapter, _ in pairs]
    urls = [newest(databases, backend, books) for _, backend in pairs]
    before = [(state(url), len(changes(url))) for url in urls]

    with ThreadPoolExecutor(len(pairs)) as pool:
        answers = list(pool.map(said, [previous] * len(pairs), adapters, urls))

    for found in answers:
        assert found == expected
    for url, (catalogue, number) in zip(urls, before, strict=True):
        made = changes(url, number)
        assert {each.via for each in made} == {"anonymous"}
        assert replayed(catalogue, made) == state(url) != catalogue


@pytest.mark.unsampled
def test_the_previous_release_says_that_it_has_not_the_file_of_an_import_of_this_one(
    previous: Path, databases: Databases, tmp_path: Path
):
    service = Called(Settings(database_url=databases.migrated("sqlite"), files=str(tmp_path)))
    url = service.application.settings.database_url
    spool = Spool()
    spool.extend(b"title\nx\n")
    row = json.loads(service.call("imports_create", spool).body)

    run_in(previous, *CLI, "work", "--until-idle", DATABASE_URL=url, DIPTYCH_FILES=str(tmp_path))

    job = json.loads(service.call("imports_get", id=row["id"]).body)["job"]
    assert (job["state"], job["error"]) == ("failed", "The file is no longer there.")
    service.close()


BREAKING = {
    "a column renamed": "ALTER TABLE author RENAME dob TO born",
    "a column that must be filled": (
        "ALTER TABLE tag ADD kind text DEFAULT ''; ALTER TABLE tag ALTER kind DROP DEFAULT, ALTER kind SET NOT NULL"
    ),
    "a value refused": "ALTER TABLE book_contributor ADD CHECK (role <> 'illustrator')",
}


@pytest.mark.unsampled
@pytest.mark.parametrize("change", BREAKING)
def test_a_change_that_breaks_the_previous_release_is_found(
    previous: Path, expected: list[Told], databases: Databases, books: str, change: str
):
    url = newest(databases, "postgresql", books)
    with transaction(url) as connection:
        connection.exec_driver_sql(BREAKING[change])

    assert said(previous, "flask", url) != expected
