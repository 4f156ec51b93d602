"""Contributors: an ordered list in which the first author is also the book's `author_id`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

ROLES = ("author", "editor", "translator", "illustrator", "other")
AUTHOR = "author"

T = TypeVar("T")


def first_author(roles: Sequence[str]) -> int:
    """Return the index of the first author among `roles`. Errors: ValueError when there is none."""
    try:
        return roles.index(AUTHOR)
    except ValueError:
        raise ValueError("a book needs at least one contributor with the role author") from None


def with_first_author(first: T, others: Sequence[tuple[int, T]]) -> list[T]:
    """Return the whole list from the first author and the (position, contributor) pairs of the others.

    The first author takes the lowest position that the others leave free.
    """
    taken = {position for position, _ in others}
    free = next(position for position in range(len(others) + 1) if position not in taken)
    return [contributor for _, contributor in sorted([*others, (free, first)], key=lambda pair: pair[0])]


def merged_contributors(present: Sequence[tuple[T, str]], given: Sequence[tuple[T, str]]) -> list[tuple[T, str]]:
    """Return (contributor, role) pairs: those given replace all present in their roles; pairs in other roles follow.

    A file that names only a book's authors says nothing about its translators.
    """
    roles = {role for _, role in given}
    if [pair for pair in present if pair[1] in roles] == list(given):
        return list(present)
    return [*given, *(pair for pair in present if pair[1] not in roles)]
