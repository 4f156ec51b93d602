"""An identity provider that is down, comes back, changes its keys, and goes again."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.support import patient
from tests.support.databases import Databases
from tests.support.deployments import ADAPTERS, deployment
from tests.support.issuer import running_issuer
from tests.support.waiting import until

pytestmark = pytest.mark.long


@pytest.mark.unsampled
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_service_outlives_its_identity_provider(adapter: str, databases: Databases, tmp_path: Path):
    database = databases.migrated("sqlite")
    with running_issuer() as issuer, (tmp_path / "log").open("w+") as log:
        issuer.stop()
        try:
            with deployment(adapter, database, log=log, **issuer.settings) as url, patient.Client(base_url=url) as api:

                def ask(**options: str) -> httpx.Response:
                    return api.get("/me", headers={"Authorization": f"Bearer {issuer.token(**options)}"})

                assert ask().status_code == 503
                assert api.post("/tags", json={"name": "while it is down"}).status_code == 201

                issuer.start_again()
                until(lambda: ask().status_code == 200)

                issuer.published = ["rsa-new"]
                assert ask(key_id="rsa-new").status_code in (401, 503)
                until(lambda: ask(key_id="rsa-new").status_code == 200)
                until(lambda: ask().status_code == 401)

                issuer.stop()
                until(lambda: ask(key_id="rsa-made-up").status_code == 503)
                assert ask(key_id="rsa-new").status_code == 200
        finally:
            issuer.start_again()
        log.seek(0)
        lines = log.read()
    assert "the keys of the identity provider were not read: http://127.0.0.1:" in lines
    assert "tove" not in lines
    assert "eyJ" not in lines
