"""Imports over HTTP: a file is sent, looked at, imported by a job, and what was rejected is mended and sent again."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from typing import Any

import httpx

from tests.contract.conftest import each_once
from tests.contract.making import marker, new_id

Work = Callable[[], None]


def sent(api: httpx.Client, content: bytes, name: str = "books.csv") -> dict[str, Any]:
    """Send a file, and return the import."""
    response = api.post("/imports", params={"name": name}, content=content)
    assert response.status_code == 201, response.text
    assert response.headers["Location"] == f"/imports/{response.json()['id']}"
    return response.json()  # type: ignore[no-any-return]


def read(api: httpx.Client, path: str) -> Any:
    response = api.get(path)
    assert response.status_code == 200, response.text
    return response.json()


def started(api: httpx.Client, row: dict[str, Any], work: Work, **options: Any) -> dict[str, Any]:
    """Import a file, and return the job when it has ended."""
    response = api.post(f"/imports/{row['id']}/start", json=options)
    assert response.status_code == 202, response.text
    assert response.headers["Location"] == f"/jobs/{response.json()['id']}"
    work()
    return read(api, response.headers["Location"])  # type: ignore[no-any-return]


def titles(api: httpx.Client, marked: str) -> list[str]:
    page = read(api, f"/books?searchString={marked}&orderBy=title&sortOrder=asc")
    return [book["title"] for book in page["items"]]


def test_a_file_is_previewed_imported_and_its_rejects_are_mended_and_sent_again(api: httpx.Client, work: Work):
    one = marker()
    rows = [
        ("Title", "Author", "Shelf"),
        (f"{one} a", "Homer", "1"),
        ("", f"Writer {one}", "=2"),
        (f"{one} b", "Homer", "3"),
    ]
    row = sent(api, "".join(f"{','.join(cells)}\n" for cells in rows).encode())
    assert (row["name"], row["preview"], row["job"]["type"]) == ("books.csv", None, "import-preview")
    work()

    row = read(api, f"/imports/{row['id']}")
    preview = row["preview"]
    assert row["job"]["state"] == "succeeded"
    assert (preview["format"], preview["columns"]) == ("csv", ["Title", "Author", "Shelf"])
    assert preview["mapping"] == {"title": ["Title"], "author": ["Author"]}
    assert "Columns ignored: Shelf" in preview["notices"]
    assert [(each["title"], each["contributors"][0]["name"]) for each in preview["rows"]] == [
        (f"{one} a", "Homer"),
        (f"{one} b", "Homer"),
    ]
    assert (preview["records"], preview["repeated"], preview["rejected"]) == (2, 0, 1)
    assert titles(api, one) == []

    job = started(api, row, work)

    assert (job["state"], job["type"], job["done"], job["total"]) == ("succeeded", "import", 3, 3)
    assert job["counts"] == {"created": 2, "updated": 0, "unchanged": 0, "rejected": 1}
    assert titles(api, one) == [f"{one} a", f"{one} b"]
    rejects = api.get(f"/imports/{row['id']}/rejects.csv")
    assert rejects.headers["Content-Type"] == "text/csv; charset=utf-8"
    header, rejected = csv.reader(io.StringIO(rejects.text))
    assert header == ["Title", "Author", "Shelf", "reason"]
    assert rejected[:3] == ["", f"Writer {one}", "'=2"]
    assert rejected[3]

    mended = sent(api, rejects.content.replace(f",Writer {one}".encode(), f"{one} c,Writer {one}".encode()))
    work()
    assert started(api, mended, work)["counts"]["created"] == 1
    assert titles(api, one) == [f"{one} a", f"{one} b", f"{one} c"]


def test_the_options_of_the_command_say_how_a_file_is_read(api: httpx.Client, work: Work):
    one = marker()
    row = sent(api, f"Nom;Qui\n{one};Homer / Virgil\n".encode("utf-16"), "livres.txt")
    work()
    assert read(api, f"/imports/{row['id']}")["job"]["state"] == "failed"
    assert "title" in read(api, f"/imports/{row['id']}")["job"]["error"]
    options = {"format": "csv", "map": {"title": ["Nom"], "authors": ["Qui"]}, "separator": "/"}

    again = api.post(f"/imports/{row['id']}/preview", json=options)
    work()

    assert again.status_code == 202
    (shown,) = read(api, f"/imports/{row['id']}")["preview"]["rows"]
    assert [each["name"] for each in shown["contributors"]] == ["Homer", "Virgil"]
    assert started(api, row, work, **options)["counts"]["created"] == 1
    assert started(api, row, work, **options, on_conflict="keep")["counts"]["unchanged"] == 1
    assert titles(api, one) == [one]


def test_a_form_of_a_browser_has_the_file_and_its_name(api: httpx.Client, work: Work):
    one = marker()
    content = gzip.compress(f"TY  - BOOK\nTI  - {one}\nER  - \n".encode())

    response = api.post("/imports", files={"file": ('C:\\my "books".ris.gz', content, "application/gzip")})
    work()

    row = read(api, response.headers["Location"])
    assert (row["name"], row["size"]) == ('my "books".ris.gz', len(content))
    assert (row["preview"]["format"], row["preview"]["columns"]) == ("ris", None)
    assert row["preview"]["rows"][0]["title"] == one


LARGE = 9_000_000
"""Bytes of more than other bodies may have."""


def large(title: str) -> bytes:
    """Return a table with such a size."""
    rows = [f"{title} {number},{'x' * 90_000}\n" for number in range(LARGE // 90_000)]
    return "".join(["title,shelf\n", *rows]).encode()


def in_form(content: bytes, boundary: str = "limit") -> tuple[bytes, dict[str, str]]:
    """Return a form with a field and a file, and its headers."""
    parts = (("note", b"x"), ('upload"; filename="books.csv', content))
    body = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"
        for name, value in parts
    )
    return body + f"--{boundary}--".encode(), {"Content-Type": f"multipart/form-data; boundary={boundary}"}


@each_once
def test_a_file_may_be_larger_than_other_bodies_and_come_in_a_form_or_in_gzip(api: httpx.Client, work: Work):
    one = marker()
    content = large(one)
    form, kind = in_form(content)
    coded = {"Content-Encoding": "gzip"}
    chunks = (content[start : start + 70_000] for start in range(0, len(content), 70_000))
    requests: list[tuple[Any, dict[str, str]]] = [
        (content, {}),
        (chunks, {}),
        (form, kind),
        (gzip.compress(content, 1), coded),
        (gzip.compress(form, 1), kind | coded),
    ]

    rows = [api.post("/imports", content=body, headers=headers).raise_for_status().json() for body, headers in requests]
    assert started_later(api, rows[:1], work)["records"] == LARGE // 90_000

    assert [row["size"] for row in rows] == [len(content)] * 5
    assert [row["name"] for row in rows] == [None, None, "books.csv", None, "books.csv"]
    assert started(api, rows[-1], work)["counts"]["created"] == LARGE // 90_000


def started_later(api: httpx.Client, rows: list[dict[str, Any]], work: Work) -> dict[str, int]:
    """Do the jobs of files, and return what the job of the first has counted."""
    work()
    return read(api, f"/imports/{rows[0]['id']}")["job"]["counts"]  # type: ignore[no-any-return]


@each_once
def test_a_file_is_sent_again_by_its_key_whatever_is_between_the_parts_of_its_form(api: httpx.Client):
    key = {"Idempotency-Key": f'"{new_id()}"'}

    def posted(content: bytes, boundary: str) -> httpx.Response:
        form, kind = in_form(content, boundary)
        return api.post("/imports", content=form, headers=kind | key)

    first, second = posted(b"title\nx\n", "first"), posted(b"title\nx\n", "second")

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert posted(b"title\ny\n", "first").status_code == 422
    api.post(f"/jobs/{first.json()['job']['id']}/cancel").raise_for_status()


def test_the_answer_to_a_file_is_the_import(api: httpx.Client):
    response = api.post("/imports?name=books.csv", content=b"title\nx\n")

    row = response.json()
    assert response.headers["Content-Location"] == response.headers["Location"] == f"/imports/{row['id']}"
    assert response.headers["ETag"] == api.get(f"/imports/{row['id']}").headers["ETag"]
    api.post(f"/jobs/{row['job']['id']}/cancel").raise_for_status()


def test_rejects_of_formats_without_columns_have_the_number_and_the_content(api: httpx.Client, work: Work):
    row = sent(api, b'{"title": "x", "isbn": 1}\n{"author": "nobody"}\n[]\n', "books.jsonl")
    work()

    assert started(api, row, work)["counts"]["rejected"] == 2
    header, *rejects = csv.reader(io.StringIO(api.get(f"/imports/{row['id']}/rejects.csv").text))
    assert header == ["number", "content", "reason"]
    assert [(number, content) for number, content, _ in rejects] == [("2", '{"author": "nobody"}'), ("3", "[]")]


def test_a_strict_import_stops_at_the_first_reject_and_keeps_what_came_before(api: httpx.Client, work: Work):
    one = marker()
    row = sent(api, f"title\n{one} a\n{one} b\n''\n \n{one} c\n".replace("''", '""').encode())
    work()

    job = started(api, row, work, strict=True)

    assert (job["state"], job["counts"]["created"], job["counts"]["rejected"]) == ("succeeded", 2, 1)
    assert titles(api, one) == [f"{one} a", f"{one} b"]


def test_an_import_is_undone_by_a_job_but_for_what_was_changed_later(
    api: httpx.Client, administrator: httpx.Client, work: Work
):
    one = marker()
    file = sent(administrator, f"title,year,author\n{one} a,2,\n{one} b,3,{one}\n{one} c,3,{one}\n".encode())
    path = f"/imports/{file['id']}/undo"
    assert administrator.post(path).status_code == 409
    work()
    assert administrator.post(path).status_code == 409
    assert started(administrator, file, work)["counts"]["created"] == 3
    books = read(api, f"/books?searchString={one}&orderBy=title&sortOrder=asc")["items"]
    changed = books[-1]
    administrator.patch(f"/books/{changed['id']}", json={"pages": 7}).raise_for_status()
    assert api.post(path).status_code == 401

    response = administrator.post(path)
    work()

    assert response.status_code == 202
    undone = read(administrator, response.headers["Location"])
    assert (undone["type"], undone["state"]) == ("import-undo", "succeeded")
    assert undone["counts"] == {"deleted": 2, "changed_back": 0, "restored": 0, "left": 2}
    assert titles(api, one) == [changed["title"]]
    assert administrator.post(path).status_code == 409


def test_what_is_wrong_is_told_in_the_words_of_the_api(api: httpx.Client, work: Work):
    rows = [
        (sent(api, b"Nom\nx\n")["id"], 'map {"title": ["COLUMN"]}'),
        (api.post("/imports", content=b"?").json()["id"], "the file does not show its format"),
    ]
    undecodable = sent(api, b"title\n\xff\n")
    work()

    for row_id, words in rows:
        error = read(api, f"/imports/{row_id}")["job"]["error"]
        assert words in error
        assert "--" not in error
    assert started(api, undecodable, work)["counts"]["rejected"] == 1
    assert "as encoding windows-1252" in api.get(f"/imports/{undecodable['id']}/rejects.csv").text


def test_an_import_is_not_read_twice_at_once_and_can_be_deleted(api: httpx.Client, work: Work):
    row = sent(api, b"title\nx\n")
    path = f"/imports/{row['id']}"
    for method, below in (("POST", "/start"), ("POST", "/preview"), ("DELETE", "")):
        assert api.request(method, f"{path}{below}").status_code == 409
    assert api.post(f"/jobs/{row['job']['id']}/cancel").status_code == 200

    assert api.delete(path).status_code == 204

    for below in ("", "/rejects.csv"):
        assert api.get(f"{path}{below}").status_code == 404
    assert api.post(f"{path}/start").status_code == 404
    work()


def test_whoever_sent_a_file_sees_it_and_administrators_see_all(api: httpx.Client, administrator: httpx.Client):
    account = administrator.post("/accounts", json={"name": marker(), "role": "editor"}).json()
    token = administrator.post("/tokens", json={"label": "Test", "account_id": account["id"]}).json()["token"]
    header = {"Authorization": f"Bearer {token}"}
    made = api.post("/imports", content=b"title\nx\n", headers=header).json()
    anonymous = sent(api, b"title\nx\n")

    page = api.get("/imports", headers=header).json()

    assert [row["id"] for row in page["items"]] == [made["id"]]
    assert made["principal"] == account["id"]
    assert api.get(f"/imports/{made['id']}").status_code == 404
    assert api.get(f"/imports/{anonymous['id']}", headers=header).status_code == 404
    newest = [row["id"] for row in read(administrator, "/imports")["items"]][:2]
    assert newest == [anonymous["id"], made["id"]]
    for row in (made, anonymous):
        administrator.post(f"/jobs/{row['job']['id']}/cancel")


@each_once
def test_what_is_no_file_is_refused(api: httpx.Client):
    form = "multipart/form-data; boundary=x"
    file = 'Content-Disposition: form-data; name="f"; filename="a.csv"\r\n\r\n'
    for content, kind, status in (
        (b"", "text/csv", 422),
        (b"title\n", form, 400),
        (b"title\n", "multipart/form-data", 400),
        (f"--x\r\n{file}\r\n--x--\r\n".encode(), form, 422),
        (f"--x\r\n{file}a\r\n--x\r\n{file}b\r\n--x--".encode(), form, 400),
        (b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\na\r\n--x--', form, 400),
        (f"--x\r\n{file}a\r\n".encode(), form, 400),
    ):
        response = api.post("/imports", content=content, headers={"Content-Type": kind})
        assert response.status_code == status, (content, response.text)
    for coding, status in (("gzip", 400), ("br", 415)):
        response = api.post("/imports", content=b"title\n", headers={"Content-Encoding": coding})
        assert response.status_code == status, response.text
    for path in ("start", "preview"):
        assert api.post(f"/imports/{new_id()}/{path}", json={"format": "jsonld"}).status_code == 422
        assert api.post(f"/imports/{new_id()}/{path}", json={}).status_code == 404
    assert api.get("/imports?orderBy=name").status_code == 422
