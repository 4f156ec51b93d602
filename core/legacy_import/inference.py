"""Infer a plan from the names, keys and columns of an earlier database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from diptych.core.legacy_import.column_mapping import FIELDS, Field
from diptych.core.legacy_import.inspection import Estate, EstateTable
from diptych.core.legacy_import.plan import Plan, Section

NAMES = {"authors": ("author", "authors"), "books": ("book", "books"), "tags": ("tag", "tags")}
"""The names of tables, in lower case, in which earlier applications keep their authors, books and tags."""

LINKS = {
    "contributors": ("book_id", "author_id", ("author", "contributor", "writer")),
    "book_tags": ("book_id", "tag_id", ("tag",)),
}
"""By section, the two references that make a table a link, and words in the name of one."""


@dataclass(slots=True)
class Inferred:
    """An inferred plan. undecided: by section, what cannot be inferred, in sentences."""

    plan: Plan
    undecided: dict[str, list[str]] = field(default_factory=dict)


def infer(estate: Estate, left: set[tuple[str, str]]) -> Inferred:
    """Infer a plan. left: tables and columns that are to stay behind."""
    inference = _Inference(estate, left)
    sections: dict[str, Section] = {}
    if (authors := inference.entity("authors")) is not None:
        sections["authors"] = inference.section("authors", authors)
    if (books := inference.entity("books")) is not None:
        sections["books"] = inference.books(books, authors)
        tags = inference.entity("tags")
        if authors and (link := inference.link("contributors", books, authors, sections["books"])):
            sections["contributors"] = link
        if tags and (link := inference.link("book_tags", books, tags, sections["books"])):
            sections["tags"] = inference.section("tags", tags)
            sections["book_tags"] = link
    return Inferred(Plan({name: sections[name] for name in FIELDS if name in sections}), inference.undecided)


class _Inference:
    def __init__(self, estate: Estate, left: set[tuple[str, str]]) -> None:
        self.estate = estate
        self.left = left
        self.undecided: dict[str, list[str]] = {}

    def entity(self, section: str) -> EstateTable | None:
        """Find the table of authors, books or tags."""
        found = [table for name, table in self.estate.items() if name.lower() in NAMES[section]]
        if len(found) > 1:
            names = " and ".join(table.name for table in found)
            self._undecided(section, f'{names} may both hold {section}: a plan says which, [{section}] table = "...".')
            return None
        return found[0] if found else None

    def section(self, name: str, table: EstateTable) -> Section:
        """Find the columns of a table."""
        available = {column.lower(): column for column in table.columns if (table.name, column) not in self.left}
        columns: dict[str, tuple[str, ...]] = {}
        for each in FIELDS[name].values():
            fitting = _of_kinds(each, table, available) if each.kinds else available
            found = (table.key,) if each.name == "id" and table.key else self._columns(each, fitting)
            if found:
                columns[each.name] = found
        used = {column for names in columns.values() for column in names}
        return Section(table.name, columns, leave=tuple(column for column in table.columns if column not in used))

    def books(self, table: EstateTable, authors: EstateTable | None) -> Section:
        """Find the columns of the books; an author is a reference to the authors, or else a text."""
        plain = self.section("books", table)
        columns = {name: found for name, found in plain.columns.items() if name not in ("author", "author_id")}
        if authors is not None:
            references = [
                column
                for column in self._references(table, authors, "author_id")
                if (table.name, column) not in self.left
            ]
            usual = [column for column in references if column.lower() in ("author_id", "author")]
            if len(usual or references) == 1:
                columns["author_id"] = tuple(usual or references)
            elif references:
                names = " and ".join(references)
                self._undecided("books", f'{names} of {table.name} refer to authors: author_id = "..." says which.')
        elif "author" in plain.columns:
            columns["author"] = plain.columns["author"]
        ordered = {name: columns[name] for name in FIELDS["books"] if name in columns}
        used = {column for names in ordered.values() for column in names}
        return Section(table.name, ordered, leave=tuple(column for column in table.columns if column not in used))

    def link(self, name: str, books: EstateTable, others: EstateTable, of_books: Section) -> Section | None:
        """Find the table that ties books to authors or tags, and its columns."""
        book_column, other_column, words = LINKS[name]
        found = []
        for table in self.estate.values():
            own, their = self._references(table, books, book_column), self._references(table, others, other_column)
            if table not in (books, others) and len(own) == len(their) == 1:
                found.append((table, own[0], their[0]))
        named = [each for each in found if any(word in each[0].name.lower() for word in words)]
        # A table such as reviews may refer to both: only its name makes it a link where books have an author already.
        chosen = named or ([] if name == "contributors" and "author_id" in of_books.columns else found)
        if len(chosen) > 1:
            names = " and ".join(table.name for table, *_ in chosen)
            self._undecided(name, f'{names} may all tie books to them: a plan says which, [{name}] table = "...".')
            return None
        if not chosen:
            return None
        table, own_column, their_column = chosen[0]
        available = {column.lower(): column for column in table.columns if (table.name, column) not in self.left}
        columns: dict[str, tuple[str, ...]] = {book_column: (own_column,), other_column: (their_column,)}
        for each in FIELDS[name].values():
            if each.name not in columns and (further := self._columns(each, available)):
                columns[each.name] = further
        return Section(table.name, columns)

    def _references(self, table: EstateTable, to: EstateTable, usual: str) -> list[str]:
        """Return the columns that refer to a table: foreign keys, or without any, one of the usual name."""
        keys = [column for column in table.columns if table.references.get(column) == to.name]
        return keys or [
            column for column in table.columns if column.lower() == usual and column not in table.references
        ]

    def _columns(self, wanted: Field, available: Mapping[str, str]) -> tuple[str, ...]:
        for name in wanted.found_as:
            if name in available:
                return (available[name],)
        parts = [next((available[name] for name in names if name in available), None) for names in wanted.joined]
        return tuple(part for part in parts if part is not None)

    def _undecided(self, section: str, sentence: str) -> None:
        self.undecided.setdefault(section, []).append(sentence)


def _of_kinds(wanted: Field, table: EstateTable, available: Mapping[str, str]) -> Mapping[str, str]:
    """Return the columns of a field's kinds that refer to no other table, by their names in lower case."""
    return {
        lower: column
        for lower, column in available.items()
        if table.columns[column] in wanted.kinds and column not in table.references
    }
