"""The mapped classes, all of them: what imports this module finds every table in Base.metadata."""

from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.books.model import Book, BookContributor, BookTag
from diptych.core.catalogue.tags.model import Tag
from diptych.core.engine.entity import Base
from diptych.core.idempotency.model import IdempotencyKey

__all__ = ("Author", "Base", "Book", "BookContributor", "BookTag", "IdempotencyKey", "Tag")
