"""Many concurrent writers of one row, half of them through either adapter."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.making import make_book, read
from tests.support import patient
from tests.wire.table import Pair

WRITERS = 50


@pytest.mark.long
def test_every_one_of_many_changes_counts(pair: Pair):
    with patient.Client(base_url=pair.flask) as api:
        path = f"/books/{make_book(api, year=0)['id']}"

        with ThreadPoolExecutor(WRITERS) as pool:
            lost = sum(pool.map(_add_one, [pair.flask, pair.sanic] * (WRITERS // 2), [path] * WRITERS))

        assert read(api, path)["year"] == WRITERS
    # Otherwise they would run one after another, and test nothing.
    assert lost > 0


def _add_one(url: str, path: str) -> int:
    """Add one to a book's year; return how often another writer was faster."""
    with patient.Client(base_url=url) as api:
        for lost in range(1000):
            before = api.get(path)
            if before.status_code == 200:
                change = {"year": before.json()["year"] + 1}
                after = api.patch(path, json=change, headers={"If-Match": before.headers["ETag"]})
                if after.status_code == 200:
                    return lost
                assert after.status_code in (412, 503), after.text
    raise AssertionError("never the first")
