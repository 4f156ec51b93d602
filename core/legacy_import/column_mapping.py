"""The columns of the catalogue that an earlier database may fill: their usual names there, and their conversions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from diptych.core.catalogue.limits import DESCRIPTION_MAX, EDITION_MAX, NAME_MAX, POSITION_MAX, TAG_MAX, TITLE_MAX
from diptych.core.legacy_import import conversions
from diptych.core.legacy_import.conversions import Conversion
from diptych.core.legacy_import.inspection import KNOWN_KINDS


@dataclass(frozen=True, slots=True)
class Field:
    """A column of the catalogue, or another thing that a plan names.

    found_as: usual names in earlier applications, of which the first that exists is used. required: whether every row
    must have a value. joined: names of columns that make the value together, where no single one does. kinds:
    of the columns that it may be inferred from, and then not from foreign keys; empty if from any column.
    """

    name: str
    found_as: tuple[str, ...]
    convert: Conversion
    required: bool = False
    joined: tuple[tuple[str, ...], ...] = ()
    kinds: frozenset[str] = frozenset()


_TEXT = frozenset({"text"})


def _cautiously(field: Field) -> Field:
    return replace(field, kinds=field.kinds or KNOWN_KINDS)


_ID = Field("id", (), conversions.to_key, required=True)
_TIMES = (
    Field("created_at", ("created_at", "created", "created_on", "date_created"), conversions.to_moment),
    Field("updated_at", ("updated_at", "updated", "updated_on", "modified_at", "modified"), conversions.to_moment),
)


def _reference(name: str) -> Field:
    return Field(name, (name,), conversions.to_key, required=True)


_AUTHORS = (
    _ID,
    Field(
        "name",
        ("name", "full_name", "fullname", "author_name"),
        conversions.to_line(NAME_MAX),
        required=True,
        joined=(
            ("first_name", "firstname", "given_name", "forename"),
            ("middle_name", "middlename"),
            ("last_name", "lastname", "surname", "family_name"),
        ),
    ),
    Field("dob", ("dob", "birth_date", "date_of_birth", "birthday", "birthdate"), conversions.to_date),
    Field("birth_year", ("birth_year", "year_of_birth"), conversions.to_year),
    Field("death_year", ("death_year", "year_of_death"), conversions.to_year),
    Field("sort_name", ("sort_name", "name_sort", "author_sort"), conversions.to_line(NAME_MAX)),
    *_TIMES,
)
_FURTHER = (
    Field("subtitle", ("subtitle", "sub_title"), conversions.to_line(TITLE_MAX), kinds=_TEXT),
    Field("publisher", ("publisher", "publisher_name"), conversions.to_line(NAME_MAX), kinds=_TEXT),
    Field("edition", ("edition",), conversions.to_line(EDITION_MAX)),
    Field("format", ("format", "book_format", "binding"), conversions.to_format),
    Field("pages", ("pages", "page_count", "num_pages", "number_of_pages", "pagecount"), conversions.to_pages),
    Field("published", ("publication_date", "published_date", "date_published", "pub_date"), conversions.to_published),
    Field("original_title", ("original_title",), conversions.to_line(TITLE_MAX), kinds=_TEXT),
    Field("original_language", ("original_language",), conversions.to_language),
    Field("original_year", ("original_year", "original_publication_year"), conversions.to_year),
    Field("url", ("url",), conversions.to_url, kinds=_TEXT),
    Field("series", ("series", "series_name", "series_title"), conversions.to_line(NAME_MAX), kinds=_TEXT),
    Field(
        "series_position",
        ("series_position", "series_number", "series_index", "number_in_series"),
        conversions.to_position(POSITION_MAX),
    ),
)
_BOOKS = (
    _ID,
    Field("title", ("title", "name", "book_title", "book_name"), conversions.to_line(TITLE_MAX), required=True),
    Field("author_id", ("author_id",), conversions.to_key),
    Field("author", ("author", "author_name", "writer"), conversions.to_text),
    Field("isbn", ("isbn", "isbn13", "isbn_13", "isbn_number", "isbn10", "isbn_10"), conversions.to_isbn),
    Field(
        "year",
        ("year", "publication_year", "published_year", "year_published", "pub_year", "publish_year", "release_year"),
        conversions.to_year,
    ),
    Field("language", ("language", "lang", "language_code"), conversions.to_language),
    Field("description", ("description", "summary", "synopsis", "blurb"), conversions.to_prose(DESCRIPTION_MAX)),
    *map(_cautiously, _FURTHER),
    # Found under no name: a genre or category is no tag unless a plan says so.
    Field("tags", (), conversions.to_text),
    *_TIMES,
)
_CONTRIBUTORS = (
    _reference("book_id"),
    _reference("author_id"),
    Field("order", ("order", "position", "sort_order", "author_order", "ordinal", "sequence"), conversions.to_text),
    Field("role", ("role", "author_role", "contributor_role"), conversions.to_role),
)
_TAGS = (
    _ID,
    Field("name", ("name", "tag", "title", "label"), conversions.to_tag_of(TAG_MAX), required=True),
    Field("description", ("description",), conversions.to_prose(DESCRIPTION_MAX)),
    *_TIMES,
)
_BOOK_TAGS = (
    _reference("book_id"),
    _reference("tag_id"),
)

FIELDS: Mapping[str, Mapping[str, Field]] = {
    section: {field.name: field for field in fields}
    for section, fields in {
        "authors": _AUTHORS,
        "books": _BOOKS,
        "contributors": _CONTRIBUTORS,
        "tags": _TAGS,
        "book_tags": _BOOK_TAGS,
    }.items()
}
"""The fields of each section of a plan, by name."""

NOUNS = {"authors": "author", "books": "book", "tags": "tag"}
"""By section of a plan whose rows are copied as rows: the noun for one of them. The other sections are links."""
