"""The whole table, and what two deployments make of one case."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import httpx

from tests.contract.making import Row, make_author, make_book, make_tag, marker, new_isbn
from tests.support.answers import neutral
from tests.support.wire import Answer, Exchange, Target, exchange, fill
from tests.wire.allowed import HEADERS
from tests.wire.bodies import bodies
from tests.wire.case import Case
from tests.wire.heads import heads
from tests.wire.targets import targets


def _table() -> list[Case]:
    found: dict[tuple[bytes, bool], Case] = {}
    for case in (*targets(), *heads(), *bodies()):
        found.setdefault((case.message, case.half_close), case)
    return list(found.values())


CASES = _table()


def ids(cases: Sequence[Case]) -> list[str]:
    """A name of its own for each case."""
    return [f"{number}-{case.name.encode('ascii', 'replace').decode()}" for number, case in enumerate(cases)]


class Rows:
    """Rows that the cases are about, made over HTTP, and the names they have in messages."""

    def __init__(self, api: httpx.Client) -> None:
        author = make_author(api, name=f"École {marker()}", dob="1929-10-21")
        book = make_book(api, author_id=author["id"], isbn=new_isbn(), year=1974, language="fr", description="Été.\n")
        other = make_book(api, isbn=new_isbn())
        tag = make_tag(api, description="É")
        assert api.put(f"/books/{book['id']}/tags", json={"items": [tag["name"], marker()]}).status_code == 200
        self._names: Row = {"author": author["id"], "AUTHOR": author["id"].upper(), "book": book["id"]}
        self._names |= {"tag": tag["id"], "slug": httpx.URL(path=author["slug"]).raw_path.decode().lstrip("/")}
        self._names |= {"isbn": other["isbn"], "name": tag["name"]}

    def names(self, prefix: str) -> dict[str, str]:
        """What is filled in for one exchange; {marker} and {fresh} are new each time."""
        return {**self._names, "prefix": prefix, "marker": marker(), "fresh": str(uuid.uuid4())}


def ask(url: str, case: Case, rows: Rows, prefix: str = "") -> Exchange:
    """What a deployment answers, without what every answer has of its own."""
    target = Target.of(url + prefix)
    names = rows.names(target.prefix)
    got = exchange(target, fill(case.message, names), case.methods, half_close=case.half_close)
    answers = (_comparable(answer, names["marker"] if case.writes else None) for answer in got.answers)
    return Exchange(tuple(answers), got.kept)


def _comparable(answer: Answer, name: str | None) -> Answer:
    headers = tuple((each, value) for each, value in answer.headers if each not in HEADERS)
    if name is None:
        return Answer(answer.status, answer.reason, headers, answer.body)

    def without(text: str) -> str:
        return neutral(text.replace(name, "<marker>"))

    headers = tuple((each, without(value)) for each, value in headers if each != "etag")
    return Answer(answer.status, answer.reason, headers, without(answer.body.decode()).encode())


def everything(api: httpx.Client) -> list[bytes]:
    """All that is in a catalogue, to see whether anything of it has changed."""
    lists = [api.get(f"/{each}?pageSize=1000") for each in ("authors", "books", "tags")]
    assert [answer.status_code for answer in lists] == [200] * 3
    return [answer.content for answer in lists]
