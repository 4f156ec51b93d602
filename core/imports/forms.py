"""The form of the pages that says how a file is read, and the options of an import that it stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from diptych.core.engine.schemas.base import Input
from diptych.core.engine.schemas.field_types import Length, Line
from diptych.core.formats.registry import READ
from diptych.core.import_export.fields import field_named
from diptych.core.imports.schemas import ImportOptions

KEPT, IGNORED = "", "-"
"""What a column can be besides a field: what it is anyway, and nothing."""

Mapped = Mapping[str, Sequence[str]]
"""The columns of fields."""

_Short = Annotated[Line, Length(0, 255, searched=False)]


class ImportForm(Input):
    """How a file is read and imported, as the pages send it: an empty field says nothing.

    columns: the choice for a column, by its place. title, author: a column, for a file whose columns are not known.
    """

    format: Literal["", READ] = ""  # type: ignore[valid-type]
    encoding: Annotated[Line, Length(0, 40, searched=False)] = ""
    separator: Annotated[Line, Length(0, 10, searched=False)] = ""
    default_author: _Short = ""
    default_language: _Short = ""
    title: _Short = ""
    author: _Short = ""
    on_conflict: Literal["keep", "fill", "replace"] = "replace"
    strict: Literal["", "on"] = ""
    columns: dict[str, str] = Field({})

    @model_validator(mode="before")
    @classmethod
    def _gather_columns(cls, given: dict[str, str]) -> dict[str, Any]:
        """Return the fields with those of columns, each named as `column.0` is, under one name."""
        columns = {name.removeprefix("column."): value for name, value in given.items() if name.startswith("column.")}
        return {**{name: value for name, value in given.items() if not name.startswith("column.")}, "columns": columns}


def options_of(form: ImportForm, given: Mapping[str, Any], columns: Sequence[str], recognised: Mapped) -> ImportOptions:
    """Return the options that a form stands for.

    given: the options with which the file was read last. columns: of the file. recognised: the columns of each field
    at that.
    """
    defaults = {"author": form.default_author, "language": form.default_language}
    chosen = {column: form.columns.get(str(place), KEPT) for place, column in enumerate(columns)}
    mapped = changed(given.get("map", {}), recognised, chosen)
    mapped |= {name: [column] for name, column in (("title", form.title), ("author", form.author)) if column}
    others = {name: value for name, value in given.get("default", {}).items() if name not in defaults}
    found = {
        "format": form.format,
        "encoding": form.encoding,
        "separator": form.separator,
        "map": mapped,
        "default": others | {name: value for name, value in defaults.items() if value},
        "on_conflict": form.on_conflict,
        "strict": form.strict == "on",
    }
    return ImportOptions.model_validate({name: value for name, value in found.items() if value})


def changed(given: Mapped, recognised: Mapped, chosen: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the columns of the fields that are to be given, after other choices for some columns.

    given: those that were given before. recognised: all, those included. chosen: KEPT, IGNORED or a field, by column.
    """
    fields = {field_named(choice): choice for choice in chosen.values() if choice not in (KEPT, IGNORED)}
    spelled = {field_named(name): name for name in given} | fields
    concerned = {*fields}
    concerned |= {
        field for field, columns in recognised.items() if any(chosen.get(column, KEPT) != KEPT for column in columns)
    }
    # A column that is given to one field is read for no other, unless it is given to that too.
    while more := {
        field
        for field, columns in recognised.items()
        if field not in concerned and any({*columns} & {*recognised.get(each, ())} for each in concerned)
    }:
        concerned |= more
    found = {name: list(columns) for name, columns in given.items() if field_named(name) not in concerned}
    for field in sorted(concerned):
        kept = [column for column in recognised.get(field, ()) if chosen.get(column, KEPT) == KEPT]
        added = [column for column, choice in chosen.items() if fields.get(field) == choice]
        found[spelled.get(field, field)] = [*kept, *added]
    return found
