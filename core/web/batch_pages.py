"""The pages to change many books at once: a choice, a preview, and what was done."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal
from uuid import UUID

from msgspec import Struct
from pydantic import Field as PydanticField

from diptych.core.catalogue.books.schemas import Book, Language
from diptych.core.catalogue.field_types import LIST_LIMIT
from diptych.core.catalogue.publishers.schemas import PublisherName
from diptych.core.catalogue.tags.schemas import TagName
from diptych.core.engine.column_types import parse_uuid
from diptych.core.engine.schemas.base import Input
from diptych.core.errors import FieldError, ValidationFailed
from diptych.core.http.idempotency import FORM_KEY
from diptych.core.web import templates
from diptych.core.web.book_form import Chosen
from diptych.core.web.books import Link, book_href
from diptych.core.web.fields import Field, FormOf, Texts, fields_of, parsed, sent
from diptych.core.web.form_pages import Candidates, boxes_of
from diptych.core.web.forms import Form, Refused, new_key
from diptych.core.web.frame import Frame
from diptych.core.web.values import language_text
from diptych.core.web.wording import number_text, text

BOOKS = 200
"""Books that are changed at once, at most."""

CHOSEN, TITLE = "book.", "title."
"""Before the id of a book: whether it is chosen, and its title, for the page to correct the form."""


class BatchForm(Input):
    """What is done with books; a field that is not given stays."""

    add_tags: list[TagName] = PydanticField(default_factory=list, max_length=LIST_LIMIT)
    remove_tags: list[TagName] = PydanticField(default_factory=list, max_length=LIST_LIMIT)
    language: Language | None = None
    publisher: PublisherName | None = None
    publisher_id: Chosen = None
    clear_language: Literal["on"] | None = None
    clear_publisher: Literal["on"] | None = None

    @property
    def cleared(self) -> Collection[str]:
        """The fields that become empty."""
        return [name for name in ("language", "publisher") if getattr(self, f"clear_{name}") is not None]


BATCH = FormOf(
    BatchForm,
    [
        *fields_of(BatchForm, "add_tags", "remove_tags", "language"),
        Field("clear_language", "check"),
        *fields_of(BatchForm, "publisher"),
        Field("publisher_id", "hidden"),
        Field("clear_publisher", "check"),
    ],
)


class Batch(Struct, frozen=True):
    """A batch as it was typed. ids: of the chosen books. typed: the fields."""

    ids: Sequence[UUID]
    given: BatchForm
    typed: Texts


class Item(Struct, frozen=True):
    """A book that can be chosen."""

    id: str
    title: str
    chosen: bool


class Choice(Struct, frozen=True):
    """Books to choose among, and what is done with them. total: how many match. shows: as in Problem."""

    items: Sequence[Item]
    total: int
    typed: Texts = {}
    form: Form = Form()
    shows: Candidates | None = None


class Preview(Struct, frozen=True):
    """What becomes of a book, a line each."""

    book: Link
    lines: Sequence[str]


def batch_of(typed: Texts) -> Batch:
    """Return what a form asks for. Errors: ValidationFailed, also where it asks for nothing."""
    own = {name: value for name, value in typed.items() if not name.startswith((CHOSEN, TITLE))}
    given: BatchForm = parsed(BATCH, sent(BATCH, own))
    try:
        ids = [parse_uuid(name.removeprefix(CHOSEN)) for name in typed if name.startswith(CHOSEN)]
    except ValueError:
        ids = []
    if not ids or len(ids) > BOOKS:
        raise ValidationFailed(text("batch.choose", most=BOOKS))
    if both := [name for name in given.cleared if getattr(given, name) is not None]:
        errors = [FieldError("both", text("batch.both"), path=(f"clear_{name}",)) for name in both]
        raise ValidationFailed(text("batch.both"), errors)
    if not any((given.add_tags, given.remove_tags, given.cleared, *_columns(given))):
        raise ValidationFailed(
            text("batch.nothing"), [FieldError("missing", text("batch.nothing"), path=("add_tags",))]
        )
    return Batch(ids, given, own)


def _columns(given: BatchForm) -> Sequence[str | None]:
    return given.language, given.publisher


def choose(frame: Frame, books: Sequence[Book], total: int) -> bytes:
    """Return the page to choose books and what is done with them. total: how many match."""
    items = [Item(str(book.id), book.title, chosen=True) for book in books]
    return _choosing(frame, Choice(items, total))


def choose_again(refused: Refused) -> bytes:
    """Return the page to choose, with what is wrong."""
    typed = refused.typed
    items = [
        Item(name.removeprefix(TITLE), title, f"{CHOSEN}{name.removeprefix(TITLE)}" in typed)
        for name, title in typed.items()
        if name.startswith(TITLE)
    ]
    return _choosing(refused.frame, Choice(items, len(items), typed, refused.form, refused.problem.shows))


def _choosing(frame: Frame, choice: Choice) -> bytes:
    boxes = boxes_of(BATCH, choice.typed, choice.shows)
    more = text("batch.more", most=BOOKS, n=number_text(choice.total)) if choice.total > len(choice.items) else ""
    labels = {box.name: box.label for box in boxes}
    return templates.render(
        "batch.html", frame, items=choice.items, boxes=boxes, form=choice.form, labels=labels, more=more
    )


def preview(frame: Frame, batch: Batch, books: Sequence[Book]) -> bytes:
    """Return the page that shows what would become of the chosen books, which were read with tags and publisher."""
    lines = [Preview(Link(book.title, book_href(book)), _changes(batch.given, book)) for book in books]
    changed = [each for each in lines if each.lines]
    hidden = [
        (FORM_KEY, new_key()), *batch.typed.items(), *((f"{CHOSEN}{book.id}", "on") for book in books),
        *((f"{TITLE}{book.id}", book.title) for book in books),
    ]  # fmt: skip
    hidden = [*dict(hidden).items()]
    return templates.render("batch_preview.html", frame, lines=changed, same=len(lines) - len(changed), hidden=hidden)


def _changes(given: BatchForm, book: Book) -> list[str]:
    has = {tag.name for tag in book.tags} if isinstance(book.tags, list) else set()
    found: list[str] = [text("batch.adds", tag=tag) for tag in dict.fromkeys(given.add_tags) if tag not in has]
    found += [text("batch.removes", tag=tag) for tag in dict.fromkeys(given.remove_tags) if tag in has]
    language, publisher = book.language or "", getattr(book.publisher, "name", "") or ""
    if given.language is not None or "language" in given.cleared:
        found += _becomes("language", *(language_text(each) if each else "" for each in (language, given.language)))
    if given.publisher is not None or "publisher" in given.cleared:
        found += _becomes("publisher", publisher, given.publisher or "")
    return found


def _becomes(name: str, before: str, after: str) -> list[str]:
    """Return the line about a field, which may be empty; none where it stays."""
    if before == after:
        return []
    kind = "becomes" if before and after else "sets" if after else "clears"
    return [text(f"batch.{kind}", label=text(f"label.{name}"), before=before, after=after)]


def done(frame: Frame, request_id: str, changed: int) -> bytes:
    """Return the page that tells what was done. request_id: by which it is undone."""
    return templates.render(
        "batch_done.html", frame, request_id=request_id, changed=changed, form_key=FORM_KEY, key=new_key()
    )
