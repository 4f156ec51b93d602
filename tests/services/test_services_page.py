"""What docs/services.md shows, run as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.books.model import Book
from diptych.core.catalogue.tags.model import Tag
from diptych.core.database import sync_config
from diptych.core.settings import Settings
from diptych.core.sync.services import AuthorService, BookService, TagService
from tests.support.databases import BACKENDS, ROOT, Databases
from tests.support.deployments import free_port, server

PAGE = (ROOT / "docs" / "services.md").read_text(encoding="utf-8")
BLOCKS = {
    re.sub(r"\W+", "_", title.strip().lower()): code
    for title, code in re.findall(r"^## (.+?)\n(?:(?!^## ).)*?^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
}


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> str:
    url = databases.migrated(request.param)
    monkeypatch.setenv("DATABASE_URL", url)
    return url


@pytest.fixture
def stored(url: str) -> Iterator[Any]:
    """Yield a function that reads all rows of a service in its own session."""
    config = sync_config(Settings(database_url=url))

    def read(kind: Any) -> Any:
        with kind.new(config=config) as service:
            return service.get_many()

    yield read
    config.get_engine().dispose()


def run(title: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": title}
    exec(compile(BLOCKS[title], f"docs/services.md: {title}", "exec"), names)  # noqa: S102 - that is the test
    return names


def made(url: str, kind: Any, values: dict[str, Any]) -> Any:
    config = sync_config(Settings(database_url=url))
    with kind.new(config=config) as service:
        row = service.create(values, auto_commit=True)
    config.get_engine().dispose()
    return row


@pytest.mark.long
def test_every_example_is_run_here():
    assert set(BLOCKS) == {
        "a_script",
        "a_command",
        "a_view_of_a_flask_application",
        "a_handler_of_a_sanic_application",
        "a_test_that_leaves_nothing",
    }
    assert PAGE.count("```python") == len(BLOCKS)


@pytest.mark.long
def test_the_script(stored: Any):
    for _ in range(2):
        run("a_script")["config"].get_engine().dispose()

    books: list[Book] = stored(BookService)
    assert [row.name for row in stored(AuthorService)] == ["Tove Jansson"]
    assert sorted(row.title for row in books).count("The Summer Book") == 1
    assert {(row.isbn, row.language) for row in books} == {("9780954221713", "en"), (None, None)}


@pytest.mark.long
def test_the_command(url: str, stored: Any):
    who: Author = made(url, AuthorService, {"name": "Tove Janson"})
    names = run("a_command")
    rename = names["rename"]

    done = CliRunner().invoke(rename, [str(who.id), "Tove  Jansson"])
    refused = CliRunner().invoke(rename, [str(who.id), " "])
    missing = CliRunner().invoke(rename, ["01890f3e-8f6a-7cc0-9d5a-3b1f6d2c4e5f", "X"])
    names["config"].get_engine().dispose()

    assert done.output == "Tove Jansson is at tove-janson\n"
    assert (refused.exit_code, refused.output) == (1, "Error: is empty\n")
    assert (missing.exit_code, missing.output) == (1, "Error: there is no such author\n")
    assert [row.name for row in stored(AuthorService)] == ["Tove Jansson"]


@pytest.mark.long
def test_the_view_of_flask(url: str, stored: Any):
    names = run("a_view_of_a_flask_application")
    client = names["app"].test_client()
    who: Author = made(url, AuthorService, {"name": "Tove Jansson", "dob": date(1914, 8, 9)})
    made(url, AuthorService, {"name": "Homer"})

    found = client.get("/people?searchString=TOVE&orderBy=name")
    assert found.json == {"total": 1, "names": ["Tove Jansson"]}
    assert client.get("/people?orderBy=name&sortOrder=asc&pageSize=1").json == {"total": 2, "names": ["Homer"]}
    refused = client.get("/people?colour=red&pageSize=0&q=x")
    assert refused.status_code == 422
    assert [each["parameter"] for each in refused.json] == ["pageSize", "colour"]
    assert client.post(f"/people/{who.id}/forget-birthday").status_code == 204
    assert [row.dob for row in stored(AuthorService)] == [None, None]
    assert client.get("/catalogue/authors").json["total"] == 2
    names["catalogue"].close()


@pytest.mark.long
def test_the_handler_of_sanic(url: str, stored: Any, tmp_path: Path):
    (tmp_path / "library.py").write_text(BLOCKS["a_handler_of_a_sanic_application"], encoding="utf-8")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [
        sys.executable,
        "-m",
        "sanic",
        "library:app",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--single-process",
    ]
    settings = {"DATABASE_URL": url, "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    with server(command, f"{address}/catalogue", **settings):
        added = httpx.post(f"{address}/words", json={"name": "Science  Fiction"}, timeout=30)
        assert added.json() == {"name": "science fiction"}
        found = httpx.get(f"{address}/words?nameIn=science%20fiction", timeout=30)
        assert found.json() == {"total": 1, "names": ["science fiction"]}
    tags: list[Tag] = stored(TagService)
    assert [row.name for row in tags] == ["science fiction"]


@pytest.mark.long
def test_the_test(stored: Any, tmp_path: Path):
    (tmp_path / "test_library.py").write_text(BLOCKS["a_test_that_leaves_nothing"], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert "\n1 passed" in done.stdout, done.stdout
    assert list(stored(AuthorService)) == []
