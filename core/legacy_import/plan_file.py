"""Read a plan from a TOML file, and write one for a person to edit."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from diptych.core.legacy_import.column_mapping import FIELDS
from diptych.core.legacy_import.plan import Plan, PlanError, Section

HEAD = """\
# A plan for `diptych database adopt`: which tables and columns become authors, books and tags. Edit it, then run
#     diptych database adopt --plan FILE --dry-run
# table, and the names on the right, are those of the old database; the names on the left are the catalogue's.
#   name = ["first_name", "last_name"]   several columns, joined by spaces
#   where = "deleted_at IS NULL"         SQL for the rows that are adopted; "true" for all of them
#   leave = ["price"]                    columns that stay behind
#   [books.values.language]              other values, one a line: English = "en"; "" on the left is no value
"""

SETTINGS = ("default_author", "author_separator", "tag_separator")
"""What [books] may say beside its columns."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def read(text: str) -> Plan:
    """Read a plan. Errors: PlanError, with the line that is wrong."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"The plan is no TOML: {error}.") from None
    sections = {}
    settings: dict[str, str] = {}
    for name, given in document.items():
        if name not in FIELDS or not isinstance(given, dict):
            raise _unknown(text, name, f"there is no section [{name}]", FIELDS)
        sections[name] = _section(text, name, given, settings)
    return Plan(sections, **settings)


def write(
    plan: Plan,
    open_questions: Iterable[str] = (),
    notes: Mapping[str, Iterable[str]] = MappingProxyType({}),
    tables: Mapping[str, Iterable[str]] = MappingProxyType({}),
) -> str:
    """Return the text of a plan.

    open_questions: what has to be decided first. notes: the same, by section. tables: the columns of all tables, which
    are listed where the one of the books is to be decided.
    """
    head = [f"# To be decided: {line}" for line in open_questions]
    if "books" not in plan:
        head += [f"# There is {name} ({', '.join(columns)})." for name, columns in tables.items()]
        head += ["#", "# [books]", *(f'# {name} = "..."' for name in ("table", "id", "title", "author_id"))]
    parts = [HEAD + "".join(f"{line}\n" for line in (["#", *head] if head else []))]
    for name in FIELDS:
        if name in plan:
            remarks = [f"# To be decided: {line}" for line in notes.get(name, ())]
            parts.append("\n".join([*_lines(plan, name, remarks)]) + "\n")
    return "\n".join(parts)


def _section(text: str, name: str, given: Mapping[str, Any], settings: dict[str, str]) -> Section:
    known = [*FIELDS[name], "table", "where", "leave", "values", *(SETTINGS if name == "books" else ())]
    columns: dict[str, tuple[str, ...]] = {}
    for key, value in given.items():
        if key not in known:
            raise _unknown(text, key, f"[{name}] has no {key}", known)
        if key in FIELDS[name]:
            columns[key] = _names(text, key, value)
        elif key in SETTINGS:
            settings[key] = _string(text, key, value)
    if "table" not in given:
        raise PlanError(f'[{name}] in the plan needs the name of a table: table = "{name}".')
    return Section(
        _string(text, "table", given["table"]),
        columns,
        _string(text, "where", given.get("where", "")),
        _names(text, "leave", given.get("leave", [])),
        _values(text, name, given.get("values", {})),
    )


def _values(text: str, section: str, given: Any) -> dict[str, dict[str, str]]:
    if not isinstance(given, dict):
        raise PlanError(
            f'{_line(text, "values")}write [{section}.values.FIELD], and below it lines such as English = "en".'
        )
    for name, pairs in given.items():
        if name not in FIELDS[section]:
            raise _unknown(text, f"[{section}.values.{name}]", f"[{section}] has no {name}", FIELDS[section])
        if not isinstance(pairs, dict) or not all(isinstance(new, str) for new in pairs.values()):
            raise PlanError(
                f'[{section}.values.{name}] in the plan has lines such as English = "en", with text on the right.'
            )
    return given


def _string(text: str, key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise PlanError(f'{_line(text, key)}{key} is a text: {key} = "...".')
    return value


def _names(text: str, key: str, value: Any) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(each, str) and each for each in names):
        raise PlanError(
            f'{_line(text, key)}{key} names one column or several: {key} = "..." or {key} = ["...", "..."].'
        )
    return tuple(names)


def _unknown(text: str, key: str, problem: str, known: Iterable[str]) -> PlanError:
    known = list(known)
    return PlanError(f"{_line(text, key)}{problem}{nearest(key, known)}")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence that says which name was meant, or all of them."""
    known = list(known)
    found = difflib.get_close_matches(name.strip("[]").rpartition(".")[2], known, n=1, cutoff=0.6)
    return f"; did you mean {found[0]}?" if found else f"; there are {', '.join(known)}."


def _line(text: str, key: str) -> str:
    """Return the first line of the plan that begins with a key, to begin a message with."""
    for number, line in enumerate(text.splitlines(), 1):
        begins = line.strip().lstrip("[").strip("\"' ")
        if begins.startswith(key.strip("[]")):
            return f"Line {number} of the plan, {line.strip()!r}: "
    return "The plan: "


def _lines(plan: Plan, name: str, remarks: Iterable[str]) -> list[str]:
    section = plan[name]
    lines = [f"[{name}]", f"table = {_quoted(section.table)}"]
    for field, columns in section.columns.items():
        lines.append(f"{field} = {_quoted(columns[0]) if len(columns) == 1 else _list(columns)}")
    if name == "books":
        lines += [f"{key} = {_quoted(value)}" for key in SETTINGS if (value := getattr(plan, key))]
    lines += remarks
    if section.where:
        lines.append(f"where = {_quoted(section.where)}")
    if section.leave:
        lines.append(f"leave = {_list(section.leave)}")
    for field, pairs in section.values.items():
        lines += ["", f"[{name}.values.{field}]", *(f"{_key(old)} = {_quoted(new)}" for old, new in pairs.items())]
    return lines


def _list(names: Iterable[str]) -> str:
    return f"[{', '.join(map(_quoted, names))}]"


def _key(text: str) -> str:
    return text if _BARE.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    """Return a TOML string. Its escapes are those of JSON, and DEL is not allowed as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
