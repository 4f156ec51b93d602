"""Translations of the pages: files of gettext."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from gettext import GNUTranslations
from pathlib import Path

from diptych.core.web.wording import ENGLISH, PLURALS, TEXTS, Words


def read(path: str) -> Words:
    """Return the words in a file of gettext (.mo), or English for none. Errors: ValueError."""
    if not path:
        return ENGLISH
    try:
        return Words(_opened(path))
    except ZeroDivisionError as error:
        raise ValueError(f"cannot be read from {path!r}: its plural forms are for no number: {error}") from None


def _opened(path: str) -> GNUTranslations:
    try:
        with Path(path).open("rb") as file:
            return GNUTranslations(file)
    # OSError: the file cannot be opened. The others: it is no .mo file; LookupError: it names an unknown character set.
    except (OSError, ValueError, LookupError, struct.error) as error:
        raise ValueError(f"cannot be read from {path!r}: {getattr(error, 'strerror', None) or error}") from None


def check(path: str) -> str:
    """Check the file of a translation, and return it as given. Errors: ValueError."""
    read(path)
    return path


def template() -> str:
    """Return the template of a translation, in gettext's format (.pot)."""
    head = {"Content-Type": "text/plain; charset=UTF-8", "Plural-Forms": "nplurals=2; plural=(n != 1);"}
    return "\n\n".join(["\n".join(_head(head)), *map(_message, TEXTS.items()), *map(_plural, PLURALS.items())]) + "\n"


def _head(head: Mapping[str, str]) -> Iterator[str]:
    yield 'msgid ""\nmsgstr ""'
    for name, value in head.items():
        yield f'"{name}: {value}\\n"'


def _message(entry: tuple[str, str]) -> str:
    key, words = entry
    return f'msgctxt "{key}"\nmsgid "{words}"\nmsgstr ""'


def _plural(entry: tuple[str, tuple[str, str]]) -> str:
    key, (one, other) = entry
    return f'msgctxt "{key}"\nmsgid "{one}"\nmsgid_plural "{other}"\nmsgstr[0] ""\nmsgstr[1] ""'
