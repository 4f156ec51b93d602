"""Each adapter serves without the other's packages."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support import patient
from tests.support.databases import ROOT, Databases, run
from tests.support.deployments import ADAPTERS, command, free_port, server

pytestmark = pytest.mark.long

# Adapter -> the packages that its install lacks: the other's extra, with its dependencies.
ABSENT = {
    "flask": (
        *("sanic", "aiosqlite", "greenlet"),
        *("sanic_routing", "sanic_ext", "httptools", "uvloop", "aiofiles", "multidict", "websockets", "tracerite"),
    ),
    "sanic": ("flask", "gunicorn", "werkzeug", "itsdangerous", "blinker", "jinja2"),
}
MIGRATES = {"flask": ("flask", "--app", "diptych.flask_app"), "sanic": ("diptych.core.cli",)}
OTHER = {"flask": "sanic", "sanic": "flask"}

# Python runs this first in every process. Its finder hides a package.
SITECUSTOMIZE = """
import sys
from importlib.machinery import PathFinder

class Finder(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in {absent} else super().find_spec(name, path, target)

sys.meta_path[:] = [Finder if each is PathFinder else each for each in sys.meta_path]
"""


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def install(adapter: str, tmp_path: Path) -> dict[str, str]:
    """Return the environment of an install for this adapter alone."""
    text = SITECUSTOMIZE.replace("{absent}", repr(set(ABSENT[adapter])))
    (tmp_path / "sitecustomize.py").write_text(text, encoding="utf-8")
    return {"PYTHONPATH": str(tmp_path)}


def test_an_install_lacks_all_of_the_other_adapters_extra(adapter: str):
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    names = {re.split(r"[^\w-]", requirement)[0].replace("-", "_") for requirement in extras[OTHER[adapter]]}

    assert names <= set(ABSENT[adapter])
    assert extras.keys() == set(ADAPTERS)


def test_what_is_absent_cannot_be_imported(adapter: str, install: dict[str, str]):
    program = (
        "import importlib.util, sys\n"
        "print(*(name for name in sys.argv[1:] if importlib.util.find_spec(name) is not None))"
    )

    found = run([sys.executable, "-c", program, *ABSENT[adapter], "diptych.core"], **install).stdout.split()

    assert found == ["diptych.core"]
    done = run([sys.executable, "-c", f"import diptych.{OTHER[adapter]}_app"], check=False, **install)
    assert done.returncode == 1
    assert f"No module named '{OTHER[adapter]}'" in done.stderr


def test_an_adapter_migrates_and_serves_where_the_other_is_not_installed(
    adapter: str, install: dict[str, str], databases: Databases
):
    url = databases.empty("sqlite")
    run([sys.executable, "-m", *MIGRATES[adapter], "database", "upgrade", "--no-prompt"], DATABASE_URL=url, **install)

    port = free_port()
    address, settings = f"http://127.0.0.1:{port}", {"DATABASE_URL": url, "FLASK_PORT": str(port), **install}
    with server(command(adapter, port), address, **settings), patient.Client(base_url=address) as api:
        created = api.post("/authors", json={"name": "Clarice Lispector"})
        assert created.status_code == 201
        assert api.get(created.headers["Location"]).json() == created.json()
