"""The complete table, and the responses of two deployments to one case."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.contract.making import Row, make, make_author, make_book, make_tag, marker, new_isbn, read
from tests.support import patient
from tests.support.answers import neutral
from tests.support.wire import Answer, Exchange, Target, exchange, fill
from tests.wire.allowed import HEADERS
from tests.wire.bodies import bodies
from tests.wire.case import CLOSE, HOST, ID, Case, head
from tests.wire.files import CONTENT, files
from tests.wire.heads import heads
from tests.wire.targets import targets


def _table() -> list[Case]:
    found: dict[tuple[bytes, bool], Case] = {}
    for case in (*targets(), *heads(), *bodies(), *files()):
        found.setdefault((case.message, case.half_close), case)
    return list(found.values())


CASES = _table()


def one_in(number: int, cases: Sequence[Case]) -> list[Any]:
    """Return the cases as parameters of a test; the others than each number-th are left to `make test-long`.

    Similar cases are neighbours in the table, so there is one of each kind.
    """
    return [
        pytest.param(case, id=name, marks=() if place % number == 0 else pytest.mark.unsampled)
        for place, (case, name) in enumerate(zip(cases, ids(cases), strict=True))
    ]


def ids(cases: Sequence[Case]) -> list[str]:
    """Return a unique name for each case."""
    # No text that pytest or xdist would interpret, such as "::".
    return [f"{number}-{re.sub('[^A-Za-z0-9_./=-]+', '_', case.name)}" for number, case in enumerate(cases)]


@dataclass(frozen=True)
class Rows:
    """Rows that the cases use, by their names in messages."""

    known: Mapping[str, str]

    @classmethod
    def made(cls, api: httpx.Client) -> Rows:
        """Create rows."""
        author = make_author(api, name=f"École {marker()}", dob="1929-10-21")
        book = make_book(api, author_id=author["id"], isbn=new_isbn(), year=1974, language="fr", description="Été.\n")
        other = make_book(api, isbn=new_isbn())
        tag = make_tag(api, description="É")
        assert api.put(f"/books/{book['id']}/tags", json={"items": [tag["name"], marker()]}).status_code == 200
        more = {resource: make(api, resource)["id"] for resource in ("publishers", "series")}
        file = api.post(f"/books/{book['id']}/files?kind=cover", content=CONTENT)
        more["file"] = file.raise_for_status().json()["id"]
        return cls(_known(author, book, other, tag) | more)

    @classmethod
    def found(cls, api: httpx.Client) -> Rows:
        """Find existing rows; where there are none, use ids that no row has."""
        nobody = {"id": ID, "slug": "nobody", "isbn": None, "name": "nobody"}
        author, book, tag, publisher, series = (
            next(iter(read(api, f"/{each}", pageSize=1)["items"]), nobody)
            for each in ("authors", "books", "tags", "publishers", "series")
        )
        file = next(iter(read(api, f"/books/{book['id']}/files")["items"]), nobody) if book is not nobody else nobody
        return cls(
            _known(author, book, book, tag)
            | {"publishers": publisher["id"], "series": series["id"], "file": file["id"]}
        )

    def names(self, prefix: str) -> dict[str, str]:
        """Return the placeholders of one exchange; {marker} and {fresh} are new each time."""
        return {**self.known, "prefix": prefix, "marker": marker(), "fresh": str(uuid.uuid4())}


def _known(author: Row, book: Row, other: Row, tag: Row) -> dict[str, str]:
    ids = {"author": author["id"], "AUTHOR": author["id"].upper(), "book": book["id"], "tag": tag["id"]}
    ids |= {"authors": ids["author"], "books": ids["book"], "tags": ids["tag"]}
    return ids | {"slug": quote(author["slug"]), "isbn": other["isbn"] or "9780000000002", "name": tag["name"]}


@dataclass(frozen=True)
class Pair:
    """Two deployments on one database, and rows that both have."""

    flask: str
    sanic: str
    rows: Rows

    @classmethod
    def of(cls, flask: str, sanic: str) -> Pair:
        with patient.Client(base_url=flask) as api:
            return cls(flask, sanic, Rows.made(api))


def ask(url: str, case: Case, rows: Rows) -> Exchange:
    """Return a deployment's responses, without the headers that always differ."""
    target = Target.of(url)
    names = rows.names(target.prefix)
    got = exchange(target, fill(case.message, names), case.methods, half_close=case.half_close)
    answers = (_comparable(answer, names["marker"] if case.writes else None) for answer in got.answers)
    return Exchange(tuple(answers), got.kept)


FORM_KEY = re.compile(rb'name="form_key" value="([0-9a-f-]{36})"')
"""The key of a form, which is random."""


def _comparable(answer: Answer, name: str | None) -> Answer:
    headers = tuple((each, value) for each, value in answer.headers if each not in HEADERS)
    if keys := FORM_KEY.findall(answer.body):
        answer = Answer(answer.status, answer.reason, headers, answer.body.replace(keys[0], b"<key>"))
    if name is None:
        return Answer(answer.status, answer.reason, headers, answer.body)

    def without(text: str) -> str:
        return neutral(text.replace(name, "<marker>"))

    headers = tuple((each, "<tag>" if each == "etag" else without(value)) for each, value in headers)
    return Answer(answer.status, answer.reason, headers, without(answer.body.decode()).encode())


def fingerprint(pair: Pair) -> list[bytes]:
    """Return the number of rows of each list, and the row changed last: any write changes one of the two."""
    target = Target.of(pair.sanic)
    paths = [f"{target.prefix}/{each}?pageSize=1&orderBy=updated_at" for each in ("authors", "books", "tags")]
    # Another application's server may close after each request, as gunicorn's sync worker does.
    lists = [head("GET", path, HOST) for path in paths[:-1]] + [head("GET", paths[-1], HOST, CLOSE)]
    got = exchange(target, b"".join(lists), ["GET"] * 3).answers
    assert [answer.status for answer in got] == [200] * 3
    return [answer.body for answer in got]
