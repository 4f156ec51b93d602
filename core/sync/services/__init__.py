# Generated from core/aio/services/__init__.py by tools/unasync.py: do not edit, run "make twins".
"""The services: the operations on each resource, in a unit of work that the caller commits."""

from diptych.core.sync.services.authors import AuthorService
from diptych.core.sync.services.books import BookService
from diptych.core.sync.services.publishers import PublisherService
from diptych.core.sync.services.series import SeriesService
from diptych.core.sync.services.tags import TagService

__all__ = ("AuthorService", "BookService", "PublisherService", "SeriesService", "TagService")
