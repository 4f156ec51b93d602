"""How the cells of a column are read, decided once for each column, from a sample of its cells: never cell by cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from msgspec import Struct

from diptych.core.formats.tables.cells import parts
from diptych.core.formats.values.dates import month_comes_first
from diptych.core.formats.values.names import looks_filed

# The comma between names; not the one in "Kurt Vonnegut, Jr.".
_NAME_COMMA = re.compile(r",\s+(?!(?:Jr|Sr|II|III|IV)\b)")
_SEMICOLON_OR_BAR = re.compile(r"[;|]")
_SEMICOLON = re.compile(r";")
_FILED_LEAST = 3  # names with a comma, from which on they show that names are in filing form
_FILED_SHARE = 0.8

Split = Callable[[str], list[str]]


class ColumnRule(Struct, frozen=True):
    """What is between the values of a cell (None if it holds one), and the form of the names or dates in it.

    exact: the cell is as diptych.core.formats.tables.cells.joined writes it, and a value is nothing but its text.
    """

    separator: re.Pattern[str] | None = None
    filed: bool = False
    month_first: bool | None = None
    exact: bool = False

    def split(self, text: str) -> list[str]:
        """Return the values in a cell, without those that are blank but for exact cells, where they keep a place."""
        if self.exact:
            return parts(text)
        if self.separator is None:
            return [text]
        return [part for part in self.separator.split(text) if part.strip()]

    def notices(self) -> list[str]:
        """Return how the cells of the column are read, for the output of the import."""
        notices = []
        if self.separator is not None:
            notices.append(f"several values are separated by {_shown(self.separator)}")
        if self.filed:
            notices.append('names are in filing form ("Doe, Jane")')
        if self.month_first is not None:
            notices.append(f"the {'month' if self.month_first else 'day'} comes first in dates")
        return notices


def _shown(separator: re.Pattern[str]) -> str:
    if separator is _SEMICOLON_OR_BAR:
        return '";" or "|"'
    separator_text = "," if separator is _NAME_COMMA else separator.pattern.replace("\\", "")
    return f'"{separator_text}"'


def literal(separator: str) -> re.Pattern[str] | None:
    """Return the pattern of a separator as users and presets give it; None for ""."""
    return re.compile(re.escape(separator)) if separator else None


def name_separator(separator: str) -> re.Pattern[str] | None:
    """Return the pattern of a separator of names that a preset gives."""
    return _NAME_COMMA if separator == "," else literal(separator)


def people_rule(texts: Sequence[str], *, plural: bool) -> ColumnRule:
    """Return the rule for a column of names with such cells. plural: its name says that a cell may hold several."""
    separator = _people_separator(texts, plural=plural)
    parts = [part for text in texts for part in (separator.split(text) if separator else [text]) if part.strip()]
    if _are_filed(parts):
        return ColumnRule(separator, filed=True)
    return ColumnRule(_NAME_COMMA if separator is None and plural else separator)


def _people_separator(texts: Sequence[str], *, plural: bool) -> re.Pattern[str] | None:
    """Return the semicolon or bar, if cells have it; in a column for one name, if all that it separates is filed."""
    with_one = [text for text in texts if _SEMICOLON_OR_BAR.search(text)]
    if plural:
        others = [text for text in texts if "," in text and not _SEMICOLON_OR_BAR.search(text)]
        decides = with_one and (_prevails(with_one, others) or _are_filed(others))
        return _SEMICOLON_OR_BAR if decides else None
    parts = [part.strip() for text in with_one for part in _SEMICOLON.split(text) if part.strip()]
    return _SEMICOLON if parts and all(map(looks_filed, parts)) else None


def _prevails(with_one: Sequence[str], with_comma_only: Sequence[str]) -> bool:
    """Return whether semicolons and bars are so many that they separate, and commas belong to the values."""
    return len(with_one) * 3 >= len(with_comma_only)


def _are_filed(names: Sequence[str]) -> bool:
    """Return whether names are in filing form: most have a comma, and almost all of these one after a family name."""
    with_comma = [name for name in names if "," in name]
    filed = sum(map(looks_filed, with_comma))
    return (
        len(with_comma) >= _FILED_LEAST
        and 2 * len(with_comma) >= len(names)
        and filed >= _FILED_SHARE * len(with_comma)
    )


def tags_rule(texts: Sequence[str]) -> ColumnRule:
    """Return the rule for a column of tags: semicolons or bars separate them if they prevail, else commas."""
    with_one = [text for text in texts if _SEMICOLON_OR_BAR.search(text)]
    others = [text for text in texts if "," in text and not _SEMICOLON_OR_BAR.search(text)]
    return ColumnRule(_SEMICOLON_OR_BAR if with_one and _prevails(with_one, others) else literal(","))


def dates_rule(texts: Sequence[str]) -> ColumnRule:
    """Return the rule for a column of dates: of 9/16/2006 and 10/5/2006, the first tells how the second is meant."""
    return ColumnRule(month_first=month_comes_first(texts))
