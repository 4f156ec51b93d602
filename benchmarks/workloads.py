"""The requests of each workload, and the correct responses."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from benchmarks import catalogue as rows
from benchmarks.catalogue import Author, Book, Catalogue, Tag
from diptych.core.engine.slugs import slug
from diptych.core.engine.text_normalization import fold

PAGE_SIZE, PAGES = 20, 50

BATCH = 100

SPREAD = 2000
"""Number of different requests of a repeatable workload."""

CHOSEN = "(chosen by the server)"
"""Stands for ids and times of rows that the request creates or changes."""

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A request, and the correct status and JSON. Both bodies are None where there is none."""

    method: str
    path: str
    status: int
    answer: Body | None
    body: Body | None = None

    @property
    def content(self) -> bytes:
        """The request's body as sent."""
        return b"" if self.body is None else msgspec.json.encode(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One kind of request.

    cases: infinite where each is sent only `once`. adds: rows of `book` that one request adds, None where it changes
    none. conditional: sent with If-None-Match. authorized: sent with a token, which only the service reads. work: the
    approximate cost as a multiple of one row's.
    """

    name: str
    title: str
    cases: Callable[[Catalogue, random.Random], Iterator[Case]]
    adds: int | None = None
    once: bool = False
    conditional: bool = False
    authorized: bool = False
    work: int = 1

    @property
    def writes(self) -> bool:
        """Whether it changes rows."""
        return self.adds is not None

    @property
    def deletes(self) -> bool:
        """Whether it needs rows to delete."""
        return self.adds is not None and self.adds < 0


# Responses


def author_json(author: Author) -> Body:
    """Return an author as JSON."""
    return {
        "id": str(author.id),
        "name": author.name,
        "dob": None if author.dob is None else author.dob.isoformat(),
        "slug": author.slug,
        "created_at": moment(author.created_at),
        "updated_at": moment(author.created_at),
    }


def book_json(book: Book) -> Body:
    """Return a book with its author as JSON."""
    return {
        "id": str(book.id),
        "title": book.title,
        "author_id": str(book.author.id),
        "isbn": book.isbn,
        "year": book.year,
        "language": book.language,
        "description": book.description,
        "slug": book.slug,
        "created_at": moment(book.created_at),
        "updated_at": moment(book.created_at),
        "author": {"id": str(book.author.id), "name": book.author.name, "slug": book.author.slug},
    }


def tag_json(tag: Tag) -> Body:
    """Return a tag as JSON."""
    return {
        "id": str(tag.id),
        "name": tag.name,
        "description": tag.description,
        "created_at": moment(tag.created_at),
        "updated_at": moment(tag.created_at),
    }


def page_json(books: list[Book], page: int) -> Body:
    """Return a page of all these books."""
    offset = (page - 1) * PAGE_SIZE
    return {
        "items": [book_json(book) for book in books[offset : offset + PAGE_SIZE]],
        "limit": PAGE_SIZE,
        "offset": offset,
        "total": len(books),
    }


def moment(time: datetime) -> str:
    """Format a time."""
    return time.isoformat().replace("+00:00", "Z")


# Requests


def _get_author(catalogue: Catalogue, rng: random.Random) -> Iterator[Case]:
    for author in rng.sample(catalogue.authors, min(SPREAD, len(catalogue.authors))):
        yield Case("GET", f"/authors/{author.id}", 200, author_json(author))


def _some(catalogue: Catalogue, rng: random.Random) -> list[Book]:
    return rng.sample(catalogue.books, min(SPREAD, len(catalogue.books)))


def _get_book(catalogue: Catalogue, rng: random.Random) -> Iterator[Case]:
    for book in _some(catalogue, rng):
        yield Case("GET", f"/books/{book.id}", 200, book_json(book))


def _get_book_with_tags(catalogue: Catalogue, rng: random.Random) -> Iterator[Case]:
    for book in _some(catalogue, rng):
        answer = book_json(book) | {"tags": [tag_json(tag) for tag in book.tags]}
        yield Case("GET", f"/books/{book.id}?include=tags", 200, answer)


def _not_modified(catalogue: Catalogue, rng: random.Random) -> Iterator[Case]:
    for book in _some(catalogue, rng)[:200]:
        yield Case("GET", f"/books/{book.id}", 304, None)


def _list(catalogue: Catalogue, rng: random.Random) -> Iterator[Case]:
    newest_first = catalogue.books[::-1]
    pages = range(1, min(PAGES, -(-len(newest_first) // PAGE_SIZE)) + 1)
    for page in rng.sample(pages, len(pages)):
        yield Case("GET", f"/books?currentPage={page}&pageSize={PAGE_SIZE}", 200, page_json(newest_first, page))


def _filter(catalogue: Catalogue, rng: random.Random) -> Iterator[Case]:
    for language in rng.sample(rows.LANGUAGES, len(rows.LANGUAGES)):
        found = [book for book in catalogue.books if book.language == language]
        found.sort(key=lambda book: (book.year, book.id))
        query = f"languageIn={language}&orderBy=year&sortOrder=asc&pageSize={PAGE_SIZE}"
        yield Case("GET", f"/books?{query}", 200, page_json(found, 1))


def _search(catalogue: Catalogue, rng: random.Random) -> Iterator[Case]:
    for noun in rng.sample(rows.NOUNS, len(rows.NOUNS)):
        # Part of a word, in lower case.
        part = noun.lower()[: max(5, len(noun) - 1)]
        found = [book for book in reversed(catalogue.books) if part in fold(book.title)]
        yield Case("GET", f"/books?searchString={part}&pageSize={PAGE_SIZE}", 200, page_json(found, 1))


def _create(catalogue: Catalogue, rng: random.Random) -> Iterator[Case]:
    for body, answer in _new(catalogue, rng, 1_000_000):
        yield Case("POST", "/books", 201, answer, body)


def _batch(catalogue: Catalogue, rng: random.Random) -> Iterator[Case]:
    new = _new(catalogue, rng, 100_000_000)
    while True:
        bodies, answers = zip(*(next(new) for _ in range(BATCH)), strict=True)
        yield Case("POST", "/books/batch", 201, {"items": list(answers)}, {"items": list(bodies)})


def _new(catalogue: Catalogue, rng: random.Random, first: int) -> Iterator[tuple[Body, Body]]:
    """Yield new books, as sent and as returned."""
    for number in itertools.count(first):
        author = rng.choice(catalogue.authors)
        title = f"{rows.title(number)} {number}"
        body = {
            "title": title,
            "author_id": str(author.id),
            "isbn": rows.isbn(number),
            "year": rng.randrange(1850, 2026),
            "language": rng.choice(rows.LANGUAGES),
            "description": f"What became of {title.lower()}, told for the first time.",
        }
        answer = body | {
            "id": CHOSEN,
            "slug": slug(title, fallback="book"),
            "created_at": CHOSEN,
            "updated_at": CHOSEN,
            "author": {"id": str(author.id), "name": author.name, "slug": author.slug},
        }
        yield body, answer


def _patch(catalogue: Catalogue, rng: random.Random) -> Iterator[Case]:
    for book in itertools.cycle(rng.sample(catalogue.books, len(catalogue.books))):
        # Different values each time: an update without a change would cost less.
        body = {"year": rng.randrange(1850, 2026), "description": f"Corrected: {rng.getrandbits(64):x}"}
        yield Case("PATCH", f"/books/{book.id}", 200, book_json(book) | body | {"updated_at": CHOSEN}, body)


def _delete(catalogue: Catalogue, rng: random.Random) -> Iterator[Case]:  # noqa: ARG001 - as the others
    for book in rows.stock(catalogue):
        yield Case("DELETE", f"/books/{book.id}", 204, None)


WORKLOADS = (
    Workload(name="get_author", title="get author", cases=_get_author),
    Workload(name="get_author_token", title="with a token", cases=_get_author, authorized=True),
    Workload(name="get_book", title="get book", cases=_get_book),
    Workload(name="book_with_tags", title="book with tags", cases=_get_book_with_tags),
    Workload(name="not_modified", title="304", cases=_not_modified, conditional=True),
    Workload(name="list", title="list 20", cases=_list),
    Workload(name="filter", title="filter, order", cases=_filter),
    Workload(name="search", title="search", cases=_search),
    Workload(name="patch", title="patch", cases=_patch, adds=0, once=True),
    Workload(name="create", title="create", cases=_create, adds=1, once=True),
    Workload(name="batch", title="batch of 100", cases=_batch, adds=BATCH, once=True, work=15),
    Workload(name="delete", title="delete", cases=_delete, adds=-1, once=True),
)
"""In order of execution: those that change rows last, each on freshly loaded rows."""
