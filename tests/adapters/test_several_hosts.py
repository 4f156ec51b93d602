"""A URL that names several hosts, of which one can be reached: served by both adapters, and taken by every command."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.support import patient
from tests.support.databases import DIPTYCH, Databases, run
from tests.support.deployments import ADAPTERS, deployment

pytestmark = pytest.mark.long

FORMS = {
    "libpq": "postgresql://postgres@{gone},{there}/{name}?target_session_attrs=read-write",
    "libpq with ports": "postgresql://postgres@{gone}:5432,{there}:5432/{name}?target_session_attrs=read-write",
    "SQLAlchemy": "postgresql://postgres@/{name}?host={gone}:5432&host={there}:5432&target_session_attrs=read-write",
    "lists": "postgresql://postgres@/{name}?host={gone},{there}&port=5432,5432&target_session_attrs=read-write",
}


def several(url: str, gone: Path, form: str = "libpq") -> str:
    """Return the URL of a database with another host before its own. Both are directories of Unix sockets."""
    parts = conninfo_to_dict(url)
    there = quote(str(parts["host"]), safe="")
    return FORMS[form].format(gone=quote(str(gone), safe=""), there=there, name=parts["dbname"])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_adapter_serves(databases: Databases, tmp_path: Path, adapter: str, form: str):
    url = several(databases.migrated("postgresql"), tmp_path, form)
    with deployment(adapter, url) as address, patient.Client(base_url=address) as client:
        made = client.post("/authors", json={"name": "Homer"})
        assert made.status_code == 201
        assert client.get(made.headers["Location"]).json() == made.json()
        assert client.get("/health/ready").status_code == 200


@pytest.mark.unsampled
def test_commands_and_migrations(databases: Databases, tmp_path: Path):
    books = tmp_path / "books.csv"
    books.write_text("title,author\nTheogony,Hesiod\n", "utf-8")
    secret = tmp_path / "secret"
    secret.write_text(several(databases.empty("postgresql"), tmp_path) + "\n", "utf-8")
    for command in (
        ["database", "upgrade", "--no-prompt"],
        ["import", str(books)],
        ["check-db-status"],
        ["database", "check"],
        ["database", "current"],
        ["database", "adopt", "--dry-run"],
        ["database", "dump-data", "--no-prompt"],
    ):
        run([*DIPTYCH, *command], DATABASE_URL_FILE=str(secret))
    assert '"title":"Theogony"' in run([*DIPTYCH, "export"], DATABASE_URL_FILE=str(secret)).stdout
