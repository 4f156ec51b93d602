"""Authors, over HTTP."""

from __future__ import annotations

import httpx


def test_a_created_author_is_answered_with_its_address_and_can_be_read_there(api: httpx.Client):
    created = api.post("/authors", json={"name": "Ursula K. Le Guin", "dob": "1929-10-21"})

    assert created.status_code == 201
    author = created.json()
    assert created.headers["Location"] == f"/authors/{author['id']}"
    assert author["name"] == "Ursula K. Le Guin"
    assert author["dob"] == "1929-10-21"
    read = api.get(created.headers["Location"])
    assert read.status_code == 200
    assert read.json() == author
