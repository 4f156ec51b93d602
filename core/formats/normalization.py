"""One set of rules for the values of all formats: a `RawBook` becomes a `BookRecord`.

A bad value of an optional field is left out and reported; only a book without a usable title is rejected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from diptych.core.catalogue.books.identifiers import identifier_value
from diptych.core.catalogue.books.published import year_of
from diptych.core.catalogue.books.urls import web_address
from diptych.core.catalogue.limits import (
    DESCRIPTION_MAX,
    EDITION_MAX,
    NAME_MAX,
    POSITION_MAX,
    RECORD_ID_MAX,
    TAG_MAX,
    TITLE_MAX,
)
from diptych.core.catalogue.tags.rules import tag_name, tag_scheme
from diptych.core.engine.text_normalization import limited, line, prose
from diptych.core.formats.record import (
    LIST_MAX,
    BookRecord,
    Contributor,
    Identifier,
    RawBook,
    RawContributor,
    Reject,
    SeriesPosition,
    TagName,
    Trouble,
)
from diptych.core.formats.values.dates import certain_year, published_date
from diptych.core.formats.values.extents import book_format, page_count
from diptych.core.formats.values.isbns import isbns, lost_digits
from diptych.core.formats.values.languages import language_tags
from diptych.core.formats.values.names import contributor, is_placeholder, life_year
from diptych.core.formats.values.texts import (
    has_html,
    invisible_in,
    is_blank,
    is_no_title,
    is_nothing,
    one_line,
    plain_text,
)

SHOWN = 60
"""Characters of a bad value that are shown."""

_title, _edition = line(TITLE_MAX), line(EDITION_MAX)
_name, _position, _record_id = line(NAME_MAX), line(POSITION_MAX), line(RECORD_ID_MAX)
_tag, _prose = limited(tag_name, TAG_MAX), prose(DESCRIPTION_MAX)
_NO_PUBLISHER = frozenset(["s.n.", "[s.n.]", "s. n.", "sn", "[s. n.]", "publisher not identified", "unknown"])

T = TypeVar("T")
S = TypeVar("S")


def normalized(raw: RawBook) -> tuple[BookRecord, list[Trouble]] | Reject:
    """Return the book with the values that are valid, and what was left out; a reject when it has no usable title."""
    if raw.title is None or is_no_title(raw.title):
        return Reject(raw.number, "title is missing", raw.raw)
    try:
        title = _title(one_line(raw.title))
    except ValueError as error:
        return Reject(raw.number, f"title {quoted(raw.title)}: {error}", raw.raw)
    found = _Values()
    found.tell_invisible("title", raw.title, title)
    if raw.description is not None and has_html(raw.description):
        found.add_trouble("description", raw.description, "HTML tags")
    # Most books have few of the members: what they do not have costs nothing here.
    values: dict[str, Any] = {
        name: found.take(name, value, rule)
        for name, rule in _RULES.items()
        if (value := getattr(raw, name)) is not None
    }
    for name, member, rule_of_list in _LISTS:
        if given := getattr(raw, member):
            values |= rule_of_list(name, given, found)
    return BookRecord(line=raw.number, title=title, **values), found.troubles


def quoted(value: object) -> str:
    """Return a value as it is shown in messages: in quotes, and not too long."""
    return repr(shortened(value))


def shortened(value: object) -> str:
    """Return a value as text of up to SHOWN characters."""
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


class _Values:
    """Applies rules to values, and collects what they refuse."""

    def __init__(self) -> None:
        self.troubles: list[Trouble] = []

    def add_trouble(self, field: str, value: object, reason: str) -> None:
        self.troubles.append(Trouble(field, shortened(value), reason))

    def take(self, field: str, value: S | None, rule: Callable[[S], T | None]) -> T | None:
        """Return what the rule makes of a value; None if there is none, or if the rule raises ValueError.

        A text of which the rule makes nothing is a trouble too, and so is an invisible character that it removes.
        """
        if value is None:
            return None
        try:
            taken = rule(value)
        except ValueError as error:
            self.add_trouble(field, value, str(error))
            return None
        if isinstance(value, str):
            if not taken:
                self.tell_nothing(field, value)
            else:
                self.tell_invisible(field, value, taken)
        return taken

    def tell_nothing(self, field: str, text: str) -> None:
        """Note a text that says that there is no value, but not an empty one."""
        if not is_blank(text):
            self.add_trouble(field, text, "says that there is none")

    def tell_invisible(self, field: str, text: str, taken: object) -> None:
        """Note the first invisible character of a text that is not in what was made of it."""
        char = invisible_in(text)
        if char is not None and not (isinstance(taken, str) and char in taken):
            self.add_trouble(field, text, f"the invisible character U+{ord(char):04X}")

    def first(self, field: str, values: Iterable[str], rule: Callable[[str], T | None]) -> T | None:
        """Return the first value of which the rule makes something."""
        for value in values:
            if (taken := self.take(field, value, rule)) is not None:
                return taken
        return None

    def at_most(self, field: str, items: list[T]) -> tuple[T, ...]:
        """Return the items, each once, up to LIST_MAX."""
        once = tuple(items) if len(items) < 2 else tuple(dict.fromkeys(items))
        if len(once) > LIST_MAX:
            self.add_trouble(field, f"{len(once)} in all", f"only the first {LIST_MAX} are kept")
        return once[:LIST_MAX]


def _line_by(rule: Callable[[str], str]) -> Callable[[str], str | None]:
    return lambda text: None if is_nothing(text) else rule(one_line(text))


def _description(text: str) -> str | None:
    return None if is_nothing(text) else _prose(plain_text(text)) or None


def _publisher(text: str) -> str | None:
    return None if is_nothing(text) or text.strip().lower() in _NO_PUBLISHER else _name(one_line(text))


def _url(text: str) -> str | None:
    return None if is_nothing(text) else web_address(text)


def _published(_: str, texts: list[str], found: _Values) -> dict[str, Any]:
    def rule(text: str) -> str | None:
        date, note = published_date(text)
        if note is not None:
            found.add_trouble("published", text, note)
        return date

    date = found.first("published", texts, rule)
    return {"published": date, "year": None if date is None else year_of(date)}


def _original_year(name: str, texts: list[str], found: _Values) -> dict[str, Any]:
    return {name: found.first(name, texts, certain_year)}


def _language(name: str, texts: list[str], found: _Values) -> dict[str, Any]:
    """Return the first language; tell the others, as a book has one."""
    tags = [tag for text in texts for tag in found.take(name, text, language_tags) or ()]
    others = list(dict.fromkeys(tag for tag in tags if tag != tags[0]))
    if others:
        found.add_trouble(name, ", ".join(others), "only the first language is kept")
    return {name: tags[0] if tags else None}


# --- lists ---


def _contributors(name: str, raws: list[RawContributor], found: _Values) -> dict[str, Any]:
    people = (_contributor(raw, found) for raw in raws)
    return {name: found.at_most(name, [person for person in people if person is not None])}


def _contributor(raw: RawContributor, found: _Values) -> Contributor | None:
    name = raw.name if raw.name is not None else raw.sort_name
    field = raw.role
    if name is not None and is_placeholder(name):
        found.add_trouble(field, name, "names nobody")
        return None
    birth = found.take(field, raw.birth, life_year)
    death = found.take(field, raw.death, life_year)
    if birth is not None and death is not None and death < birth:
        found.add_trouble(field, f"{name}, {birth}-{death}", "death is before birth: both years are left out")
        birth = death = None
    return found.take(field, name, lambda _: contributor(raw, birth, death))


def _tags(_: str, raws: list[tuple[str, str | None]], found: _Values) -> dict[str, Any]:
    names: dict[str, TagName] = {}
    for text, scheme in raws:
        name = found.take("tags", text, _tag_name)
        if name is not None:
            names.setdefault(name, TagName(name, found.take("tags", scheme, tag_scheme)))
    return {"tags": found.at_most("tags", list(names.values()))}


_tag_name = _line_by(_tag)


_series_name, _place = _line_by(_name), _line_by(_position)


def _series(_: str, raws: list[tuple[str, str | None]], found: _Values) -> dict[str, Any]:
    series: dict[str, SeriesPosition] = {}
    for text, position in raws:
        name = found.take("series", text, _series_name)
        if name is not None:
            place = found.take("series", position, _place)
            series.setdefault(name, SeriesPosition(name, place))
    return {"series": found.at_most("series", list(series.values()))}


# --- identifiers ---


def _identifiers(_: str, raws: list[tuple[str, str]], found: _Values) -> dict[str, Any]:
    """Return the first valid ISBN, and all other identifiers."""
    numbers: list[str] = []
    bad: list[tuple[str, str]] = []
    others: list[Identifier] = []
    for scheme, text in raws:
        if scheme == "isbn" or (scheme == "ean" and _is_bookland(text)):
            good, refused = isbns(text)
            numbers += good
            bad += refused
            if not good and not refused:
                found.tell_nothing("isbn", text)
        else:
            value = found.take(scheme, text, _line_by(partial(identifier_value, scheme)))
            others += [] if value is None else [Identifier(scheme, value)]
    for text, reason in bad:
        # Nothing is lost of a float beside the number that it was.
        if not (numbers and lost_digits(text)):
            found.add_trouble("isbn", text, reason)
    further = [Identifier("isbn", number) for number in dict.fromkeys(numbers) if number != numbers[0]]
    return {"isbn": numbers[0] if numbers else None, "identifiers": found.at_most("identifiers", further + others)}


def _is_bookland(text: str) -> bool:
    digits = "".join(filter(str.isdigit, text))
    return digits.startswith(("978", "979")) and not digits.startswith("9790")


_RULES: dict[str, Callable[[str], Any]] = {
    "subtitle": _line_by(_title),
    "original_title": _line_by(_title),
    "description": _description,
    "publisher": _publisher,
    "edition": _line_by(_edition),
    "format": book_format,
    "pages": page_count,
    "url": _url,
    "record_id": _line_by(_record_id),
}
_LISTS: tuple[tuple[str, str, Callable[[str, Any, _Values], dict[str, Any]]], ...] = (
    ("contributors", "contributors", _contributors),
    ("identifiers", "identifiers", _identifiers),
    ("published", "published", _published),
    ("original_year", "original_published", _original_year),
    ("language", "languages", _language),
    ("original_language", "original_languages", _language),
    ("series", "series", _series),
    ("tags", "tags", _tags),
)
"""The name of a member of a BookRecord, that of the list in a RawBook, and the rule that makes members of it."""
