"""What pages show of the files of a book: its cover, and what can be downloaded."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from diptych.core.catalogue.books.schemas import Book
from diptych.core.engine.schemas.base import Input
from diptych.core.files.content.media_types import NAMES, SUFFIXES
from diptych.core.files.schemas import BookFile, DisplayedFile, FileName
from diptych.core.web import templates
from diptych.core.web.book_form import Digest
from diptych.core.web.books import Link, Picture, book_href, picture
from diptych.core.web.forms import Form, Refused
from diptych.core.web.frame import Frame
from diptych.core.web.values import size_text
from diptych.core.web.wording import text


class EbookForm(Input):
    """The form that adds an e-book. ebook: the SHA-256 of what is stored."""

    ebook: Digest | None = None
    ebook_name: FileName | None = None
    form_key: str = ""


class FileLine(Struct, frozen=True):
    """A file. href: of its content. facts: its type and size. note: why it is not shown. remove: where to remove it."""

    name: str
    href: str
    facts: Sequence[str]
    note: str
    remove: str


class FilesView(Struct, frozen=True):
    """The files of a book. cover: None where none can be shown. ebooks: to download. all: those and the images."""

    cover: Picture | None
    ebooks: Sequence[FileLine]
    all: Sequence[FileLine]

    @property
    def noted(self) -> bool:
        """Whether there is something to say about one of them."""
        return any(line.note for line in self.all)


def files_view(files: Sequence[DisplayedFile], address: str) -> FilesView:
    """Return the view of the files of a book. files: covers first. address: of the book's page, from the root."""
    covers = [
        picture(each.file.sha256, "large", each.width, each.height)
        for each in files
        if each.width is not None and each.height is not None
    ]
    lines = [(each.file.kind, _line(each, address)) for each in files]
    return FilesView(
        covers[0] if covers else None,
        [line for kind, line in lines if kind == "ebook"],
        [line for _, line in lines],
    )


def files_page(frame: Frame, book: Book, files: Sequence[DisplayedFile]) -> bytes:
    """Return the page of the files of a book."""
    there = Link(book.title, book_href(book))
    return _page(frame, there, files_view(files, there.href).all, Form())


def files_again(refused: Refused) -> bytes:
    """Return the page to add an e-book after it was refused, with the reason."""
    href = refused.address.removesuffix("/files")
    return _page(refused.frame, Link(text("files.back"), href), [], refused.form)


def _page(frame: Frame, there: Link, lines: Sequence[FileLine], form: Form) -> bytes:
    return templates.render("book_files.html", frame, there=there, lines=lines, form=form)


def _line(displayed: DisplayedFile, address: str) -> FileLine:
    file = displayed.file
    return FileLine(
        name_of(file),
        f"ui/file/{file.book_id}/{file.id}",
        [NAMES[file.media_type], size_text(file.size)],
        displayed.error or (text("files.examining") if file.kind == "cover" and not displayed.examined else ""),
        f"{address}/files/{file.id}/remove",
    )


def name_of(file: BookFile) -> str:
    """Return the name of a file, or what it is."""
    return file.name or f"{text(f'files.{file.kind}')}{SUFFIXES[file.media_type]}"
