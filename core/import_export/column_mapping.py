"""Map the columns of a file to the fields of a book."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, TypeVar

from msgspec import Struct
from pydantic import TypeAdapter, ValidationError

from diptych.core.catalogue.books.contributors import AUTHOR, ROLES
from diptych.core.catalogue.books.isbn import isbn13
from diptych.core.catalogue.books.language import language_tag
from diptych.core.catalogue.books.schemas import BookInput
from diptych.core.catalogue.books.years import year
from diptych.core.catalogue.limits import DESCRIPTION_MAX, NAME_MAX, TAG_MAX, TITLE_MAX
from diptych.core.catalogue.tags.rules import tag_name
from diptych.core.engine.schemas.base import query_type
from diptych.core.engine.schemas.error_messages import detail
from diptych.core.engine.text_normalization import limited, line, prose
from diptych.core.import_export.import_rows import LIST_MAX, BookRecord, Contributor, Reject

# Names that columns go by, best first, without case, spaces, "_" and "-".
_COLUMNS: dict[str, tuple[str, ...]] = {
    "title": ("title", "name", "originaltitle"),
    "contributors": ("contributors",),
    "author": ("authors", "author", "firstauthor", "creator", "by"),
    "editor": ("editors", "editor"),
    "translator": ("translators", "translator"),
    "illustrator": ("illustrators", "illustrator"),
    "isbn": ("isbn", "isbn10"),
    "isbn13": ("isbn13",),
    "year": (
        "year",
        "originalpublicationyear",
        "publicationyear",
        "yearpublished",
        "published",
        "pubdate",
        "date",
    ),
    "language": ("language", "languagecode", "lang"),
    "description": ("description", "summary", "notes"),
    "tags": ("tags", "subjects", "genres", "keywords"),
}
# Fields of a book that have no entry above are read from the column of their name, as a query string has their values.
_FURTHER: dict[str, TypeAdapter[Any]] = {
    name: TypeAdapter(query_type(BookInput, name))
    for name in BookInput.model_fields
    if name not in _COLUMNS and name != "author_id"
}
_COLUMNS |= {name: (name.replace("_", ""),) for name in _FURTHER}
FIELDS = tuple(_COLUMNS)
"""What a column can be mapped to."""
# Plural names of fields. A column or field under one of them holds several values in a cell.
_PLURALS = {f"{field}s": field for field in ("author", "editor", "translator", "illustrator")}
_PLURAL_COLUMNS = frozenset([*_PLURALS, "contributors", *_COLUMNS["tags"]])
_NOT_SHARED = ("contributors", "isbn", "isbn13")  # no default can be right for these

_SHOWN = 60  # characters of a bad value in a reason
# After "; " and "|", the comma; but not the one in "Kurt Vonnegut, Jr.".
_NAME_COMMA = re.compile(r", (?!(?:Jr|Sr|II|III|IV)\b)")
_TAG_COMMA = re.compile(r",")
_SEMICOLON_OR_BAR = re.compile(r"[;|]")

_EXCEL_TEXT = re.compile(r'="?(?P<text>[^"]*)"?')
_WHOLE_FLOAT = re.compile(r"([0-9]+)[.,]0*")
_SCIENTIFIC = re.compile(r"([0-9])[.,]?([0-9]*)[eE]\+?([0-9]{1,2})")
_SHORT_TEN = re.compile(r"[0-9]{5,8}[0-9Xx]")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class ColumnMap:
    """Which columns a field is read from (the first that is not empty wins), and which fields are split."""

    columns: Mapping[str, tuple[str, ...]]
    split: frozenset[str]
    separator: str | None


class _Cell(Struct, frozen=True):
    """A value that is not empty, and whether it may hold several."""

    value: Any
    plural: bool


# --- recognising columns ---


def infer_columns(
    columns: Sequence[str] | None, explicit: Mapping[str, str] | None = None, separator: str | None = None
) -> ColumnMap:
    """Return where each field is read from, given the columns of a file (None if each row has its own).

    Explicit entries (field -> column, "" to ignore the field) win over what is recognised by name; a plural
    field, such as "authors", has its cells split. The separator is used for all cells that are split.
    Raises ValueError for a field or column that does not exist, and when no column holds the title.
    """
    found = {field: _recognised(names, columns) for field, names in _COLUMNS.items()}
    split = {"tags", "contributors"}
    explicit = explicit or {}
    for field, (key, column) in zip(_fields(explicit), explicit.items(), strict=True):
        found[field] = (_existing(column, columns),) if column else ()
        if key in _PLURALS:
            split.add(field)
    if not found["title"]:
        there = ", ".join(columns or ())
        raise ValueError(f"no column holds the title: say which with --map title=COLUMN (there are {there})")
    return ColumnMap(found, frozenset(split), separator or None)


def check_defaults(defaults: Mapping[str, str]) -> None:
    """Raise ValueError when a default is for a field that cannot have one, or is no valid value of it."""
    fields = _fields(defaults)
    for field in _NOT_SHARED:
        if field in fields:
            raise ValueError(f"{field} cannot have a default: it belongs to one book")
    row = {field: field for field in ("title", "author") if field not in fields}
    match record(row, 0, infer_columns(None), defaults):
        case Reject(reason=reason):
            raise ValueError(f"default is not valid: {reason}")


@lru_cache(maxsize=1024)
def _plain(name: str) -> str:
    """Return a column name without case, spaces, "_" and "-"."""
    return re.sub(r"[\s_-]+", "", name).casefold()


def _recognised(names: Iterable[str], columns: Sequence[str] | None) -> tuple[str, ...]:
    if columns is None:
        return tuple(names)
    return tuple(column for name in names for column in columns if _plain(column) == name)


def _fields(keys: Iterable[str]) -> list[str]:
    """Return the field that each key means; raise ValueError if there is none, or one is meant twice."""
    fields: list[str] = []
    for key in keys:
        field = _PLURALS.get(key, key)
        if field not in _COLUMNS:
            raise ValueError(f"unknown field {key!r}: there are {', '.join(_COLUMNS)}")
        if field in fields:
            raise ValueError(f"{field} is given twice, as {field} and {field}s")
        fields.append(field)
    return fields


def _existing(column: str, columns: Sequence[str] | None) -> str:
    """Return the column as the file writes it; raise ValueError if the file is known not to have it."""
    if columns is None or column in columns:
        return column
    for there in columns:
        if _plain(there) == _plain(column):
            return there
    raise ValueError(f"the file has no column {column!r}: there are {', '.join(columns)}")


# --- one row ---


def record(
    row: Mapping[str, Any],
    line: int,
    mapping: ColumnMap,
    defaults: Mapping[str, str],
) -> BookRecord | Reject:
    """Return the book of a row, or a reject whose reason names every bad field.

    Defaults (field -> value) stand in for empty cells.
    """
    reader = _RowReader(row, mapping, defaults)
    title = reader.take("title", _title)
    contributors = _contributors(reader)
    isbn = _isbn(reader)
    published = reader.take("year", lambda cell: year(_scalar(cell.value)))
    language = reader.take("language", lambda cell: language_tag(_scalar(cell.value)))
    description = reader.take("description", _description)
    tags = reader.take("tags", lambda cell: _tags(cell, mapping.separator)) or ()
    further = {name: reader.take(name, partial(_validated, kind=kind)) for name, kind in _FURTHER.items()}
    for name, values in (("contributors", contributors), ("tags", tags)):
        if len(values) > LIST_MAX:
            reader.problems[name] = f"{name}: more than {LIST_MAX}"
    if title is None and "title" not in reader.problems:
        reader.problems["title"] = "title is missing"
    if title is None or reader.problems:
        return Reject(line, "; ".join(reader.problems.values()), dict(row))
    return BookRecord(line, title, contributors, isbn, published, language, description, tags, further)


@lru_cache(maxsize=64)
def _places(mapping: ColumnMap, keys: tuple[str, ...]) -> dict[str, list[tuple[str, bool]]]:
    """Return the keys of each field in rows with these keys, and whether each may hold several values."""
    plain = {_plain(key): key for key in reversed(keys)}

    def found(field: str) -> Iterator[tuple[str, bool]]:
        for column in mapping.columns[field]:
            key = column if column in keys else plain.get(_plain(column))
            if key is not None:
                yield key, field in mapping.split or _plain(key) in _PLURAL_COLUMNS

    return {field: list(found(field)) for field in mapping.columns}


class _RowReader:
    """The cells of a row by field, and their errors (field -> message)."""

    def __init__(self, row: Mapping[str, Any], mapping: ColumnMap, defaults: Mapping[str, str]) -> None:
        self._row = row
        self._places = _places(mapping, tuple(row))
        self._defaults = defaults
        self.mapping = mapping
        self.problems: dict[str, str] = {}

    def cell(self, field: str) -> _Cell | None:
        """Return the first cell that is not empty among the field's columns."""
        for key, plural in self._places[field]:
            if not _is_empty(value := self._row[key]):
                return _Cell(value, plural)
        return None

    def default(self, field: str) -> _Cell | None:
        if not self._defaults:
            return None
        for key in (field, f"{field}s"):
            if value := self._defaults.get(key):
                return _Cell(value, plural=key in _PLURALS or field == "tags")
        return None

    def parse(self, field: str, cell: _Cell, rule: Callable[[_Cell], T]) -> T | None:
        """Apply a rule to a cell; if it raises ValueError, record that and return None."""
        try:
            return rule(cell)
        except ValueError as error:
            self.problems[field] = f"{field} {_quoted(cell.value)}: {error}"
            return None

    def take(self, field: str, rule: Callable[[_Cell], T]) -> T | None:
        """Apply a rule to the field's cell or default; return None when both are empty."""
        cell = self.cell(field) or self.default(field)
        return None if cell is None else self.parse(field, cell, rule)


def _is_empty(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip() in ("", '=""')
    return value is None or value in ([], {})


def _quoted(value: Any) -> str:
    text = value if isinstance(value, str) else str(value)
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def _scalar(value: Any) -> str:
    """Return a cell as text; JSON may hold whole numbers."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("must be text or a whole number")  # noqa: TRY004 - rules raise ValueError
    return str(value)


_checked_title, _checked_name = line(TITLE_MAX), line(NAME_MAX)
_checked_description, _checked_tag = prose(DESCRIPTION_MAX), limited(tag_name, TAG_MAX)


def _title(cell: _Cell) -> str:
    return _checked_title(_scalar(cell.value))


def _description(cell: _Cell) -> str:
    return _checked_description(_scalar(cell.value))


def _validated(cell: _Cell, kind: TypeAdapter[Any]) -> Any:
    """Return the value of a cell as its type has it; raise ValueError."""
    try:
        return kind.validate_python(_scalar(cell.value))
    except ValidationError as error:
        raise ValueError("; ".join(detail(each) for each in error.errors(include_url=False))) from None


def _tags(cell: _Cell, separator: str | None) -> tuple[str, ...]:
    names = (_checked_tag(part) for part in _parts(cell, separator, _TAG_COMMA))
    return tuple(dict.fromkeys(names))


def _parts(cell: _Cell, separator: str | None, comma: re.Pattern[str]) -> list[str]:
    """Return the values of a cell: the items of a JSON list, or text that is split if the cell is plural.

    It is split at the separator, without one at ";" and "|", and if there are none of them at the comma.
    """
    if isinstance(cell.value, list):
        parts = [_scalar(item) for item in cell.value if not _is_empty(item)]
    elif not cell.plural:
        parts = [_scalar(cell.value)]
    elif separator:
        parts = _scalar(cell.value).split(separator)
    else:
        text = _scalar(cell.value)
        parts = (_SEMICOLON_OR_BAR if _SEMICOLON_OR_BAR.search(text) else comma).split(text)
    return [part for part in parts if part.strip()]


# --- contributors ---


def _contributors(reader: _RowReader) -> tuple[Contributor, ...]:
    """Return all contributors of a row, those of a "contributors" column first, each once in a role."""
    separator = reader.mapping.separator
    people = list(reader.take("contributors", lambda cell: _listed(cell, separator)) or ())
    for role in _PLURALS.values():
        cell = reader.cell(role)
        if cell is None and all(person.role != role for person in people):
            cell = reader.default(role)
        if cell is not None:
            people += reader.parse(role, cell, partial(_named, role=role, separator=separator)) or ()
    if all(person.role != AUTHOR for person in people):
        reader.problems.setdefault(AUTHOR, "author is missing")
    return tuple(dict.fromkeys(people))


def _named(cell: _Cell, role: str, separator: str | None) -> list[Contributor]:
    return [_contributor(part, role) for part in _parts(cell, separator, _NAME_COMMA)]


def _contributor(name: str, role: str) -> Contributor:
    return Contributor(_checked_name(name), role)


def _listed(cell: _Cell, separator: str | None) -> list[Contributor]:
    """Return the people of a list of {"name", "role"}; bare names get the role "other"."""
    if not isinstance(cell.value, list) or all(isinstance(item, str) for item in cell.value):
        return _named(cell, "other", separator)
    return [_from_object(item) for item in cell.value]


def _from_object(item: Any) -> Contributor:
    if not isinstance(item, dict) or not item.keys() >= {"name", "role"}:
        raise ValueError("each contributor must have a name and a role")
    role = _scalar(item["role"]).strip().lower()
    if role not in ROLES:
        raise ValueError(f"role must be one of {', '.join(ROLES)}")
    return _contributor(_scalar(item["name"]), role)


# --- ISBN ---


def _isbn(reader: _RowReader) -> str | None:
    """Return the ISBN that the columns isbn and isbn13 agree on.

    An isbn13 that a spreadsheet turned into a float is ignored when isbn is valid, whatever it says.
    """
    isbn = reader.take("isbn", lambda cell: _repaired(_scalar(cell.value)))
    cell = reader.cell("isbn13")
    if cell is None or (isbn is not None and _is_float_without_isbn(cell.value)):
        return isbn
    long = reader.parse("isbn13", cell, lambda cell: _repaired(_scalar(cell.value)))
    if isbn and long and isbn != long:
        reader.problems["isbn"] = f"isbn and isbn13 disagree: they are {isbn} and {long}"
    return isbn or long


def _repaired(text: str) -> str:
    """Return the 13 digits of an ISBN that a spreadsheet may have damaged.

    Undone are ="..." (which keeps Excel from doing the rest), a float's ".0" or exponent if it still has all
    digits, and lost leading zeros. Raises ValueError.
    """
    text = text.strip()
    if match := _EXCEL_TEXT.fullmatch(text):
        text = match["text"]
    text = _whole_number(text)
    return isbn13(text.rjust(10, "0") if _SHORT_TEN.fullmatch(text) else text)


def _whole_number(text: str) -> str:
    """Return the digits of a float's text, other text as it is; raise ValueError when digits were lost."""
    if match := _WHOLE_FLOAT.fullmatch(text):
        return match[1]
    if match := _SCIENTIFIC.fullmatch(text):
        if len(match[2]) != int(match[3]):
            raise ValueError("a spreadsheet has cut off its last digits")
        return match[1] + match[2]
    return text


def _is_float_without_isbn(value: Any) -> bool:
    if not isinstance(value, str) or not (_WHOLE_FLOAT.fullmatch(value) or _SCIENTIFIC.fullmatch(value)):
        return False
    try:
        _repaired(value)
    except ValueError:
        return True
    return False
