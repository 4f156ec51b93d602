"""The rows that every contestant serves, generated from a fixed seed."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from diptych.core.engine.slugs import slug
from diptych.core.engine.text_normalization import fold, sort_key

SEED = 20_261_121

BOOKS, AUTHORS, TAGS = 10_000, 2_000, 200

LANGUAGES = ("de", "en", "en-GB", "es", "fi", "fr", "pt-BR", "sv")

FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)

PATIENCE = 60
"""Seconds to wait for other sessions in the database to end their work."""


class BusyError(Exception):
    """The rows cannot be replaced, because another session is using them."""


def _words(text: str) -> list[str]:
    return text.split()


ADJECTIVES = _words("""
    Amber Ancient Bitter Blue Borrowed Bright Broken Burning Careful Crooked Distant Divided Drifting Early Empty
    Endless Faithful Fallen Foreign Forgotten Frozen Gentle Gilded Golden Green Hidden Hollow Honest Hungry Inland
    Invisible Last Late Little Lonely Long Lost Narrow Nameless Northern Open Painted Patient Quiet Restless Scarlet
    Secret Seventh Silent Silver Slow Southern Stolen Strange Sunken Unwritten Wandering White Wild Winter
""")
NOUNS = _words("""
    Archive Bakery Bridge Calendar Captain Carpenter Cathedral Clockmaker Compass Country Daughter Dictionary
    Diplomat Doctor Evening Expedition Ferryman Forest Fortress Gardener Geometer Granddaughter Harbour Horizon
    House Island Journey Kingdom Lantern Letter Library Lighthouse Locksmith Machine Meadow Merchant Mirror Mountain
    Museum Notebook Observatory Orchard Organist Passage Photograph Pilgrim Railway River Schoolhouse Shepherd
    Stairway Station Summer Tailor Theatre Translator Valley Voyage Watchman Winegrower
""")
PLACES = _words("""
    Aarhus Bergen Bologna Braga Bruges Cádiz Coimbra Cork Dubrovnik Ghent Gotland Graz Győr Kaunas Kraków Leipzig
    Lisbon Ljubljana Lübeck Malmö Nantes Oulu Porto Riga Rouen Salzburg Sibiu Split Tallinn Tartu Toledo Trieste
    Tromsø Turku Uppsala Utrecht Verona Vilnius York Zadar
""")
GIVEN_NAMES = _words("""
    Ada Agnès Aino Albert Alma Anders Beatriz Bruno Carmen Clara Daniel Edith Elena Emil Erik Eszter Felix Greta
    Hanna Hugo Ida Inês Ivan Jana Johan Karin Lena Lucía Marta Mikko Nora Olga Oskar Paula Pedro Rosa Sofia Søren
    Tomas Vera
""")
FAMILY_NAMES = _words("""
    Almeida Andersen Balogh Bauer Berg Blanc Bruun Castro Dahl Dubois Eklund Fischer Fonseca García Hansen Holm
    Horvat Jansen Jõgi Kask Keller Korhonen Kovács Laine Lind Marek Martín Moreau Müller Nagy Novak Nyström Pereira
    Petit Rossi Salo Sepp Virtanen Weber Zelenko
""")


@dataclass(frozen=True, slots=True)
class Row:
    """The columns of every table. search_text and sort_key are computed as the service does."""

    id: UUID
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Author(Row):
    """A row of `author`."""

    name: str
    dob: date | None
    slug: str


@dataclass(frozen=True, slots=True)
class Tag(Row):
    """A row of `tag`."""

    name: str
    description: str | None


@dataclass(frozen=True, slots=True)
class Book(Row):
    """A row of `book`, with its author and its tags, by name."""

    title: str
    author: Author
    isbn: str | None
    year: int | None
    language: str | None
    description: str | None
    slug: str
    tags: tuple[Tag, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All rows, oldest first."""

    authors: list[Author]
    tags: list[Tag]
    books: list[Book]


def make(books: int = BOOKS, authors: int = AUTHORS, tags: int = TAGS) -> Catalogue:
    """Generate a catalogue with these numbers of rows."""
    rng = random.Random(SEED)  # noqa: S311 - the same rows each time
    clock = _Clock(rng)
    made_authors = [_author(rng, clock, number) for number in range(authors)]
    made_tags = [_tag(rng, clock, number) for number in range(tags)]
    made_books = [_book(rng, clock, number, made_authors, made_tags) for number in range(books)]
    return Catalogue(made_authors, made_tags, made_books)


def stock(catalogue: Catalogue) -> Iterator[Book]:
    """Yield any number of further books, to be deleted."""
    clock = _Clock(random.Random(SEED), FIRST_DAY - timedelta(days=365))  # noqa: S311 - the same rows each time
    for number in itertools.count():
        author = catalogue.authors[number % len(catalogue.authors)]
        yield Book(*clock.tick(), f"Stock {number}", author, None, None, None, None, f"stock-{number}")


class _Clock:
    """Consecutive moments, and UUIDv7s of them."""

    def __init__(self, rng: random.Random, first: datetime = FIRST_DAY) -> None:
        self._rng, self._now = rng, first

    def tick(self) -> tuple[UUID, datetime]:
        self._now += timedelta(microseconds=self._rng.randrange(1_000_000, 90_000_000))
        milliseconds = int(self._now.timestamp() * 1000)
        bits = milliseconds << 80 | 7 << 76 | self._rng.getrandbits(12) << 64 | 2 << 62 | self._rng.getrandbits(62)
        return UUID(int=bits), self._now


def isbn(number: int) -> str:
    """Return the ISBN-13 of a sequence number."""
    digits = f"978{number:09d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def title(number: int) -> str:
    """Return a title that no other number below 144,000 has."""
    place, rest = divmod(number * 7919 % 144_000, 3600)
    adjective, noun = divmod(rest, 60)
    return f"The {ADJECTIVES[adjective]} {NOUNS[noun]} of {PLACES[place]}"


def _author(rng: random.Random, clock: _Clock, number: int) -> Author:
    name = f"{rng.choice(GIVEN_NAMES)} {rng.choice(FAMILY_NAMES)}"
    born = date(1850, 1, 1) + timedelta(days=rng.randrange(50_000)) if rng.random() < 0.8 else None
    return Author(*clock.tick(), name, born, f"{slug(name, fallback='author')}-{number}")


def _tag(rng: random.Random, clock: _Clock, number: int) -> Tag:
    name = f"{rng.choice(ADJECTIVES)} {rng.choice(NOUNS)} {number}".lower()
    return Tag(*clock.tick(), name, f"What is called {name}." if number % 2 else None)


def _book(rng: random.Random, clock: _Clock, number: int, authors: list[Author], tags: list[Tag]) -> Book:
    name = title(number)
    chosen = rng.sample(tags, rng.randrange(min(6, len(tags))))
    return Book(
        *clock.tick(),
        name,
        rng.choice(authors),
        isbn(number) if rng.random() < 0.9 else None,
        rng.randrange(1850, 2026),
        rng.choice(LANGUAGES),
        f"{name}: {' '.join(rng.choices(NOUNS, k=30)).lower()}." if rng.random() < 0.6 else None,
        slug(name, fallback="book"),
        tuple(sorted(chosen, key=lambda tag: (sort_key(tag.name), tag.id))),
    )


def fill(url: str, catalogue: Catalogue, more: Iterable[Book] = ()) -> None:
    """Replace all rows of a migrated database by these, and vacuum it.

    Errors: BusyError when other sessions keep using it.
    """
    with psycopg.connect(url, autocommit=True, options="-c lock_timeout=10s") as connection:
        wait_until_quiet(connection)
        with connection.transaction():
            connection.execute(
                "TRUNCATE author, tag, book, book_tag, book_contributor, idempotency_key, change CASCADE"
            )
            _copy(
                connection,
                "author (id, created_at, name, dob, slug, updated_at, search_text, sort_key)",
                [
                    (row.id, row.created_at, row.name, row.dob, row.slug, row.created_at, *_derived(row.name))
                    for row in catalogue.authors
                ],
            )
            _copy(
                connection,
                "tag (id, created_at, name, description, updated_at, search_text, sort_key)",
                [
                    (row.id, row.created_at, row.name, row.description, row.created_at, *_derived(row.name))
                    for row in catalogue.tags
                ],
            )
            books = [*more, *catalogue.books]
            columns = "id, created_at, title, author_id, isbn, year, language, description, slug"
            _copy(
                connection,
                f"book ({columns}, updated_at, search_text, sort_key)",
                [
                    (
                        row.id,
                        row.created_at,
                        row.title,
                        row.author.id,
                        row.isbn,
                        row.year,
                        row.language,
                        row.description,
                        row.slug,
                        row.created_at,
                        *_derived(row.title),
                    )
                    for row in books
                ],
            )
            _copy(connection, "book_tag (book_id, tag_id)", [(row.id, tag.id) for row in books for tag in row.tags])
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")


def wait_until_quiet(connection: psycopg.Connection[Any]) -> None:
    """Wait until no other session is active in this database: a load stops in the middle of requests.

    Errors: BusyError.
    """
    busy = (
        b"SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        b" AND backend_type = 'client backend' AND state <> 'idle'"
    )
    quiet, deadline = 0, time.monotonic() + PATIENCE
    while quiet < 5:
        if time.monotonic() > deadline:
            raise BusyError(f"other sessions still use the database {PATIENCE} seconds after the load")
        quiet = 0 if connection.execute(busy).rowcount else quiet + 1
        time.sleep(0.02)


def _derived(name: str) -> tuple[str, str]:
    return fold(name), sort_key(name)


def _copy(connection: psycopg.Connection[Any], target: str, rows: list[tuple[Any, ...]]) -> None:
    with connection.cursor().copy(f"COPY {target} FROM STDIN".encode()) as copy:
        for row in rows:
            copy.write_row(row)
