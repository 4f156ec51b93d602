"""Copy the rows of an earlier database into the catalogue's tables, within one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import ColumnClause, Connection, Date, Double, TableClause, Uuid, column, func, select, table
from uuid_utils.compat import uuid7

from diptych.core.catalogue.books.contributors import AUTHOR
from diptych.core.catalogue.series.rules import position_number
from diptych.core.engine import slugs
from diptych.core.engine.text_normalization import fold, sort_key_of
from diptych.core.legacy_import import adopted_ids
from diptych.core.legacy_import.conversions import uuid_of
from diptych.core.legacy_import.row_conversion import EstateReader, OldRow, Reference
from diptych.core.legacy_import.row_reader import Values

REVISION = "0005"
"""The revision that rows are copied into.

As in a migration, the tables below are frozen at that revision, and later revisions change the adopted rows as they
change any others. It is the first with all fields of a book. A later copy inserts into these columns too: a newer
schema accepts what an older release writes.
"""


def _frozen(name: str, *own: ColumnClause[Any]) -> TableClause:
    times = [column(each, DateTimeUTC(timezone=True)) for each in ("created_at", "updated_at")]
    return table(name, column("id", Uuid), *own, column("search_text"), column("sort_key"), *times)


_AUTHOR = _frozen(
    "author",
    *(column("name"), column("dob", Date), column("slug"), column("birth_year"), column("death_year")),
    column("sort_name"),
)
_TAG = _frozen("tag", column("name"), column("description"))
_BOOK = _frozen(
    "book",
    *(column("title"), column("author_id", Uuid), column("isbn"), column("year"), column("language")),
    *(column("description"), column("slug"), column("subtitle"), column("publisher_id", Uuid), column("edition")),
    *(column("format"), column("pages"), column("published"), column("original_title"), column("original_language")),
    *(column("original_year"), column("url")),
)
_PUBLISHER = _frozen("publisher", column("name"), column("slug"))
_SERIES = _frozen("series", column("name"), column("slug"))
_CONTRIBUTOR = table(
    "book_contributor", column("book_id", Uuid), column("position"), column("author_id", Uuid), column("role")
)
_BOOK_TAG = table("book_tag", column("book_id", Uuid), column("tag_id", Uuid))
_BOOK_SERIES = table(
    "book_series", column("book_id", Uuid), column("series_id", Uuid), column("position"), column("number", Double)
)
_NAMED_BY = {"author": "name", "book": "title", "publisher": "name", "series": "name", "tag": "name"}

COUNTED = {
    "author": ("id", "name", "dob", "birth_year", "death_year", "sort_name"),
    "tag": ("id", "name", "description"),
    "publisher": ("id", "name"),
    "series": ("id", "name"),
    "book": (
        *("id", "title", "isbn", "year", "language", "description", "subtitle", "publisher_id", "edition", "format"),
        *("pages", "published", "original_title", "original_language", "original_year", "url"),
    ),
    "book_contributor": ("book_id",),
    "book_series": ("book_id", "position"),
    "book_tag": ("book_id",),
}
"""The columns whose values are counted after the first copy."""


class MiscountedError(Exception):
    """The number of copied rows or values is not the one that validation found; the transaction is rolled back."""


@dataclass(slots=True)
class Target:
    """The catalogue that rows are copied into.

    moment: the time for rows without one. run: the number of this copy. mapped: whether adopted_id exists. every:
    whether adopted_id gets every row, and not only those whose id changes.
    """

    connection: Connection
    moment: datetime
    run: int = 1
    mapped: bool = True
    every: bool = False
    copied: Counter[str] = field(default_factory=Counter)


def copy_rows(reader: EstateReader, target: Target, advanced: Callable[[int], None]) -> None:
    """Copy every row that has not been copied before. Errors: SQLAlchemyError."""
    plan = reader.plan
    for section, copy in (("authors", _copy_authors), ("tags", _copy_tags), ("books", _copy_books)):
        if section in plan:
            for rows in reader.rows(section):
                copy(target, _new(target, section.removesuffix("s"), rows), plan.default_author)
                advanced(len(rows))


def check_counts(connection: Connection, expected: Mapping[tuple[str, str], int]) -> None:
    """Compare the numbers of rows and values with those that validation has found. Errors: MiscountedError."""
    for name, columns in COUNTED.items():
        counted = connection.execute(
            select(*(func.count(column(each)) for each in columns)).select_from(table(name))
        ).one()
        for each, number in zip(columns, counted, strict=True):
            if number != expected.get((name, each), 0):
                raise MiscountedError(f"{name}.{each}: {number} values arrived, not {expected.get((name, each), 0)}")


def _new(target: Target, noun: str, rows: Sequence[OldRow]) -> list[OldRow]:
    """Return the rows that no earlier copy has brought."""
    if target.run == 1:
        return list(rows)
    there = adopted_ids.find(target.connection, noun, [row.key for row in rows])
    return [row for row in rows if row.key not in there]


def _copy_authors(target: Target, rows: Sequence[OldRow], _: str) -> None:
    values = [{"id": uuid_of(row.key) or uuid7(), **_columns(_AUTHOR, row)} for row in rows]
    _insert(target, _AUTHOR, values)
    _remember(target, "author", rows, [row["id"] for row in values])


def _copy_tags(target: Target, rows: Sequence[OldRow], _: str) -> None:
    """Copy tags; those of one name are one tag, also where the catalogue has it already."""
    ids = _by_name(target.connection, _TAG, {row.values["name"] for row in rows})
    values, new_ids = [], []
    for row in rows:
        name = row.values["name"]
        if name not in ids:
            ids[name] = uuid_of(row.key) or uuid7()
            values.append({"id": ids[name], **_columns(_TAG, row)})
        new_ids.append(ids[name])
    _insert(target, _TAG, values)
    _remember(target, "tag", rows, new_ids)


def _copy_books(target: Target, rows: Sequence[OldRow], default_author: str) -> None:
    contributors = {row.key: row.contributors() for row in rows}
    authors = _author_ids(target, {each for found in contributors.values() for each, _ in found})
    tags = _tag_ids(target, {each for row in rows for each in row.tags()})
    publishers = _named(target, _PUBLISHER, _texts(rows, "publisher"))
    series = _named(target, _SERIES, _texts(rows, "series"))
    books, others, tagged, placed = [], [], [], []
    for row in rows:
        book = {"id": uuid_of(row.key) or uuid7(), **_columns(_BOOK, row)}
        found = [(authors[each], role) for each, role in contributors[row.key] if each in authors]
        if not any(role == AUTHOR for _, role in found):
            found.insert(0, (_default(target, authors, default_author), AUTHOR))
        first = [role for _, role in found].index(AUTHOR)
        book["author_id"] = found[first][0]
        book["publisher_id"] = publishers.get(row.values.get("publisher", ""))
        if (name := row.values.get("series")) is not None:
            place = row.values.get("series_position")
            placed.append(
                {
                    "book_id": book["id"],
                    "series_id": series[name],
                    "position": place,
                    "number": position_number(place),
                }
            )
        books.append(book)
        others += [
            {"book_id": book["id"], "position": position, "author_id": author_id, "role": role}
            for position, (author_id, role) in enumerate(found)
            if position != first
        ]
        tag_ids = dict.fromkeys(tags[each] for each in row.tags() if each in tags)
        tagged += [{"book_id": book["id"], "tag_id": tag_id} for tag_id in tag_ids]
    _insert(target, _BOOK, books)
    _remember(target, "book", rows, [book["id"] for book in books])
    for ours, added in ((_CONTRIBUTOR, others), (_BOOK_TAG, tagged), (_BOOK_SERIES, placed)):
        if added:
            target.connection.execute(ours.insert(), added)


def _texts(rows: Sequence[OldRow], name: str) -> list[str]:
    """Return the values of a field, each once."""
    return list(dict.fromkeys(value for row in rows if (value := row.values.get(name)) is not None))


def _columns(ours: TableClause, row: OldRow) -> Values:
    """Return the values of a row that a table has columns for, but for the references."""
    return {name: value for name, value in row.values.items() if name in ours.c and name not in ("id", "author_id")}


def _insert(target: Target, ours: TableClause, rows: list[Values]) -> None:
    """Insert rows with what follows from their names, and their times."""
    for row in rows:
        name = row[_NAMED_BY[ours.name]]
        row["search_text"] = fold(name)
        row["sort_key"] = sort_key_of(row["search_text"])
        if "slug" in ours.c:
            row["slug"] = slugs.slug_of_folded(row["search_text"], fallback=ours.name)
        # If only one of the two times exists, it serves for both.
        created, updated = row.get("created_at"), row.get("updated_at")
        row["created_at"], row["updated_at"] = created or updated or target.moment, updated or created or target.moment
    if rows:
        if "slug" in ours.c:
            _make_slugs_unique(target.connection, ours, rows)
        target.connection.execute(ours.insert(), rows)
        target.copied[ours.name] += len(rows)


def _make_slugs_unique(connection: Connection, ours: TableClause, rows: list[Values]) -> None:
    """Add a suffix to slugs that are taken, as the services do."""
    statement = select(ours.c.slug).where(ours.c.slug.in_({row["slug"] for row in rows}))
    used = set(connection.execute(statement).scalars())
    wanted = slugs.make_unique([row["slug"] for row in rows], used)
    for row, slug in zip(rows, wanted, strict=True):
        row["slug"] = slug


def _remember(target: Target, kind: str, rows: Sequence[OldRow], new_ids: Sequence[UUID]) -> None:
    """Write down which row became which."""
    adopted_ids.add(
        target.connection,
        [
            {
                "kind": kind,
                "old_id": row.key,
                "new_id": new_id,
                "digest": row.digest if target.every else None,
                "run": target.run,
            }
            for row, new_id in zip(rows, new_ids, strict=True)
            if target.every or uuid_of(row.key) != new_id
        ],
    )


def _author_ids(target: Target, references: Iterable[Reference]) -> dict[Reference, UUID]:
    """Return the ids of the authors that the catalogue has, and make those that are only names."""
    references = list(references)
    found = _found(target, "author", [each for each in references if each.kind == "author"], _AUTHOR)
    names = [each.key for each in references if each.kind == "name"]
    return found | {Reference("name", name): new_id for name, new_id in _named(target, _AUTHOR, names).items()}


def _tag_ids(target: Target, references: Iterable[Reference]) -> dict[Reference, UUID]:
    references = list(references)
    found = _found(target, "tag", [each for each in references if each.kind == "tag"], _TAG)
    names = [each.key for each in references if each.kind == "tag name"]
    return found | {Reference("tag name", name): new_id for name, new_id in _named(target, _TAG, names).items()}


def _default(target: Target, authors: dict[Reference, UUID], name: str) -> UUID:
    """Return the id of the author of books without one."""
    reference = Reference("name", name)
    if reference not in authors:
        authors[reference] = _named(target, _AUTHOR, [name])[name]
    return authors[reference]


def _found(target: Target, kind: str, references: Sequence[Reference], ours: TableClause) -> dict[Reference, UUID]:
    """Return the new ids of those rows that the catalogue has."""
    new_ids = adopted_ids.find(target.connection, kind, [each.key for each in references]) if target.mapped else {}
    wanted = {each: new_id for each in references if (new_id := new_ids.get(each.key) or uuid_of(each.key)) is not None}
    there = set(target.connection.execute(select(ours.c.id).where(ours.c.id.in_(list(wanted.values())))).scalars())
    return {each: new_id for each, new_id in wanted.items() if new_id in there}


def _named(target: Target, ours: TableClause, names: Sequence[str]) -> dict[str, UUID]:
    """Return the ids of authors or tags by name, and make those that do not exist.

    An author that an earlier copy has made for a name is found under it even if it was renamed since.
    """
    if not names:
        return {}
    kind = f"{ours.name} name"
    before = adopted_ids.find(target.connection, kind, names) if target.mapped else {}
    there = set(target.connection.execute(select(ours.c.id).where(ours.c.id.in_(list(before.values())))).scalars())
    found = {name: new_id for name, new_id in before.items() if new_id in there}
    found = _by_name(target.connection, ours, set(names) - found.keys()) | found
    rows: list[Values] = [{"id": uuid7(), "name": name} for name in names if name not in found]
    _insert(target, ours, rows)
    made = {row["name"]: row["id"] for row in rows}
    if target.every:
        new = [name for name in made if name not in before]
        adopted_ids.add(
            target.connection,
            [{"kind": kind, "old_id": name, "new_id": made[name], "digest": None, "run": target.run} for name in new],
        )
    return found | made


def _by_name(connection: Connection, ours: TableClause, names: Iterable[str]) -> dict[str, UUID]:
    """Return the ids of rows by name; of several of one name, the first."""
    statement = select(ours.c.name, ours.c.id).where(ours.c.name.in_(list(names))).order_by(ours.c.id.desc())
    return {row.name: row.id for row in connection.execute(statement)}
