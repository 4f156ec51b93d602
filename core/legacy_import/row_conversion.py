"""Convert the rows of an earlier database: values, and who wrote a book and what tags it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple

from sqlalchemy import Connection

from diptych.core.catalogue.books.contributors import AUTHOR
from diptych.core.catalogue.books.published import year_of
from diptych.core.catalogue.limits import NAME_MAX, TAG_MAX
from diptych.core.legacy_import import conversions
from diptych.core.legacy_import.column_mapping import FIELDS, Field
from diptych.core.legacy_import.conversions import Conversion, text_of
from diptych.core.legacy_import.inspection import Estate
from diptych.core.legacy_import.plan import Plan, Section
from diptych.core.legacy_import.row_reader import Batch, Join, Source, Values, batches, linked
from diptych.core.legacy_import.value_groups import SHOWN, shown

ROWID = "adoption_rowid"
"""The name under which a view of a SQLite table has its rowid."""

BY_PLAN = "to another value, by the plan"
"""The kind of conversion of a value that the plan replaces."""


class Reference(NamedTuple):
    """A reference to an author or tag of the old database, by the key of its row or, where it has none, by name."""

    kind: str
    key: str


class Link(NamedTuple):
    """A row of the table that ties books to authors. role: None where it says none."""

    reference: Reference
    role: str | None
    order: str | None


class Problem(NamedTuple):
    """A value that cannot be adopted. column: the label of its column. value: as it is shown. settle: what to do."""

    column: str
    value: str
    reason: str
    settle: str


class Change(NamedTuple):
    """A value that is adopted in another form."""

    column: str
    kind: str
    old: Any
    new: Any


@dataclass(slots=True)
class OldRow:
    """A row of the old database, converted.

    key: its id as canonical text. shown: its id for people. digest: of the values as they were read, those in link
    tables included. values: by field, the valid ones. parts: the columns that have a part of a joined value. named: the
    authors that a text names. tag_names: the tags that it names. links, tag_links: the rows of link tables, in order.
    """

    key: str
    shown: str
    digest: str
    values: Values
    problems: list[Problem]
    changes: list[Change]
    parts: list[str] = field(default_factory=list)
    named: list[Reference] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    tag_names: list[Reference] = field(default_factory=list)
    tag_links: list[Reference] = field(default_factory=list)

    def contributors(self) -> list[tuple[Reference, str]]:
        """Return the contributors of a book with their roles, in order, each once in a role."""
        key = self.values.get("author_id")
        own = [] if key is None else [Reference("author", key)]
        found = [(reference, AUTHOR) for reference in (*own, *self.named)]
        return list(dict.fromkeys([*found, *((link.reference, link.role or AUTHOR) for link in self.links)]))

    def tags(self) -> list[Reference]:
        """Return the tags of a book, each once."""
        return list(dict.fromkeys([*self.tag_names, *self.tag_links]))


@dataclass(frozen=True, slots=True)
class FieldReader:
    """How one field is read from a row."""

    field: Field
    names: tuple[str, ...]
    kind: str
    column: str
    table: str
    values: Mapping[str, str]

    def read(self, row: Values, problems: list[Problem], changes: list[Change]) -> Any:
        """Return the value of a row, None for none or for one that is refused, and note a problem or a change."""
        raw = row[self.names[0]] if len(self.names) == 1 else self._joined(row)
        text = text_of(raw) if self.values else ""
        given = self.values.get(text if text.strip() else "") if self.values else None
        value = raw if given is None else given
        if value is None or (isinstance(value, str) and not value.strip()):
            if self.field.required:
                problems.append(self._without_value())
            elif given is not None:
                changes.append(Change(self.column, BY_PLAN, raw, "no value"))
            return None
        try:
            kept, kind = self.field.convert(value, self.kind)
        except ValueError as error:
            problems.append(self.problem(raw, str(error)))
            return None
        if given is not None:
            changes.append(Change(self.column, BY_PLAN, raw, kept))
        elif len(self.names) > 1:
            changes.append(Change(self.column, f"joined from {', '.join(self.names)}", self._parts(row), kept))
        elif kind:
            changes.append(Change(self.column, kind, raw, kept))
        return kept

    def problem(self, raw: Any, reason: str) -> Problem:
        """Describe a value that is refused, and what settles it."""
        text = text_of(raw)
        ways = []
        if len(text) <= SHOWN and text.isprintable() and '"' not in text:
            ways.append(f'--value "{self.column}:{text}=..."')
        leave_out = f'--where "{self.table}=..." leaves such rows out'
        ways.append(leave_out if self.field.required else f"--leave {self.column}")
        return Problem(self.column, shown(raw), _phrase(reason), " or ".join(ways))

    def _without_value(self) -> Problem:
        leave_out = f'--where "{self.table}=..." leaves such rows out'
        ways = leave_out if self.field.name == "id" else f'--value "{self.column}:=..." gives one, {leave_out}'
        return Problem(self.column, "no value", "", ways)

    def _joined(self, row: Values) -> Any:
        values = [row[name] for name in self.names]
        # Not to be hidden by joining.
        bad = next((value for value in values if isinstance(value, bytes)), None)
        return bad or " ".join(text.strip() for value in values if (text := text_of(value)).strip())

    def _parts(self, row: Values) -> str:
        return " + ".join(text for name in self.names if (text := text_of(row[name])).strip())


class EstateReader:
    """Reads and converts the rows that a plan names. views: what is read for each section, once tables are renamed."""

    def __init__(
        self, connection: Connection, plan: Plan, estate: Estate, views: Mapping[str, Source] | None = None
    ) -> None:
        self.connection = connection
        self.plan = plan
        self._sources = views or {name: source(plan, estate, name) for name in plan.sections}
        self._fields = {name: field_readers(plan, estate, name) for name in plan.sections}
        self._joined = {
            name: [column for each in readers if len(each.names) > 1 for column in each.names]
            for name, readers in self._fields.items()
        }
        self._order = {
            name: link_order(plan, estate, name) for name in ("contributors", "book_tags") if name in plan.sections
        }
        self._split_authors = _splitter(plan.author_separator, conversions.to_line(NAME_MAX))
        self._split_tags = _splitter(plan.tag_separator, conversions.to_tag_of(TAG_MAX))

    def rows(self, section: str) -> Iterator[list[OldRow]]:
        """Yield the rows of authors, books or tags in batches."""
        for batch in batches(self.connection, self._sources[section]):
            yield self._books(batch) if section == "books" else [self._row(section, row) for row in batch.rows]

    def _row(self, section: str, row: Values, more: object = ()) -> OldRow:
        values, problems, changes = self._converted(section, row)
        raw = row[self.plan[section].columns["id"][0]]
        digest = blake2b(repr((row, more)).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        key = values.pop("id", None)
        parts = [name for name in self._joined[section] if text_of(row[name]).strip()]
        return OldRow(key or "", text_of(raw), digest, values, problems, changes, parts)

    def _converted(self, section: str, row: Values) -> tuple[Values, list[Problem], list[Change]]:
        problems: list[Problem] = []
        changes: list[Change] = []
        values = {reader.field.name: reader.read(row, problems, changes) for reader in self._fields[section]}
        return values, problems, changes

    def _books(self, batch: Batch) -> list[OldRow]:
        contributors, tags = self._links("contributors", batch), self._links("book_tags", batch)
        found = []
        for key, row in zip(batch.keys, batch.rows, strict=True):
            own_contributors, own_tags = contributors.get(key, []), tags.get(key, [])
            book = self._row("books", row, (own_contributors, own_tags))
            _settle(book)
            self._add_authors(book, own_contributors)
            self._add_tags(book, own_tags)
            found.append(book)
        return found

    def _links(self, section: str, batch: Batch) -> dict[Any, list[Values]]:
        if section not in self.plan:
            return {}
        link, books = self._sources[section], self._sources["books"]
        reference, referred = self.plan[section].columns["book_id"][0], self.plan["books"].columns["id"][0]
        return linked(self.connection, Join(link, reference, books, referred, self._order[section]), batch)

    def _add_authors(self, book: OldRow, links: Sequence[Values]) -> None:
        if (text := book.values.get("author")) is not None:
            names = self._split_authors(text, self._reader("books", "author"), book)
            book.named = [Reference("name", name) for name in names]
        for link in links:
            values, problems, changes = self._converted("contributors", link)
            # A row that ties a book to nothing says nothing.
            if values["author_id"] is not None:
                book.problems += problems
                book.changes += changes
                reference = Reference("author", values["author_id"])
                book.links.append(Link(reference, values.get("role"), values.get("order")))

    def _add_tags(self, book: OldRow, links: Sequence[Values]) -> None:
        if (text := book.values.get("tags")) is not None:
            names = self._split_tags(text, self._reader("books", "tags"), book)
            book.tag_names = [Reference("tag name", name) for name in names]
        for link in links:
            values, *_ = self._converted("book_tags", link)
            if values["tag_id"] is not None:
                book.tag_links.append(Reference("tag", values["tag_id"]))

    def _reader(self, section: str, name: str) -> FieldReader:
        return next(reader for reader in self._fields[section] if reader.field.name == name)


def _settle(book: OldRow) -> None:
    """Set the year that follows from a date of publication, if the row has none; a place in no series is none.

    A year that differs from that of the date stays, and is refused later.
    """
    if book.values.get("series") is None and "series_position" in book.values:
        book.values["series_position"] = None
    if "published" in book.values and book.values.setdefault("year", None) is None:
        published = book.values["published"]
        book.values["year"] = None if published is None else year_of(published)


def source(plan: Plan, estate: Estate, name: str) -> Source:
    """Return what is read for a section: the columns that it uses, and those that order a link table."""
    section = plan[name]
    table = estate[section.table]
    columns = {column: table.columns[column] for column in section.used()}
    if name in ("contributors", "book_tags"):
        columns |= {column: table.columns[column] for column in table.primary_key}
        return Source(section.table, columns, section.columns["book_id"][0], section.condition)
    return Source(section.table, columns, table.ordered_by(section.columns["id"][0]), section.condition)


def link_order(plan: Plan, estate: Estate, name: str) -> list[str]:
    """Return the columns that order a link table: one that says the order, and its own primary key."""
    section = plan[name]
    order = section.columns.get("order", ())
    other = section.columns["author_id" if name == "contributors" else "tag_id"]
    return list(dict.fromkeys([*order, *estate[section.table].primary_key, *other]))


def field_readers(plan: Plan, estate: Estate, name: str) -> list[FieldReader]:
    """Return how each field of a section is read."""
    section = plan[name]
    return [_field_reader(FIELDS[name][each], section, estate) for each in section.columns]


def _field_reader(wanted: Field, section: Section, estate: Estate) -> FieldReader:
    names = section.columns[wanted.name]
    kind = estate[section.table].columns[names[0]] if len(names) == 1 else "text"
    values = section.values.get(wanted.name, {})
    return FieldReader(wanted, names, kind, section.name_of(wanted.name), section.table, values)


def _splitter(separator: str, convert: Conversion) -> Callable[[str, FieldReader, OldRow], list[str]]:
    """Return a function that splits a text into converted names, and notes the problems and changes of its book."""

    def split(text: str, reader: FieldReader, book: OldRow) -> list[str]:
        found = []
        for part in text.split(separator) if separator else [text]:
            if part.strip():
                try:
                    name, _ = convert(part, "text")
                except ValueError as error:
                    book.problems.append(reader.problem(text, str(error)))
                else:
                    found.append(name)
        if ", ".join(found) != text:
            book.changes.append(Change(reader.column, conversions.OTHER_FORM, text, ", ".join(found)))
        return found

    return split


def _phrase(reason: str) -> str:
    """Phrase a rule's reason so that it follows a value."""
    phrase = reason
    for noun in ("language ", "year ", "text "):
        phrase = phrase.removeprefix(noun)
    return phrase if phrase.startswith(("is ", "has ", "must ", "contains ")) else f"cannot be used: {reason}"
