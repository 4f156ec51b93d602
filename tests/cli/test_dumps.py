"""`database dump-data` and `load`: the same rows in a database of either kind, or none at all."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, insert, select
from sqlalchemy.exc import OperationalError

from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.books.model import Book, BookContributor, BookTag
from diptych.core.catalogue.tags.model import Tag
from diptych.core.db.config import changing, connection_string
from diptych.core.db.schema_version import head
from diptych.core.idempotency.model import IdempotencyKey
from diptych.core.import_export.dump_format import BATCH, TABLES, load
from diptych.core.settings import Settings
from tests.support import before
from tests.support.commands import done, invoked, refused
from tests.support.databases import BACKENDS, ROOT, run
from tests.support.forked import on_a_terminal

both = pytest.mark.parametrize("backend", BACKENDS)
Catalogues = Callable[[str], str]

SAMPLE = str(ROOT / "core/data/sample.jsonl")
IDS = [UUID(int=number) for number in range(1, 9)]
TIME = datetime(2026, 2, 28, 23, 59, 59, 999999, UTC)

# Values that the API never stores, but a database can hold, and how they are restored.
LOAD = ("load", "--unchecked")
HOSTILE = 'a"b\\c\u2028\u0085\x1f\x7f "},\n]\r\n}}\t\U0010ffff é e\u0301 日本 ]\n],'


def inserted(url: str, rows: dict[Any, list[dict[str, Any]]]) -> None:
    engine = create_engine(connection_string(Settings(database_url=url)))
    with engine.begin() as connection:
        for model, values in rows.items():
            connection.execute(insert(model), values)
    engine.dispose()


def stored(url: str) -> dict[str, list[Any]]:
    """Return every row of every table of the catalogue."""
    engine = create_engine(connection_string(Settings(database_url=url)))
    with engine.connect() as connection:
        found = {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in TABLES.values()
        }
    engine.dispose()
    return found


def record(**values: Any) -> dict[str, Any]:
    return {"created_at": TIME, "updated_at": TIME, "search_text": "s", "sort_key": "k", **values}


def odd_rows(text: str = HOSTILE) -> dict[Any, list[dict[str, Any]]]:
    return {
        Author: [
            record(id=IDS[0], name=text, dob=date(1, 1, 1), slug="a", search_text=text * 9, sort_key=""),
            record(id=IDS[1], name="", dob=None, slug="b", created_at=datetime(1, 1, 1, 0, 0, 0, 1, UTC)),
        ],
        Tag: [record(id=IDS[2], name=text, description=text)],
        Book: [
            record(id=IDS[3], author_id=IDS[0], slug="c", title=text, isbn=None, year=-32768, language=None)
            | {"description": text},
            record(id=IDS[4], author_id=IDS[1], slug="d", title="t", isbn="1", year=None, language="de")
            | {"description": None},
        ],
        BookContributor: [{"book_id": IDS[3], "position": 7, "author_id": IDS[1], "role": "other"}],
        BookTag: [{"book_id": IDS[3], "tag_id": IDS[2]}],
    }  # fmt: skip


@pytest.mark.parametrize("way", [BACKENDS, BACKENDS[::-1]], ids="-".join)
def test_a_dump_carries_a_catalogue_to_the_other_kind_and_back(
    catalogue: Catalogues, way: tuple[str, str], tmp_path: Path
):
    urls = [catalogue(backend) for backend in (*way, way[0])]
    done(urls[0], "import", SAMPLE)
    inserted(urls[0], odd_rows())
    for old, new in pairwise(urls):
        path = tmp_path / "dump.json"
        assert done(old, "database", "dump-data", "-o", str(path)) == ""
        rows = sum(map(len, stored(old).values()))
        assert rows > 200
        assert done(new, *LOAD, str(path)).splitlines()[0] == f"{rows} rows loaded."
        assert stored(new) == stored(old)
        assert done(new, "database", "dump-data").encode() == path.read_bytes()
        assert done(new, "export") == done(old, "export")


@pytest.mark.unsampled
@pytest.mark.long
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=90))
def test_any_text_survives(clearing: Callable[[], tuple[str, str]], text: str):
    old, new = clearing()
    inserted(old, odd_rows(text))
    done(new, *LOAD, "-", stdin=done(old, "database", "dump-data").encode())
    assert stored(new) == stored(old)


@pytest.fixture
def clearing(catalogue: Catalogues) -> Callable[[], tuple[str, str]]:
    """Return a function that empties two databases, one of each kind, and returns their URLs."""
    urls = catalogue("sqlite"), catalogue("postgresql")

    def clear() -> tuple[str, str]:
        for url in urls:
            engine = create_engine(connection_string(Settings(database_url=url)))
            with engine.begin() as connection:
                for table in reversed(TABLES.values()):
                    connection.execute(table.delete())
            engine.dispose()
        return urls

    return clear


@both
@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({Tag: [record(id=IDS[0], name="a\x07b", description=None)]}, "name: "),
        ({Author: [record(id=IDS[0], name="x", slug="A Slug", dob=None)]}, "slug: "),
        ({Author: [record(id=IDS[0], name="x", slug="x", dob=None)]}, None),
    ],
)
def test_what_the_api_would_refuse_is_refused_with_its_line(
    catalogue: Catalogues, backend: str, row: dict[Any, Any], why: str | None
):
    old, new = catalogue("sqlite"), catalogue(backend)
    inserted(old, row)
    dump = done(old, "database", "dump-data").encode()
    if why:
        told = refused(new, "load", "-", stdin=dump)
        assert re.match(rf"Error: line \d+: {why}.* \(--unchecked loads it as it is\)$", told)
        assert not any(stored(new).values())
        done(new, *LOAD, "-", stdin=dump)
    else:
        done(new, "load", "-", stdin=dump)
    assert stored(new) == stored(old)


@both
def test_a_dump_is_one_json_document_that_says_its_revision(catalogue: Catalogues, backend: str):
    url = catalogue(backend)
    inserted(url, odd_rows())
    document = json.loads(done(url, "database", "dump-data"))
    assert (document["format"], document["revision"]) == ("diptych-dump", head())
    assert list(document["tables"]) == list(TABLES)
    assert document["tables"]["author"][0] == {
        "id": str(IDS[0]), "name": HOSTILE, "dob": "0001-01-01", "kind": None,
        "sort_name": None, "birth_year": None, "death_year": None, "slug": "a",
        "search_text": HOSTILE * 9, "sort_key": "",
        "created_at": "2026-02-28T23:59:59.999999Z", "updated_at": "2026-02-28T23:59:59.999999Z",
    }  # fmt: skip


def test_the_order_in_which_rows_were_made_is_not_seen(catalogue: Catalogues):
    rows = [record(id=each, name=str(each), description=None) for each in IDS]
    dumps = set()
    for backend, made in (("sqlite", rows), ("sqlite", rows[::-1]), ("postgresql", rows[3:] + rows[:3])):
        url = catalogue(backend)
        inserted(url, {Tag: made})
        dumps.add(done(url, "database", "dump-data"))
    assert len(dumps) == 1


@both
def test_idempotency_keys_are_not_dumped_and_do_not_prevent_a_load(catalogue: Catalogues, backend: str):
    old, new = catalogue(backend), catalogue(backend)
    key = {"key": "k", "fingerprint": b"\xff", "created_at": TIME}
    inserted(old, {**odd_rows(), IdempotencyKey: [key]})
    inserted(new, {IdempotencyKey: [key | {"key": "of the other"}]})
    dump = done(old, "database", "dump-data")
    assert "idempotency_key" not in dump
    done(new, *LOAD, "-", stdin=dump)
    assert before.rows(new, "SELECT key FROM idempotency_key") == [("of the other",)]
    assert "'idempotency_key' is not one of" in refused(
        old, "database", "dump-data", "--table", "idempotency_key", status=2
    )


def test_tables_can_be_chosen(catalogue: Catalogues):
    url = catalogue("sqlite")
    done(url, "import", SAMPLE)
    chosen = json.loads(done(url, "database", "dump-data", "--table", "tag", "--table", "author"))["tables"]
    assert list(chosen) == ["author", "tag"]
    assert list(json.loads(done(url, "database", "dump-data", "--table", "*"))["tables"]) == list(TABLES)
    assert "'nonsense' is not one of" in refused(url, "database", "dump-data", "--table", "nonsense", status=2)
    new = catalogue("postgresql")
    done(new, "load", "-", stdin=done(url, "database", "dump-data", "--table", "author"))
    assert stored(new)["author"] == stored(url)["author"]


@both
def test_a_directory_has_a_file_for_each_table(catalogue: Catalogues, backend: str, tmp_path: Path):
    url, new = catalogue(backend), catalogue(backend)
    done(url, "import", SAMPLE)
    done(url, "database", "dump-data", "--dir", str(tmp_path / "a" / "b"))
    assert {path.name for path in (tmp_path / "a" / "b").iterdir()} == {f"{name}.json" for name in TABLES}
    done(new, *LOAD, str(tmp_path / "a" / "b"))
    assert stored(new) == stored(url)
    assert "There is no dump in" in refused(new, "load", str(tmp_path))
    told = refused(url, "database", "dump-data", "--dir", str(tmp_path), "-o", str(tmp_path / "x"), status=2)
    assert "exclude each other" in told


def test_a_dump_that_fails_leaves_the_file_of_before(catalogue: Catalogues, tmp_path: Path):
    url = catalogue("sqlite")
    path = tmp_path / "dump.json"
    path.write_text("of before", encoding="utf-8")
    done(url, "database", "downgrade")
    for target in (["-o", str(path)], ["--dir", str(tmp_path)]):
        assert 'run "diptych database upgrade"' in refused(url, "database", "dump-data", *target)
    assert [(each.name, each.read_text(encoding="utf-8")) for each in tmp_path.iterdir()] == [
        ("dump.json", "of before")
    ]
    assert "Error: " in refused(catalogue("sqlite"), "database", "dump-data", "-o", str(tmp_path / "no" / "dump.json"))


# --- what cannot be loaded ---


@both
def test_a_database_that_has_rows_is_refused(catalogue: Catalogues, backend: str):
    url = catalogue(backend)
    inserted(url, {Tag: odd_rows()[Tag]})
    dump = done(url, "database", "dump-data")
    assert refused(url, "load", "-", stdin=dump) == "Error: The database is not empty: tag has rows."


@both
def test_a_database_at_another_revision_and_a_dump_of_another_are_refused(catalogue: Catalogues, backend: str):
    url = catalogue(backend)
    other = done(url, "database", "dump-data").replace(f'"{head()}"', '"0001"')
    told = refused(url, "load", "-", stdin=other)
    assert told == f"Error: The dump is of revision 0001, the database is at {head()}."
    done(url, "database", "downgrade")
    assert 'run "diptych database upgrade"' in refused(url, "load", "-", stdin=other)
    done(url, "database", "downgrade", "base")
    assert "not been migrated" in refused(url, "load", "-", stdin=other)


def changed(pattern: str, replacement: str) -> Callable[[str], str]:
    def change(dump: str) -> str:
        text, times = re.subn(pattern, replacement, dump, count=1, flags=re.DOTALL)
        assert times == 1
        return text

    return change


BROKEN = {
    "nothing": (lambda _: "", "line 1: the dump ends in the middle"),
    "text": (lambda _: "title,author\n", "line 1: this is no dump"),
    "other JSON": (lambda _: '{"items": []}\n', "line 1: this is no dump"),
    "an export": (lambda _: '{"type":"tag","id":"x"}\n', "line 1: this is no dump"),
    "tidied": (lambda dump: json.dumps(json.loads(dump), indent=1) + "\n", "line 1: this is no dump"),
    "cut after a row": (lambda dump: dump[: dump.index("\n", 200) + 1], "ends in the middle"),
    "cut in a row": (lambda dump: dump[:-40], "ends in the middle"),
    "cut before the end": (lambda dump: dump.removesuffix("}}\n"), "ends in the middle"),
    "more after the end": (lambda dump: dump + "\n", "the document should end here"),
    "a table twice": (changed('"tag": ', '"author": '), "one that was not there yet"),
    "a table of nobody's": (changed('"tag": ', '"pg_user": '), "one that was not there yet"),
    "no comma": (changed(r"\},\n\{", "}\n{"), "line 4: there is no comma before it"),
    "no JSON": (changed(r'\{"id"', '{id"'), "line 3: JSON is malformed"),
    "a missing column": (changed(r'"slug":"a",', ""), "line 3: Object missing required field `slug`"),
    "an unknown column": (changed(r'"slug":"a"', '"slug":"a","x":1'), "line 3: Object contains unknown field `x`"),
    "a wrong type": (changed(r'"slug":"a"', '"slug":1'), "line 3: Expected `str`, got `int` - at `$.slug`"),
    "null": (changed(r'"slug":"a"', '"slug":null'), "line 3: Expected `str`, got `null`"),
    "text too long": (changed(r'"slug":"a"', f'"slug":"{"a" * 101}"'), "line 3: Expected `str` of length <= 100"),
    "a NUL": (changed(r'"slug":"a"', r'"slug":"\\u0000"'), "line 3: text cannot have a NUL in it"),
    "half a character": (changed(r'"slug":"a"', r'"slug":"\\ud800"'), "line 3: JSON is malformed"),
    "a number too large": (changed("-32768", "-32769"), "Expected `int` >= -32768"),
    "a time of no zone": (changed("999999Z", "999999"), "line 3: Expected `datetime` with a timezone component"),
    "an array": (changed(r'\{"id".*?\},\n', "[],\n"), "line 3: Expected `object`, got `array`"),
    "a broken reference": (changed(f'"author_id":"{IDS[0]}"', f'"author_id":"{IDS[7]}"'), ", book: "),
    "an id twice": (changed(str(IDS[1]), str(IDS[0])), "lines 3 to 4, author: "),
    "a role of nobody's": (changed('"other"', '"nobody"'), ", book_contributor: "),
}


@both
@pytest.mark.parametrize("how", BROKEN)
def test_what_is_wrong_with_a_dump_is_one_line_and_nothing_is_loaded(catalogue: Catalogues, backend: str, how: str):
    old, new = catalogue("sqlite"), catalogue(backend)
    inserted(old, odd_rows())
    change, why = BROKEN[how]
    assert why in refused(new, *LOAD, "-", stdin=change(done(old, "database", "dump-data")))
    assert not any(stored(new).values())


def test_bytes_that_are_no_utf_8_are_one_line(catalogue: Catalogues):
    url = catalogue("sqlite")
    inserted(url, odd_rows("é"))
    dump = done(url, "database", "dump-data").encode()
    new = catalogue("sqlite")
    assert "line 3: " in refused(new, *LOAD, "-", stdin=dump.replace("é".encode(), b"\xe9"))
    assert "line 1: this is no dump" in refused(new, "load", "-", stdin=dump.replace(head().encode(), b"\xe9", 1))
    assert "line is too long" in refused(new, "load", "-", stdin=dump[:60] + b" " * 2**24)


def test_a_file_or_a_database_that_is_not_there_is_one_line(catalogue: Catalogues, tmp_path: Path):
    assert "No such file" in refused(catalogue("sqlite"), "load", str(tmp_path / "x"))
    (tmp_path / "x").touch()
    assert "There is no database" in refused(f"sqlite:///{tmp_path}/y.db", "load", str(tmp_path / "x"))
    assert "cannot be reached" in refused("postgresql://u@127.0.0.1:1/db", "load", str(tmp_path / "x"))


def test_a_dump_is_of_one_moment(catalogue: Catalogues, monkeypatch: pytest.MonkeyPatch):
    for backend in BACKENDS:
        url, new = catalogue(backend), catalogue(backend)
        inserted(url, odd_rows())
        encode = sys.modules["diptych.core.import_export.dump_format"].encode  # type: ignore[attr-defined]
        later = iter([True])

        def slow(value: Any, url: str = url, later: Any = later) -> bytes:
            if isinstance(value, dict) and next(later, False):
                inserted(url, {Tag: [record(id=IDS[7], name="meanwhile", description=None)]})
            return encode(value)  # noqa: B023

        monkeypatch.setattr("diptych.core.import_export.dump_format.encode", slow)
        dump = done(url, "database", "dump-data")
        monkeypatch.undo()
        assert "meanwhile" not in dump
        assert "meanwhile" in done(url, "database", "dump-data")
        done(new, *LOAD, "-", stdin=dump)


@both
def test_no_other_session_writes_while_a_dump_is_loaded(catalogue: Catalogues, backend: str):
    old, new = catalogue(backend), catalogue(backend)
    done(old, "import", SAMPLE)
    other = create_engine(connection_string(Settings(database_url=new)))
    refusals = []

    def write(_: int) -> None:
        with pytest.raises(OperationalError) as caught, other.begin() as connection:  # noqa: PT012
            connection.exec_driver_sql("PRAGMA busy_timeout=0" if backend == "sqlite" else "SET lock_timeout = '10ms'")
            connection.execute(insert(Tag), [record(id=IDS[0], name="meanwhile", description=None)])
        refusals.append(caught.value)

    with changing(Settings(database_url=new)) as connection:
        load(connection, [BytesIO(done(old, "database", "dump-data", "--table", "tag").encode())], write)
    other.dispose()
    assert refusals
    assert stored(new)["tag"] == stored(old)["tag"]


def test_more_rows_than_a_batch_are_loaded_and_the_line_of_a_broken_one_is_named(catalogue: Catalogues):
    url, new = catalogue("sqlite"), catalogue("postgresql")
    inserted(url, {Tag: [record(id=UUID(int=n), name=f"{n}", description=None) for n in range(2 * BATCH + 5)]})
    dump = done(url, "database", "dump-data")
    assert "lines 2011 to 2015, tag: " in refused(new, "load", "-", stdin=dump.replace(f'"{2 * BATCH + 3}"', '"1"'))
    assert done(new, "load", "-", stdin=dump).splitlines()[0] == f"{2 * BATCH + 5:,} rows loaded."
    assert stored(new) == stored(url)


# --- bars, and memory ---


def test_a_terminal_sees_a_bar_that_ends_full_and_a_pipe_sees_none(catalogue: Catalogues, tmp_path: Path):
    url, new, path = catalogue("sqlite"), catalogue("sqlite"), tmp_path / "dump.json"
    done(url, "import", SAMPLE)
    for command, target in (["database", "dump-data", "-o"], url), (["load"], new):
        status, seen = on_a_terminal(target, *command, str(path))
        assert status == 0
        assert "100%" in seen
    assert invoked(url, "database", "dump-data").stderr == ""
    assert "%" not in on_a_terminal(url, "database", "dump-data")[1]


def peak(url: str, *arguments: str) -> int:
    """Return a command's peak memory in bytes."""
    code = (
        "import re, sys; from pathlib import Path; from diptych.core.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as end: assert not end.code\n"
        "print(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])"
    )
    return int(run([sys.executable, "-c", code, *arguments], DATABASE_URL=url).stdout.split()[-1]) * 1024


@pytest.mark.unsampled
@pytest.mark.long
def test_a_catalogue_of_any_size_needs_no_more_memory(catalogue: Catalogues, tmp_path: Path):
    url, new, path = catalogue("postgresql"), catalogue("postgresql"), tmp_path / "dump.json"
    empty = peak(url, "database", "dump-data", "-o", str(path)), peak(new, "load", str(path))
    text = "word " * 1000
    inserted(url, {Tag: [record(id=UUID(int=n), name=f"{n}", description=text) for n in range(20_000)]})
    full = peak(url, "database", "dump-data", "-o", str(path)), peak(new, "load", str(path))
    assert path.stat().st_size > 100_000_000
    assert full[0] < empty[0] + 40_000_000
    assert full[1] < empty[1] + 40_000_000
