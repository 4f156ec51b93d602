"""Looking into a file that was uploaded: display copies of an image, and what an EPUB book says about itself."""

from __future__ import annotations

import importlib
import io
from collections.abc import Sequence
from typing import BinaryIO

import msgspec
from msgspec import Struct

from diptych.core.files.content.errors import ContentError
from diptych.core.files.content.images import DisplayCopy, display_copies
from diptych.core.files.content.media_types import EPUB
from diptych.core.files.schemas import LeftOut, OfferedMetadata
from diptych.core.formats.registry import MissingLibraryError


class Examination(Struct, frozen=True):
    """What was found in a file.

    copies: of the image, or of the cover of the book. metadata: what the book offers. left_out: values that are not
    valid. error: why the file cannot be read.
    """

    copies: Sequence[DisplayCopy] = ()
    metadata: OfferedMetadata | None = None
    left_out: Sequence[LeftOut] = ()
    error: str | None = None


def examined(media_type: str, file: BinaryIO) -> Examination:
    """Return what is in an image or an EPUB book. file: seekable; it stays open. Errors: MissingLibraryError."""
    try:
        return _of_epub(file) if media_type == EPUB.media_type else Examination(display_copies(file))
    except ContentError as error:
        return Examination(error=str(error))


def _of_epub(file: BinaryIO) -> Examination:
    """Return what is in an EPUB book. Errors: EpubError; MissingLibraryError."""
    try:
        module = importlib.import_module("diptych.core.files.content.epub")
    except ModuleNotFoundError as error:
        raise MissingLibraryError("EPUB needs lxml: pip install 'diptych[formats]'") from error
    book = module.read_epub(file)
    metadata = msgspec.convert(book.record, OfferedMetadata, from_attributes=True)
    left_out = [LeftOut(each.field, each.value, each.reason) for each in book.troubles]
    if book.cover is None:
        return Examination((), metadata, left_out)
    try:
        return Examination(display_copies(io.BytesIO(book.cover)), metadata, left_out)
    except ContentError as error:
        return Examination((), metadata, [*left_out, LeftOut("cover", "", str(error))])
