# Generated from core/aio/services/__init__.py by tools/unasync.py: do not edit, run "make twins".
"""The services: what can be done with each resource, inside a unit of work that someone else commits."""

from diptych.core.sync.services.authors import AuthorService
from diptych.core.sync.services.books import BookService
from diptych.core.sync.services.tags import TagService

__all__ = ("AuthorService", "BookService", "TagService")
