"""Merging: what becomes of a list of contributors when a file names some of them again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


def merged_contributors(present: Sequence[tuple[T, str]], given: Sequence[tuple[T, str]]) -> list[tuple[T, str]]:
    """(who, role) pairs: those given take the place of all present in the same roles; other roles stay behind them.

    A file that names only a book's authors says nothing about its translators.
    """
    roles = {role for _, role in given}
    if [pair for pair in present if pair[1] in roles] == list(given):
        return list(present)
    return [*given, *(pair for pair in present if pair[1] not in roles)]


def distinct(items: Iterable[T]) -> list[T]:
    """The items without repeats, each at its first place."""
    return list(dict.fromkeys(items))
