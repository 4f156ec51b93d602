"""The mapped classes."""

from core.models.author import Author
from core.models.base import Base, Record
from core.models.book import Book, BookContributor, BookTag
from core.models.idempotency import IdempotencyKey
from core.models.tag import Tag

__all__ = ("Author", "Base", "Book", "BookContributor", "BookTag", "IdempotencyKey", "Record", "Tag")
