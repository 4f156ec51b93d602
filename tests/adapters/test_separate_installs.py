"""Each extra is enough for what it is for, without the packages of the others."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support import commands, patient
from tests.support.databases import ROOT, Databases, run
from tests.support.deployments import command, free_port, server

pytestmark = pytest.mark.long

# What an extra adds, with its dependencies, by the names that are imported.
FLASK = ("flask", "werkzeug", "itsdangerous", "blinker", "jinja2")
GUNICORN = ("gunicorn",)
SANIC = (
    *("sanic", "aiosqlite", "greenlet"),
    *("sanic_routing", "sanic_ext", "httptools", "uvloop", "aiofiles", "multidict", "websockets", "tracerite"),
)

FORMATS = ("pymarc", "lxml", "bibtexparser")

OIDC = ("joserfc", "cryptography")

# Extra -> the packages that its install lacks.
ABSENT = {
    "flask": (*GUNICORN, *SANIC, *FORMATS, *OIDC),
    "gunicorn": (*SANIC, *FORMATS, *OIDC),
    "sanic": (*FLASK, *GUNICORN, *FORMATS, *OIDC),
}
ADAPTER = {"flask": "flask", "gunicorn": "flask", "sanic": "sanic"}
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


@pytest.fixture(params=ABSENT)
def extra(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def install(extra: str, tmp_path: Path) -> dict[str, str]:
    """Return the environment of an install with this extra alone."""
    text = SITECUSTOMIZE.replace("{absent}", repr(set(ABSENT[extra])))
    (tmp_path / "sitecustomize.py").write_text(text, encoding="utf-8")
    return {"PYTHONPATH": str(tmp_path)}


def start(extra: str, port: int) -> list[str]:
    """Return the command that starts a server which the extra has: Flask's own, in place of what a host has."""
    flask_run = [sys.executable, "-m", "flask", "--app", "diptych.flask_app", "run", "--port", str(port)]
    return flask_run if extra == "flask" else command(ADAPTER[extra], port)


def test_an_install_lacks_all_of_the_other_extras():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements = {
        extra: {re.split(r"[^\w-]", each)[0].replace("-", "_") for each in found}
        for extra, found in project["optional-dependencies"].items()
    }

    assert requirements.keys() == {*ABSENT, "formats", "oidc"}
    assert requirements["formats"] == set(FORMATS)
    assert requirements["oidc"] <= set(OIDC)
    assert requirements["flask"] <= set(FLASK)
    assert requirements["gunicorn"] == {"diptych", *GUNICORN}
    assert requirements["sanic"] <= set(SANIC)


def test_what_is_absent_cannot_be_imported(extra: str, install: dict[str, str]):
    program = (
        "import importlib.util, sys\n"
        "print(*(name for name in sys.argv[1:] if importlib.util.find_spec(name) is not None))"
    )

    found = run([sys.executable, "-c", program, *ABSENT[extra], "diptych.core"], **install).stdout.split()

    assert found == ["diptych.core"]
    other = OTHER[ADAPTER[extra]]
    done = run([sys.executable, "-c", f"import diptych.{other}_app"], check=False, **install)
    assert done.returncode == 1
    assert f"No module named '{other}'" in done.stderr


def test_an_adapter_migrates_and_serves_where_only_its_extra_is_installed(
    extra: str, install: dict[str, str], databases: Databases
):
    url, adapter = databases.empty("sqlite"), ADAPTER[extra]
    run([sys.executable, "-m", *MIGRATES[adapter], "database", "upgrade", "--no-prompt"], DATABASE_URL=url, **install)
    commands.done(url, "access", "anonymous", "editor")

    port = free_port()
    address, settings = f"http://127.0.0.1:{port}", {"DATABASE_URL": url, "FLASK_PORT": str(port), **install}
    with server(start(extra, port), address, **settings), patient.Client(base_url=address) as api:
        created = api.post("/authors", json={"name": "Clarice Lispector"})
        assert created.status_code == 201
        assert api.get(created.headers["Location"]).json() == created.json()


def test_an_identity_provider_without_its_extra_ends_the_start_with_what_to_install(
    extra: str, install: dict[str, str]
):
    provider = {"ISSUER": "https://id.example.org", "AUDIENCE": "diptych", "ROLES": "librarians=editor"}
    settings = {f"DIPTYCH_OIDC_{name}": value for name, value in provider.items()}

    done = run(start(extra, free_port()), check=False, **install, **settings)

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "diptych: DIPTYCH_OIDC_ISSUER needs joserfc: pip install 'diptych[oidc]'\n"


def test_serve_names_the_extra_that_is_missing(extra: str, install: dict[str, str], databases: Databases):
    url = databases.empty("sqlite")

    done = run([sys.executable, "-m", "diptych.core.cli", "serve"], check=False, DATABASE_URL=url, **install)

    missing = "sanic" if extra == "gunicorn" else "gunicorn"
    error = f"Error: {missing} is not installed here: pip install '.[{missing}]'\n"
    assert (done.returncode, done.stderr) == (1, error)
