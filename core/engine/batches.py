"""Batches: the checks of their items that need no database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from diptych.core.errors import FieldError, ValidationFailed


def check_distinct_keys(keys: Sequence[tuple[Any, ...]], names: Sequence[str]) -> None:
    """Check that no two items have the same key. Errors: ValidationFailed, naming each item that repeats a key."""
    _refuse(keys, lambda index: ("items", index), f"an earlier item has the same {' and '.join(names)}")


def check_distinct_ids(ids: Sequence[UUID]) -> None:
    """Check that no two ids are the same. Errors: ValidationFailed, naming each repeated id."""
    _refuse(ids, lambda index: ("ids", index), "given before")


def check_distinct_items(items: Sequence[Any], reason: str) -> None:
    """Check that no two items of a list are the same. Errors: ValidationFailed, naming each repeated item."""
    _refuse(items, lambda index: ("items", index), reason, "Something is in the list twice.")


def _refuse(keys: Sequence[Any], path: Any, detail: str, problem: str = "Something is in the batch twice.") -> None:
    seen: set[Any] = set()
    field_errors: list[FieldError] = []
    for index, key in enumerate(keys):
        if key in seen:
            field_errors.append(FieldError("repeated", detail, path=path(index)))
        seen.add(key)
    if field_errors:
        raise ValidationFailed(problem, field_errors)


NAMES_LIMIT = 200_000
"""Characters of all names, or titles, of a batch: SQLite's index of words takes up to 7 ms for one of 1,000."""


def check_names(names: Iterable[str | None]) -> None:
    """Check that the names of a batch are not too long together. Errors: ValidationFailed."""
    length = sum(len(name) for name in names if name is not None)
    if length > NAMES_LIMIT:
        reason = f"{length:,} characters of names, and {NAMES_LIMIT:,} is the most: send several batches"
        raise ValidationFailed("The batch is too large.", [FieldError("too_long", reason, path=("items",))])


def require_keys(
    items: Sequence[Mapping[str, Any]],
    key: Sequence[str],
    not_null: Collection[str],
    reason: str = "an upsert needs it to find the row",
) -> None:
    """Check that each item has all parts of its key. Errors: ValidationFailed, naming each item that lacks one."""
    field_errors = [
        FieldError("missing", reason, path=("items", index, name))
        for index, item in enumerate(items)
        for name in key
        if name not in item or (item[name] is None and name in not_null)
    ]
    if field_errors:
        raise ValidationFailed("An item has no key to be matched by.", field_errors)


def not_unique(
    items: Sequence[Mapping[str, Any]],
    owners: Sequence[UUID | None],
    places: Iterable[int],
    name: str,
    holders: Mapping[Any, UUID],
) -> list[FieldError]:
    """Return a field error for each item with a value of `name` that another row or an earlier item has.

    owners: the row each item is about, None for a new one. places: each item's index in its batch.
    holders: value -> the row that has it.
    """
    seen: set[Any] = set()
    field_errors: list[FieldError] = []
    for item, owner, place in zip(items, owners, places, strict=True):
        value = item.get(name)
        if value is None:
            continue
        if value in seen or holders.get(value, owner) != owner:
            field_errors.append(FieldError("taken", "another has this value already", path=("items", place, name)))
        seen.add(value)
    return field_errors
