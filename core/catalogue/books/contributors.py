"""Contributors: an ordered list in which the first author, if there is one, is also the book's `author_id`."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import TypeVar

ROLES = ("author", "editor", "translator", "illustrator", "narrator", "foreword", "compiler", "other")
AUTHOR = "author"

T = TypeVar("T")


def first_author(roles: Sequence[str]) -> int | None:
    """Return the index of the first author among `roles`, None where there is no author."""
    return roles.index(AUTHOR) if AUTHOR in roles else None


def with_first_author(first: T | None, others: Sequence[tuple[int, T]]) -> list[T]:
    """Return the whole list from the first author, if any, and the (position, contributor) pairs of the others.

    The first author takes the lowest position that the others leave free.
    """
    if first is None:
        return [contributor for _, contributor in sorted(others, key=lambda pair: pair[0])]
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


def with_author_replaced(contributors: Sequence[tuple[T, str]], replaced: Container[T], by: T) -> list[tuple[T, str]]:
    """Return (author, role) pairs with one author in the place of others, each pair once."""
    return list(dict.fromkeys((by if author in replaced else author, role) for author, role in contributors))
