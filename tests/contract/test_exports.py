"""Exports over HTTP: a job writes what a streamed list has into a file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from diptych.core.exports.rules import FORMATS, UNFINISHED
from tests.contract.making import make_book, marker, new_id

Work = Callable[[], None]

SUFFIXES = {"bibtex": ".bib", "csv": ".csv", "jsonl": ".jsonl", "marc": ".mrc", "marcxml": ".marcxml", "ris": ".ris"}


def asked(api: httpx.Client, query: str) -> dict[str, Any]:
    """Ask for an export, and return the job."""
    response = api.post(f"/exports?{query}")
    assert response.status_code == 202, response.text
    assert response.headers["Location"] == f"/jobs/{response.json()['id']}"
    return response.json()  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", FORMATS)
def test_the_file_of_an_export_is_what_the_streamed_list_has(api: httpx.Client, work: Work, name: str):
    one = marker()
    first, second, _ = (make_book(api, title=f"{one} {title}")["id"] for title in ("a", "b", "ü"))
    query = f"searchString={one}+&searchIgnoreCase=false&ids={second}&ids={first}&createdAfter=2020-01-01T00:00:00Z"

    job = asked(api, f"format={name}&{query}")
    waiting = api.get(f"/exports/{job['id']}/file")
    work()

    assert (waiting.status_code, waiting.json()["type"]) == (409, "/problems/conflict")
    job = api.get(f"/jobs/{job['id']}").json()
    assert (job["type"], job["state"], job["done"], job["total"]) == ("export", "succeeded", 2, 2)
    file, listed = api.get(f"/exports/{job['id']}/file"), api.get(f"/books{SUFFIXES[name]}?{query}")
    assert (file.status_code, listed.status_code) == (200, 200)
    assert file.content == listed.content
    for field in ("Content-Type", "Content-Disposition"):
        assert file.headers[field] == listed.headers[field]
    assert job["counts"] == {"bytes": len(file.content)}


def test_a_part_of_a_file_is_read_while_it_is_the_one_that_the_client_has(api: httpx.Client, work: Work):
    job = asked(api, f"format=csv&ids={make_book(api)['id']}")
    work()
    address = f"/exports/{job['id']}/file"
    whole, head = api.get(address), api.head(address)
    tag = f'"{hashlib.sha256(whole.content).hexdigest()}"'

    def part(**headers: str) -> tuple[int, bytes]:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        response = api.get(address, headers=fields)
        return response.status_code, response.content if response.is_success else b""

    assert (whole.headers["ETag"], whole.headers["Accept-Ranges"]) == (tag, "bytes")
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(whole.content)))
    assert part(range="bytes=5-9") == part(range="bytes=5-9", if_range=tag) == (206, whole.content[5:10])
    assert part(range="bytes=5-9", if_range='"x"') == (200, whole.content)
    assert part(range="bytes=9999999-")[0] == 416
    assert part(if_none_match=tag)[0] == 304


def test_an_export_of_nothing_is_a_whole_file(api: httpx.Client, work: Work):
    job = asked(api, f"format=marcxml&searchString={marker()}")
    work()

    file = api.get(f"/exports/{job['id']}/file")
    assert file.content == api.get(f"/books.marcxml?searchString={marker()}").content
    assert b"</" in file.content
    empty = asked(api, f"format=jsonl&searchString={marker()}")
    work()
    file = api.get(f"/exports/{empty['id']}/file")
    assert (file.status_code, file.content, file.headers["Content-Length"]) == (200, b"", "0")


def test_what_cannot_be_exported_is_refused(api: httpx.Client):
    for query, status in (("", 422), ("format=pdf", 422), ("format=csv&nothing=1", 422), ("format=csv&yearIn=x", 422)):
        assert api.post(f"/exports?{query}").status_code == status
    assert api.get(f"/exports/{new_id()}/file").status_code == 404
    assert api.get("/exports/x/file").status_code == 404


def test_of_one_account_five_exports_wait_at_most_and_what_was_cancelled_has_no_file(api: httpx.Client, work: Work):
    work()
    jobs = [asked(api, "format=ris&ids=" + new_id()) for _ in range(UNFINISHED)]

    refused = api.post("/exports?format=ris")
    api.post(f"/jobs/{jobs[0]['id']}/cancel")
    again = api.post(f"/exports?format=ris&ids={new_id()}")
    work()

    assert (refused.status_code, again.status_code) == (409, 202)
    assert api.get(f"/exports/{jobs[0]['id']}/file").status_code == 404
    assert api.get(f"/exports/{jobs[1]['id']}/file").status_code == 200
