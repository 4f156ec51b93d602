"""Read every row once before anything is written, and report what cannot be adopted and what is converted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field

from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.books.contributors import AUTHOR
from diptych.core.catalogue.books.model import Book
from diptych.core.legacy_import.column_mapping import NOUNS
from diptych.core.legacy_import.conversions import text_of, uuid_of
from diptych.core.legacy_import.earlier_copy import EarlierCopy
from diptych.core.legacy_import.key_store import KeyStore
from diptych.core.legacy_import.plan import Plan
from diptych.core.legacy_import.row_conversion import Change, EstateReader, OldRow, Problem, Reference
from diptych.core.legacy_import.value_groups import Conversions, Refusals, shown

Advanced = Callable[[int], None]

RULES = {"authors": Author.rules, "books": Book.rules}
"""By section, the rules that say which values contradict each other."""


@dataclass(slots=True)
class ValidationReport:
    """The result of validating the rows.

    rows: the number that are adopted, by noun. kept: the number of values that arrive, by section and field; parts: of
    those in a column that is joined with others. expected: the number of values in the catalogue's tables afterwards,
    by table and column. new_ids: whether any id changes.
    """

    refusals: Refusals = field(default_factory=Refusals)
    conversions: Conversions = field(default_factory=Conversions)
    rows: Counter[str] = field(default_factory=Counter)
    kept: Counter[tuple[str, str]] = field(default_factory=Counter)
    parts: Counter[tuple[str, str]] = field(default_factory=Counter)
    expected: Counter[tuple[str, str]] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    new_ids: bool = False


def validate_rows(reader: EstateReader, advanced: Advanced, earlier: EarlierCopy | None = None) -> ValidationReport:
    """Validate every row. earlier: a copy that was made before, whose rows are not validated again."""
    report = ValidationReport()
    with closing(report.refusals), closing(KeyStore()) as seen:
        validation = _Validation(reader.plan, report, seen, earlier)
        for section in ("authors", "tags", "books"):
            if section in reader.plan:
                for rows in reader.rows(section):
                    validation.check(section, rows)
                    advanced(len(rows))
    return report


class _Validation:
    def __init__(self, plan: Plan, report: ValidationReport, seen: KeyStore, earlier: EarlierCopy | None) -> None:
        self.plan = plan
        self.report = report
        self.seen = seen
        self.earlier = earlier

    def check(self, section: str, rows: list[OldRow]) -> None:
        """Check a batch of rows."""
        noun = NOUNS[section]
        copied = self.earlier.present(noun, rows) if self.earlier else {}
        for row in rows:
            if row.key in copied:
                # A row that was deleted here since cannot be referred to any more.
                if copied[row.key]:
                    self.seen.add(noun, row.key, str(row.values.get("name", "")))
            else:
                self._check_row(section, noun, row)
        if section == "books" and self.earlier:
            self._check_isbns_in_catalogue([row for row in rows if row.key not in copied])

    def _check_row(self, section: str, noun: str, row: OldRow) -> None:
        report = self.report
        report.rows[noun] += 1
        self._check_key(section, noun, row)
        if section == "books":
            self._check_authors(row)
            self._count_tags(row)
            self._count_names(row)
            self._check_isbn(row)
        if section in RULES:
            self._check_contradictions(section, row)
        arrives = {**row.values, "id": row.key}
        name = row.values.get("name")
        merges = section != "books" and name is not None and self._merges(name, noun)
        if merges:
            arrives = {"name": name, "id": row.key}
        for problem in row.problems:
            report.refusals.add(*_grouped(problem, row))
        for change in row.changes:
            report.conversions.add(*change)
        for name, value in arrives.items():
            if value is not None:
                report.kept[section, name] += 1
                report.expected[noun, name] += not merges
        for column in row.parts:
            report.parts[section, column] += 1

    def _check_contradictions(self, section: str, row: OldRow) -> None:
        """Refuse dates of a row that contradict each other."""
        for error in RULES[section].contradictions(row.values):
            name = str((error.path or ("id",))[-1])
            # The year of a date of publication is refused under the name of the date where only that is a column.
            name = name if self.plan.has_field(section, name) else "published"
            label = self.plan[section].name_of(name)
            row.problems.append(
                Problem(label, shown(row.values[name]), f"cannot be: {error.detail}", f"--leave {label}")
            )

    def _count_names(self, row: OldRow) -> None:
        """Count what is made of the names of a book's publisher and series."""
        expected = self.report.expected
        for noun in ("publisher", "series"):
            if (name := row.values.get(noun)) is not None:
                self._count_made(noun, name)
        expected["book", "publisher_id"] += row.values.get("publisher") is not None
        if row.values.get("series") is not None:
            expected["book_series", "book_id"] += 1
            expected["book_series", "position"] += row.values.get("series_position") is not None

    def _merges(self, name: str, noun: str) -> bool:
        """Note the name of an author or tag; return whether it is a tag of a name that another has, which become one.

        The first of them is kept, with its description and times.
        """
        if self.seen.add(f"{noun} name", name) or noun == "author":
            return False
        self.report.new_ids = True
        self.report.conversions.add(
            self.plan["tags"].name_of("name"), "of the name of another tag to one tag", name, name
        )
        return True

    def _check_key(self, section: str, noun: str, row: OldRow) -> None:
        if not row.key:
            return
        self.report.new_ids |= uuid_of(row.key) is None
        if not self.seen.add(noun, row.key, str(row.values.get("name") or "")):
            label = self.plan[section].name_of("id")
            ways = f'--where "{self.plan[section].table}=..." leaves one of them out'
            row.problems.append(Problem(label, shown(row.shown), "is the id of another row too", ways))

    def _check_isbn(self, row: OldRow) -> None:
        number = row.values.get("isbn")
        if number is not None and not self.seen.add("isbn", number):
            row.problems.append(self._isbn_problem(row, number, "is the ISBN of another row too"))

    def _isbn_problem(self, row: OldRow, number: str, reason: str) -> Problem:
        label = self.plan["books"].name_of("isbn")
        written = next((text_of(change.old) for change in row.changes if change.column == label), number)
        ways = f'--value "{label}:{written}=" adopts rows with this value without it, or --leave {label}'
        return Problem(label, shown(number), reason, ways)

    def _check_isbns_in_catalogue(self, rows: list[OldRow]) -> None:
        numbers = {number: row for row in rows if (number := row.values.get("isbn")) is not None}
        for number in self.earlier.isbns(numbers) if self.earlier else ():
            problem = self._isbn_problem(
                numbers[number], number, "is the ISBN of a book that the catalogue has already"
            )
            self.report.refusals.add(*_grouped(problem, numbers[number]))

    def _check_authors(self, row: OldRow) -> None:
        """Check that a book has an author, and count the references that arrive."""
        report = self.report
        own = row.values.get("author_id")
        found = [(reference, role) for reference, role in row.contributors() if self._is_known(reference)]
        known = [link for link in row.links if self._is_known(link.reference)]
        report.dropped["contributors"] += len(row.links) - len(known)
        report.kept["contributors", "book_id"] += len(known)
        report.kept["contributors", "author_id"] += len(known)
        report.kept["contributors", "role"] += sum(link.role is not None for link in known)
        report.kept["contributors", "order"] += sum(link.order is not None for link in known)
        for reference in row.named:
            self._count_made("author", reference.key)
        if not any(role == AUTHOR for _, role in found):
            if self.plan.default_author:
                self._take_default(row)
                found.insert(0, (Reference("name", self.plan.default_author), AUTHOR))
            elif not row.problems:
                row.problems.append(self._without_author(row))
        if own is not None and not self._is_known(Reference("author", own)):
            row.values["author_id"] = None
        report.expected["book_contributor", "book_id"] += max(0, len(found) - 1)

    def _take_default(self, row: OldRow) -> None:
        label = self._author_label()
        self._count_made("author", self.plan.default_author)
        row.changes.append(Change(label, "no author to the default author", "", self.plan.default_author))

    def _is_known(self, reference: Reference) -> bool:
        return reference.kind == "name" or self.seen.get("author", reference.key) is not None

    def _count_made(self, noun: str, name: str) -> None:
        """Count the author or tag that is made for a name, unless there is one of that name."""
        if self.seen.add(f"{noun} name", name):
            self.report.expected[noun, "id"] += 1
            self.report.expected[noun, "name"] += 1

    def _without_author(self, row: OldRow) -> Problem:
        books = self.plan["books"]
        if row.contributors():
            value = "an author that is left out or does not exist"
            authors = self.plan["authors"]
            condition = authors.condition or "true"
            column = self.plan["books"].columns.get("author_id", ("...",))[0]
            way = f"{column} IN (SELECT {authors.columns['id'][0]} FROM {authors.table} WHERE {condition})"  # noqa: S608 - for a person to use
            if self.earlier:
                value = "an author that was deleted in the catalogue, is left out or does not exist"
                way = f"{books.columns['id'][0]} <> ..."
        else:
            value = "no author"
            column = next(
                (
                    self.plan["books"].columns[name][0]
                    for name in ("author_id", "author")
                    if self.plan.has_field("books", name)
                ),
                "...",
            )
            way = f"{column} IS NOT NULL"
        if books.condition:
            way = f"({books.condition}) AND {way}"
        ways = f'--default-author NAME gives them one, --where "{books.table}={way}" leaves them out'
        return Problem(self._author_label(), value, "", ways)

    def _author_label(self) -> str:
        books = self.plan["books"]
        for name in ("author_id", "author"):
            if name in books.columns:
                return books.name_of(name)
        if "contributors" in self.plan:
            return self.plan["contributors"].name_of("author_id")
        return f"{books.table}.author"

    def _count_tags(self, row: OldRow) -> None:
        names = {reference.key for reference in row.tag_names}
        for made in names:
            self._count_made("tag", made)
        linked = [name for link in row.tag_links if (name := self.seen.get("tag", link.key)) is not None]
        self.report.dropped["book_tags"] += len(row.tag_links) - len(linked)
        self.report.kept["book_tags", "book_id"] += len(linked)
        self.report.kept["book_tags", "tag_id"] += len(linked)
        self.report.expected["book_tag", "book_id"] += len(names.union(linked))


def _grouped(problem: Problem, row: OldRow) -> tuple[str, str, str, str, str]:
    return problem.column, problem.value, problem.reason, row.shown or "without an id", problem.settle
