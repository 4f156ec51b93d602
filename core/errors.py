"""The catalogue's errors. diptych.core.http.problems maps them to HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

UPGRADE = 'run "diptych database upgrade"'
"""What to do with an outdated database."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One error in a request: its location (a path into the body, or a query parameter), a code, and a message."""

    code: str
    detail: str
    path: tuple[str | int, ...] | None = None
    parameter: str | None = None


def in_parameter(name: str, field_errors: Iterable[FieldError]) -> tuple[FieldError, ...]:
    """Return the field errors with a query parameter as their location."""
    return tuple(replace(field_error, path=None, parameter=name) for field_error in field_errors)


class SettingsError(Exception):
    """A setting is wrong; the text is one line for the operator."""


class CatalogueError(Exception):
    """The base class of all errors that are reported to clients."""

    def __init__(self, detail: str, field_errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field_errors = tuple(field_errors)


class ResponseAborted(Exception):
    """A response that has begun cannot be completed; why is in the log."""


@contextmanager
def naming_item(place: int) -> Iterator[None]:
    """Have the faults of the errors of a block be those of one item of a batch."""
    try:
        yield
    except CatalogueError as error:
        error.field_errors = tuple(
            replace(field_error, path=("items", place, *(field_error.path or ()))) for field_error in error.field_errors
        )
        raise


@contextmanager
def naming_no_item() -> Iterator[None]:
    """Have the faults of a batch of one be those of that one: what naming_item added is taken away."""
    try:
        yield
    except CatalogueError as error:
        error.field_errors = tuple(
            replace(field_error, path=(field_error.path or ())[2:]) for field_error in error.field_errors
        )
        raise


class NotFound(CatalogueError):
    """No such row, or no such address."""


class ValidationFailed(CatalogueError):
    """The request is well formed but cannot be accepted; the field errors say why."""


class Conflict(CatalogueError):
    """The request contradicts what is stored."""


class RetryableConflict(Conflict):
    """A conflict with another writer that the client did not cause: the unit of work may be retried."""


class ServiceUnavailable(CatalogueError):
    """The database cannot serve this now; the same request may succeed later."""


class Disconnected(ServiceUnavailable):
    """The connection to the database was lost: uncommitted work is rolled back and may be retried."""


class SchemaOutdated(ServiceUnavailable):
    """The database has to be migrated before this release can serve it; the text says how."""
