"""Jobs: who sees them, how they are listed, and how they are cancelled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.contract.conftest import each_once
from tests.contract.making import marker, new_id

AddJob = Callable[..., str]


def read(api: httpx.Client, path: str) -> dict[str, Any]:
    response = api.get(path)
    assert response.status_code == 200, response.text
    return response.json()  # type: ignore[no-any-return]


@pytest.fixture
def editor(administrator: httpx.Client) -> tuple[str, dict[str, str]]:
    """Return the id of a new editor, and the header with a token of theirs."""
    account = administrator.post("/accounts", json={"name": marker(), "role": "editor"}).json()
    token = administrator.post("/tokens", json={"label": "Test", "account_id": account["id"]}).json()["token"]
    return account["id"], {"Authorization": f"Bearer {token}"}


def test_a_job_tells_its_state_and_how_far_it_is(api: httpx.Client, add_job: AddJob):
    job = add_job()

    response = api.get(f"/jobs/{job}")

    assert response.headers["ETag"]
    found = response.json()
    assert found.pop("created_at").endswith("Z")
    assert found == {
        "id": job, "type": "nothing", "state": "queued", "parameters": {}, "done": 0, "total": None, "counts": {},
        "error": None, "principal": None, "started_at": None, "finished_at": None,
    }  # fmt: skip


def test_whoever_asked_for_a_job_sees_it_and_administrators_see_all(
    api: httpx.Client, administrator: httpx.Client, editor: tuple[str, dict[str, str]], add_job: AddJob
):
    account, header = editor
    own, anonymous = add_job(account), add_job()

    def seen(client: httpx.Client, **headers: str) -> set[str]:
        page = client.get("/jobs?pageSize=1000", headers=headers).json()
        assert page["total"] == len(page["items"])
        return {job["id"] for job in page["items"]}

    assert seen(api, **header) == {own}
    assert own not in seen(api)
    assert anonymous in seen(api)
    assert {own, anonymous} <= seen(administrator)
    assert api.get(f"/jobs/{own}", headers=header).status_code == 200
    for client, job, headers in ((api, anonymous, header), (api, own, {})):
        assert client.get(f"/jobs/{job}", headers=headers).status_code == 404
        assert client.post(f"/jobs/{job}/cancel", headers=headers).status_code == 404
    assert read(administrator, f"/jobs?principalIn={account}")["items"] == [read(administrator, f"/jobs/{own}")]


def test_a_job_is_cancelled_once_and_for_all(api: httpx.Client, add_job: AddJob):
    job = add_job()

    cancelled = api.post(f"/jobs/{job}/cancel")

    assert cancelled.status_code == 200
    assert cancelled.json()["state"] == "cancelled"
    assert cancelled.json()["finished_at"]
    assert api.get(f"/jobs/{job}").json() == cancelled.json() == api.post(f"/jobs/{job}/cancel").json()


def test_jobs_are_selected_and_come_in_pages_the_newest_first(
    administrator: httpx.Client, editor: tuple[str, dict[str, str]], add_job: AddJob
):
    account, _ = editor
    jobs = [add_job(account) for _ in range(3)]
    administrator.post(f"/jobs/{jobs[1]}/cancel")
    of_account = f"/jobs?principalIn={account}"

    def ids(query: str) -> list[str]:
        return [job["id"] for job in read(administrator, f"{of_account}{query}")["items"]]

    assert ids("") == jobs[::-1]
    assert ids("&sortOrder=asc") == jobs
    assert ids("&stateIn=cancelled") == [jobs[1]]
    assert ids("&stateIn=queued&stateIn=running") == [jobs[2], jobs[0]]
    assert ids("&typeIn=import") == []
    first = read(administrator, f"{of_account}&pageSize=2")
    assert ([job["id"] for job in first["items"]], first["total"]) == (jobs[:0:-1], 3)
    assert ids(f"&pageSize=2&cursor={first['next']}") == [jobs[0]]


@each_once
def test_what_cannot_be_asked_of_jobs_is_refused(api: httpx.Client):
    for query, parameter in (("stateIn=lost", "stateIn"), ("orderBy=state", "orderBy"), ("q=x", "q")):
        refused = api.get(f"/jobs?{query}")
        assert (refused.status_code, refused.json()["errors"][0]["parameter"]) == (422, parameter)
    assert api.get(f"/jobs/{new_id()}").status_code == 404
    assert api.post(f"/jobs/{new_id()}/cancel").status_code == 404


@each_once
def test_readers_see_the_exports_that_they_asked_for_and_no_other_jobs(
    api: httpx.Client, administrator: httpx.Client, add_job: AddJob
):
    account = administrator.post("/accounts", json={"name": marker(), "role": "reader"}).json()
    token = administrator.post("/tokens", json={"label": "Test", "account_id": account["id"]}).json()["token"]
    reader = {"Authorization": f"Bearer {token}"}
    other = add_job()
    own = api.post(f"/exports?format=csv&searchString={marker()}", headers=reader).json()["id"]

    assert [job["id"] for job in api.get("/jobs", headers=reader).json()["items"]] == [own]
    assert [api.get(f"/jobs/{job}", headers=reader).status_code for job in (own, other)] == [200, 404]
    files = [api.get(f"/exports/{own}/file", headers=headers).status_code for headers in (reader, {})]
    assert files == [409, 404]
    assert api.post(f"/jobs/{own}/cancel", headers=reader).status_code == 403
    assert api.post(f"/imports?name={marker()}", content=b"title\nx\n", headers=reader).status_code == 403
    administrator.post(f"/jobs/{own}/cancel").raise_for_status()
