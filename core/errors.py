"""What can go wrong in the catalogue, in its own words. How each looks over HTTP, diptych.core.http.problems says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

UPGRADE = 'run "diptych database upgrade"'
"""What to do with a database that is behind."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with a request: where (a path into its body, or a query parameter), a stable code, and why."""

    code: str
    detail: str
    path: tuple[str | int, ...] | None = None
    parameter: str | None = None


def in_parameter(name: str, field_errors: Iterable[FieldError]) -> tuple[FieldError, ...]:
    """The faults of values that came in a query parameter instead of the body."""
    return tuple(replace(field_error, path=None, parameter=name) for field_error in field_errors)


class SettingsError(Exception):
    """A setting is wrong; the text is one line for the operator."""


class CatalogueError(Exception):
    """The base of everything a client is told about."""

    def __init__(self, detail: str, field_errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field_errors = tuple(field_errors)


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
    """No such row, or no such place."""


class ValidationFailed(CatalogueError):
    """The request was understood and cannot be accepted as it is; the field errors say what."""


class Conflict(CatalogueError):
    """The request contradicts what is stored."""


class RetryableConflict(Conflict):
    """Another writer was quicker on a value the core itself chose: the whole unit of work may run again."""


class ServiceUnavailable(CatalogueError):
    """The database cannot serve this now; the same request may succeed later."""


class Disconnected(ServiceUnavailable):
    """The connection to the database was lost: what was not being committed is undone, and may run again."""


class SchemaOutdated(ServiceUnavailable):
    """The database has to be migrated before this release can serve it; the text says how."""
