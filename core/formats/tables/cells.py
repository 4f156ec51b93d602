"""The text of a cell: several values in one, and what spreadsheets must not calculate."""

from __future__ import annotations

import re
from collections.abc import Iterable

RECORD_LINES = 1000
"""Lines that one quoted record of CSV may run over."""

SEPARATOR = ";"
"""Between the values of a cell; doubled, a semicolon within one."""

# What spreadsheets take for a formula, by OWASP's page on CSV injection; a whole number is none.
_FORMULA = re.compile(r"(?!-[0-9]+\Z)[=+\-@\t\r]|'+[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_DOUBLED = "\0"  # no cell has a NUL


def guarded(cell: str) -> str:
    """Return a cell with an apostrophe in front where a spreadsheet would calculate it."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """Return a cell without the apostrophe that an export put in front of a formula."""
    return cell[1:] if _GUARDED.match(cell) else cell


def joined(values: Iterable[str | None]) -> str:
    """Return one cell of several values, from which `parts` gets them back; "" if none says anything."""
    given = [value or "" for value in values]
    return f"{SEPARATOR} ".join(value.replace(SEPARATOR, SEPARATOR * 2) for value in given) if any(given) else ""


def parts(cell: str) -> list[str]:
    """Return the values of a cell as `joined` writes it; those in other cells at the same place belong to them."""
    marked = cell.replace(SEPARATOR * 2, _DOUBLED)
    return [part.strip().replace(_DOUBLED, SEPARATOR) for part in marked.split(SEPARATOR)]
