"""The services: the operations on each resource, in a unit of work that the caller commits."""

from diptych.core.aio.services.authors import AuthorService
from diptych.core.aio.services.books import BookService
from diptych.core.aio.services.publishers import PublisherService
from diptych.core.aio.services.series import SeriesService
from diptych.core.aio.services.tags import TagService

__all__ = ("AuthorService", "BookService", "PublisherService", "SeriesService", "TagService")
