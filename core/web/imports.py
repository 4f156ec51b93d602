"""The pages that bring books in from a file: upload, preview, columns, progress, result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from diptych.core.engine.schemas.pagination import Page
from diptych.core.formats.registry import READ, format_named
from diptych.core.import_export.fields import FIELDS, PERSON_FIELDS
from diptych.core.imports.forms import IGNORED
from diptych.core.imports.rules import IMPORT, PREVIEW, UNDO
from diptych.core.imports.schemas import Import, ImportList, Preview
from diptych.core.jobs.schemas import Job
from diptych.core.web import templates
from diptych.core.web.books import Link
from diptych.core.web.entries import Action, Entry, EntryList, entry_list_page, pager, present
from diptych.core.web.forms import Form, Refused
from diptych.core.web.frame import Frame
from diptych.core.web.jobs import cancelling, count_text, follow_of, is_unfinished, progress_text, state_text, type_text
from diptych.core.web.values import date_text, language_text, moment_text, size_text
from diptych.core.web.wording import number_text, text

ON_CONFLICT = ("replace", "fill", "keep")


class Column(Struct, frozen=True):
    """A column of a table. number: its place. name: as the file has it. recognised: what it is read as."""

    number: int
    name: str
    recognised: str


def imports_page(frame: Frame, query: ImportList, page: Page[Import]) -> bytes:
    """Return the page of the files that were sent."""
    return entry_list_page(
        frame,
        EntryList(
            heading=text("imports.title"),
            about=text("imports.about"),
            entries=[_entry(row) for row in page.items],
            empty=text("imports.empty"),
            links=[Link(text("imports.new"), "ui/imports/new")],
            pager=pager("ui/imports", query, page),
        ),
    )


def _entry(row: Import) -> Entry:
    facts = [moment_text(row.created_at), size_text(row.size), type_text(row.job.type) if row.job else ""]
    return Entry(name_of(row), href(row), state_text(row.job) if row.job else "", present(facts))


def href(row: Import) -> str:
    """Return the address of the page of a file, from the root of the mount."""
    return f"ui/import/{row.id}"


def name_of(row: Import) -> str:
    """Return the name of a file."""
    return row.name or text("import.nameless")


def new_page(frame: Frame, form: Form | None = None) -> bytes:
    """Return the page to send a file."""
    labels = [format_named(name).label for name in READ]
    return templates.render("import_new.html", frame, form=form or Form(), formats=", ".join(labels))


def new_again(refused: Refused) -> bytes:
    """Return the page to send a file after a refusal."""
    found = [each.detail for each in refused.problem.field_errors]
    return new_page(refused.frame, Form(wrong={"file": found[0] if found else refused.problem.detail}))


def import_page(frame: Frame, row: Import, *, followed: bool) -> bytes:
    """Return the page of a file: what it would become, what was made of it, and what can be done next."""
    job, preview = row.job, row.preview
    idle = not is_unfinished(job)
    done = job.type if job is not None and job.state == "succeeded" else ""
    ended_import = idle and job is not None and job.type == IMPORT
    options = given_options(job)
    return templates.render(
        "import.html",
        frame,
        row=row,
        address=href(row),
        heading=name_of(row),
        job=job,
        state=text("import.state", what=type_text(job.type), state=state_text(job)) if job else "",
        progress=progress_text(job) if job and not idle else "",
        follow=follow_of(href(row), job, followed=followed),
        cancel=cancelling(job),
        counts=_counts(job),
        left_out=(row.left_out if ended_import else preview.left_out if preview else []) or [],
        rejected=job.counts.get("rejected", 0) if ended_import and job else 0,
        undo=[Action(text("import.undo"), f"{href(row)}/undo")] if ended_import and frame.may("history:undo") else [],
        delete=[Action(text("import.delete"), f"{href(row)}/delete")] if idle else [],
        form=_form(options) if idle else None,
        is_previewed=done == PREVIEW,
        is_done=done in (IMPORT, UNDO),
        preview=preview,
        facts=_facts(row, preview),
        shown=[_book_entry(book) for book in preview.rows] if preview else [],
        columns=_columns(preview),
        fields=_fields(),
        formats=[("", text("import.any_format")), *((name, format_named(name).label) for name in READ)],
        conflicts=[(name, text(f"import.conflict.{name}")) for name in ON_CONFLICT],
    )


def given_options(job: Job | None) -> Mapping[str, Any]:
    """Return the options with which a file was read last."""
    if job is None:
        return {}
    options: Mapping[str, Any] = job.parameters.get("options", job.parameters)
    return options


def _form(options: Mapping[str, Any]) -> Form:
    """Return the form that stands for options."""
    names = ("format", "encoding", "separator", "on_conflict")
    typed = {name: str(options[name]) for name in names if options.get(name)}
    typed |= {f"default_{name}": value for name, value in options.get("default", {}).items()}
    typed |= {name: columns[0] for name, columns in options.get("map", {}).items() if columns}
    return Form(typed | ({"strict": "on"} if options.get("strict") else {}))


def _columns(preview: Preview | None) -> list[Column]:
    """Return the columns of a table, and what each is read as."""
    if preview is None or not preview.columns:
        return []
    found = []
    for number, column in enumerate(preview.columns):
        fields = [_field_text(field) for field, columns in (preview.mapping or {}).items() if column in columns]
        found.append(Column(number, column, ", ".join(fields)))
    return found


def _fields() -> list[tuple[str, str]]:
    """Return what a column can be, with its label: people are one in a cell, or several."""
    found: list[tuple[str, str]] = [(IGNORED, text("import.ignored"))]
    for field in FIELDS:
        found.append((field, _field_text(field)))
        if field in PERSON_FIELDS:
            found.append((f"{field}s", text("import.several", field=_field_text(field))))
    return found


def _field_text(field: str) -> str:
    """Return the name of a field: that of the API and of the files, in words."""
    return field.replace("_", " ")


def _facts(row: Import, preview: Preview | None) -> list[tuple[str, str]]:
    facts: list[tuple[str, str]] = [
        (text("import.sent"), moment_text(row.created_at)),
        (text("import.size"), size_text(row.size)),
    ]
    if preview is not None:
        facts += [
            (text("import.format"), format_named(preview.format).label),
        ]
    return facts


def _counts(job: Job | None) -> list[tuple[str, str]]:
    return [(count_text(name), number_text(number)) for name, number in job.counts.items()] if job else []


def _book_entry(book: Mapping[str, Any]) -> Entry:
    """Return the line of a book as it would be stored."""
    people = [person["name"] for person in book.get("contributors", ())]
    published = book.get("published") or book.get("year")
    facts = [
        ", ".join(people),
        date_text(str(published)) if published else "",
        language_text(book["language"]) if book.get("language") else "",
        str(book.get("publisher") or ""),
        str(book.get("isbn") or ""),
        ", ".join(tag["name"] for tag in book.get("tags", ())),
    ]
    return Entry(book["title"], facts=present(facts))
