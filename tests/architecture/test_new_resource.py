"""A new resource is a few files in core and a migration; no adapter needs a line for it."""

from __future__ import annotations

import json
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate

from tests.architecture.trees import LINT_IMPORTS, PACKAGES, contents, copy_tree, edit, run_in
from tests.support.answers import Told, told
from tests.support.databases import BACKENDS, ROOT, Databases
from tests.support.deployments import ADAPTERS, command, free_port, server

NEW = Path(__file__).resolve().parent / "new_resource"
SOURCES = [path.relative_to(NEW) for path in sorted(NEW.rglob("*.py"))]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree with publishers in it."""
    tree = copy_tree(tmp_path_factory.mktemp("new_resource") / "tree")
    for source in SOURCES:
        assert not (tree / source).exists()
        (tree / source).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(NEW / source, tree / source)
    models, table = tree / "core" / "catalogue" / "models.py", tree / "core" / "aio" / "operations" / "__init__.py"
    edit(
        models,
        "from diptych.core.catalogue.tags.model import Tag\n",
        "from diptych.core.catalogue.publishers.model import Publisher\n"
        "from diptych.core.catalogue.tags.model import Tag\n",
    )
    edit(models, '"Tag")', '"Publisher", "Tag")')
    edit(table, ", tags\n", ", publishers, tags\n")
    edit(table, "*tags.operations,", "*tags.operations, *publishers.operations,")
    run_in(tree, sys.executable, "tools/unasync.py")
    return tree


@pytest.fixture(scope="module")
def migrated(tree: Path, databases: Databases) -> dict[str, str]:
    """Backend -> the URL of a database with the table of publishers."""
    urls = {backend: databases.empty(backend) for backend in BACKENDS}
    for url in urls.values():
        run_in(tree, sys.executable, "-m", "diptych.core.cli", "database", "upgrade", "--no-prompt", DATABASE_URL=url)
    return urls


@pytest.fixture(scope="module")
def transcripts(tree: Path, migrated: dict[str, str]) -> dict[str, list[Told]]:
    """What each adapter on each database answered to the same requests."""

    def on(backend: str) -> dict[str, list[Told]]:
        found = {}
        for adapter in ADAPTERS:
            port = free_port()
            address = f"http://127.0.0.1:{port}"
            settings = {"DATABASE_URL": migrated[backend], "FLASK_PORT": str(port), "PYTHONPATH": str(tree)}
            with (
                server(command(adapter, port), address, cwd=tree, **settings),
                httpx.Client(base_url=address) as api,
            ):
                found[f"{adapter}-{backend}"] = transcript(api)
        return found

    with ThreadPoolExecutor(len(BACKENDS)) as pool:
        return {host: said for found in pool.map(on, BACKENDS) for host, said in found.items()}


def transcript(api: httpx.Client) -> list[Told]:
    """A publisher's life, from nothing to nothing."""
    said: list[Told] = []

    def say(method: str, path: str, body: Any = None) -> httpx.Response:
        response = api.request(method, path, json=body)
        said.append({"request": f"{method} {path.split('?', maxsplit=1)[0].split('/')[1]}", **told(response)})
        return response

    address = say("POST", "/publishers", {"name": "Virago Press", "founded": 1973}).headers["Location"]
    say("GET", address)
    say("GET", "/publishers/slug/virago-press")
    say("GET", "/publishers?nameIn=Virago%20Press&orderBy=founded")
    say("GET", "/publishers?searchString=VIRAGO")
    say("GET", "/publishers?q=press+virago")
    say("PATCH", address, {"founded": None})
    say("PUT", address, {"name": "Virago", "founded": 1974})
    say("PUT", "/publishers/batch", {"items": [{"name": "Virago", "founded": 1975}, {"name": "Persephone Books"}]})
    say("POST", "/publishers", {"name": "Virago"})
    say("POST", "/publishers", {"name": "", "founded": "1973", "address": "London"})
    say("POST", "/publishers/batch", {"items": [{"name": "Cassava Republic"}]})
    rows = {row["name"]: row["id"] for row in say("GET", "/publishers?orderBy=name&sortOrder=asc").json()["items"]}
    say("OPTIONS", "/publishers")
    say("PUT", "/publishers", {"name": "Virago"})
    say("DELETE", address)
    say("GET", address)
    say("GET", "/openapi.json")
    say("GET", "/docs")
    say("DELETE", "/publishers/batch", {"ids": [rows["Persephone Books"], rows["Cassava Republic"]]})
    say("GET", "/publishers")
    return said


def test_the_copys_packages_are_the_ones_that_run(tree: Path):
    names = [f"diptych.{name}" for name in PACKAGES]
    program = f"import {', '.join(names)}\nprint({', '.join(f'{name}.__file__' for name in names)}, sep='\\n')"

    found = run_in(tree, sys.executable, "-c", program).stdout.splitlines()

    assert found == [str(tree / "diptych" / name / "__init__.py") for name in PACKAGES]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_new_resource_is_served_whole(transcripts: dict[str, list[Told]], adapter: str, backend: str):
    statuses = [each["status"] for each in transcripts[f"{adapter}-{backend}"]]
    first, last = transcripts[f"{adapter}-{backend}"][0], transcripts[f"{adapter}-{backend}"][-1]

    assert statuses == [
        201,
        200,
        200,
        200,
        200,
        200,
        200,
        200,
        200,
        409,
        422,
        201,
        200,
        204,
        405,
        204,
        404,
        200,
        200,
        204,
        200,
    ]
    assert first["headers"] == {"content-type": "application/json", "location": "/publishers/<id>"}
    assert first["body"] == (
        '{"id":"<id>","name":"Virago Press","founded":1973,"slug":"virago-press",'
        '"created_at":"<time>","updated_at":"<time>"}'
    )
    assert last["body"] == '{"items":[],"limit":20,"offset":0,"total":0,"next":null,"previous":null}'


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_new_resource_answers_the_same_on_both_adapters(transcripts: dict[str, list[Told]], backend: str):
    assert transcripts[f"flask-{backend}"] == transcripts[f"sanic-{backend}"]


def test_a_new_resource_answers_the_same_on_both_databases(transcripts: dict[str, list[Told]]):
    assert transcripts["flask-sqlite"] == transcripts["flask-postgresql"]


def test_a_new_resource_describes_itself(transcripts: dict[str, list[Told]]):
    said = {each["request"]: each["body"] for each in transcripts["flask-sqlite"]}
    document = json.loads(said["GET openapi.json"])
    publishers = {path for path in document["paths"] if path.startswith("/publishers")}

    assert publishers == {"/publishers", "/publishers/batch", "/publishers/{id}", "/publishers/slug/{slug}"}
    assert document["components"]["schemas"].keys() >= {"Publisher", "PublisherInput", "PublisherPage"}
    assert "publishers" in [tag["name"] for tag in document["tags"]]
    assert 'id="publishers_create"' in said["GET docs"]
    validate(document)


@pytest.mark.usefixtures("transcripts")
@pytest.mark.parametrize("adapter", ["flask_app", "sanic_app"])
def test_a_new_resource_changes_nothing_in_an_adapter(tree: Path, adapter: str):
    original = contents(ROOT / adapter)

    assert original
    assert contents(tree / adapter) == original


def test_a_new_resource_has_a_migration_that_passes_the_tests_of_migrations(tree: Path):
    shutil.copytree(ROOT / "tests", tree / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    files = [f"tests/migrations/test_{name}.py" for name in ("stairway", "drift", "squawk", "expanding")]
    revision = next(source.name.partition("_")[0] for source in SOURCES if source.parts[0] == "migrations")
    which = f"{revision} or test_the_history or test_a_revision_made_of_the_models"

    # Without a directory of its own, it would end with deleting what earlier runs left: minutes, on a slow disk.
    apart = ["-p", "no:cacheprovider", f"--basetemp={tree.with_name('nested')}"]
    done = run_in(tree, sys.executable, "-m", "pytest", *apart, *files, "-k", which)

    assert " 9 passed" in done.stdout, done.stdout


def test_a_new_resource_passes_the_checks_of_the_tree(tree: Path):
    run_in(tree, sys.executable, "tools/unasync.py", "--check")
    run_in(tree, LINT_IMPORTS, "--no-cache")
    run_in(tree, sys.executable, "-m", "ruff", "check", "--no-cache", "core", "migrations")
