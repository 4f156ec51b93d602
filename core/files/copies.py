"""The copies of images for display, and how they are named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from diptych.core.files.content.media_types import EPUB, IMAGES, JPEG, WEBP
from diptych.core.files.schemas import CopyOfFile, FileDetails

EXAMINED = IMAGES | {EPUB.media_type}
"""Media types of the files that are looked into."""

COPIES = {
    f"{size}{file_type.suffix}": (size, file_type.media_type)
    for size in ("small", "large")
    for file_type in (WEBP, JPEG)
}
"""The size and media type of each copy, by the last part of its address."""

COPY_TYPES = tuple(sorted({media_type for _, media_type in COPIES.values()}))
"""The media types of copies."""

_NAMES = {value: name for name, value in COPIES.items()}


def details(copies: Sequence[Any], content: Mapping[str, Any] | None) -> FileDetails:
    """Return what was found in a file, from rows of diptych.core.files.queries.COPIES and what is kept of the rest.

    content: None where the file has not been examined.
    """
    found = [
        CopyOfFile(_NAMES[size, media_type], media_type, width, height) for size, media_type, width, height in copies
    ]
    kept = {"metadata": None, "left_out": [], "error": None} if content is None else content
    return replace(msgspec.convert({"examined": content is not None, "copies": [], **kept}, FileDetails), copies=found)
