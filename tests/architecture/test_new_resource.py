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
from tests.support import patient
from tests.support.answers import Told, told
from tests.support.commands import done
from tests.support.databases import BACKENDS, ROOT, Databases
from tests.support.deployments import command, free_port, server

NEW = Path(__file__).resolve().parent / "new_resource"
SOURCES = [path.relative_to(NEW) for path in sorted(NEW.rglob("*.py"))]
CLI = (sys.executable, "-m", "diptych.core.cli")
OTHER_HOST = "sanic-postgresql"
NO_ONE = "01a1fbd7-55dd-7561-861e-8d0bba31278f"

ID, OTHER_ID, THIRD_ID = (f"01a1fbd7-55dd-7561-861e-8d0bba31278{digit}" for digit in "123")
TIMES = {"created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:00Z"}
LINES = "".join(
    json.dumps(line | TIMES) + "\n"
    for line in (
        {"type": "author", "id": ID, "name": "Tove Jansson", "dob": "1914-08-09", "slug": "tove-jansson"},
        {
            "type": "book", "id": OTHER_ID, "title": "The Summer Book", "author_id": ID, "isbn": None, "year": 1972,
            "language": None, "description": None, "slug": "the-summer-book", "tags": [],
            "contributors": [{"author_id": ID, "role": "author"}],
        },
        {
            "type": "copy", "id": THIRD_ID, "barcode": "B-1", "book_id": OTHER_ID, "status": "on_loan",
            "price": "20.00", "due_date": "2026-12-01",
        },
    )
)  # fmt: skip
"""An export with a row of each kind that a copy needs."""


@pytest.fixture(scope="module")
def tree(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tree with copies of books as a resource, and the migration that make-migrations writes for them."""
    tree = copy_tree(tmp_path_factory.mktemp("new_resource") / "tree")
    for source in SOURCES:
        assert not (tree / source).exists()
        (tree / source).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(NEW / source, tree / source)
    edit(tree / "core" / "catalogue" / "__init__.py", '"series", "tags")', '"series", "tags", "copies")')
    run_in(tree, sys.executable, "tools/unasync.py")
    url = databases.migrated("sqlite")
    run_in(tree, *CLI, "database", "make-migrations", "--no-prompt", "-m", "copies", DATABASE_URL=url)
    # The linter of migrations requires a reason, which the author of the migration writes.
    edit(
        revision(tree),
        "down_revision =",
        'squawk = {"prefer-text-field": "the lengths are limits of the API"}\ndown_revision =',
    )
    return tree


def revision(tree: Path) -> Path:
    """Return the file of the new revision."""
    (file,) = (tree / "migrations" / "versions").glob("*_copies.py")
    return file


TOKEN = ("tokens", "create", "copies", "--scope", "catalogue:read history:read")


class Transcripts:
    """The responses of each adapter on each database to the same requests."""

    def __init__(self, tree: Path, databases: Databases) -> None:
        self._tree = tree
        self._databases = databases
        self._found: dict[str, list[Told]] = {}

    def of(self, *hosts: str) -> list[list[Told]]:
        """Return the responses of hosts such as flask-sqlite, which are asked at the same time."""
        new = [host for host in hosts if host not in self._found]
        prepared = [self._prepared(host.partition("-")[2]) for host in new]
        with ThreadPoolExecutor(len(hosts)) as pool:
            self._found |= zip(new, pool.map(self._ask, new, prepared), strict=True)
        return [self._found[host] for host in hosts]

    def _prepared(self, backend: str) -> tuple[str, str]:
        """Return the URL of a database that has no copies yet, and a token of an administrator there."""
        url = self._databases.migrated(backend)
        done(url, "accounts", "create", "copies", "--role", "administrator")
        return url, done(url, *TOKEN).strip()

    def _ask(self, host: str, prepared: tuple[str, str]) -> list[Told]:
        adapter, (url, token), port = host.partition("-")[0], prepared, free_port()
        run_in(self._tree, *CLI, "database", "upgrade", "--no-prompt", DATABASE_URL=url)
        address = f"http://127.0.0.1:{port}"
        settings = {"DATABASE_URL": url, "FLASK_PORT": str(port), "PYTHONPATH": str(self._tree)}
        with (
            server(command(adapter, port, manager=False), address, cwd=self._tree, **settings),
            patient.Client(base_url=address, headers={"X-Request-ID": "copies"}) as api,
        ):
            return transcript(api, token)


@pytest.fixture(scope="module")
def transcripts(tree: Path, databases: Databases) -> Transcripts:
    return Transcripts(tree, databases)


@pytest.fixture(scope="module")
def said(transcripts: Transcripts) -> list[Told]:
    """Return the responses of one adapter on one database: others say the same."""
    [found, _] = transcripts.of("flask-sqlite", OTHER_HOST)
    return found


def transcript(api: httpx.Client, token: str) -> list[Told]:
    """Send the requests of a copy's life, from the creation of its book to its deletion; return the responses.

    token: of an administrator.
    """
    said: list[Told] = []

    def say(method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        response = api.request(method, path, json=body, headers=headers)
        said.append({"request": f"{method} {path.split('?', maxsplit=1)[0].split('/')[1]}", **told(response)})
        return response

    author = say("POST", "/authors", {"name": "Tove Jansson"}).json()["id"]
    book = say("POST", "/books", {"title": "The Summer Book", "author_id": author}).json()["id"]
    first = {"barcode": "B-0042", "book_id": book, "price": "12.5", "due_date": "2026-12-01", "status": "on_loan"}
    address = say("POST", "/copies", first).headers["Location"]
    say("GET", address)
    say("POST", "/copies", {**first, "book_id": NO_ONE, "barcode": "B-0043"})
    say("PATCH", address, {"book_id": NO_ONE})
    say(
        "POST", "/copies/batch", {"items": [{"barcode": "B-1", "book_id": book}, {"barcode": "B-2", "book_id": NO_ONE}]}
    )
    say("POST", "/copies", {"barcode": "", "book_id": book, "status": "eaten", "price": 12.5, "due_date": "soon"})
    say("POST", "/copies", {**first, "price": "0.001"})
    say("POST", "/copies", {**first, "price": "-1"})
    say("POST", "/copies", first)
    say("PATCH", address, {"price": None, "due_date": None, "status": "available"})
    say("PATCH", address, {"price": "1000.00"})
    say(
        "PUT",
        "/copies/batch",
        {"items": [{**first, "price": "3"}, {"barcode": "B-0044", "book_id": book, "price": "20"}]},
    )
    for query in (
        f"bookIdIn={book}&orderBy=barcode&sortOrder=asc",
        "priceIn=3&priceIn=20&statusNotIn=lost&orderBy=price&sortOrder=asc",
        "dueDateIn=2026-12-01",
        "barcodeIn=B-0044",
        "q=b+0044",
        "searchString=0042",
        "orderBy=nothing",
    ):
        say("GET", f"/copies?{query}")
    for order in ("price", "due_date", "status", "barcode"):
        page = say("GET", f"/copies?pageSize=1&orderBy={order}").json()
        say("GET", f"/copies?pageSize=1&orderBy={order}&cursor={page['next']}")
    say("DELETE", f"/books/{book}")
    say("DELETE", "/books/batch", {"ids": [book]})
    say("GET", "/openapi.json")
    say("GET", "/docs")
    say("GET", f"{address}?include=audit")
    say("GET", f"{address}?include=audit", Authorization=f"Bearer {token}")
    say("DELETE", address)
    say("GET", address)
    others = [row["id"] for row in api.get("/copies").json()["items"]]
    say("DELETE", "/copies/batch", {"ids": others})
    say("DELETE", f"/books/{book}")
    say("DELETE", f"/authors/{author}")
    return said


@pytest.mark.unsampled
@pytest.mark.long
def test_the_copys_packages_are_the_ones_that_run(tree: Path):
    names = [f"diptych.{name}" for name in PACKAGES]
    program = f"import {', '.join(names)}\nprint({', '.join(f'{name}.__file__' for name in names)}, sep='\\n')"

    found = run_in(tree, sys.executable, "-c", program).stdout.splitlines()

    assert found == [str(tree / "diptych" / name / "__init__.py") for name in PACKAGES]


@pytest.mark.long
def test_a_new_resource_is_served_whole(said: list[Told]):
    assert [(each["request"], each["status"]) for each in said] == [
        ("POST authors", 201),
        ("POST books", 201),
        ("POST copies", 201),
        ("GET copies", 200),
        ("POST copies", 422),
        ("PATCH copies", 422),
        ("POST copies", 422),
        *[("POST copies", 422)] * 3,
        ("POST copies", 409),
        *[("PATCH copies", 200)] * 2,
        ("PUT copies", 200),
        *[("GET copies", 200)] * 6,
        ("GET copies", 422),
        *[("GET copies", 200)] * 8,
        *[("DELETE books", 409)] * 2,
        ("GET openapi.json", 200),
        ("GET docs", 200),
        ("GET copies", 401),
        ("GET copies", 200),
        ("DELETE copies", 204),
        ("GET copies", 404),
        ("DELETE copies", 204),
        ("DELETE books", 204),
        ("DELETE authors", 204),
    ]
    assert said[2]["headers"] == {"content-type": "application/json", "location": "/copies/<id>"}
    assert said[3]["body"] == (
        '{"id":"<id>","barcode":"B-0042","book_id":"<id>","status":"on_loan","price":"12.50","due_date":"2026-12-01",'
        '"created_at":"<time>","updated_at":"<time>"}'
    )
    somebody = '{"principal":null,"name":null,"via":"anonymous","at":"<time>","request_id":"copies"}'
    [audited] = [each["body"] for each in said if each["body"].startswith("{") and '"created_by":{"pr' in each["body"]]
    assert audited.endswith(f'"updated_at":"<time>","created_by":{somebody},"updated_by":{somebody}}}')


@pytest.mark.long
def test_a_foreign_key_to_no_row_is_named_by_its_pointer(said: list[Told]):
    assert [json.loads(said[number]["body"])["errors"] for number in (4, 5, 6)] == [
        [{"pointer": pointer, "code": "not_found", "detail": "there is no such book"}]
        for pointer in ("/book_id", "/book_id", "/items/1/book_id")
    ]


@pytest.mark.long
def test_values_of_each_kind_are_checked(said: list[Told]):
    errors = [
        (each["pointer"], each["code"]) for number in (7, 8, 9) for each in json.loads(said[number]["body"])["errors"]
    ]
    assert errors == [
        ("/barcode", "string_too_short"),
        ("/status", "literal_error"),
        ("/price", "decimal"),
        ("/due_date", "date"),
        ("/price", "decimal"),
        ("/price", "decimal"),
    ]


@pytest.mark.long
def test_lists_are_ordered_filtered_and_searched_by_the_columns_of_the_model(said: list[Told]):
    lists = [json.loads(each["body"]) for each in said[14:29]]
    found = [[item["barcode"] for item in each.get("items", ())] for each in lists]

    assert found[:7] == [["B-0042", "B-0044"], ["B-0042", "B-0044"], ["B-0042"], ["B-0044"], ["B-0044"], ["B-0042"], []]
    # Each order shows one row on its first page, and the other after its cursor.
    for first, second in zip(found[7::2], found[8::2], strict=True):
        assert sorted([*first, *second]) == ["B-0042", "B-0044"]


@pytest.mark.long
def test_a_new_resource_answers_the_same_on_the_other_adapter_and_the_other_database(
    transcripts: Transcripts, said: list[Told]
):
    assert transcripts.of(OTHER_HOST) == [said]


@pytest.mark.unsampled
@pytest.mark.long
def test_a_new_resource_answers_the_same_on_all_adapters_and_databases(transcripts: Transcripts, said: list[Told]):
    assert transcripts.of("flask-postgresql", "sanic-sqlite") == [said, said]


@pytest.mark.long
def test_a_new_resource_describes_itself(said: list[Told]):
    bodies = {each["request"]: each["body"] for each in said}
    document = json.loads(bodies["GET openapi.json"])
    copies = {path for path in document["paths"] if path.startswith("/copies")}

    assert copies == {"/copies", "/copies/batch", "/copies/{id}", "/copies/{id}/changes"}
    assert document["components"]["schemas"].keys() >= {"CopyAnswer", "CopyInput", "CopyAnswerPage"}
    assert "copies" in [tag["name"] for tag in document["tags"]]
    assert '/docs/copies#copies_create"' in bodies["GET docs"]
    validate(document)


@pytest.mark.unsampled
@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_new_resource_is_exported_and_dumped_and_comes_back(tree: Path, databases: Databases, backend: str):
    files = tree.with_name(backend)
    files.mkdir()
    (files / "lines.jsonl").write_text(LINES, encoding="utf-8")
    first, second = databases.empty(backend), databases.empty(backend)
    for url in (first, second):
        run_in(tree, *CLI, "database", "upgrade", "--no-prompt", DATABASE_URL=url)

    told = run_in(tree, *CLI, "import", str(files / "lines.jsonl"), DATABASE_URL=first).stdout
    exported = run_in(tree, *CLI, "export", DATABASE_URL=first).stdout
    dump = run_in(tree, *CLI, "database", "dump-data", "--no-prompt", DATABASE_URL=first).stdout
    (files / "dump.json").write_text(dump, encoding="utf-8")
    run_in(tree, *CLI, "load", str(files / "dump.json"), DATABASE_URL=second)

    assert told == "3 rows: 3 created, 0 updated, 0 unchanged, 0 rejected\n"
    for given, line in zip(LINES.splitlines(), exported.splitlines(), strict=True):
        assert json.loads(given).items() <= json.loads(line).items()
    assert '"copy": [' in dump
    assert run_in(tree, *CLI, "database", "dump-data", "--no-prompt", DATABASE_URL=second).stdout == dump


@pytest.mark.long
@pytest.mark.usefixtures("said")
@pytest.mark.parametrize("adapter", ["flask_app", "sanic_app"])
def test_a_new_resource_changes_nothing_in_an_adapter(tree: Path, adapter: str):
    original = contents(ROOT / adapter)

    assert original
    assert contents(tree / adapter) == original


@pytest.mark.long
def test_make_migrations_writes_the_index_of_words(tree: Path):
    text = revision(tree).read_text(encoding="utf-8")

    assert text.count('fulltext_index.create(op, "copy")') == 1
    assert text.count("fulltext_index.drop(op, ") == 1


@pytest.mark.long
def test_make_migrations_writes_the_triggers_that_record_changes(tree: Path):
    text = revision(tree).read_text(encoding="utf-8")

    assert text.count("history_triggers.create(") == 1
    assert text.count('history_triggers.drop(op, "copy")') == 1


@pytest.mark.unsampled
@pytest.mark.long
def test_a_new_resource_has_a_migration_that_passes_the_tests_of_migrations(tree: Path):
    shutil.copytree(ROOT / "tests", tree / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    files = [f"tests/migrations/test_{name}.py" for name in ("stairway", "drift", "squawk", "expanding")]
    number = revision(tree).name.partition("_")[0]
    which = f"{number} or test_the_history or test_a_revision_made_of_the_models"

    # Without a directory of its own, it would end with deleting what earlier runs left: minutes, on a slow disk.
    apart = ["-p", "no:cacheprovider", f"--basetemp={tree.with_name('nested')}"]
    done = run_in(tree, sys.executable, "-m", "pytest", *apart, *files, "-k", which)

    assert " 9 passed" in done.stdout, done.stdout


@pytest.mark.long
def test_a_new_resource_passes_the_checks_of_the_tree(tree: Path):
    run_in(tree, sys.executable, "tools/unasync.py", "--check")
    run_in(tree, LINT_IMPORTS, "--no-cache")
    run_in(tree, sys.executable, "-m", "ruff", "check", "--no-cache", "core", "migrations")
