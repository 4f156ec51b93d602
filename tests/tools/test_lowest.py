"""`make test-lowest` tests the versions that pyproject.toml declares as the lowest, and no others."""

from __future__ import annotations

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.support.databases import ROOT
from tools.lowest import lower_bounds, raised, without

LOCK = """\
click==8.5.1 \\
    --hash=sha256:12 \\
    --hash=sha256:34
    # via diptych (pyproject.toml)
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:56
uuid-utils==1.2.0 \\
    --hash=sha256:78
"""


def project(*requirements: str) -> str:
    return f"[project]\ndependencies = {list(requirements)}\noptional-dependencies.all = ['diptych[flask]']\n"


def test_the_lower_bound_is_the_version_that_is_named_whatever_else_is_excluded():
    text = project("SQLAlchemy>=2.0.41,<2.1,!=2.0.50", "psycopg[binary]>=3.2")

    assert lower_bounds(text) == {"sqlalchemy": Version("2.0.41"), "psycopg": Version("3.2")}


def test_a_dependency_without_a_lower_bound_is_refused():
    with pytest.raises(SystemExit, match=r"click has no lower bound in pyproject.toml: give it one"):
        lower_bounds(project("click<9"))


def test_what_the_service_needs_leaves_the_lock_file_with_its_hashes():
    assert without(LOCK, {"click", "uuid-utils"}) == (
        "colorama==0.4.6 ; sys_platform == 'win32' \\\n    --hash=sha256:56\n"
    )


def test_a_bound_below_what_can_be_installed_is_reported():
    bounds = {"alembic": Version("1.11"), "click": Version("8.1"), "flask": Version("2.3")}

    assert raised(bounds, {"alembic": "1.12.0", "click": "8.1.0", "flask": "2.3.0", "jinja2": "3.1.6"}) == [
        "pyproject.toml permits alembic 1.11, but the lowest that can be installed is 1.12.0: raise it"
    ]


def test_the_page_lists_the_lower_bound_of_every_dependency():
    page = (ROOT / "docs/running.md").read_text(encoding="utf-8")
    table = page.partition("### What your pins have to permit\n")[2].partition("\n\n|")[2].partition("\n\n")[0]
    listed = {}
    for row in table.splitlines()[2:]:
        names, versions = (cell.strip().split(", ") for cell in row.split("|")[1:3] if cell)
        listed |= dict(zip(map(canonicalize_name, names), map(Version, versions), strict=True))

    assert listed == lower_bounds((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
