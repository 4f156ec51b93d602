"""An edition of Open Library (openlibrary.org/type/edition) as a `RawBook`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from diptych.core.formats.option_names import only_by_command
from diptych.core.formats.record import RawBook, RawContributor
from diptych.core.formats.values.names import filed, with_role

NameOf = Callable[[str], str | None]
"""Returns the name of the author with a key such as OL23919A, None if it is not known."""


def author_keys() -> str:
    """Return how the summary reports authors that a record names by their keys alone."""
    how = only_by_command(": give --authors with Open Library's dump of authors")
    return f"authors (only their keys{how})"


_TITLES = ("title", "title_prefix", "full_title", "subtitle", "translation_of")
_PEOPLE = ("authors", "author", "by_statement", "contributors", "contributions")
_SUBJECTS = ("subjects", "subject", "subject_people", "subject_places", "subject_times", "genres")
_NUMBERS = (
    ("isbn_13", "isbn"),
    ("isbn_10", "isbn"),
    ("isbn", "isbn"),
    ("isbn_invalid", "isbn_invalid"),
    ("isbn_odd_length", "isbn_invalid"),
    ("lccn", "lccn"),
    ("oclc_numbers", "oclc"),
    ("oclc_number", "oclc"),
)
_NUMBERS_OF_OTHERS = {"goodreads": "goodreads", "librarything": "librarything", "amazon": "asin", "doi": "doi"}
_FURTHER = ("languages", "translated_from", "publish_date", "publishers", "publisher", "edition_name", "series", "url")
_FORM = ("physical_format", "number_of_pages", "pagination", "description", "identifiers", "key")
# They describe the record, not the book.
_HOUSEKEEPING = ("type", "revision", "latest_revision", "created", "last_modified", "id", "source_records", "local_id")
_TAKEN = frozenset((*_TITLES, *_PEOPLE, *_SUBJECTS, *(name for name, _ in _NUMBERS), *_FURTHER, *_FORM, *_HOUSEKEEPING))
_AS_TEXT = _TAKEN.difference(_HOUSEKEEPING, ("authors", "contributors", "identifiers"))
# Between the names of several people, or before one in another role than author.
_SEVERAL = frozenset([";", ",", "&", "/", "[", ":"])
_SEVERAL_WORDS = frozenset(["and", "with", "und", "et", "y", "by", "from", "in", "edited", "translated", "illustrated"])


def raw_book(record: Mapping[str, Any], number: int, name_of: NameOf) -> RawBook:
    """Return the book of an edition in line `number`; its authors may be named by keys alone."""
    unread = [name for name in record if name not in _TAKEN or (name in _AS_TEXT and _is_no_text(record[name]))]
    publishers = _texts(record.get("publishers")) or _texts(record.get("publisher"))
    unread += ["publishers after the first"] if len(publishers) > 1 else []
    key = last_part(_text(record.get("key")) or "")
    return RawBook(
        number=number,
        title=_title(record),
        subtitle=_text(record.get("subtitle")),
        original_title=_text(record.get("translation_of")),
        contributors=list(_contributors(record, name_of, unread)),
        identifiers=_identifiers(record, key, unread),
        published=_texts(record.get("publish_date")),
        languages=[last_part(text) for text in _texts(record.get("languages"))],
        original_languages=[last_part(text) for text in _texts(record.get("translated_from"))],
        publisher=publishers[0] if publishers else None,
        edition=_text(record.get("edition_name")),
        format=_text(record.get("physical_format")),
        pages=_text(record.get("number_of_pages")) or _text(record.get("pagination")),
        series=[_series(text) for text in _texts(record.get("series"))],
        description=_text(record.get("description")),
        tags=[(text, None) for name in _SUBJECTS for text in _texts(record.get(name))],
        url=next(iter(_texts(record.get("url"))), None),
        record_id=key or None,
        unread=unread,
        raw=dict(record),
    )


def last_part(key: str) -> str:
    """Return what follows the last slash: "eng" of "/languages/eng", "OL23919A" of "/authors/OL23919A"."""
    return key.rpartition("/")[2]


def _text(value: Any) -> str | None:
    """Return a text, a number as text, the value of {"type": "/type/text", "value": ...} or {"key": ...}, or None."""
    if isinstance(value, dict):
        value = value.get("value", value.get("key", value.get("name")))
    if isinstance(value, str):
        return value.strip() or None
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _texts(value: Any) -> list[str]:
    """Return the texts of a list, or of what stands for a list of one."""
    if value is None:
        return []
    items = value if isinstance(value, list) else (value,)
    return [text for item in items if (text := _text(item)) is not None]


def _is_no_text(value: Any) -> bool:
    """Return whether there is something in a value that is neither text nor stands for one."""
    return any(not isinstance(item, str) and item is not None and _text(item) is None for item in _items(value))


def _title(record: Mapping[str, Any]) -> str | None:
    title, prefix = _text(record.get("title")), _text(record.get("title_prefix"))
    if title is None:
        return _text(record.get("full_title"))
    if prefix is None or title.startswith(prefix):
        return title
    return f"{prefix}{'' if prefix.endswith(chr(39)) else ' '}{title}"


def _series(text: str) -> tuple[str, str | None]:
    """Return name and position of "Martin Beck ; 1", the punctuation of ISBD (area 6)."""
    name, mark, position = text.rpartition(" ; ")
    return (name.strip(), position.strip()) if mark else (text, None)


# --- people ---


def _contributors(record: Mapping[str, Any], name_of: NameOf, unread: list[str]) -> Iterator[RawContributor]:
    """Yield the authors, then those who contributed; add what says nothing here to `unread`."""
    authors = [*_authors(record.get("authors"), name_of, unread), *_given_authors(record)]
    statement = _text(record.get("by_statement"))
    if statement is not None and not authors:
        if (name := _only_name(statement)) is not None:
            authors.append(RawContributor(name=name))
        else:
            unread.append("by_statement")
    yield from authors
    for item in _items(record.get("contributors")):
        if isinstance(item, dict) and (name := _text(item.get("name"))) is not None:
            yield RawContributor(name=name, role=_role(_text(item.get("role"))))
        else:
            unread.append("contributors (without a name)")
    for text in _texts(record.get("contributions")):
        yield _contribution(text)


def _authors(value: Any, name_of: NameOf, unread: list[str]) -> Iterator[RawContributor]:
    """Yield the authors of {"name": ...}, of texts, and of keys with a known name; tell keys without."""
    for item in _items(value):
        # A work has {"author": {"key": ...}}, an edition {"key": ...}.
        author = item.get("author", item) if isinstance(item, dict) else item
        name = _text(author.get("name")) if isinstance(author, dict) else _text(author)
        key = name if name is not None and name.startswith("/authors/") else None
        if isinstance(author, dict) and name is None:
            key = _text(author.get("key"))
        if key is not None:
            name = name_of(last_part(key))
            if name is None and author_keys() not in unread:
                unread.append(author_keys())
        if name is not None:
            yield RawContributor(name=name)
        elif key is None:
            unread.append("authors (without a name)")


def _given_authors(record: Mapping[str, Any]) -> Iterator[RawContributor]:
    """Yield the authors of `author`, which people write by hand."""
    return (RawContributor(name=name) for name in _texts(record.get("author")))


def _only_name(statement: str) -> str | None:
    """Return the name in "by Ann Writer."; None if the statement may name several people, or another role."""
    name = statement.removeprefix("by ").removeprefix("By ").strip()
    words = name.lower().split()
    if any(mark in name for mark in _SEVERAL) or _SEVERAL_WORDS.intersection(words) or not 1 < len(words) < 5:
        return None
    # "Ann Writer.", but "Martin King Jr."
    return name.removesuffix(".") if name.count(".") == 1 and len(words[-1]) > 4 else name


def _contribution(text: str) -> RawContributor:
    """Return the contributor of "Doe, Jane, 1812-1870 (Translator)"."""
    found = with_role(text, "other")
    return filed(found) if found.name is not None and "," in found.name else found


def _role(text: str | None) -> str:
    return "other" if text is None else with_role(f"nobody [{text}]", "other").role


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else () if value is None else (value,)


# --- identifiers ---


def _identifiers(record: Mapping[str, Any], key: str, unread: list[str]) -> list[tuple[str, str]]:
    """Return the identifiers of the edition; add the schemes of `identifiers` that are not kept to `unread`."""
    found = [(scheme, text) for name, scheme in _NUMBERS for text in _texts(record.get(name))]
    others = record.get("identifiers")
    for name, values in others.items() if isinstance(others, dict) else ():
        scheme = _NUMBERS_OF_OTHERS.get(name)
        if scheme is None:
            unread.append(f"identifiers.{name}")
        else:
            found += [(scheme, text) for text in _texts(values)]
    return [*found, ("olid", key)] if key else found
