"""The mapped classes."""

from diptych.core.models.author import Author
from diptych.core.models.base import Base, Record
from diptych.core.models.book import Book, BookContributor, BookTag
from diptych.core.models.idempotency import IdempotencyKey
from diptych.core.models.tag import Tag

__all__ = ("Author", "Base", "Book", "BookContributor", "BookTag", "IdempotencyKey", "Record", "Tag")
