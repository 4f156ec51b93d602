"""Any invalid request gets a problem that names every bad field, and changes nothing."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.contract.conftest import each_once
from tests.contract.making import (
    NAMED_BY,
    RESOURCES,
    Row,
    body_of,
    found,
    make,
    make_author,
    marker,
    new_id,
    read,
    refused,
    send,
)

pytestmark = each_once

everywhere = pytest.mark.parametrize("resource", RESOURCES)

NOT_TEXT: list[Any] = [None, True, 5, 1.5, [], {}, ["x"]]
NOT_A_LINE = ["\x00", "a\x00b", "\ud800", "a\udc00b", "\x1b[31m", "a\nb", "a\tb", "\x7f", "\x85x\x85", "\x9f"]
EMPTY = ["", " ", "\n", "\u00a0\u3000"]

BAD: list[tuple[str, str, Any]] = [
    *(
        ("authors", "name", value)
        for value in [*NOT_TEXT, *NOT_A_LINE, *EMPTY, "n" * 256, "\ufb2c" * 86, "n" * 100_000]
    ),
    *(
        ("authors", "dob", value)
        for value in [
            *(
                [
                    0,
                    1.5,
                    True,
                    [],
                    {},
                    "",
                    "today",
                    "1929",
                    "1929-10",
                    "1929-1-2",
                    "1929-13-01",
                    "1929-02-29",
                    "0000-01-01",
                ]
            ),
            *(
                [
                    "1929-10-21T00:00:00Z",
                    "19291021",
                    "1929-W43-1",
                    " 1929-10-21",
                    "-1929-10-21",
                    "10000-01-01",
                    "\u0661\u0669\u0662\u0669-\u0661\u0660-\u0662\u0661",
                ]
            ),
            *(["1929-10-21\n", "\x00", "\ud800", 2**63]),
        ]
    ),
    *(("books", "title", value) for value in [*NOT_TEXT, *NOT_A_LINE, *EMPTY, "t" * 1001, "\ufb2c" * 334]),
    *(
        ("books", "author_id", value)
        for value in [
            *(value for value in NOT_TEXT if value is not None),
            "",
            "nobody",
            "0" * 32,
            "{01a1fbd7-55dd-7561-861e-8d0bba31278f}",
            "\x00",
            "\ud800",
            2**63,
        ]
    ),
    *(
        ("books", "isbn", value)
        for value in [
            *([5, True, [], {}, 9780306406157, 9.78, "", "-", "isbn", "x", "978030640615", "97803064061577"]),
            *(
                [
                    "9780306406158",
                    "0306406153",
                    "9770306406150",
                    "030640615Y",
                    "X306406152",
                    "\u0669\u0667\u0668\u0660\u0663\u0660\u0666\u0664\u0660\u0666\u0661\u0665\u0667",
                ]
            ),
            *(["9780306406157; 9780306406157", "\x00", "9780306406157\x00", "\ud800", "9" * 10_000]),
        ]
    ),
    *(
        ("books", "year", value)
        for value in [True, "1974", "", [], {}, 1974.0, 1974.5, 3001, -4001, 40_000, 2**31, 2**63, -(2**63) - 1, 1e300]
    ),
    *(
        ("books", "language", value)
        for value in [
            5,
            True,
            [],
            {},
            "",
            "english",
            "e",
            "en-",
            "-en",
            "en--GB",
            "en-GB-GB-GB",
            "é",
            "\x00",
            "\ud800",
            "a" * 10_000,
        ]
    ),
    *(
        ("books", "description", value)
        for value in [5, False, [], {}, "\x00", "fine\x00", "\x0b", "\ud800", "d" * 10_001, "\ufb2c" * 3334]
    ),
    *(
        ("tags", "name", value)
        for value in [
            *NOT_TEXT,
            *EMPTY,
            "\x00",
            "a\x00b",
            "\ud800",
            "\x1b",
            "\x85x\x85",
            "n" * 101,
            "İ" * 51 + "n" * 49,
        ]
    ),
    *(("tags", "description", value) for value in [5, False, [], {}, "\x00", "\ud800", "d" * 10_001]),
    *((resource, "nobody", value) for resource in RESOURCES for value in [None, 5, {"deep": [{}]}]),
    *((resource, member, "x") for resource in RESOURCES for member in ("id", "created_at", "", "é", "Name", "\x00")),
]


def identify(value: Any) -> str:
    text = ascii(value)
    return text if len(text) < 40 else f"{text[:12]}..({len(text)})"


@pytest.fixture(scope="session")
def standing(api: httpx.Client) -> Row:
    """Create a row of each resource that nothing in this module may change."""
    return {"authors": make(api, "authors"), "books": make(api, "books"), "tags": make(api, "tags")}


@pytest.mark.parametrize(("resource", "field", "value"), BAD, ids=identify)
def test_a_bad_member_is_named_wherever_it_is_sent_and_changes_nothing(
    api: httpx.Client, standing: Row, resource: str, field: str, value: Any
):
    row, word = standing[resource], marker()
    here = f"/{resource}/{row['id']}"
    good: Row = {NAMED_BY[resource]: word}
    if resource == "books":
        good["author_id"] = row["author_id"]
    body = {**good, field: value}

    refused(send(api, "POST", f"/{resource}", body), 422, f"/{field}")
    refused(send(api, "PATCH", here, {field: value}), 422, f"/{field}")
    refused(send(api, "PUT", here, body), 422, f"/{field}")
    refused(send(api, "POST", f"/{resource}/batch", {"items": [good, body]}), 422, f"/items/1/{field}")
    if field != "id":
        changes = {"items": [{"id": row["id"], field: value}]}
        refused(send(api, "PATCH", f"/{resource}/batch", changes), 422, f"/items/0/{field}")

    assert read(api, here) == row
    assert found(api, resource, word) == []


@pytest.mark.parametrize(("resource", "field", "value"), BAD[::7], ids=identify)
def test_a_bad_member_is_named_in_an_upsert_and_at_a_free_id_too(
    api: httpx.Client, resource: str, field: str, value: Any
):
    good, new = body_of(api, resource), f"/{resource}/{new_id()}"
    body = {**good, field: value}

    refused(send(api, "PUT", new, body), 422, f"/{field}")
    refused(send(api, "PUT", f"/{resource}/batch", {"items": [good, body]}), 422, f"/items/1/{field}")

    refused(api.get(new), 404)
    assert found(api, resource, good[NAMED_BY[resource]]) == []


@pytest.mark.parametrize(
    ("resource", "body", "places"),
    [
        ("authors", {}, ["/name"]),
        ("authors", {"dob": "x", "x": 1, "y": 2}, ["/name", "/dob", "/x", "/y"]),
        ("books", {}, ["/title", "/author_id"]),
        (
            "books",
            {"title": 1, "author_id": 2, "isbn": 3, "year": "4", "language": 5, "description": 6, "slug": "7"},
            ["/title", "/author_id", "/isbn", "/year", "/language", "/description", "/slug"],
        ),
        ("tags", {}, ["/name"]),
        ("tags", {"description": 5, "a/b~c": 1}, ["/name", "/description", "/a~1b~0c"]),
    ],
)
def test_every_bad_member_is_named_at_once(api: httpx.Client, resource: str, body: Row, places: list[str]):
    new = f"/{resource}/{new_id()}"

    refused(api.post(f"/{resource}", json=body), 422, *places)
    refused(api.put(new, json=body), 422, *places)
    refused(api.post(f"/{resource}/batch", json={"items": [body]}), 422, *(f"/items/0{place}" for place in places))

    refused(api.get(new), 404)


def test_bad_members_and_bad_parameters_are_named_together(api: httpx.Client):
    author = make_author(api)

    refused(
        api.patch(f"/authors/{author['id']}", params={"x": 1}, json={"name": 5, "dob": 5}), 422, "x", "/name", "/dob"
    )
    refused(api.post("/books", params={"include": "tags"}, json={}), 422, "include", "/title", "/author_id")

    assert read(api, f"/authors/{author['id']}") == author


NOT_JSON = {
    "nothing": b"",
    "white space": b" \n\t ",
    "half an object": b'{"name": ',
    "a trailing comma": b'{"name": "x",}',
    "single quotes": b"{'name': 'x'}",
    "two values": b'{"name": "x"} {"name": "y"}',
    "a comment": b'{"name": "x"} // y',
    "a byte order mark": b'\xef\xbb\xbf{"name": "x"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "Latin-1": '{"name": "École"}'.encode("latin-1"),
    "an over-long NUL": b'{"name": "\xc0\x80"}',
    "an encoded surrogate": b'{"name": "\xed\xa0\x80"}',
    "a raw control character": b'{"name": "a\x00b"}',
    "a raw newline in a string": b'{"name": "a\nb"}',
    "a bad escape": b'{"name": "\\x41"}',
    "half an escape": b'{"name": "\\u12"}',
    "NaN": b'{"name": "x", "year": NaN}',
    "Infinity": b'{"name": "x", "year": Infinity}',
    "minus Infinity": b'{"name": "x", "year": -Infinity}',
    "a number past a double": b'{"name": "x", "year": 1e999}',
    "a number of many digits": b'{"name": "x", "year": ' + b"9" * 5000 + b"}",
    "a leading zero": b'{"name": "x", "year": 007}',
    "a hexadecimal number": b'{"name": "x", "year": 0x10}',
    "a member twice": b'{"name": "x", "name": "y"}',
    "a member twice, once escaped": b'{"name": "x", "\\u006eame": "y"}',
    "a surrogate twice": b'{"\\ud800": 1, "\\ud800": 2}',
    "a member twice deep inside": b'{"items": [{"name": "x", "name": "y"}]}',
    "33 levels": b"[" * 33 + b"]" * 33,
    "a hundred thousand levels": b"[" * 100_000,
    "ten thousand closed levels": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "True": b"True",
    "an HTML form": b"name=x",
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
}

NOT_AN_OBJECT = [b"null", b"[]", b'"name"', b"5", b"true", b'[{"name": "x"}]', b"[" * 32 + b"]" * 32, b"1.5e3"]


def writes(standing: Row) -> list[tuple[str, str]]:
    """Return (method, path) of every kind of write."""
    here = f"/books/{standing['books']['id']}"
    batches = [(method, "/books/batch") for method in ("POST", "PATCH", "PUT", "DELETE")]
    parts = [("PUT", f"{here}/{part}") for part in ("tags", "contributors")]
    return [("POST", "/authors"), ("POST", "/books"), ("PATCH", here), ("PUT", here), *batches, *parts]


def unchanged(api: httpx.Client, standing: Row) -> bool:
    book = standing["books"]
    parts = read(api, f"/books/{book['id']}", include="tags,contributors")
    return parts == {**book, "tags": [], "contributors": [{"role": "author", "author": book["author"]}]}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_a_body_that_is_not_strictly_json_is_a_400_everywhere(api: httpx.Client, standing: Row, body: bytes):
    for method, path in writes(standing):
        # A deletion may name its ids in the query, and needs no body then.
        refused(send(api, method, path, body), 422 if method == "DELETE" and not body else 400)
    assert unchanged(api, standing)


@pytest.mark.parametrize("body", NOT_AN_OBJECT)
def test_json_that_is_not_an_object_is_a_422_everywhere(api: httpx.Client, standing: Row, body: bytes):
    for method, path in writes(standing):
        refused(send(api, method, path, body), 422, "")
    assert unchanged(api, standing)


@pytest.mark.parametrize(
    ("body", "place", "code", "detail"),
    [
        ([], "", "model_type", "Input should be an object"),
        ({"items": [5]}, "/items/0", "model_type", "Input should be an object"),
        ({"items": {}}, "/items", "list_type", "Input should be an array"),
        ({"items": []}, "/items", "too_short", "Array should have at least 1 item(s)"),
        ({"items": [5] * 1001}, "/items", "too_long", "Array should have at most 1000 items"),
    ],
    ids=["no object", "an item that is none", "no array", "an empty array", "a long array"],
)
def test_what_json_calls_a_thing_is_what_a_fault_calls_it(
    api: httpx.Client, body: Any, place: str, code: str, detail: str
):
    for method in ("POST", "PATCH", "PUT"):
        problem = refused(send(api, method, "/authors/batch", body), 422, place)
        assert problem["errors"] == [{"pointer": place, "code": code, "detail": detail}]


def test_a_member_whose_name_is_a_lone_surrogate_is_a_4xx(api: httpx.Client, standing: Row):
    for method, path in writes(standing):
        response = send(api, method, path, {"\ud800": 1})
        assert response.status_code in (400, 422), response.text
        refused(response, response.status_code)
    assert unchanged(api, standing)


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "json",
        "application/jsonp",
    ],
)
def test_a_body_of_another_media_type_is_a_415_everywhere(api: httpx.Client, standing: Row, content_type: str | None):
    for method, path in writes(standing):
        refused(send(api, method, path, b'{"name": "x"}', content_type), 415)
    assert unchanged(api, standing)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "application/merge-patch+json",
    ],
)
def test_json_is_taken_under_any_of_its_names(api: httpx.Client, content_type: str):
    author, name = make_author(api), f"Renamed {marker()}"

    changed = send(api, "PATCH", f"/authors/{author['id']}", {"name": name}, content_type)

    assert changed.status_code == 200
    assert read(api, f"/authors/{author['id']}")["name"] == name


def test_escapes_and_raw_characters_are_the_same_text(api: httpx.Client):
    word = marker()

    raw = send(api, "POST", "/authors", f'{{"name": "\u00c9 \U0001f984 {word}"}}'.encode())
    escaped = send(api, "POST", "/authors", f'{{"\\u006eame": "\\u00c9 \\ud83e\\udd84 {word}"}}'.encode())

    assert (raw.status_code, escaped.status_code) == (201, 201)
    assert [row["name"] for row in found(api, "authors", word)] == [f"É 🦄 {word}"] * 2


@everywhere
def test_a_read_takes_no_parameters_it_does_not_know(api: httpx.Client, resource: str):
    row = make(api, resource)

    refused(api.get(f"/{resource}/{row['id']}", params={"fields": "id"}), 422, "fields")
    refused(api.delete(f"/{resource}/{row['id']}", params={"force": "true"}), 422, "force")

    assert read(api, f"/{resource}/{row['id']}") == row


@pytest.mark.parametrize("marks", ["\u0327\u0301" * 16, "\u0327\u0301" * 1_000_000], ids=["a few", "a million"])
def test_a_row_of_marks_without_end_is_refused_before_it_keeps_anybody_waiting(api: httpx.Client, marks: str):
    refused(api.post("/authors", json={"name": f"a{marks}"}), 422, "/name")

    assert api.get("/health/live").status_code == 200


LONGEST = {
    ("authors", "name"): 255,
    ("books", "title"): 1000,
    ("books", "description"): 10_000,
    ("tags", "name"): 100,
    ("tags", "description"): 10_000,
}
"""Characters of each text, as it is kept."""


@pytest.mark.parametrize(("resource", "member"), LONGEST)
@pytest.mark.parametrize("padding", [" ", "\u3000"], ids=["spaces", "ideographic spaces"])
def test_a_text_of_more_than_four_times_its_limit_is_refused_before_it_is_cleaned(
    api: httpx.Client, resource: str, member: str, padding: str
):
    longest = LONGEST[resource, member]
    body = body_of(api, resource)
    padded = marker().ljust(4 * longest, padding)

    assert api.post(f"/{resource}", json=body | {member: padded}).status_code == 201
    (fault,) = refused(api.post(f"/{resource}", json=body | {member: padded + padding}), 422, f"/{member}")["errors"]
    assert (fault["code"], fault["detail"]) == ("string_too_long", f"should have at most {longest} characters")


@pytest.mark.parametrize(("resource", "member"), [each for each in LONGEST if each[1] != "description"])
def test_a_name_that_folds_to_more_than_twice_its_limit_is_refused(api: httpx.Client, resource: str, member: str):
    longest = LONGEST[resource, member]
    body = body_of(api, resource)
    ligature = "\ufdfa"  # folds to eighteen characters
    most = marker() + ligature * ((2 * longest - len(marker())) // 18)

    assert api.post(f"/{resource}", json=body | {member: most}).status_code == 201
    (fault,) = refused(api.post(f"/{resource}", json=body | {member: most + ligature}), 422, f"/{member}")["errors"]
    assert fault["detail"] == f"should have at most {2 * longest} characters when folded for search"
