"""The indexes that keep lists from slowing down as the catalogue grows: one for each order, and a full-text index."""

# ruff: noqa: RUF001 - letters of every script

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Executable, Select, insert, select, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement

from diptych.core.catalogue import acquirable
from diptych.core.catalogue.authors import queries as authors
from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.authors.schemas import AuthorFeed, AuthorList
from diptych.core.catalogue.books import queries as books
from diptych.core.catalogue.books.model import Book
from diptych.core.catalogue.books.schemas import BookFeed, BookList
from diptych.core.catalogue.models import Base
from diptych.core.catalogue.tags import queries as tags
from diptych.core.catalogue.tags.schemas import TagList
from diptych.core.db.schema_diff import differences
from diptych.core.engine import fulltext_index, pagination
from diptych.core.engine.cursors import Cursor
from diptych.core.engine.resource_spec import ResourceSpec
from diptych.core.engine.schemas.pagination import ListQuery
from diptych.core.engine.search import match_many, match_words
from diptych.core.engine.search_tokens import LENGTH, wanted
from diptych.core.engine.text_normalization import fold
from diptych.core.files.model import BookFile, File
from diptych.core.history import queries as changes
from diptych.core.history.schemas import change_list
from tests.support.catalogue import schema
from tests.support.databases import BACKENDS, Databases
from tests.support.history import History, transaction

LISTS: dict[str, tuple[ResourceSpec, type[ListQuery]]] = {
    "authors": (authors.spec, AuthorList),
    "books": (books.spec, BookList),
    "tags": (tags.spec, TagList),
}
ORDERS = [(name, order) for name, (spec, _) in LISTS.items() for order in spec.order_by]
ID = UUID("01890f3e-8f6a-7cc0-9d5a-3b1f6d2c4e5f")


class explain(Executable, ClauseElement):  # noqa: N801
    """EXPLAIN of a statement."""

    inherit_cache = False

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement


@compiles(explain)
def _explain(element: explain, compiler: SQLCompiler, **options: Any) -> str:
    return f"EXPLAIN {compiler.process(element.statement, **options)}"


@pytest.fixture(scope="module")
def planner(databases: Databases) -> Iterator[Connection]:
    """Yield a connection to an empty PostgreSQL database that sorts or scans a whole table only where it must."""
    with transaction(databases.migrated("postgresql")) as connection:
        for what in ("seqscan", "bitmapscan", "sort", "hashjoin", "mergejoin"):
            connection.execute(text(f"SET LOCAL enable_{what} = off"))
        yield connection


def plan(planner: Connection, statement: Select[Any]) -> str:
    return "\n".join(planner.execute(explain(statement)).scalars())


def statements(spec: ResourceSpec, query: ListQuery) -> list[Select[Any]]:
    """Return the statements of a page, with their values."""
    asked = pagination.bind_list_query(spec, query, {})
    return [each.params(asked.values, wanted=21) for each in pagination.statements(spec, asked.shape)]


def values(spec: ResourceSpec, order: str) -> list[Any]:
    """Return the cursor values of an order: a value, and None where it is nullable."""
    column = spec.order_by[order]
    kinds = {"str": "x", "int": 5, "datetime": "2026-01-31T12:00:00Z", "date": "1914-08-09", "UUID": str(ID)}
    return [kinds[column.type.python_type.__name__], *([None] if column.nullable else [])]


@pytest.mark.parametrize(("name", "order"), ORDERS)
@pytest.mark.parametrize("way", ["asc", "desc"])
def test_a_page_is_a_range_of_an_index_in_every_order(planner: Connection, name: str, order: str, way: str):
    spec, kind = LISTS[name]
    cursors = [Cursor(order, way, forward, False, value, ID) for value in values(spec, order) for forward in (0, 1)]
    asked = [{}, *({"cursor": str(cursor)} for cursor in cursors)]
    for query in (kind(orderBy=order, sortOrder=way, total="false", **each) for each in asked):
        for statement in statements(spec, query):
            found = plan(planner, statement)

            # Rows of a unique column are sorted by the id as well.
            assert not re.search(r"(?<!Incremental )Sort  |Seq Scan|Disabled", found), found
            assert not query.cursor or "Index Cond" in found or f"ix_book_{order}_id" in found, found


@pytest.mark.parametrize("way", ["asc", "desc"])
def test_a_page_that_is_counted_is_found_by_the_same_index(planner: Connection, way: str):
    spec, kind = LISTS["books"]
    (found,) = (plan(planner, each) for each in statements(spec, kind(sortOrder=way)))
    page = found.partition("InitPlan")[0] + found.partition("WindowAgg")[2]

    assert "ix_book_created_at_id" in page
    assert not re.search(r"(?<!Incremental )Sort  ", found), found


@pytest.mark.parametrize("filters", ["createdBefore", "createdAfter"])
@pytest.mark.parametrize("way", ["asc", "desc"])
def test_changes_of_a_time_are_a_range_of_an_index(planner: Connection, filters: str, way: str):
    query = change_list(["books"])(**{filters: "2026-01-31T12:00:00Z", "sortOrder": way, "total": "false"})
    spec = changes.spec({"book": "books"})
    asked = pagination.bind_list_query(spec, query, query.scope())
    (statement,) = pagination.statements(spec, asked.shape)

    found = plan(planner, statement.params(asked.values, wanted=21))

    # Else all changes after a moment are read to find the newest before it.
    assert "ix_change_at_id" in found, found
    assert re.search(r"Index Cond: \(at [<>] ", found), found
    assert not re.search(r"(?<!Incremental )Sort  |Seq Scan|Disabled", found), found


def test_another_order_than_those_is_found_to_have_no_index(planner: Connection):
    spec, kind = LISTS["books"]
    statement = spec.select.order_by(spec.model.__table__.c.description)

    assert re.search(r"(?<!Incremental )Sort  |Seq Scan|Disabled", plan(planner, statement.limit(21)))
    assert kind(orderBy="title").order_by == "title"


@pytest.mark.parametrize("name", LISTS)
def test_words_are_found_by_their_index(planner: Connection, name: str):
    spec, kind = LISTS[name]
    query = kind(q="war peace*", total="false")
    asked = pagination.bind_list_query(spec, query, {})
    found = [spec.select.where(*match_words(spec, asked.shape)).params(asked.values)]
    found += statements(spec, query)[1:]

    with planner.begin_nested() as savepoint:
        for how in ("bitmapscan = on", "indexscan = off", "sort = on"):
            planner.execute(text(f"SET LOCAL enable_{how}"))
        plans = [plan(planner, each) for each in found]
        savepoint.rollback()

    assert len(plans) == 3
    for each in plans:
        assert f"ix_{spec.model.__tablename__}_words" in each
    assert "#peace" in plans[1]


# The databases split a text into the same words as the service splits a query.

ALPHABET = [
    *"abyz09AZ  --'*&|<>:\"\\%_[]^!.é’–…«»·ß",
    *"жйё«»ΑωἉ你好。、の・ーカ한글ไทยน้ำ၁កខ",
    *"אָ־״عَـ،؟देव।கி",
    *"♥️😀👩‍🔬→①½ªﬁ™€×\u00ad\u200b\u200c\u200d\u2028\u3000\ufdfa\ufe0f\ufeff\u0301\u0345𐐀𝄞🏽㈱",
]


def texts() -> list[str]:
    chance = random.Random(4)  # noqa: S311 - the same ones each time
    drawn = ["".join(chance.choices(ALPHABET, k=chance.randrange(1, 40))) for _ in range(400)]
    anything = "".join(map(chr, (*range(0x20, 0x3100), *range(0xFE00, 0x10000), *range(0x1F000, 0x1F100))))
    pieces = [anything[start : start + 300] for start in range(0, len(anything), 300)]
    return [*drawn, *pieces, "x" * 300, "ж" * 300, "東" * 300, "\ufdfa" * 100]


def made_in(connection: Connection, folded: list[str]) -> list[set[str]]:
    """Return the words that a database makes of each text."""
    rows = [
        {"id": UUID(int=number), "name": "x", "slug": str(number), "search_text": each, "sort_key": "x"}
        for number, each in enumerate(folded)
    ]
    connection.execute(insert(Author), rows)
    if connection.dialect.name == "postgresql":
        statement = "SELECT tsvector_to_array(catalogue_words(search_text)) FROM author ORDER BY id"
        return [{word for word in found if word[0] != "#"} for found in connection.exec_driver_sql(statement).scalars()]
    connection.exec_driver_sql("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, author_words, 'instance')")
    found: dict[int, set[str]] = {number: set() for number in range(1, len(folded) + 1)}
    for number, term in connection.exec_driver_sql("SELECT doc, term FROM temp.terms WHERE col = 'words'"):
        found[number].add(term[:LENGTH])
    return list(found.values())


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_database_makes_the_words_of_a_text_that_are_asked_for(databases: Databases, backend: str):
    folded = list(map(fold, texts()))
    with transaction(databases.migrated(backend)) as connection:
        made = made_in(connection, folded)

    for number, each in enumerate(folded):
        asked = wanted(each.replace("*", " "))
        assert made[number] == {*asked.whole, *asked.beginnings}, ascii(each)


def ids(connection: Connection, q: str, matches: Callable[..., list[Any]]) -> set[UUID]:
    asked = pagination.bind_list_query(authors.spec, AuthorList(q=q), {})
    found = select(Author.id).where(*matches(authors.spec, asked.shape)).params(asked.values)
    return set(connection.execute(found).scalars())


def test_counting_finds_the_same_rows_as_a_list_in_every_script(databases: Databases):
    folded = list(map(fold, texts()))
    words = {word for each in folded for word in wanted(each.replace("*", " ")).whole}
    of_each_script = {ord(word[0]) >> 9: word for word in sorted(words, reverse=True)}
    with transaction(databases.migrated("postgresql")) as connection:
        made_in(connection, folded)
        for word in [*of_each_script.values(), "ab*", "жж*"]:
            assert ids(connection, word, match_many) == ids(connection, word, match_words), ascii(word)


def test_counting_a_common_word_reads_the_words_of_no_text_without_it(databases: Databases):
    called = text("SELECT sum(calls) FROM pg_stat_xact_user_functions WHERE funcname = 'catalogue_words'")
    with transaction(databases.migrated("postgresql")) as connection:
        made_in(connection, [f"a {'lighthouse' if number % 10 == 0 else 'house'} {number}" for number in range(300)])
        for setting in ("track_functions = 'pl'", "enable_bitmapscan = off"):
            connection.execute(text(f"SET LOCAL {setting}"))
        assert len(ids(connection, "lighthouse", match_many)) == 30
        assert connection.execute(called).scalar() == 30


@pytest.mark.parametrize("backend", BACKENDS)
def test_rows_that_were_there_before_are_found_by_their_words(databases: Databases, backend: str):
    url = databases.empty(backend)
    History().upgrade(url, "0003")
    with transaction(url) as connection:
        rows = [
            {"id": UUID(int=number), "name": "x", "slug": str(number), "search_text": each, "sort_key": "x"}
            for number, each in enumerate(["émile zola".replace("é", "e"), "夏目 漱石"])
        ]
        connection.execute(insert(Author), rows)
    History().upgrade(url, "head")
    with transaction(url) as connection:
        for q, number in (("Émile", 0), ("目", 1)):
            asked = pagination.bind_list_query(authors.spec, AuthorList(q=q), {})
            found = authors.spec.select.where(*match_words(authors.spec, asked.shape)).params(asked.values)
            assert [row.id for row in connection.execute(found)] == [UUID(int=number)]


def test_what_databases_already_have_stays_as_it_is():
    """Check that revision 0004's function is unchanged. Other rules need a new revision with a new function."""
    made = "\n".join(
        [fulltext_index.of_postgresql(), *fulltext_index.of_sqlite("book"), *fulltext_index.gone_from_sqlite("book")]
    )

    assert hashlib.sha256(made.encode()).hexdigest()[:16] == "5aa763f1e99c220a"


def test_the_revision_is_run_again_where_it_was_begun_and_not_ended(databases: Databases):
    url = databases.empty("postgresql")
    History().upgrade(url, "0003")
    with transaction(url) as connection:
        connection.exec_driver_sql(fulltext_index.of_postgresql())
        connection.exec_driver_sql("CREATE INDEX ix_book_year_id ON book (year, id)")
        connection.exec_driver_sql("CREATE INDEX ix_book_dob_id ON author (dob, id)")
        connection.exec_driver_sql(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_book_year_id'::regclass"
        )

    History().upgrade(url, "head")

    with transaction(url) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid").scalar() == 0
        assert connection.exec_driver_sql("SELECT 'ix_book_year_id'::regclass::text").scalar() == "ix_book_year_id"


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_the_models_make_they_take_away(databases: Databases, backend: str):
    with transaction(databases.empty(backend)) as connection:
        Base.metadata.create_all(connection)
        assert {"postgresql": "function catalogue_words(text)", "sqlite": "relation tag_words"}[backend] in schema(
            connection
        )
        Base.metadata.drop_all(connection)

        assert schema(connection) == {}


# Drift

BROKEN = {
    "postgresql": {
        "CREATE OR REPLACE FUNCTION catalogue_words(text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT AS"
        " $$ SELECT ''::tsvector $$": "missing: function catalogue_words",
        "DROP INDEX ix_book_words": "missing: Index ix_book_words on book",
        "DROP TRIGGER book_tag_change_insert ON book_tag": "missing: trigger book_tag_change_insert",
        "ALTER TABLE author DISABLE TRIGGER author_change_update": "missing: trigger author_change_update",
    },
    "sqlite": {
        "DROP TRIGGER book_words_update": "missing: trigger book_words_update",
        "DROP TABLE tag_words": "missing: virtual table tag_words",
        "DROP INDEX ix_book_isbn_id": "missing: Index ix_book_isbn_id on book",
    },
}


@pytest.mark.parametrize(
    ("backend", "change"), [(backend, change) for backend, changes in BROKEN.items() for change in changes]
)
def test_a_changed_index_of_words_or_trigger_is_reported(databases: Databases, backend: str, change: str):
    with transaction(databases.migrated(backend)) as connection:
        assert differences(connection, Base.metadata) == []
        connection.exec_driver_sql(change)

        (told,) = differences(connection, Base.metadata)

    assert told.startswith(BROKEN[backend][change])


def test_writing_to_sqlite_takes_no_more_steps_for_each_letter_of_the_longest_title(databases: Databases):
    with transaction(databases.migrated("sqlite")) as connection:
        short, long = (steps_to_write(connection, "\ufdfa" * letters) for letters in (180, 18_000))

    assert short > 180
    assert long < 110 * short


def steps_of(connection: Connection, work: Callable[[], object]) -> int:
    """Return the number of instructions of SQLite's virtual machine; https://sqlite.org/opcode.html."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1

    driver: Any = connection.connection.dbapi_connection
    driver.set_progress_handler(step, 1)
    work()
    driver.set_progress_handler(None, 0)
    return count


def steps_to_write(connection: Connection, search_text: str) -> int:
    """Return the number of steps of SQLite for writing a row."""
    row = {"name": "x", "slug": uuid4().hex, "search_text": search_text, "sort_key": "x"}
    return steps_of(connection, lambda: connection.execute(insert(Author), [row]))


# What can be acquired: feeds for e-readers


FEEDS = [
    (name, spec, kind(orderBy=order, sortOrder=way))
    for name, spec, kind, order, way in (
        ("newest books", books.spec, BookFeed, "created_at", "desc"),
        ("books by title", books.spec, BookFeed, "title", "asc"),
        ("authors by name", authors.spec, AuthorFeed, "name", "asc"),
    )
]
MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)


def make_acquirable(connection: Connection, number: int, *, links: int, ebooks: int) -> None:
    """Create so many books, each by an author of its own. links, ebooks: one in so many has a link, or a file."""
    named = [
        {"id": UUID(int=place + 1), "slug": f"s{place}", "search_text": "x", "sort_key": f"{place:05}",
         "created_at": MOMENT + timedelta(seconds=place)}
        for place in range(number)
    ]  # fmt: skip
    connection.execute(insert(Author), [{**each, "name": "x"} for each in named])
    own = [
        {"title": "x", "author_id": each["id"], "url": "https://example.org/" if place % links == 0 else None}
        for place, each in enumerate(named)
    ]
    connection.execute(insert(Book), [{**each, **more} for each, more in zip(named, own, strict=True)])
    digest = "0" * 64
    connection.execute(
        insert(File), [{"sha256": digest, "size": 1, "media_type": "x", "state": "ready", "created_at": MOMENT}]
    )
    files = [
        {"book_id": each["id"], "id": each["id"], "kind": "ebook", "sha256": digest, "created_at": MOMENT}
        for place, each in enumerate(named)
        if place % ebooks == 1
    ]
    connection.execute(insert(BookFile), files)


def acquirable_page(connection: Connection, spec: ResourceSpec, query: ListQuery, **names: bool) -> list[Any]:
    asked = pagination.bind_list_query(spec, query, names)
    (statement,) = pagination.statements(spec, asked.shape)
    return [*connection.execute(statement, {**asked.values, "wanted": query.page_size + 1})]


CATALOGUES = [
    (number, name, share)
    for number in (300, 3000)
    # The number that can be acquired stays, or the share of them.
    for name, share in (("few", number // 10), ("many", 3))
]


@pytest.fixture(scope="module")
def acquirable_of(databases: Databases) -> dict[tuple[int, str], str]:
    """Return the URLs of catalogues of different sizes, by the number of books and how many can be acquired."""
    urls = {(number, name): databases.migrated("sqlite") for number, name, _ in CATALOGUES}
    for number, name, share in CATALOGUES:
        with transaction(urls[number, name]) as connection:
            make_acquirable(connection, number, links=share, ebooks=share)
    return urls


@pytest.mark.parametrize(("feed", "spec", "query"), FEEDS, ids=[name for name, *_ in FEEDS])
def test_a_feed_takes_no_more_steps_in_a_catalogue_of_ten_times_as_many_books(
    acquirable_of: dict[tuple[int, str], str], feed: str, spec: ResourceSpec, query: ListQuery
):
    taken: dict[str, list[int]] = {"few": [], "many": []}
    for number, name, _ in CATALOGUES:
        with transaction(acquirable_of[number, name]) as connection:
            ten = query.model_copy(update={"page_size": 10})
            page = partial(acquirable_page, connection, spec, ten, **{f"{name}_links": True, f"{name}_files": True})
            assert len(page()) == 11, feed
            taken[name].append(steps_of(connection, page))

    for name, (small, large) in taken.items():
        assert large < 1.2 * small, name


@pytest.mark.parametrize(
    "place", [{}, {"cursor": str(Cursor("created_at", "desc", True, False, "2026-01-31T12:00:00Z", ID))}]
)
def test_books_with_links_are_a_range_of_an_index_of_their_own(planner: Connection, place: dict[str, str]):
    asked = pagination.bind_list_query(books.spec, BookFeed(**place), {"many_links": True, "many_files": True})
    (statement,) = pagination.statements(books.spec, asked.shape)

    found = plan(planner, statement.params(asked.values, wanted=21))

    assert "using ix_book_created_at_id_of_links" in found, found
    assert "using ix_book_created_at_id on" in found, found
    assert re.search("ix_book_file_ebook|uq_book_file_book_id", found), found
    assert not re.search(r"Seq Scan|Disabled", found.partition("HashAggregate")[2]), found


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_way_of_finding_what_can_be_acquired_finds_the_same(databases: Databases, backend: str):
    with transaction(databases.migrated(backend)) as connection:
        make_acquirable(connection, 60, links=3, ebooks=2)
        for _, spec, query in FEEDS:
            ways = [
                [row.id for row in acquirable_page(connection, spec, query, **{links: True, files: True})]
                for links, files in product(("few_links", "many_links"), ("few_files", "many_files"))
            ]
            assert len(ways[0]) == 21
            assert ways == [ways[0]] * 4
        assert connection.execute(acquirable.NUMBERS).one() == (20, 30)
    assert acquirable.alternatives((4999, 5000)) == {"few_links": True, "many_files": True}
