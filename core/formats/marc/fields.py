"""The MARC 21 record of a book: in Unicode, and without the punctuation of ISBD."""

from __future__ import annotations

import re

from diptych.core.formats.marc.carriers import ONLINE, UNMEDIATED_OTHER
from diptych.core.formats.marc.date_fields import coded_dates, original_statement, statement
from diptych.core.formats.marc.descriptions import summaries
from diptych.core.formats.marc.language_fields import code_of, languages_field
from diptych.core.formats.marc.name_fields import entries
from diptych.core.formats.marc.numbers import SOURCES
from diptych.core.formats.marc.record import Field, MarcRecord
from diptych.core.formats.marc.subjects import SCHEMES, UNCONTROLLED
from diptych.core.formats.record import BookRecord, Identifier

LOSSES = ("modified", "further")
"""Fields of a BookRecord of which a record in MARC says nothing, or nothing that is read.

Besides: a sort_name that equals the name, and the years of bodies and meetings."""

_TEXT, _SPOKEN = "a", "i"
_BINDINGS = {"hardcover": "hardback", "paperback": "paperback"}
_ELECTRONIC = "o"
_CARRIERS = {"ebook": ("online resource", ONLINE), "other": ("other", UNMEDIATED_OTHER)}
_INDICATORS = {scheme: indicator for indicator, scheme in SCHEMES.items()}
_NUMBER = re.compile(r"\(([^()\s]+)\)(\S.*)")


def record_of(book: BookRecord) -> MarcRecord:
    """Return the record of a book; the lengths in its leader are blank."""
    people = entries(book.contributors)
    has_main_entry = bool(people) and people[0].tag.startswith("1")
    titles = [("a", book.title), ("b", book.subtitle)]
    fields = [
        *_isbns(book),
        *[_identifier(identifier) for identifier in book.identifiers if identifier.scheme != "isbn"],
        *languages_field(book),
        *[field for field in people if field.tag.startswith("1")],
        _field("245", "10" if has_main_entry else "00", titles),
        *_publication(book),
        *[Field("490", "0 ", _present([("a", each.name), ("v", each.position)])) for each in book.series],
        *(summaries(book.description) if book.description else []),
        *[_tag(tag.name, tag.scheme) for tag in book.tags],
        *[field for field in people if not field.tag.startswith("1")],
    ]
    if book.original_title is not None:
        fields.append(Field("765", "0 ", [("t", book.original_title)]))
    if book.url is not None:
        fields.append(Field("856", "40", [("u", book.url)]))
    return MarcRecord(_leader(book), _control(book), fields)


def _leader(book: BookRecord) -> str:
    """Return a leader: new, of a monograph, in Unicode (09), of unknown level (17), without ISBD's marks (18)."""
    return f"     n{_SPOKEN if book.format == 'audiobook' else _TEXT}m a22     uc 4500"


def _control(book: BookRecord) -> dict[str, str]:
    control = {}
    if book.record_id is not None:
        match = _NUMBER.fullmatch(book.record_id)
        control["001"] = match[2] if match else book.record_id
        if match:
            control["003"] = match[1]
    if book.modified is not None:
        control["005"] = book.modified.strftime("%Y%m%d%H%M%S.0")
    entered = "||||||" if book.modified is None else book.modified.strftime("%y%m%d")
    form = _ELECTRONIC if book.format == "ebook" else "|"
    control["008"] = f"{entered}{coded_dates(book)}xx |||||{form}|||||||| ||{code_of(book.language)} d"
    return control


def _isbns(book: BookRecord) -> list[Field]:
    """Return the fields 020, each with the binding; only the binding, if there is no ISBN."""
    binding = _BINDINGS.get(book.format or "")
    numbers = [] if book.isbn is None else [book.isbn]
    numbers += [identifier.value for identifier in book.identifiers if identifier.scheme == "isbn"]
    if binding and not numbers:
        return [Field("020", "  ", [("q", binding)])]
    return [_field("020", "  ", [("a", number), ("q", binding)]) for number in numbers]


def _identifier(identifier: Identifier) -> Field:
    scheme, value = identifier.scheme, identifier.value
    if scheme == "isbn_invalid":
        return Field("020", "  ", [("z", value)])
    if scheme == "lccn":
        return Field("010", "  ", [("a", value)])
    if scheme == "issn":
        return Field("022", "  ", [("a", value)])
    if scheme == "oclc":
        return Field("035", "  ", [("a", f"(OCoLC){value}")])
    if scheme == "ean":
        return Field("024", "3 ", [("a", value)])
    if scheme in SOURCES:
        return Field("024", "7 ", [("a", value), ("2", scheme)])
    raise ValueError(f"MARC has no place for an identifier of the scheme {scheme}")


def _publication(book: BookRecord) -> list[Field]:
    """Return edition, publication, extent, carrier, and the date of the original."""
    fields = []
    if book.edition is not None:
        fields.append(Field("250", "  ", [("a", book.edition)]))
    if published := _present([("b", book.publisher), ("c", statement(book))]):
        fields.append(Field("264", " 1", published))
    if book.pages is not None:
        fields.append(Field("300", "  ", [("a", f"{book.pages} pages")]))
    if book.format in _CARRIERS:
        name, code = _CARRIERS[book.format]
        fields.append(Field("338", "  ", [("a", name), ("b", code), ("2", "rdacarrier")]))
    if (original := original_statement(book)) is not None:
        fields.append(Field("534", "  ", [("p", "Originally published:"), ("c", original)]))
    return fields


def _tag(name: str, scheme: str | None) -> Field:
    if scheme is None:
        return Field(UNCONTROLLED, "  ", [("a", name)])
    if scheme in _INDICATORS:
        return Field("650", f" {_INDICATORS[scheme]}", [("a", name)])
    return Field("650", " 7", [("a", name), ("2", scheme)])


def _field(tag: str, indicators: str, subfields: list[tuple[str, str | None]]) -> Field:
    return Field(tag, indicators, _present(subfields))


def _present(subfields: list[tuple[str, str | None]]) -> list[tuple[str, str]]:
    """Return the subfields that have a value."""
    return [(code, value) for code, value in subfields if value is not None]
