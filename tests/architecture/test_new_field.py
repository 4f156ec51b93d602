"""A new field is written in the model, in the schema and in a migration: everything else learns it from these."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.architecture.trees import copy_tree, edit, run_in
from tests.support import patient
from tests.support.databases import Databases
from tests.support.deployments import command, free_port, server

CLI = (sys.executable, "-m", "diptych.core.cli")
DEPLOYMENTS = (("flask", "sqlite"), ("sanic", "postgresql"))
FILE = "title,author,year,Motto\nWalden,Henry David Thoreau,1854,or Life in the Woods\n"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tree in which books have a motto."""
    tree = copy_tree(tmp_path_factory.mktemp("new_field") / "tree")
    books = tree / "core" / "catalogue" / "books"
    column = "    title: Mapped[str] = mapped_column(String(TITLE_MAX))\n"
    edit(
        books / "model.py",
        column,
        column + "    motto: Mapped[str | None] = mapped_column(binary_collated_string(300))\n",
    )
    edit(
        books / "model.py",
        '            "title": line(TITLE_MAX),\n',
        '            "title": line(TITLE_MAX),\n            "motto": line(300),\n',
    )
    edit(books / "model.py", '"language", "format")\n', '"language", "format", "motto")\n')
    edit(
        books / "schemas.py",
        "    title: Title\n",
        "    title: Title\n    motto: Annotated[Line, Length(1, 300)] | None = None\n",
    )
    edit(books / "schemas.py", "    author_id: UUID | None\n", "    motto: str | None\n    author_id: UUID | None\n")
    url = f"sqlite:///{tree.with_name('before.db')}"
    run_in(tree, *CLI, "database", "upgrade", "--no-prompt", DATABASE_URL=url)
    run_in(tree, *CLI, "database", "make-migrations", "--no-prompt", "-m", "motto", DATABASE_URL=url)
    return tree


@pytest.fixture(scope="module", params=DEPLOYMENTS, ids="-".join)
def found(request: pytest.FixtureRequest, tree: Path, databases: Databases) -> dict[str, Any]:
    """Return what one deployment and the commands on its database show of a motto, by place."""
    adapter, backend = request.param
    url = databases.empty(backend)
    files = tree.with_name(adapter)
    files.mkdir()
    (files / "books.csv").write_text(FILE, encoding="utf-8")
    run_in(tree, *CLI, "database", "upgrade", "--no-prompt", DATABASE_URL=url)
    run_in(tree, *CLI, "access", "anonymous", "editor", DATABASE_URL=url)
    summary = run_in(tree, *CLI, "import", str(files / "books.csv"), DATABASE_URL=url).stdout
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    settings = {"DATABASE_URL": url, "FLASK_PORT": str(port), "PYTHONPATH": str(tree)}
    started = server(command(adapter, port, manager=False), address, cwd=tree, **settings)
    with started, patient.Client(base_url=address) as api:
        found = through_the_api(api)
    run_in(tree, *CLI, "export", "--output", str(files / "books.jsonl"), DATABASE_URL=url)
    run_in(tree, *CLI, "database", "dump-data", "--output", str(files / "dump.json"), "--no-prompt", DATABASE_URL=url)
    other = databases.empty(backend)
    run_in(tree, *CLI, "database", "upgrade", "--no-prompt", DATABASE_URL=other)
    run_in(tree, *CLI, "import", str(files / "books.jsonl"), DATABASE_URL=other)
    run_in(tree, *CLI, "export", "--output", str(files / "again.jsonl"), DATABASE_URL=other)
    read = {path.name: path.read_text(encoding="utf-8") for path in files.iterdir()}
    return {**found, **read, "summary": summary}


def through_the_api(api: httpx.Client) -> dict[str, Any]:
    """Return the mottos in responses, with a second read after each write."""
    imported = api.get("/books").json()["items"][0]
    new = {"title": "Emma", "motto": "A   novel", "author_id": imported["author_id"]}
    created = api.post("/books", json=new)
    address = created.headers["Location"]
    read = api.get(address).json()["motto"]
    changed = api.patch(address, json={"motto": "An"}).json()["motto"]
    return {
        "imported": imported["motto"],
        "created": created.json()["motto"],
        "read": read,
        "changed": (changed, api.get(address).json()["motto"]),
        "refused": api.patch(address, json={"motto": ""}).json()["errors"][0]["pointer"],
        "batch": api.patch("/books/batch", json={"items": [{"id": created.json()["id"], "motto": "Ab"}]}).json(),
        "filter": [row["title"] for row in api.get("/books?mottoIn=Ab").json()["items"]],
        "order": [row["motto"] for row in api.get("/books?orderBy=motto&sortOrder=asc").json()["items"]],
        "openapi": api.get("/openapi.json").json()["components"]["schemas"],
    }


@pytest.mark.unsampled
@pytest.mark.long
def test_a_new_field_is_created_read_changed_and_checked(found: dict[str, Any]):
    assert (found["created"], found["read"], found["changed"]) == ("A novel", "A novel", ("An", "An"))
    assert found["batch"]["items"][0]["motto"] == "Ab"
    assert found["refused"] == "/motto"


@pytest.mark.unsampled
@pytest.mark.long
def test_lists_are_filtered_and_ordered_by_a_new_field(found: dict[str, Any]):
    assert found["filter"] == ["Emma"]
    assert found["order"] == ["Ab", "or Life in the Woods"]


@pytest.mark.unsampled
@pytest.mark.long
def test_the_document_of_the_api_has_a_new_field(found: dict[str, Any]):
    for schema in ("Book", "BookInput", "BookInputPatch"):
        assert "motto" in found["openapi"][schema]["properties"]


@pytest.mark.unsampled
@pytest.mark.long
def test_a_new_field_is_imported_exported_and_dumped(found: dict[str, Any]):
    assert found["summary"] == "1 row: 1 created, 0 updated, 0 unchanged, 0 rejected\n"
    assert found["imported"] == "or Life in the Woods"
    lines = [json.loads(line) for line in found["books.jsonl"].splitlines()]
    assert [line["motto"] for line in lines if line["type"] == "book"] == ["or Life in the Woods", "Ab"]
    assert found["again.jsonl"] == found["books.jsonl"]
    assert found["dump.json"].count('"motto":"') == 2
