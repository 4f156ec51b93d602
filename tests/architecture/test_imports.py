"""The import rules, and that each violation is found."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.trees import LINT_IMPORTS, copy_tree, prepend, run_in, uncoloured
from tests.support.databases import ROOT, run

FRAMEWORKS = ("flask", "werkzeug", "gunicorn", "sanic", "sanic_routing", "diptych.flask_app", "diptych.sanic_app")

# Imported module -> what must not be imported with it.
ALONE = {
    "diptych.core, diptych.core.sync.application": (*FRAMEWORKS, "aiosqlite", "diptych.core.aio"),
    "diptych.core, diptych.core.aio.application": (*FRAMEWORKS, "diptych.core.sync"),
    "diptych.core.cli": (*FRAMEWORKS, "aiosqlite", "diptych.core.aio"),
    "diptych.flask_app": ("sanic", "sanic_routing", "diptych.sanic_app", "aiosqlite", "diptych.core.aio"),
    "diptych.sanic_app": ("flask", "werkzeug", "gunicorn", "diptych.flask_app", "diptych.core.sync"),
}

# Contract -> (module, line) pairs that it must reject.
BREACHES = {
    "the core knows neither framework": [
        ("core/engine/text_normalization.py", "import flask"),
        ("core/http/request_parsing.py", "from werkzeug.exceptions import HTTPException"),
        ("core/aio/unit_of_work.py", "def later():\n    import sanic"),
        ("core/cli/serve.py", "from diptych.sanic_app import create_app"),
    ],
    "the adapters do not know each other": [
        ("flask_app/blueprint.py", "import diptych.sanic_app.conversion"),
        ("sanic_app/conversion.py", "from diptych.flask_app import conversion"),
    ],
    "Flask runs the synchronous twin": [
        ("flask_app/conversion.py", "from diptych.core.aio.application import Application")
    ],
    "Sanic runs the asynchronous twin": [("sanic_app/errors.py", "import diptych.core.sync.unit_of_work")],
    "a server knows nothing of the adapter beside it": [
        ("flask_app/server/wsgi.py", "import flask"),
        ("sanic_app/server/response.py", "from diptych.sanic_app import conversion"),
    ],
    "the twins do not know each other": [
        ("core/aio/services/resource_service.py", "from diptych.core.sync import unit_of_work"),
        ("core/sync/services/resource_service.py", "from diptych.core.aio import unit_of_work"),
    ],
    "what decides does not wait": [
        ("core/catalogue/tags/rules.py", "from diptych.core.db.error_translation import translate"),
        ("core/engine/schemas/field_types.py", "import diptych.core.import_export.import_books"),
        ("core/http/operations.py", "from diptych.core.aio.application import Application"),
        ("core/idempotency/rules.py", "from diptych.core.database import sync_config"),
        ("core/access/bearer_tokens.py", "from diptych.core.sync.unit_of_work import Database"),
    ],
    "formats know no database": [
        ("core/formats/record.py", "from diptych.core.import_export import import_rows"),
        ("core/formats/writing.py", "def later():\n    import diptych.core.sync.unit_of_work"),
    ],
    "the content of files is judged without a database": [
        ("core/files/content/epub.py", "from diptych.core.import_export import import_books"),
        ("core/files/content/images.py", "def later():\n    import diptych.core.http.problems"),
    ],
    "the engine knows no resource": [
        ("core/engine/pagination.py", "from diptych.core.catalogue.books.model import Book"),
        ("core/http/openapi/document.py", "import diptych.core.catalogue.models"),
        ("core/http/operations.py", "from diptych.core.access.accounts.model import Account"),
        ("core/db/error_translation.py", "from diptych.core.database import sync_config"),
        ("core/db/database_status.py", "from diptych.core.sync.unit_of_work import Database"),
        ("core/observability/metrics.py", "from diptych.core.aio.unit_of_work import Database"),
    ],
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_tree(tmp_path_factory.mktemp("imports") / "tree")


def loaded_with(names: str) -> set[str]:
    program = f"import sys, {names}\nprint(*sys.modules, sep='\\n')"
    return set(run([sys.executable, "-c", program]).stdout.split())


@pytest.mark.long
@pytest.mark.parametrize(("names", "strangers"), ALONE.items(), ids=ALONE)
def test_a_part_brings_nothing_of_the_others_with_it(names: str, strangers: tuple[str, ...]):
    loaded = loaded_with(names)

    assert set(names.split(", ")) <= loaded
    assert [name for name in sorted(loaded) if name.startswith(tuple(f"{each}." for each in strangers))] == []
    assert loaded.isdisjoint(strangers)


def test_the_core_loads_no_web_extension_of_advanced_alchemy():
    modules = [
        ".".join(("diptych", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
        for path in sorted((ROOT / "core").rglob("*.py"))
    ]

    loaded = loaded_with(", ".join(modules))

    assert set(modules) <= loaded
    # The library's own __init__ imports the bare package; its submodules are not imported.
    assert [name for name in sorted(loaded) if name.startswith("advanced_alchemy.extensions.")] == []


def test_the_core_names_no_web_extension_of_advanced_alchemy():
    files = sorted((ROOT / "core").rglob("*.py"))

    assert files
    assert [path for path in files if names_extensions(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    "source",
    [
        "import advanced_alchemy.extensions.flask",
        "import os, advanced_alchemy.extensions as web",
        "from advanced_alchemy.extensions import sanic",
        "from advanced_alchemy.extensions.sanic import SQLAlchemy",
        "from advanced_alchemy import base, extensions",
        "def later():\n    from advanced_alchemy.extensions import flask",
        "import_module('advanced_alchemy.extensions.flask')",
    ],
)
def test_every_spelling_of_a_web_extension_is_found(source: str):
    assert names_extensions(source)


def test_a_neighbour_of_the_web_extensions_is_no_web_extension():
    assert not names_extensions("from advanced_alchemy.config import EngineConfig\nimport advanced_alchemy.extensionsx")


def names_extensions(source: str) -> bool:
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import():
                names.extend(alias.name for alias in node.names)
            case ast.ImportFrom(module=str(module)):
                names.extend(f"{module}.{alias.name}" for alias in node.names)
            case ast.Constant(value=str(text)):
                names.append(text)
    return any(f"{name}.".startswith("advanced_alchemy.extensions.") for name in names)


def test_every_import_contract_is_kept():
    done = run([LINT_IMPORTS, "--no-cache"], check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in uncoloured(done.stdout)


def test_every_import_contract_has_a_breach_to_prove_it():
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]

    assert [contract["name"] for contract in configured["contracts"]] == list(BREACHES)


@pytest.mark.unsampled
@pytest.mark.long
@pytest.mark.parametrize(
    ("contract", "module", "line"),
    [(contract, *breach) for contract, breaches in BREACHES.items() for breach in breaches],
)
def test_a_breach_of_an_import_contract_is_refused(tree: Path, contract: str, module: str, line: str):
    path = tree / module
    before = path.read_bytes()
    try:
        prepend(path, line)
        done = run_in(tree, LINT_IMPORTS, "--no-cache", check=False)
    finally:
        path.write_bytes(before)

    assert done.returncode != 0
    assert re.search(rf"^{re.escape(contract)}\s+BROKEN", uncoloured(done.stdout), re.MULTILINE), done.stdout
