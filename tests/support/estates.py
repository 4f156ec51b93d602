"""Databases as public Flask and Sanic applications have them, and what the catalogue has of each after its adoption."""

# ruff: noqa: S608 - the statements are of constants of this file

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

AUTHORS = (
    "Ursula K. Le Guin",
    "Chinua Achebe",
    "Gabriel García Márquez",
    "Haruki Murakami",
    "Jane Austen",
    "Toni Morrison",
    "Stanisław Lem",
    "Astrid Lindgren",
)
BOOKS = (
    ("The Left Hand of Darkness", "9780441478125", 1969),
    ("Things Fall Apart", "9780385474542", 1958),
    ("Cien años de soledad", "9780307474728", 1967),
    ("Kafka on the Shore", "9781400079278", 2002),
    ("Emma", "9780141439587", 1815),
    ("Beloved", "9781400033416", 1987),
    ("Solaris", "9780156027601", 1961),
    ("Pippi Langstrump", "9789129688320", 1945),
)
ACHEBE_AS_TEN = "0-385-47454-7"
"""The second book's ISBN as its title page has it."""


@dataclass(frozen=True, slots=True)
class Book:
    """A book as the catalogue should have it."""

    title: str
    authors: tuple[str, ...]
    isbn: str | None = None
    year: int | None = None
    language: str | None = None
    description: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """An estate: the statements that create it, the options that it needs, and what the catalogue has afterwards.

    dobs: by name of every author, the date of birth. refused: a part of the refusal without the options; "" where none
    are needed.
    """

    statements: Sequence[str]
    books: Sequence[Book]
    dobs: dict[str, str | None]
    options: tuple[str, ...] = ()
    refused: str = ""
    left: frozenset[str] = field(default_factory=frozenset)


def literal(value: object) -> str:
    """Return a value as an SQL literal."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def insert(table: str, rows: Sequence[Sequence[object]]) -> str:
    """Return the statement that inserts rows with every column."""
    values = ", ".join(f"({', '.join(map(literal, row))})" for row in rows)
    return f"INSERT INTO {table} VALUES {values}"


def kept_by_flask_migrate() -> list[str]:
    """Return what creates the version table of Flask-Migrate."""
    return [
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT pk PRIMARY KEY (version_num))",
        "INSERT INTO alembic_version VALUES ('3f2a9c1b7d4e')",
    ]


def bookalchemy(_: str) -> Example:
    """Return one with years and dates as text, ISBNs as numbers."""
    rows, books = [], []
    for volume in range(4):
        for place, (title, isbn, year) in enumerate(BOOKS):
            name = f"{title} vol {volume}" if volume else title
            number = int(ACHEBE_AS_TEN.replace("-", "")) if place == 1 else int(isbn)
            written = str(year) if place % 3 else f"c. {year}"
            rows.append((len(rows) + 1, place + 1, name, written, None if volume else number))
            books.append(Book(name, (AUTHORS[place],), None if volume else isbn, year))
    dates = {name: f"19{29 + place}-10-21" for place, name in enumerate(AUTHORS)}
    written_dates = [f"{date} 00:00" if place == 0 else date for place, date in enumerate(dates.values())]
    return Example(
        [
            *kept_by_flask_migrate(),
            (
                "CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR NOT NULL, birth_date VARCHAR NOT NULL,"
                " death_date VARCHAR)"
            ),
            (
                "CREATE TABLE book (id INTEGER PRIMARY KEY, author_id INTEGER NOT NULL REFERENCES author (id),"
                " title VARCHAR NOT NULL, publication_year VARCHAR, isbn BIGINT)"
            ),
            insert(
                "author",
                [
                    (place + 1, name, written_dates[place], "2018" if place == 0 else None)
                    for place, name in enumerate(AUTHORS)
                ],
            ),
            insert("book", rows),
        ],
        books,
        dict(dates),
        left=frozenset({"author.death_date"}),
    )


def plural(_: str) -> Example:
    """Return one with a book without an author, and tables of users and ratings that refer to books."""
    rows, books = [], []
    for copy in range(5):
        for place, (title, _isbn, year) in enumerate(BOOKS):
            orphan = (copy, place) == (2, 3)
            written = str(year) if place else ""
            rows.append((len(rows) + 1, title, "novel", written, None if orphan else place + 1))
            authors = ("Unknown",) if orphan else (AUTHORS[place],)
            books.append(Book(title, authors, year=year if place else None))
    return Example(
        [
            *kept_by_flask_migrate(),
            "CREATE TABLE users (id INTEGER PRIMARY KEY, username VARCHAR UNIQUE, hashed_password VARCHAR)",
            "CREATE UNIQUE INDEX ix_users_username ON users (username)",
            "CREATE TABLE authors (id INTEGER PRIMARY KEY, name VARCHAR, bio VARCHAR)",
            "CREATE INDEX ix_authors_id ON authors (id)",
            (
                "CREATE TABLE books (id INTEGER PRIMARY KEY, title VARCHAR, genre VARCHAR, publication_year VARCHAR,"
                " author_id INTEGER REFERENCES authors (id))"
            ),
            (
                "CREATE TABLE ratings (id INTEGER PRIMARY KEY, score INTEGER, user_id INTEGER REFERENCES users (id),"
                " book_id INTEGER REFERENCES books (id))"
            ),
            insert("users", [(1, "a", None)]),
            insert("authors", [(place + 1, name, "x") for place, name in enumerate(AUTHORS)]),
            insert("books", rows),
            insert("ratings", [(1, 3, 1, 2)]),
        ],
        books,
        {**dict.fromkeys(AUTHORS), "Unknown": None},
        ("--default-author", "Unknown"),
        "books.author_id: no author (row 20): --default-author NAME gives them one,"
        ' --where "books=author_id IS NOT NULL" leaves them out',
        frozenset({"authors.bio", "books.genre"}),
    )


def m2m(_: str) -> Example:
    """Return one with authors through a link table with an id of its own, and copies in a table of their own."""
    books = [
        Book(title, (AUTHORS[0], AUTHORS[1]) if place == 0 else (AUTHORS[place],))
        for place, (title, *_) in enumerate(BOOKS)
    ]
    return Example(
        [
            *kept_by_flask_migrate(),
            "CREATE TABLE category (id INTEGER PRIMARY KEY, name VARCHAR(255) NOT NULL)",
            (
                "CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(255) NOT NULL,"
                " description VARCHAR(255) NOT NULL, category_id INTEGER REFERENCES category (id))"
            ),
            "CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR(255) NOT NULL)",
            (
                "CREATE TABLE book_author (id INTEGER PRIMARY KEY, book_id INTEGER NOT NULL REFERENCES book (id),"
                " author_id INTEGER NOT NULL REFERENCES author (id))"
            ),
            (
                "CREATE TABLE book_copy (id INTEGER PRIMARY KEY, year_published INTEGER,"
                " book_id INTEGER NOT NULL REFERENCES book (id))"
            ),
            insert("category", [(1, "novel")]),
            insert("author", [(place + 1, name) for place, name in enumerate(AUTHORS)]),
            insert("book", [(place + 1, title, "", 1) for place, (title, *_) in enumerate(BOOKS)]),
            insert("book_author", [*((place, place, place) for place in range(1, 9)), (9, 1, 2)]),
            insert("book_copy", [(place, 1999, place) for place in range(1, 9)]),
        ],
        books,
        dict.fromkeys(AUTHORS),
        left=frozenset({"book.category_id"}),
    )


def rich(backend: str) -> Example:
    """Return one with rows that were deleted, an enumeration, languages by name, prices, covers and tags."""
    rows, books = [], []
    for copy in range(6):
        for place, (title, isbn, year) in enumerate(BOOKS):
            number = copy * 8 + place + 1
            written = None if copy else ACHEBE_AS_TEN if place == 1 else isbn
            language = "English" if place % 2 else "en"
            time = "2024-05-06 07:08:09"
            rows.append((number, title, written, str(year), "published", copy == 1, language, place + 1, time, time))
            if copy != 1:
                books.append(
                    Book(
                        title,
                        (AUTHORS[place],),
                        None if copy else isbn,
                        year,
                        "en",
                        None,
                        ("sf",) if number == 1 else (),
                    )
                )
    kind, blob, cover = "VARCHAR(9)", "BLOB", "x'78'"
    enumeration = []
    if backend == "postgresql":
        kind, blob, cover = "bstatus", "BYTEA", "'\\x78'::bytea"
        enumeration = ["CREATE TYPE bstatus AS ENUM ('draft', 'published')"]
    columns = "id, title, isbn, year, status, is_deleted, language, author_id, created_at, updated_at"
    return Example(
        [
            *kept_by_flask_migrate(),
            *enumeration,
            (
                "CREATE TABLE authors (id INTEGER PRIMARY KEY, name VARCHAR(120) NOT NULL, birth_date TIMESTAMP,"
                " bio TEXT, deleted_at TIMESTAMP)"
            ),
            (
                "CREATE TABLE books (id INTEGER PRIMARY KEY, title VARCHAR(255) NOT NULL, isbn VARCHAR(20) UNIQUE,"
                f" year VARCHAR(4), price NUMERIC(8, 2), cover {blob}, status {kind}, is_deleted BOOLEAN,"
                " language VARCHAR(20), author_id INTEGER NOT NULL REFERENCES authors (id), created_at TIMESTAMP,"
                " updated_at TIMESTAMP)"
            ),
            "CREATE TABLE tags (id INTEGER PRIMARY KEY, name VARCHAR(30) UNIQUE)",
            (
                "CREATE TABLE book_tags (book_id INTEGER NOT NULL REFERENCES books (id),"
                " tag_id INTEGER NOT NULL REFERENCES tags (id), PRIMARY KEY (book_id, tag_id))"
            ),
            insert(
                "authors",
                [
                    (place + 1, name, f"{1929 + place}-10-21 00:00:00", "long", None)
                    for place, name in enumerate(AUTHORS)
                ],
            ),
            insert(f"books ({columns})", rows),
            f"UPDATE books SET price = 9.99, cover = {cover}",
            insert("tags", [(1, "sf")]),
            insert("book_tags", [(1, 1)]),
        ],
        books,
        {name: f"{1929 + place}-10-21" for place, name in enumerate(AUTHORS)},
        (
            *("--where", "authors=deleted_at IS NULL"),
            *("--where", "books=status = 'published' AND is_deleted IS NOT TRUE"),
        ),
        "--where \"books=status = 'published' AND is_deleted IS NOT TRUE\" adopts such rows",
        frozenset({"authors.bio", "books.price", "books.cover", "books.status"}),
    )


def misspelt(backend: str) -> Example:
    """Return one with a title in a column `tittle`, and rentals."""
    kind, enumeration = "VARCHAR(8)", []
    if backend == "postgresql":
        kind, enumeration = "rentalstatus", ["CREATE TYPE rentalstatus AS ENUM ('active', 'finished')"]
    return Example(
        [
            *kept_by_flask_migrate(),
            *enumeration,
            f"CREATE TABLE rental (id INTEGER PRIMARY KEY, status {kind})",
            "CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR(80) NOT NULL)",
            (
                "CREATE TABLE book (id INTEGER PRIMARY KEY, tittle VARCHAR(80) NOT NULL, quantity INTEGER,"
                " author_id INTEGER REFERENCES author (id), rental_id INTEGER REFERENCES rental (id))"
            ),
            insert("rental", [(1, "active")]),
            insert("author", [(place + 1, name) for place, name in enumerate(AUTHORS)]),
            insert("book", [(place + 1, title, 3, place + 1, 1) for place, (title, *_) in enumerate(BOOKS)]),
        ],
        [Book(title, (AUTHORS[place],)) for place, (title, *_) in enumerate(BOOKS)],
        dict.fromkeys(AUTHORS),
        ("--column", "book.title=tittle"),
        "--column book.title=tittle",
        frozenset({"book.quantity", "book.rental_id"}),
    )


def two_names(_: str) -> Example:
    """Return one with names in three columns, a title called name, authors through a link table without an id."""
    names = [name.rpartition(" ") for name in AUTHORS]
    parts = [(first, None, last) for first, _, last in names]
    parts[0] = ("Ursula", "K.", "Le Guin")
    books = [
        Book(title, (AUTHORS[0], AUTHORS[4]) if place == 4 else (AUTHORS[place],), isbn)
        for place, (title, isbn, _) in enumerate(BOOKS)
    ]
    return Example(
        [
            *kept_by_flask_migrate(),
            (
                "CREATE TABLE author (id INTEGER PRIMARY KEY, first_name VARCHAR(50), middle_name VARCHAR(50),"
                " last_name VARCHAR(50), uuid VARCHAR(36))"
            ),
            (
                "CREATE TABLE book (id INTEGER PRIMARY KEY, name VARCHAR(200), price INTEGER, page_count INTEGER,"
                " isbn VARCHAR(20) UNIQUE, read BOOLEAN, uuid VARCHAR(36))"
            ),
            (
                "CREATE TABLE book_authors (book_id INTEGER REFERENCES book (id), author_id INTEGER"
                " REFERENCES author (id), PRIMARY KEY (book_id, author_id))"
            ),
            "CREATE TABLE genre (id INTEGER PRIMARY KEY, name VARCHAR(50))",
            "CREATE TABLE language (id INTEGER PRIMARY KEY, name VARCHAR(50))",
            insert("author", [(place + 1, *part, f"a-{place}") for place, part in enumerate(parts)]),
            insert(
                "book",
                [
                    (place + 1, title, 10, 300, f" {ACHEBE_AS_TEN} " if place == 1 else isbn, True, f"b-{place}")
                    for place, (title, isbn, _) in enumerate(BOOKS)
                ],
            ),
            insert("book_authors", [*((place, place) for place in range(1, 9)), (5, 1)]),
            insert("genre", [(1, "novel")]),
            insert("language", [(1, "English")]),
        ],
        books,
        dict.fromkeys(AUTHORS),
        left=frozenset({"author.uuid", "book.price", "book.read", "book.uuid"}),
    )


def text_author(_: str) -> Example:
    """Return one with the author as a text on the book; the user who posted it is somebody else."""
    titles = [*BOOKS, ("The Dispossessed", "9780060512750", 1974)]
    people = [*AUTHORS, AUTHORS[0]]
    return Example(
        [
            *kept_by_flask_migrate(),
            'CREATE TABLE "user" (id INTEGER PRIMARY KEY, username VARCHAR(20) UNIQUE)',
            (
                "CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(100) NOT NULL, author VARCHAR(100) NOT NULL,"
                " genre VARCHAR(100), date_posted TIMESTAMP, summary TEXT,"
                ' user_id INTEGER NOT NULL REFERENCES "user" (id))'
            ),
            insert('"user"', [(1, "reader")]),
            insert(
                "book",
                [
                    (place + 1, title, people[place], "novel", "2024-05-06 07:08:09", f"About {title}.", 1)
                    for place, (title, *_) in enumerate(titles)
                ],
            ),
        ],
        [Book(title, (people[place],), description=f"About {title}.") for place, (title, *_) in enumerate(titles)],
        dict.fromkeys(AUTHORS),
        left=frozenset({"book.genre", "book.date_posted", "book.user_id"}),
    )


def own_tags(_: str) -> Example:
    """Return one with tables called tag and book_tag, whose names the catalogue needs, and two spellings of one tag."""
    books = [
        Book(title, (AUTHORS[place],), tags=("novel", "sf") if place in (0, 6) else ("novel",) if place < 3 else ())
        for place, (title, *_) in enumerate(BOOKS)
    ]
    links = [
        (place + 1, tag) for place in range(8) for tag in ((1, 2) if place in (0, 6) else (3,) if place < 3 else ())
    ]
    return Example(
        [
            *kept_by_flask_migrate(),
            "CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR(80) NOT NULL)",
            (
                "CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(80) NOT NULL,"
                " author_id INTEGER NOT NULL REFERENCES author (id))"
            ),
            "CREATE INDEX ix_book_author_id ON book (author_id)",
            "CREATE TABLE tag (id INTEGER PRIMARY KEY, name VARCHAR(30) UNIQUE)",
            "CREATE UNIQUE INDEX uq_tag_name ON tag (name)",
            (
                "CREATE TABLE book_tag (book_id INTEGER REFERENCES book (id), tag_id INTEGER REFERENCES tag (id),"
                " PRIMARY KEY (book_id, tag_id))"
            ),
            insert("author", [(place + 1, name) for place, name in enumerate(AUTHORS)]),
            insert("book", [(place + 1, title, place + 1) for place, (title, *_) in enumerate(BOOKS)]),
            insert("tag", [(1, "SF"), (2, "Novel"), (3, "novel ")]),
            insert("book_tag", links),
        ],
        books,
        dict.fromkeys(AUTHORS),
    )


def other_ids(_: str) -> Example:
    """Return one with primary keys that are called author_id and book_id."""
    return Example(
        [
            *kept_by_flask_migrate(),
            "CREATE TABLE authors (author_id INTEGER PRIMARY KEY, full_name VARCHAR(80) NOT NULL, dob DATE)",
            (
                "CREATE TABLE books (book_id INTEGER PRIMARY KEY, title VARCHAR(80) NOT NULL, year INTEGER,"
                " author_id INTEGER NOT NULL REFERENCES authors (author_id))"
            ),
            insert("authors", [(place + 11, name, f"{1929 + place}-10-21") for place, name in enumerate(AUTHORS)]),
            insert(
                "books", [(place + 101, title, year, place + 11) for place, (title, _isbn, year) in enumerate(BOOKS)]
            ),
        ],
        [Book(title, (AUTHORS[place],), year=year) for place, (title, _, year) in enumerate(BOOKS)],
        {name: f"{1929 + place}-10-21" for place, name in enumerate(AUTHORS)},
    )


ESTATES = {
    each.__name__: each
    for each in (bookalchemy, plural, m2m, rich, misspelt, two_names, text_author, own_tags, other_ids)
}
"""What makes each estate, by name, for "sqlite" or "postgresql"."""
