"""Display copies of images: two sizes, each as WebP and JPEG, without anything of the original but its picture.

This takes up to a second of CPU and 200 MB, and so belongs into a job.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import BinaryIO

from msgspec import Struct
from PIL import Image, ImageOps, UnidentifiedImageError

from diptych.core.files.content.errors import ImageError

PIXELS_MAX = 40_000_000
"""Pixels of an image, at most: a page at 600 dots an inch has 35 million."""

SCANS_MAX = 100
"""Scans of a JPEG file, at most: each is decoded over the whole picture. Progressive files have about ten."""

SIZES = {"small": 240, "large": 960}
"""Pixels of the longer side of a display copy, at most; an image is never enlarged."""

MEDIA_TYPES = {"WEBP": "image/webp", "JPEG": "image/jpeg"}
"""Media types of display copies, by Pillow's names."""

_JPEG_START, _SCAN = b"\xff\xd8", b"\xff\xda"
_PIECE = 1 << 20
_READ = ("JPEG", "PNG", "WEBP", "GIF")
_OPTIONS = {
    "WEBP": {"quality": 80, "method": 4},
    "JPEG": {"quality": 85, "optimize": True, "progressive": True},
}
_SIXTEEN_BITS = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")
# What Pillow raises for damaged files, beside OSError.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    OverflowError,
    NotImplementedError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


class DisplayCopy(Struct, frozen=True):
    """A copy of an image. size: a name of SIZES. width, height: in pixels."""

    size: str
    media_type: str
    content: bytes
    width: int
    height: int


def dimensions(stream: BinaryIO) -> tuple[int, int]:
    """Return the width and height of an image in pixels, as its header says, without decoding it. Errors: ImageError.

    stream: the whole file, seekable; it stays open.
    """
    with _opened(stream) as image:
        return image.size


def display_copies(stream: BinaryIO) -> list[DisplayCopy]:
    """Return the display copies of an image, of each size in each media type.

    The orientation that EXIF says is applied; of an animated image the first frame is shown; transparent is white.
    Colour profiles are not applied. stream: the whole file, seekable; it stays open. Raises ImageError for a damaged
    image, and, before any of it is decoded, for one of more than PIXELS_MAX pixels or SCANS_MAX scans.
    """
    largest = _picture(stream, max(SIZES.values()))
    return [
        _encoded(name, media_type, picture)
        for name, side in SIZES.items()
        for picture in [_reduced(largest, side)]
        for media_type in MEDIA_TYPES
    ]


def _opened(stream: BinaryIO) -> Image.Image:
    """Return an image of which only the header is read. Errors: ImageError."""
    stream.seek(0)
    try:
        image = Image.open(stream, formats=_READ)
    except _DAMAGE as error:
        raise _damaged(error) from error
    if image.width * image.height > PIXELS_MAX:
        raise _too_large(f"{image.width:,} x {image.height:,} pixels")
    return image


def _scans(stream: BinaryIO) -> int:
    """Return how many scans a JPEG file has; 0 for another file."""
    stream.seek(0)
    if not stream.read(_PIECE).startswith(_JPEG_START):
        return 0
    stream.seek(0)
    return sum(piece.count(_SCAN) for piece in iter(lambda: stream.read(_PIECE), b""))


def _picture(stream: BinaryIO, side: int) -> Image.Image:
    """Return the picture of an image, upright, with a longer side of at most `side` pixels. Errors: ImageError."""
    if _scans(stream) > SCANS_MAX:
        raise ImageError(f"The image has more than {SCANS_MAX} scans.")
    with _opened(stream) as image:
        try:
            image.draft("RGB", (side * 2, side * 2))  # JPEG is decoded at a fraction of its size
            image.load()
            upright = ImageOps.exif_transpose(_reduced(_in_colours(image), side))
        except _DAMAGE as error:
            raise _damaged(error) from error
    # A new image: nothing that Pillow keeps of the file can be written with it.
    clean = Image.new("RGB", upright.size, "white")
    clean.paste(upright, mask=upright if upright.mode == "RGBA" else None)
    return clean


def _in_colours(image: Image.Image) -> Image.Image:
    """Return an image as RGB, or as RGBA where it may be transparent."""
    if image.mode in _SIXTEEN_BITS:
        image = image.convert("F").point(lambda value: value * (1 / 256)).convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _reduced(image: Image.Image, side: int) -> Image.Image:
    """Return a copy of an image with a longer side of at most `side` pixels."""
    copy = image.copy()
    copy.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3)
    return copy


def _encoded(size: str, kind: str, picture: Image.Image) -> DisplayCopy:
    content = io.BytesIO()
    picture.save(content, kind, **_OPTIONS[kind])
    return DisplayCopy(size, MEDIA_TYPES[kind], content.getvalue(), picture.width, picture.height)


def _too_large(what: str) -> ImageError:
    return ImageError(f"The image has {what}; at most {PIXELS_MAX // 1_000_000} million pixels are accepted.")


def _damaged(error: BaseException) -> ImageError:
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return _too_large("too many pixels")
    # Its words for a file that it does not know are about the file as Python has opened it.
    reason = "" if isinstance(error, UnidentifiedImageError) else f": {error}"
    return ImageError(f"The image cannot be read, or is damaged{reason}.")
