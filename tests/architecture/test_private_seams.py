"""What we set or use of others' that they have not promised is in a table, with what tells when it changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.reaches import Module, Reach
from tests.support.databases import ROOT

PAGE = ROOT / "docs" / "decisions" / "0021-private-seams.md"

MOST = 5
"""Rows of seams. They become fewer, and never more."""

_NAME = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Row:
    """A row of a table. tells: the tests in its last column."""

    what: frozenset[str]
    where: frozenset[str]
    tells: tuple[str, ...]

    def has(self, reach: Reach) -> bool:
        return reach.name in self.what and reach.file in self.where


def rows(title: str) -> list[Row]:
    """Return the rows of the table below a heading."""
    section = PAGE.read_text(encoding="utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    cells = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    return [
        Row(frozenset(_NAME.findall(row[0])), frozenset(_NAME.findall(row[1])), (*_NAME.findall(row[-1]),))
        for row in cells
    ]


SEAMS, MEANT = rows("Seams"), rows("Meant to be set")


@cache
def found() -> frozenset[Reach]:
    """All that there are: the service's, and those of what its tests stand on."""
    support = [*(ROOT / "tests/support").glob("*.py"), ROOT / "tests/conftest.py"]
    service = {_name(path): _read(path) for path in _service()}
    modules = [*service.values(), *map(_read, support)]
    own = frozenset().union(*(each.attributes() for each in modules))
    found = set().union(*(each.reaches(own) for each in modules))
    # Tests look into what is ours.
    found -= {each for each in found if each.file.startswith("tests/") and each.name.rpartition(".")[2] in own}
    return frozenset(found.union(*(module.inherited(name) for name, module in service.items())))


def _service() -> Iterator[Path]:
    for package in ("core", "flask_app", "sanic_app", "migrations"):
        for path in (ROOT / package).rglob("*.py"):
            # The twin is made of core/aio.
            if not path.is_symlink() and not path.is_relative_to(ROOT / "core/sync"):
                yield path


def _read(path: Path) -> Module:
    return Module(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())


def _name(path: Path) -> str:
    return ".".join(("diptych", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")


def test_whatever_reaches_into_another_package_has_a_row():
    assert [each for each in sorted(found()) if not any(row.has(each) for row in (*SEAMS, *MEANT))] == []


def test_what_is_private_is_in_the_table_of_seams():
    # It is Python's own, and documented under that name.
    private = [each for each in sorted(found()) if each.private and each.name != "os._exit"]

    assert private
    assert [each for each in private if not any(row.has(each) for row in SEAMS)] == []


@pytest.mark.parametrize("row", [*SEAMS, *MEANT], ids=lambda row: ", ".join(sorted(row.what)))
def test_a_row_has_nothing_that_is_not_there(row: Row):
    there = [each for each in found() if row.has(each)]

    assert {each.name for each in there} == row.what
    assert {each.file for each in there} == row.where


@pytest.mark.parametrize("row", SEAMS, ids=lambda row: ", ".join(sorted(row.what)))
def test_a_row_names_a_test_that_there_is(row: Row):
    for name in row.tells:
        path, _, test = name.partition("::")
        assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8")


def test_there_are_no_more_seams_than_there_were():
    assert len(SEAMS) <= MOST


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import os.path\nos.path.join = None", ["os.path.join"]),
        ("from gunicorn import sock as s\ns.close += 1", ["gunicorn.sock.close"]),
        ("from flask import Flask\ndel Flask.run", ["flask.Flask.run"]),
        ("from flask import app\nsetattr(app, 'run', None)", ["flask.app.run"]),
        ("from flask import app\nfor name in 'ab':\n    setattr(app, name, None)", ["flask.app.*"]),
        ("from flask import app\n(app.run, x) = 1, 2", ["flask.app.run"]),
        ("from flask import app\nwith x as app.run:\n    pass", ["flask.app.run"]),
        ("from flask import app\nfor app.run in x:\n    pass", ["flask.app.run"]),
        ("from flask import app\nx = app._run", ["flask.app._run"]),
        ("from flask import app\nx = app._run.name", ["flask.app._run"]),
        ("from flask import app\nx = getattr(app, '_run', None)", ["flask.app._run"]),
        ("from flask import _app", ["flask._app"]),
        ("from flask._app import run", ["flask._app.run"]),
        ("import flask._app", ["flask._app"]),
        ("def f(engine):\n    engine.dialect.do_close = None", ["dialect.do_close"]),
        ("def f(engine):\n    return engine.pool._dialect", ["pool._dialect"]),
        ("def f(engine):\n    return engine.pool()._dialect", ["pool()._dialect"]),
        ("from flask import app\ndef f(app):\n    app.ours = app.theirs = 1", ["app.theirs"]),
        ("import flask\nflask.ours = 1", ["flask.ours"]),
        ("from diptych.core import x\nx._y", ["x._y"]),
        ("class A:\n    def f(self):\n        self._x = self._y; self.ours = 1", []),
        ("from _typeshed import Incomplete\nfrom __future__ import annotations\nx.__dict__", []),
        ("import flask\nx = flask.app.run", []),
    ],
)
def test_every_way_to_reach_into_another_package_is_found(source: str, names: list[str]):
    assert sorted(each.name for each in Module(source).reaches({"ours"})) == names


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("def _handle_long_word(self): pass", ["TextWrapper._handle_long_word"]),
        ("def wrap(self): return super()._split('a')", ["TextWrapper._split"]),
        ("def wrap(self): return self._munge_whitespace('a')", ["TextWrapper._munge_whitespace"]),
        ("def wrap(self): return self._own", []),
        ("def _own(self): pass", []),
    ],
)
def test_what_is_private_to_a_class_that_is_derived_from_is_found(
    line: str, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    source = f"from textwrap import TextWrapper\nclass Wrapper(TextWrapper):\n    {line}\n"
    module = f"wrapper_{abs(hash(line))}"
    (tmp_path / f"{module}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)

    assert [each.name for each in Module(source).inherited(module)] == names
