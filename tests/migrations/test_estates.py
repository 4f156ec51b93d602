"""`diptych database adopt` on databases as public applications have them: every value arrives where it belongs."""

# ruff: noqa: S608 - the names are of this file and of tests/support/estates.py

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from uuid import UUID

import pytest

from diptych.core.db.schema_version import head
from tests.support import before, commands, patient
from tests.support.databases import BACKENDS, Databases, tables
from tests.support.deployments import deployment
from tests.support.estates import ESTATES, Book, Example

pytestmark = pytest.mark.long

every_estate = pytest.mark.parametrize("name", ESTATES)
both = pytest.mark.parametrize("backend", BACKENDS)


def made(databases: Databases, backend: str, name: str) -> tuple[str, Example]:
    """Return the URL of an estate and what it is."""
    url, example = databases.empty(backend), ESTATES[name](backend)
    before.execute(url, *example.statements)
    return url, example


def books_of(url: str) -> Iterator[Book]:
    """Yield every book of a catalogue, read by SQL."""
    authors = dict(before.rows(url, "SELECT id, name FROM author"))
    others: dict[object, dict[int, str]] = {}
    for book_id, position, author_id, role in before.rows(
        url, "SELECT book_id, position, author_id, role FROM book_contributor"
    ):
        assert role == "author"
        others.setdefault(book_id, {})[position] = authors[author_id]
    tags: dict[object, list[str]] = {}
    for book_id, tag in before.rows(url, "SELECT book_id, name FROM book_tag JOIN tag ON id = tag_id ORDER BY name"):
        tags.setdefault(book_id, []).append(tag)
    columns = "id, author_id, title, isbn, year, language, description"
    for book_id, author_id, title, *values in before.rows(url, f"SELECT {columns} FROM book"):
        found = others.get(book_id, {})
        first = next(position for position in range(len(found) + 1) if position not in found)
        names = [name for _, name in sorted({**found, first: authors[author_id]}.items())]
        yield Book(title, tuple(names), *values, tuple(tags.get(book_id, ())))


@every_estate
@both
def test_every_title_year_isbn_date_author_and_tag_of_an_estate_arrives(databases: Databases, backend: str, name: str):
    url, example = made(databases, backend, name)
    content = before.dump(url)
    if example.refused:
        refused = commands.invoked(url, "database", "adopt")
        assert refused.exit_code == 1
        assert example.refused in refused.stderr
    dry = commands.done(url, "database", "adopt", "--dry-run", *example.options)
    assert before.dump(url) == content
    told = commands.done(url, "database", "adopt", *example.options)

    assert told.splitlines()[:-1] == dry.splitlines()[:-1]
    assert before.rows(url, "SELECT version_num FROM alembic_versions") == [(head(),)]
    assert Counter(books_of(url)) == Counter(example.books)
    dobs = before.rows(url, "SELECT name, dob FROM author")
    assert sorted((name, dob and str(dob)) for name, dob in dobs) == sorted(example.dobs.items())
    assert before.rows(url, "SELECT count(*) FROM tag") == [
        (len({tag for book in example.books for tag in book.tags}),)
    ]
    commands.done(url, "database", "check")


@every_estate
@both
def test_every_column_of_an_estate_is_counted_before_and_after(databases: Databases, backend: str, name: str):
    url, example = made(databases, backend, name)
    told = commands.done(url, "database", "adopt", *example.options)
    counted = {
        column: (int(before_), after, place)
        for column, before_, after, place in re.findall(r"^  (\w+\.\w+) +(\d+) +(\d+|-)  (.+)$", told, re.MULTILINE)
    }
    adopted = {column.partition(".")[0] for column in counted}
    for table in adopted:
        place = f"before_adoption_{table}"
        rows = before.rows(url, f"SELECT * FROM {place}")
        names = [column.partition(".")[2] for column in counted if column.partition(".")[0] == table]
        for number, column in enumerate(names):
            values = [row[number] for row in rows if row[number] is not None and str(row[number]).strip()]
            assert counted[f"{table}.{column}"][0] == len(values), column
    assert {column for column, (_, after, _) in counted.items() if after == "-"} >= example.left
    titles = next(after for _, after, place in counted.values() if place == "book.title")
    assert int(titles) == len(example.books)
    everything = {row[0] for row in before.rows(url, "SELECT id FROM author UNION SELECT id FROM book")}
    for found in re.findall(r"^  (SELECT .+)$", told, re.MULTILINE):
        ids = {row[0] for row in before.rows(url, found)}
        assert ids
        assert ids <= everything


@both
def test_ids_are_written_down_and_what_referred_to_the_old_tables_still_does(databases: Databases, backend: str):
    url, example = made(databases, backend, "plural")
    commands.done(url, "database", "adopt", *example.options)
    assert {"users", "ratings", "before_adoption_books", "before_adoption_authors"} <= tables(url)
    rated = "SELECT title FROM ratings JOIN before_adoption_books b ON b.id = book_id"
    assert before.rows(url, rated) == [("Things Fall Apart",)]
    there = "SELECT b.title, o.title FROM book b JOIN adopted_id ON new_id = b.id JOIN before_adoption_books o"
    pairs = before.rows(url, f"{there} ON kind = 'book' AND old_id = CAST(o.id AS TEXT)")
    assert len(pairs) == 40
    assert all(new == old for new, old in pairs)
    kinds = dict(before.rows(url, "SELECT kind, count(*) FROM adopted_id GROUP BY kind"))
    assert kinds == {"author": 8, "book": 40}


@pytest.mark.unsampled
@pytest.mark.parametrize(("backend", "adapter"), [("sqlite", "flask"), ("postgresql", "sanic")])
def test_the_service_shows_co_authors_in_their_order(databases: Databases, backend: str, adapter: str):
    url, _ = made(databases, backend, "m2m")
    commands.done(url, "database", "adopt")
    with deployment(adapter, url) as base:
        parameters = {"searchString": "Left Hand", "include": "contributors"}
        (book,) = patient.get(f"{base}/books", params=parameters).json()["items"]
    assert [each["author"]["name"] for each in book["contributors"]] == ["Ursula K. Le Guin", "Chinua Achebe"]
    assert book["author"]["name"] == "Ursula K. Le Guin"
    assert UUID(book["id"]).version == 7
