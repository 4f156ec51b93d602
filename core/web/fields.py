"""The fields of forms that change rows: made of the schemas of the API. What is typed into them is text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin
from urllib.parse import parse_qsl, urlencode

from msgspec import Struct
from pydantic import BaseModel, ValidationError

from diptych.core.engine.schemas.error_messages import detail
from diptych.core.engine.text_normalization import RAW_LENGTH
from diptych.core.errors import FieldError, ValidationFailed
from diptych.core.http.idempotency import FORM_KEY
from diptych.core.web.wording import text

Texts = Mapping[str, str]
"""What is in the fields of a form, by name."""

WAS, THEN, TAKE = "was.", "then.", "take."
"""Before the name of a field: what it was when the form was shown; what it was before that; which of them to take."""

CHOICES = ("then", "now", "mine")

NOTHING = "nothing"
"""In place of a choice: the field is emptied."""

_ALL_PROSE = ("description",)
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,10}")


class Field(Struct, frozen=True):
    """A field. kind: of its element; "lines" is a list with one item in each line. choices: values, "" for none.

    The text of a file is its SHA-256; that of a check is "on".
    """

    name: str
    kind: Literal["line", "number", "prose", "lines", "choice", "hidden", "file", "check"] = "line"
    choices: Sequence[str] = ()
    required: bool = False


class Group(Struct, frozen=True):
    """Rows of the same fields, such as the contributors of a book; those of row 2 are called group.2.field.

    main: the field without which a row is blank. spare: blank rows that are shown for more, where there are none yet.
    """

    name: str
    fields: Sequence[Field]
    main: str
    spare: int = 3


class FormOf(Struct, frozen=True):
    """The fields of a form, and the schema of what is typed."""

    schema: type[BaseModel]
    fields: Sequence[Field | Group]


def is_hidden(field: Field | Group) -> bool:
    """Return whether a field goes with another one, and is not compared by itself."""
    return isinstance(field, Field) and field.kind == "hidden"


def fields_of(schema: type[BaseModel], *names: str) -> list[Field]:
    """Return the fields for members of a schema, by default all."""
    return [_field(schema, name) for name in names or schema.model_fields]


def _field(schema: type[BaseModel], name: str) -> Field:
    info = schema.model_fields[name]
    kinds = [*_types(info.annotation)]
    required = info.is_required()
    if choices := [value for kind in kinds if get_origin(kind) is Literal for value in get_args(kind)]:
        return Field(name, "choice", choices if required else ["", *choices], required)
    if any(get_origin(kind) is list for kind in kinds):
        return Field(name, "lines", (), required)
    if int in kinds:
        return Field(name, "number", (), required)
    return Field(name, "prose" if name in _ALL_PROSE else "line", (), required)


def _types(annotation: Any) -> Iterator[Any]:
    """Yield all types in an annotation, but those of a list's items."""
    yield annotation
    if get_origin(annotation) not in (list, Literal):
        for each in get_args(annotation):
            yield from _types(each)


def sent(form: FormOf, typed: Texts) -> dict[str, str]:
    """Return what was typed with LF as line breaks, the choices of a conflict made, and no blank rows between others.

    Errors: ValidationFailed for fields that the form does not have.
    """
    values = {name: value.replace("\r\n", "\n") for name, value in typed.items()}
    if unknown := [name for name in values if not _is_known(form, name)]:
        errors = [FieldError("unknown", text("mistake.unknown"), path=(name,)) for name in unknown]
        raise ValidationFailed("The form has fields that are not known here.", errors)
    kept = {name: value for name, value in values.items() if not name.startswith((THEN, TAKE))}
    for field in form.fields:
        taken = {"then": THEN, "now": WAS}.get(values.get(f"{TAKE}{field.name}", ""))
        if taken is not None and f"{taken}{field.name}" in values:
            kept = _with_text(field, kept, values[f"{taken}{field.name}"])
        elif values.get(f"{TAKE}{field.name}") == NOTHING:
            kept = _with_text(field, kept, "")
    for field in form.fields:
        if isinstance(field, Group):
            kept = _with_rows(field, kept, rows_of(field, kept))
    return kept


def _is_known(form: FormOf, name: str) -> bool:
    if name == FORM_KEY:
        return True
    bare = re.sub(f"^({re.escape(WAS)}|{re.escape(THEN)}|{re.escape(TAKE)})", "", name)
    for field in form.fields:
        if bare == field.name and (bare != name or isinstance(field, Field)):
            return True
        if isinstance(field, Group) and any(
            re.fullmatch(rf"{field.name}\.[0-9]{{1,4}}\.{each.name}", name) for each in field.fields
        ):
            return True
    return False


def rows_of(group: Group, values: Texts) -> list[dict[str, str]]:
    """Return the rows of a group that are not blank."""
    places: dict[int, dict[str, str]] = {}
    for name, value in values.items():
        if found := re.fullmatch(rf"{group.name}\.([0-9]+)\.(\w+)", name):
            places.setdefault(int(found[1]), {})[found[2]] = value
    rows = [row for _, row in sorted(places.items())]
    written = [each.name for each in group.fields if each.kind not in ("choice", "hidden")]
    return [row for row in rows if any(row.get(name, "").strip() for name in written)]


def _with_rows(group: Group, values: Texts, rows: Sequence[Texts]) -> dict[str, str]:
    """Return the values with these rows of a group, and no others. A group stays known that has none."""
    others = {name: value for name, value in values.items() if not re.fullmatch(rf"{group.name}\.[0-9]+\.\w+", name)}
    numbered = {f"{group.name}.{place}.{name}": value for place, row in enumerate(rows) for name, value in row.items()}
    had = len(others) < len(values)
    return others | (numbered or ({f"{group.name}.0.{group.main}": ""} if had else {}))


def _with_text(field: Field | Group, values: Texts, taken: str) -> dict[str, str]:
    """Return the values with another text of a field."""
    if isinstance(field, Field):
        return {**values, field.name: taken}
    rows: dict[int, dict[str, str]] = {}
    for name, value in parse_qsl(taken, keep_blank_values=True):
        place, _, own = name.partition(".")
        if place.isdecimal() and own in {each.name for each in field.fields}:
            rows.setdefault(int(place), {})[own] = value
    emptied = {**values, f"{field.name}.0.{field.main}": ""}
    return _with_rows(field, emptied, [*rows.values()])


def text_of(field: Field | Group, values: Texts) -> str | None:
    """Return what a field has as one text, to be compared; None where it was not sent."""
    if isinstance(field, Field):
        value = values.get(field.name)
        if value is None:
            return None
        return "\n".join(_lines(value)) if field.kind == "lines" else value.strip()
    if not any(name.startswith(f"{field.name}.") for name in values):
        return None
    return urlencode([
        (f"{place}.{each.name}", row.get(each.name, "").strip())
        for place, row in enumerate(rows_of(field, values))
        for each in field.fields
    ])  # fmt: skip


def _lines(value: str) -> list[str]:
    return [line.strip() for line in value.split("\n") if line.strip()]


def parsed(form: FormOf, values: Texts) -> Any:
    """Return what was typed as the schema has it; blank fields are not given. Errors: ValidationFailed, by field."""
    given: dict[str, Any] = {}
    for field in form.fields:
        if isinstance(field, Group):
            given[field.name] = [_given(field.fields, row) for row in rows_of(field, values)]
        else:
            given |= _given([field], values)
    try:
        return form.schema.model_validate(given)
    except ValidationError as error:
        raise ValidationFailed("Something has to be put right.", [*map(_mistake, _errors(error))]) from None


def _given(fields: Sequence[Field], values: Texts) -> dict[str, Any]:
    """Return the fields that are not blank, each in the type of JSON that its schema takes."""
    found: dict[str, Any] = {}
    for field in fields:
        value = values.get(field.name, "")
        if field.kind == "lines":
            found[field.name] = _lines(value)
        elif field.kind == "number" and _WHOLE_NUMBER.fullmatch(value.strip()):
            found[field.name] = int(value)
        elif value.strip():
            # White space around it, which its schema removes, does not make it too long.
            found[field.name] = value.strip() if len(value) <= RAW_LENGTH else value
    return found


def _errors(error: ValidationError) -> Sequence[Any]:
    return error.errors(include_url=False, include_input=False)


def _mistake(item: Any) -> FieldError:
    words = {"missing": "mistake.missing", "int_type": "mistake.number", "too_long": "mistake.many"}
    key = words.get(item["type"])
    return FieldError(item["type"], detail(item) if key is None else text(key), path=item["loc"])


class Merged(Struct, frozen=True):
    """What becomes of the fields of a form whose row somebody else may have changed meanwhile, by their names.

    changed: those to set. others: those that others have changed. conflicts: those that both have, to other values.
    """

    changed: Sequence[str]
    others: Sequence[str]
    conflicts: Sequence[str]


def merged(form: FormOf, values: Texts, present: Texts) -> Merged:
    """Compare what was typed with what the fields were when the form was shown, and with what they are now.

    A field that was not sent stays. One that does not say what it was is set.
    """
    changed: list[str] = []
    others: list[str] = []
    conflicts: list[str] = []
    for field in form.fields:
        if is_hidden(field):
            continue
        now = text_of(field, present) or ""
        was = values.get(f"{WAS}{field.name}", now)
        mine = text_of(field, values)
        if now not in (was, mine):
            others.append(field.name)
        if mine is None or mine in (was, now):
            continue
        (changed if now == was else conflicts).append(field.name)
    return Merged(changed, [name for name in others if name not in conflicts], conflicts)
