"""Two real catalogues, imported as docs/importing.md says, and served by both adapters."""

from __future__ import annotations

import pytest

from tests.core.import_export.test_catalogues import DIGITISED, GOODBOOKS, needs
from tests.support import patient
from tests.support.databases import DIPTYCH, Databases, run
from tests.support.deployments import ADAPTERS, deployment


@pytest.mark.unsampled
@pytest.mark.long
@needs(GOODBOOKS)
@needs(DIGITISED)
def test_two_real_catalogues_are_imported_once_and_served_by_both_adapters(databases: Databases):
    url = databases.migrated("sqlite")
    goodbooks = (str(GOODBOOKS), "--default", "author=[Anonymous]")
    digitised = (str(DIGITISED), "--default", "author=[Anonymous]", "--allow-rejects")

    assert imported(url, *goodbooks) == "10,000 rows: 10,000 created, 0 updated, 0 unchanged, 0 rejected"
    assert imported(url, *digitised) == "20,992 rows: 20,896 created, 0 updated, 86 unchanged, 10 rejected"

    assert imported(url, *goodbooks) == "10,000 rows: 0 created, 0 updated, 10,000 unchanged, 0 rejected"
    assert imported(url, *digitised) == "20,992 rows: 0 created, 0 updated, 20,982 unchanged, 10 rejected"
    answers = [served(adapter, url) for adapter in ADAPTERS]
    assert answers[0] == answers[1]
    first_page, katniss, old = answers[0]
    assert first_page["total"] == 10_000 + 20_896
    assert katniss["items"][0]["isbn"] == "9780439023481"
    assert [item["author"]["name"] for item in katniss["items"][0]["contributors"]] == ["Suzanne Collins"]
    assert old["items"][0]["year"] == -1750


def imported(url: str, *arguments: str) -> str:
    return run([*DIPTYCH, "import", *arguments], DATABASE_URL=url).stdout.strip()


def served(adapter: str, database_url: str) -> list[dict]:
    """Send the same three requests to an adapter, and return the responses."""
    with deployment(adapter, database_url) as url, patient.Client(base_url=url) as api:
        return [
            api.get(path).raise_for_status().json()
            for path in (
                "/books?orderBy=title&sortOrder=asc&pageSize=100",
                "/books?isbnIn=0439023483&include=contributors,tags",
                "/books?orderBy=year&sortOrder=asc&pageSize=3",
            )
        ]
