"""The pages with forms that change rows of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from markupsafe import Markup
from msgspec import Struct

from diptych.core.catalogue.authors.schemas import AuthorInput
from diptych.core.catalogue.publishers.schemas import PublisherInput
from diptych.core.catalogue.series.schemas import SeriesInput
from diptych.core.catalogue.tags.schemas import TagInput
from diptych.core.errors import ValidationFailed
from diptych.core.http.idempotency import FORM_KEY
from diptych.core.web import templates
from diptych.core.web.books import Link
from diptych.core.web.fields import (
    CHOICES,
    TAKE,
    THEN,
    WAS,
    Field,
    FormOf,
    Group,
    Texts,
    fields_of,
    is_hidden,
    rows_of,
    sent,
    text_of,
)
from diptych.core.web.forms import Form, Refused, new_key
from diptych.core.web.frame import Frame
from diptych.core.web.values import life_text
from diptych.core.web.wording import TEXTS, text

FORMS: Mapping[str, FormOf] = {
    "author": FormOf(
        AuthorInput, fields_of(AuthorInput, "name", "sort_name", "kind", "dob", "birth_year", "death_year")
    ),
    "publisher": FormOf(PublisherInput, fields_of(PublisherInput)),
    "series": FormOf(SeriesInput, fields_of(SeriesInput)),
    "tag": FormOf(TagInput, fields_of(TagInput)),
}
"""The forms of rows whose fields are columns, by kind."""

SHORT = ("published", "language", "isbn", "edition", "original_language", "dob", "scheme")
"""Fields of a line that is never filled."""

OFFERS = {
    "contributors.name": "author",
    "publisher": "publisher",
    "series.name": "series",
    "tags": "tag",
    "add_tags": "tag",
    "remove_tags": "tag",
}
"""The fields with names of rows, which are suggested while they are typed, by the keys of their words."""

Option = tuple[str, str]
"""A value that can be chosen, and its words."""


class FormPage(Struct, frozen=True):
    """A page with the form of a row. address: of the page, from the root of the mount."""

    kind: str
    form: FormOf
    address: str


class Conflict(Struct, frozen=True):
    """A field that two have changed. then, now: in words, a line each. kept: what it was, as its field has it."""

    then: Sequence[str]
    now: Sequence[str]
    kept: str


class Box(Struct, frozen=True):
    """A field as it is shown. name: of its element. options: where one of some values is chosen. note: on a file.

    offers: of which rows the names are suggested.
    """

    name: str
    kind: str
    label: str
    value: str
    hint: str = ""
    required: bool = False
    options: Sequence[Option] = ()
    conflict: Conflict | None = None
    note: str = ""
    offers: str = ""

    @property
    def is_short(self) -> bool:
        """Whether two such fields have room beside each other."""
        return self.conflict is None and (self.kind in ("number", "choice") or self.name in SHORT)


class Row(Struct, frozen=True):
    """A row of a group. label: of the row."""

    label: str
    boxes: Sequence[Box]


class GroupBox(Struct, frozen=True):
    """A group as it is shown."""

    name: str
    label: str
    hint: str
    rows: Sequence[Row]
    conflict: Conflict | None = None


class FormView(Struct, frozen=True):
    """A form. action: the address that it is sent to; back: that of the page that it was opened from."""

    heading: Markup
    action: str
    back: str
    boxes: Sequence[Box | GroupBox]
    hidden: Sequence[tuple[str, str]]
    form: Form

    @property
    def has_file(self) -> bool:
        """Whether a file can be chosen in it."""
        return any(isinstance(box, Box) and box.kind == "file" for box in self.boxes)

    @property
    def labels(self) -> dict[str, str]:
        """The labels of the elements, for the list of what is wrong."""
        found: dict[str, str] = {}
        for box in self.boxes:
            found[box.name] = box.label
            if isinstance(box, GroupBox):
                found |= {each.name: f"{row.label}, {each.label}" for row in box.rows for each in row.boxes}
        return found


class Conflicts(Struct, frozen=True):
    """What a form conflicts with. present: the fields as they are now. names: of those in conflict."""

    present: Texts
    names: Sequence[str]


class Candidates(Struct, frozen=True):
    """The rows that a name may stand for, by the field with the id of the one that is chosen."""

    of: Mapping[str, Sequence[Option]]


def row_texts(form: FormOf, row: Any) -> dict[str, str]:
    """Return the columns of a row as the fields of its form have them."""
    return {field.name: plain(getattr(row, field.name)) for field in form.fields}


def plain(value: Any) -> str:
    """Return a value as a field has it."""
    return "" if value is None else str(value)


def new_row(frame: Frame, page: FormPage) -> bytes:
    """Return the page to add a row."""
    return _page(frame, _view(page, "", {}, Form()))


def edit_row(frame: Frame, page: FormPage, name: str, values: Texts) -> bytes:
    """Return the page to change a row. name: of the row. values: its fields."""
    kept = {f"{WAS}{field.name}": text_of(field, values) or "" for field in page.form.fields if not is_hidden(field)}
    return _page(frame, _view(page, name, {**values, **kept}, Form()))


def row_again(kind: str, form: FormOf, refused: Refused) -> bytes:
    """Return the page to correct a form, with everything that was typed."""
    try:
        typed = sent(form, refused.typed)
    except ValidationFailed:
        typed = dict(refused.typed)
    name = typed.get(f"{WAS}{'title' if kind == 'book' else 'name'}", "")
    again = Refused(refused.frame, refused.problem, typed, refused.address).form
    return _page(refused.frame, _view(FormPage(kind, form, refused.address), name, typed, again, refused.problem.shows))


def _heading(kind: str, name: str) -> Markup:
    bare = Markup("<bdi>{}</bdi>").format(name)
    return text("form.edit", name=bare) if name else text(f"form.new.{kind}")


def _page(frame: Frame, view: FormView) -> bytes:
    return templates.render("form.html", frame, view=view, choices=CHOICES, take=TAKE)


def _view(page: FormPage, name: str, typed: Texts, again: Form, shows: Any = None) -> FormView:
    """Return the view of a form. again: what is wrong with it. shows: what it shows besides."""
    fields = {field.name: field for field in page.form.fields}
    conflicts = shows if isinstance(shows, Conflicts) else Conflicts({}, [])
    candidates = shows.of if isinstance(shows, Candidates) else {}
    hidden = {FORM_KEY: new_key(), **{name: value for name, value in typed.items() if name.startswith(WAS)}}
    for each in conflicts.names:
        hidden[f"{THEN}{each}"] = typed.get(f"{WAS}{each}", "")
        hidden[f"{WAS}{each}"] = text_of(fields[each], conflicts.present) or ""
    if conflicts.names:
        again = Form(typed, {each: text("form.conflicting") for each in conflicts.names}, [text("form.conflict")])
    return FormView(
        heading=_heading(page.kind, name),
        action=page.address,
        back=page.address.rpartition("/")[0],
        boxes=[_shown(field, typed, _conflict(field, typed, conflicts), candidates) for field in fields.values()],
        hidden=[*hidden.items()],
        form=Form(typed, again.wrong, again.others),
    )


def boxes_of(form: FormOf, typed: Texts, shows: Candidates | None) -> list[Box]:
    """Return the fields of a form without groups, as they are shown."""
    candidates = shows.of if isinstance(shows, Candidates) else {}
    return [
        _box(field, (field.name, field.name), typed, candidates.get(field.name, ()))
        for field in form.fields
        if isinstance(field, Field)
    ]


def _conflict(field: Field | Group, typed: Texts, conflicts: Conflicts) -> Conflict | None:
    if field.name not in conflicts.names:
        return None
    then = typed.get(f"{WAS}{field.name}", "")
    return Conflict(in_words(field, then), in_words(field, text_of(field, conflicts.present) or ""), then)


def in_words(field: Field | Group, value: str) -> list[str]:
    """Return the text of a field in words, a line each. value: as fields.text_of has it."""
    if isinstance(field, Group):
        rows = rows_of(field, {f"{field.name}.{name}": each for name, each in _pairs(value)})
        return [
            ", ".join(_word(each, row.get(each.name, "")) for each in field.fields if _is_told(each, row))
            for row in rows
        ]
    return [_word(field, line) for line in value.split("\n") if line]


def _pairs(value: str) -> Sequence[tuple[str, str]]:
    return parse_qsl(value, keep_blank_values=True)


def _is_told(field: Field, row: Texts) -> bool:
    return field.kind != "hidden" and bool(row.get(field.name))


def _word(field: Field, value: str) -> str:
    if field.kind == "file":
        return text("cover.some")
    key = f"author_kind.{value}" if field.name == "kind" else f"{field.name}.{value}"
    return text(key) if field.kind == "choice" and key in TEXTS else value


def _shown(
    field: Field | Group, typed: Texts, conflict: Conflict | None, candidates: Mapping[str, Sequence[Option]]
) -> Box | GroupBox:
    if isinstance(field, Field):
        return _box(field, (field.name, field.name), typed, candidates.get(field.name, ()), conflict)
    rows = len(rows_of(field, typed))
    shown = [
        Row(
            text(f"row.{field.name}", number=place + 1),
            [
                _box(each, (f"{field.name}.{place}.{each.name}", f"{field.name}.{each.name}"), typed,
                     candidates.get(f"{field.name}.{place}.{each.name}", ()))
                for each in field.fields
            ],
        )
        for place in range(rows + field.spare - (1 if rows else 0))
    ]  # fmt: skip
    return GroupBox(field.name, text(f"label.{field.name}"), _hint(field.name), shown, conflict)


def _box(
    field: Field, names: tuple[str, str], typed: Texts, options: Sequence[Option], conflict: Conflict | None = None
) -> Box:
    """Return a field as it is shown. names: of its element, and of its words."""
    name, key = names
    value = typed.get(name, field.choices[0] if field.choices else "")
    if field.kind == "choice":
        options = [(each, _word(field, each) if each else text("choice.none")) for each in field.choices]
        if value not in field.choices:
            options = [*options, (value, value)]
    elif options:
        options = [("", text("choice.choose")), *options, ("new", text("choice.new"))]
    note = _note(field, value, typed) if field.kind == "file" and value else ""
    return Box(
        name,
        field.kind,
        text(f"label.{key}"),
        value,
        _hint(key),
        field.required,
        options,
        conflict,
        note,
        OFFERS.get(key, ""),
    )


def _note(field: Field, value: str, typed: Texts) -> str:
    """Return what is said of a file that a form has: that of its row, or one that was sent with it before."""
    if value == typed.get(f"{WAS}{field.name}"):
        return text("cover.there")
    sent = typed.get(f"{field.name}_name") or text("cover.some")
    return text("cover.kept", name=Markup("<bdi>{}</bdi>").format(sent))


def _hint(key: str) -> str:
    return text(f"hint.{key}") if f"hint.{key}" in TEXTS else ""


def option_of(row: Any) -> Option:
    """Return a row among which one is to be chosen, with what it differs in."""
    dob = getattr(row, "dob", None)
    life = life_text(dob.year if dob else getattr(row, "birth_year", None), getattr(row, "death_year", None))
    return str(row.id), " ".join(part for part in (row.name, life, f"({row.slug})") if part)


class Doomed(Struct, frozen=True):
    """A row that is about to be deleted. address: of the form; back: of the row's page."""

    kind: str
    name: str
    address: str


def delete_row(frame: Frame, doomed: Doomed, form: Form | None = None) -> bytes:
    """Return the page to confirm that a row is deleted."""
    hidden = [(FORM_KEY, new_key()), ("name", doomed.name)]
    back = doomed.address.rpartition("/")[0]
    return templates.render("delete.html", frame, doomed=doomed, back=back, hidden=hidden, form=form or Form())


def delete_again(kind: str, refused: Refused) -> bytes:
    """Return the page to confirm a deletion after it was refused, with the reason."""
    doomed = Doomed(kind, refused.typed.get("name", ""), refused.address)
    return delete_row(refused.frame, doomed, Form(refused.typed, {}, [refused.problem.detail]))


def saved(frame: Frame, there: Link, others: Sequence[str]) -> bytes:
    """Return the page that tells that a change is saved, and what others have changed meanwhile.

    there: the row's page. others: the names of those fields.
    """
    names = [text(f"label.{name}") for name in others if f"label.{name}" in TEXTS]
    return templates.render("saved.html", frame, there=there, names=names)
