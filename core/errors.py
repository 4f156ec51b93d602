"""What can go wrong in the catalogue, in its own words. How each looks over HTTP, diptych.core.http.problems says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


def in_item(place: int, field_errors: Iterable[FieldError]) -> tuple[FieldError, ...]:
    """The faults of one item of a batch, as the batch's."""
    return tuple(replace(field_error, path=("items", place, *(field_error.path or ()))) for field_error in field_errors)


class SettingsError(Exception):
    """A setting is wrong; the text is one line for the operator."""


class CatalogueError(Exception):
    """The base of everything a client is told about."""

    def __init__(self, detail: str, field_errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field_errors = tuple(field_errors)


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
