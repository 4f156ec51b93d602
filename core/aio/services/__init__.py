"""The services: what can be done with each resource, inside a unit of work that someone else commits."""

from diptych.core.aio.services.authors import AuthorService
from diptych.core.aio.services.books import BookService
from diptych.core.aio.services.tags import TagService

__all__ = ("AuthorService", "BookService", "TagService")
