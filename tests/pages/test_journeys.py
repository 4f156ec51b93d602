"""What people come for, from the first page to the last, in Chromium."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass

import pytest

from diptych.core.access.permissions import SCOPES
from diptych.core.cli.job_types import job_types_of
from diptych.core.database import sync_config
from diptych.core.settings import Settings
from diptych.core.sync.unit_of_work import Database
from diptych.core.sync.worker import Worker
from tests.support.browsing import wrong_with
from tests.support.databases import DIPTYCH, Databases, run
from tests.support.deployments import deployment

pytestmark = pytest.mark.judge

JOURNEYS = [
    "search_narrow_open_and_back",
    "add_edit_and_conflict",
    "merge_two_authors",
    "import_mend_and_undo",
    "session_ends_while_typing",
    "change_many_and_undo",
    "with_the_keyboard_alone",
]


@dataclass(frozen=True)
class Place:
    """A deployment that visitors without an account can only read. token, name, password: of an administrator."""

    base: str
    token: str
    name: str = "browser"
    password: str = "the moomins of the valley"  # noqa: S105 - of a test


@contextmanager
def working(settings: Settings) -> Iterator[None]:
    """Do the jobs of a deployment."""
    ended = threading.Event()

    def work() -> None:
        with closing(Database(sync_config(settings))) as database:
            worker = Worker(database, job_types_of(settings))
            while not ended.wait(0.2):
                worker.run(until_idle=True)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@pytest.fixture(scope="module", params=["flask-sqlite", "sanic-postgresql"])
def place(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    adapter, backend = request.param.split("-")
    url, files = databases.migrated(backend), str(tmp_path_factory.mktemp("files"))
    database = {"DATABASE_URL": url}
    run([*DIPTYCH, "access", "anonymous", "reader"], **database)
    run([*DIPTYCH, "accounts", "create", Place.name, "--role", "administrator"], **database)
    run([*DIPTYCH, "accounts", "password", Place.name], stdin=f"{Place.password}\n", **database)
    made = run([*DIPTYCH, "tokens", "create", Place.name, "--scope", " ".join(SCOPES)], **database)
    with (
        deployment(adapter, url, DIPTYCH_FILES=files) as base,
        working(Settings(database_url=url, files=files)),
    ):
        yield Place(base, made.stdout.strip())


@pytest.mark.parametrize("javascript", [True, False], ids=["on a desk", "without JavaScript at 400 %"])
@pytest.mark.parametrize("journey", JOURNEYS)
def test_a_journey_comes_to_its_end(place: Place, journey: str, *, javascript: bool):
    assert wrong_with("journeys.mjs", journey=journey, javascript=javascript, **asdict(place)) == []
