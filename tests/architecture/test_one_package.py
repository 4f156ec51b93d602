"""Each module exists once in the package `diptych`, even if it is imported by a checkout's bare folder names."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from tests.architecture.trees import PACKAGES
from tests.support.databases import ROOT, run

FOLDERS = (*PACKAGES, "diptych", "benchmarks", "tests", "tools")

BARE = re.compile(rf"({'|'.join(PACKAGES)})(\.[a-z_]\w*)*")

PAIRS = [
    *PACKAGES,
    "core.errors",
    "core.catalogue.models",
    "core.catalogue.authors.model",
    "core.http.wire.request_head",
    "flask_app.server.worker",
    "sanic_app.errors",
    "sanic_app.server.http_protocol",
]


ON_PURPOSE = {Path("tests/architecture/test_one_package.py"), Path("tests/adapters/test_bare_names.py")}
"""The files that may import by bare names."""


def bare_imports(source: str) -> list[int]:
    """Return the lines that import a package by its bare name, by a statement or by a module name in a string."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import():
                names = [alias.name for alias in node.names]
            case ast.ImportFrom(module=str(module), level=0):
                names = [module]
            case ast.Constant(value=str(text)) if "." in text and not text.endswith(".py"):
                names = [text]
            case _:
                continue
        found += [node.lineno for name in names if BARE.fullmatch(name)]
    return found


def test_nothing_is_imported_by_its_bare_name():
    files = [path.relative_to(ROOT) for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]

    assert len(files) > 300
    found = {path: bare_imports((ROOT / path).read_text(encoding="utf-8")) for path in files if path not in ON_PURPOSE}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import core",
        "import os, core.catalogue.models",
        "import flask_app as app",
        "from migrations import env",
        "def later():\n    from sanic_app.server.http_protocol import Http",
        "import_module('core.cli')",
    ],
)
def test_every_spelling_of_a_bare_import_is_found(source: str):
    assert bare_imports(source)


@pytest.mark.parametrize(
    "source", ["import diptych.core", "from diptych import core", "from tests.core import twins", "open('core/x.py')"]
)
def test_what_only_resembles_a_bare_import_is_none(source: str):
    assert not bare_imports(source)


@pytest.mark.long
@pytest.mark.parametrize("first", ["bare", "diptych"])
def test_a_bare_name_is_another_name_of_the_one_module(first: str):
    names = {"bare": PAIRS, "diptych": [f"diptych.{name}" for name in PAIRS]}
    second = names["diptych" if first == "bare" else "bare"]
    program = (
        f"import sys, {', '.join(names[first])}\nimport {', '.join(second)}\n"
        "names = [name for name, module in sys.modules.items() if not name.startswith('diptych.')"
        " and module is sys.modules.get(f'diptych.{name}')]\n"
        "print(*names)\n"
        f"print(*(name for name in sys.modules if name.startswith({tuple(f'{name}.' for name in PACKAGES)})"
        " and name not in names))\n"
        "print(core.catalogue.models.Base.__module__, core.errors.NotFound is diptych.core.errors.NotFound)"
    )

    same, others, base = run([sys.executable, "-c", program]).stdout.splitlines()

    assert set(same.split()) >= set(PAIRS)
    assert others == ""
    assert base == "diptych.core.engine.entity True"


@pytest.mark.parametrize("name", ["core.nothing", "flask_app.nothing"])
def test_what_is_not_there_is_missed_by_the_name_that_was_asked_for(name: str):
    done = run([sys.executable, "-c", f"import {name}"], check=False)

    assert done.stderr.splitlines()[-1] == f"ModuleNotFoundError: No module named '{name}'"


@pytest.mark.unsampled
@pytest.mark.long
def test_a_module_is_run_by_its_bare_name_too():
    told = [run([sys.executable, "-m", f"{place}core.cli", "--help"]).stdout for place in ("", "diptych.")]

    assert told[0] == told[1]
    assert "database" in told[0]
