"""What can be wrong with the content of a file; the texts are for people."""

from __future__ import annotations


class ContentError(ValueError):
    """The content of a file is not accepted."""


class UnsupportedTypeError(ContentError):
    """The file is of none of the types that are accepted."""


class ImageError(ContentError):
    """An image is damaged, or has too many pixels."""


class EpubError(ContentError):
    """An EPUB book is damaged, or a part of it is too large."""
