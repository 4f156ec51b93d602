"""Errors of the services: each is an error of diptych.core.errors and one of advanced-alchemy.

Code written by the library's guides catches NotFoundError; code that answers a request reads the field_errors, which
name the items.
"""

from __future__ import annotations

from advanced_alchemy.exceptions import DuplicateKeyError, ForeignKeyError, MultipleResultsFoundError, NotFoundError

from diptych.core.errors import Conflict, NotFound, RetryableConflict, ValidationFailed


class RowNotFound(NotFound, NotFoundError):
    """No such row."""


class NoSuchReference(ValidationFailed, ForeignKeyError):
    """A referenced row does not exist."""


class InUse(Conflict, ForeignKeyError):
    """Other rows depend on this row."""


class DuplicateValue(Conflict, DuplicateKeyError):
    """Another row has a value that must be unique."""


class MultipleMatches(Conflict, MultipleResultsFoundError):
    """Several rows match where at most one may."""


class ConcurrentWrite(RetryableConflict, DuplicateKeyError):
    """Another writer was faster."""
