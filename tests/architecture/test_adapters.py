"""The adapters are short and alike: everything in their folders but what is ours of the servers."""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

import pytest

from tests.support.databases import ROOT

ADAPTERS = ("flask_app", "sanic_app")

MOST = 300
"""Lines of code in an adapter, which are read in ten minutes."""

ALONE = {
    "flask_app/commands.py": "the `flask` command runs an application's commands; for Sanic there is `diptych`",
    "flask_app/gunicorn.conf.py": "gunicorn reads its settings from a file of this name; Sanic's are set in code",
    "flask_app/gunicorn_conf.py": "the same file for `-c python:`, as a link: a module's name has no dot",
}
"""Files that the other adapter has not, and why."""

NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def files(adapter: str) -> list[Path]:
    """Return an adapter's files, without those of its server folder."""
    folder = ROOT / adapter
    return [path for path in sorted(folder.rglob("*.py")) if path.relative_to(folder).parts[0] != "server"]


def lines_of_code(source: str) -> int:
    """Return how many lines are neither blank nor a comment nor part of a docstring."""
    tokens = [each for each in tokenize.generate_tokens(io.StringIO(source).readline) if each.type not in NO_CODE]
    code = {line for each in tokens for line in range(each.start[0], each.end[0] + 1)}
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str())):
                code.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(code)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_adapter_has_at_most_300_lines_of_code(adapter: str):
    counted = {
        path.relative_to(ROOT).as_posix(): lines_of_code(path.read_text(encoding="utf-8"))
        for path in files(adapter)
        if not path.is_symlink()
    }

    assert counted
    assert sum(counted.values()) <= MOST, counted


def test_the_files_of_both_adapters_have_the_same_names():
    names = {adapter: {path.relative_to(ROOT / adapter).as_posix() for path in files(adapter)} for adapter in ADAPTERS}
    common = set.intersection(*names.values())

    assert {"__init__.py", "blueprint.py", "conversion.py", "errors.py"} <= common
    assert {f"{adapter}/{name}" for adapter in ADAPTERS for name in names[adapter] - common} == set(ALONE)


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ('"""One line."""\n\nimport os  # which is code\n', 1),
        ("# a comment\n\n\n", 0),
        ('def f():\n    """Several\n\n    lines.\n    """\n    return g(\n        1,\n    )\n', 4),
        ('NAME = 1\n"""What it means."""\n', 1),
        ('TEXT = """\none\n\ntwo\n"""\n', 5),
    ],
)
def test_blank_lines_comments_and_docstrings_are_no_code(source: str, count: int):
    assert lines_of_code(source) == count


def test_gunicorns_configuration_is_one_file_by_two_names():
    assert (ROOT / "flask_app" / "gunicorn_conf.py").readlink() == Path("gunicorn.conf.py")
