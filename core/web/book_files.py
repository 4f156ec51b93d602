"""What pages show of the files of a book: its cover, and what can be downloaded."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from diptych.core.files.content.media_types import NAMES, SUFFIXES
from diptych.core.files.schemas import BookFile, DisplayedFile
from diptych.core.web.books import Picture, picture
from diptych.core.web.values import size_text
from diptych.core.web.wording import text


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
