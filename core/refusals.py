"""What the services refuse, in the core's words and by advanced-alchemy's names at once.

Whoever knows the library's guides catches NotFoundError; what answers a request finds the faults, which name the items.
"""

from __future__ import annotations

from advanced_alchemy.exceptions import DuplicateKeyError, ForeignKeyError, MultipleResultsFoundError, NotFoundError

from diptych.core.errors import Conflict, NotFound, RetryableConflict, ValidationFailed


class RowNotFound(NotFound, NotFoundError):
    """There is no such row."""


class NoSuchReference(ValidationFailed, ForeignKeyError):
    """A row that another is to refer to is not there."""


class InUse(Conflict, ForeignKeyError):
    """Others depend on the row."""


class DuplicateValue(Conflict, DuplicateKeyError):
    """Another row has a value that must be unique."""


class MultipleMatches(Conflict, MultipleResultsFoundError):
    """Several rows are what one was looked for."""


class ConcurrentWrite(RetryableConflict, DuplicateKeyError):
    """Another writer was quicker."""
