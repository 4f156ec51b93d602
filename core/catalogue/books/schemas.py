"""Books and their contributors, in and out."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar, get_args
from uuid import UUID

import msgspec
from msgspec import Meta, Struct
from pydantic import AfterValidator, Field, Strict, model_validator
from pydantic_core import PydanticCustomError

from diptych.core.catalogue.authors.schemas import AuthorReference
from diptych.core.catalogue.books import identifiers, isbn, language, model, published, urls
from diptych.core.catalogue.books.contributors import ROLES
from diptych.core.catalogue.books.formats import FORMATS
from diptych.core.catalogue.books.identifiers import IDENTIFIER_MAX, SCHEMES, identifier_value
from diptych.core.catalogue.books.years import DECADE, YEAR_MAX, YEAR_MIN
from diptych.core.catalogue.field_types import LIST_LIMIT, Description, Year
from diptych.core.catalogue.limits import EDITION_MAX, PAGES_MAX, POSITION_MAX, TITLE_MAX, URL_MAX
from diptych.core.catalogue.publishers.schemas import Publisher
from diptych.core.catalogue.tags.schemas import Tag, TagName
from diptych.core.engine.facets import MOST
from diptych.core.engine.schemas.base import UNIQUE, Input
from diptych.core.engine.schemas.field_types import (
    Id,
    Length,
    Line,
    QueryInteger,
    SchemaMetadata,
    Text,
    UtcTimestamp,
    line_pattern,
    ruled,
)
from diptych.core.engine.schemas.pagination import (
    FeedQuery,
    FilterQuery,
    ListQuery,
    Query,
    filter_query,
    list_query,
    separated_by_commas,
)
from diptych.core.engine.slugs import SLUG_LENGTH
from diptych.core.files.schemas import DisplayedFile

BookT = TypeVar("BookT", bound=Struct)

Title = Annotated[Line, Length(1, TITLE_MAX), SchemaMetadata("The Summer Book", line_pattern(TITLE_MAX))]
Isbn = Annotated[
    Text,
    AfterValidator(ruled("isbn", isbn.isbn13)),
    SchemaMetadata(
        "978-0-9542217-1-3",
        isbn.PATTERN,
        "An ISBN of 10 or 13 digits, kept as one of 13; its check digit has to hold.",
        "isbn",
    ),
]
Language = Annotated[
    Text,
    AfterValidator(ruled("language_tag", language.language_tag)),
    SchemaMetadata("sv-FI", language.PATTERN, "A BCP 47 tag.", max_length=language.LANGUAGE_LENGTH),
]
Role = Literal["author", "editor", "translator", "illustrator", "narrator", "foreword", "compiler", "other"]
Subtitle = Annotated[Line, Length(1, TITLE_MAX), SchemaMetadata("A Novel", line_pattern(TITLE_MAX))]
Edition = Annotated[Line, Length(1, EDITION_MAX), SchemaMetadata("2nd, revised edition", line_pattern(EDITION_MAX))]
Format = Literal["hardcover", "paperback", "ebook", "audiobook", "other"]
Pages = Annotated[int, Strict(), Field(ge=1, le=PAGES_MAX), SchemaMetadata(180)]
Published = Annotated[
    Text,
    AfterValidator(ruled("edtf", published.edtf)),
    SchemaMetadata(
        "1972-05",
        published.PATTERN,
        "A date, or an interval of two, of the Extended Date/Time Format, level 0 (EDTF). Its year becomes year.",
        max_length=published.PUBLISHED_LENGTH,
    ),
]
OriginalTitle = Annotated[Line, Length(1, TITLE_MAX), SchemaMetadata("Sommarboken", line_pattern(TITLE_MAX))]
Url = Annotated[
    Text,
    AfterValidator(ruled("url", urls.web_address)),
    SchemaMetadata(
        "https://example.org/the-summer-book", urls.PATTERN, "An http or https address.", "uri", max_length=URL_MAX
    ),
]


class BookInput(Input):
    """A book to create, or to put in another's place. A book without an author has null as author_id."""

    title: Title
    author_id: Id | None
    isbn: Isbn | None = None
    year: Year | None = None
    language: Language | None = None
    description: Description | None = None
    subtitle: Subtitle | None = None
    publisher_id: Id | None = None
    edition: Edition | None = None
    format: Format | None = None
    pages: Pages | None = None
    published: Published | None = None
    original_title: OriginalTitle | None = None
    original_language: Language | None = None
    original_year: Year | None = None
    url: Url | None = None


class ContributorInput(Input):
    """One contributor, by the author's id."""

    author_id: Id
    role: Role


class ContributorList(Input):
    """The contributors of one book, whole and in order; the first with the role author, if any, becomes `author_id`."""

    items: Annotated[list[ContributorInput], Field(max_length=LIST_LIMIT, json_schema_extra=UNIQUE)]


Scheme = Literal[
    "isbn",
    "isbn_invalid",
    "issn",
    "oclc",
    "lccn",
    "olid",
    "doi",
    "asin",
    "goodreads",
    "librarything",
    "ean",
]


class IdentifierInput(Input):
    """An identifier; its value is kept in the one form of its scheme."""

    scheme: Scheme
    value: Annotated[
        Line, Length(1, IDENTIFIER_MAX, searched=False), SchemaMetadata("9780140449136", line_pattern(IDENTIFIER_MAX))
    ]

    @model_validator(mode="after")
    def _normalize(self) -> IdentifierInput:
        try:
            value = identifier_value(self.scheme, self.value)
        except ValueError as error:
            raise PydanticCustomError("identifier", "{reason}", {"reason": str(error)}) from None
        return self if value == self.value else self.model_copy(update={"value": value})


class IdentifierList(Input):
    """The identifiers of one book besides its `isbn`, whole."""

    items: Annotated[list[IdentifierInput], Field(max_length=LIST_LIMIT)]


Position = Annotated[Line, Length(1, POSITION_MAX, searched=False), SchemaMetadata("2", line_pattern(POSITION_MAX))]


class SeriesPositionInput(Input):
    """A series by its id, and the place of the book in it."""

    series_id: Id
    position: Position | None = None


class SeriesList(Input):
    """The series of one book, whole."""

    items: Annotated[list[SeriesPositionInput], Field(max_length=LIST_LIMIT)]


class Contributor(Struct, frozen=True):
    """A contributor as answered."""

    role: Annotated[str, Meta(examples=["author"], extra_json_schema={"enum": list(ROLES)})]
    author: AuthorReference


class Identifier(Struct, frozen=True):
    """An identifier as answered."""

    scheme: Annotated[str, Meta(examples=["oclc"], extra_json_schema={"enum": list(SCHEMES)})]
    value: Annotated[str, Meta(examples=["12345"], max_length=IDENTIFIER_MAX)]


class SeriesReference(Struct, frozen=True):
    """As much of a series as a book carries."""

    id: UUID
    name: Annotated[str, Meta(examples=["Moomins"], max_length=255)]
    slug: str


class SeriesPosition(Struct, frozen=True):
    """A place in a series as answered."""

    series: SeriesReference
    position: Annotated[str, Meta(examples=["2"], max_length=POSITION_MAX)] | None


class Source(Struct, frozen=True):
    """A record of an imported file. digest: its SHA-256."""

    format: Annotated[str, Meta(examples=["marc"])]
    record_id: Annotated[str, Meta(examples=["DLC:00020737"])] | None
    digest: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    imported_at: UtcTimestamp


class Book(Struct, frozen=True):
    """A book as answered; what lies in other tables only where `include` asked for it, except the author."""

    id: UUID
    title: Annotated[str, Meta(examples=["The Summer Book"], max_length=1000)]
    author_id: UUID | None
    isbn: Annotated[str, Meta(examples=["9780954221713"], pattern="^97[89][0-9]{10}$")] | None
    year: Annotated[int, Meta(examples=[1972])] | None
    language: Annotated[str, Meta(examples=["sv-FI"])] | None
    description: (
        Annotated[str, Meta(examples=["A girl and her grandmother spend a summer on an island."], max_length=10_000)]
        | None
    )
    subtitle: Annotated[str, Meta(examples=["A Novel"], max_length=TITLE_MAX)] | None
    publisher_id: UUID | None
    edition: Annotated[str, Meta(examples=["2nd, revised edition"], max_length=EDITION_MAX)] | None
    format: Annotated[str, Meta(examples=["paperback"], extra_json_schema={"enum": list(FORMATS)})] | None
    pages: Annotated[int, Meta(examples=[180])] | None
    published: Annotated[str, Meta(examples=["1972-05"], max_length=published.PUBLISHED_LENGTH)] | None
    original_title: Annotated[str, Meta(examples=["Sommarboken"], max_length=TITLE_MAX)] | None
    original_language: Annotated[str, Meta(examples=["sv"])] | None
    original_year: Annotated[int, Meta(examples=[1972])] | None
    url: Annotated[str, Meta(examples=["https://example.org/the-summer-book"], max_length=URL_MAX)] | None
    slug: Annotated[str, Meta(examples=["the-summer-book"], min_length=1, max_length=SLUG_LENGTH)]
    created_at: UtcTimestamp
    updated_at: UtcTimestamp
    author: AuthorReference | None
    tags: list[Tag] | msgspec.UnsetType = msgspec.UNSET
    contributors: list[Contributor] | msgspec.UnsetType = msgspec.UNSET
    identifiers: list[Identifier] | msgspec.UnsetType = msgspec.UNSET
    series: list[SeriesPosition] | msgspec.UnsetType = msgspec.UNSET
    sources: list[Source] | msgspec.UnsetType = msgspec.UNSET
    publisher: Publisher | msgspec.UnsetType | None = msgspec.UNSET


def extended(book: BookT, added: dict[str, Any]) -> BookT:
    """Return the book with what `include` asked for."""
    return msgspec.structs.replace(book, **added)


class Cover(Struct, frozen=True):
    """The small copies of a cover. original: the SHA-256 of the file that they are copies of."""

    original: str
    width: int
    height: int


class ListedBook(Struct, frozen=True):
    """A book in a list of the pages. second: of its authors. further: how many authors it has besides these two.

    series: where it was asked for.
    """

    id: UUID
    title: str
    subtitle: str | None
    year: int | None
    language: str | None
    format: str | None
    slug: str
    author: AuthorReference | None
    second: AuthorReference | None
    further: int
    cover: Cover | None
    series: list[SeriesPosition] | msgspec.UnsetType = msgspec.UNSET


class DisplayedBook(Struct, frozen=True):
    """A book as its page shows it, with what belongs to it. others: by the same author, besides other editions."""

    book: Book
    files: list[DisplayedFile]
    editions: list[ListedBook]
    others: list[ListedBook]


Include = Annotated[
    list[Literal["tags", "contributors", "identifiers", "series", "sources", "publisher"]], separated_by_commas
]

IdentifierFilter = Annotated[
    Text,
    AfterValidator(ruled("identifier", identifiers.parse_pair)),
    SchemaMetadata("oclc:12345", identifiers.PAIR_PATTERN, "A scheme, a colon and a value."),
]


class BookQuery(Query):
    """What can be asked of one book."""

    include: Include = Field(default_factory=list, description="What belongs to a book, in the same answer.")


class _BookListQuery(ListQuery):
    include: Include = Field(default_factory=list, description="What belongs to a book, in the same answer.")


Decade = Annotated[
    int,
    Field(ge=YEAR_MIN, le=YEAR_MAX, multiple_of=DECADE),
    QueryInteger,
    SchemaMetadata(1970, description="The first year of ten, before our era too: -50 of 44 BC."),
]

_FILTERS = {"tags": TagName, "contributors": Id, "series": Id, "identifiers": IdentifierFilter, "decade": Decade}

BookList = list_query("BookList", model.Book, BookInput, _FILTERS, base=_BookListQuery)
"""Parameters of a list of books."""

BookFeed = list_query("BookFeed", model.Book, BookInput, _FILTERS, base=FeedQuery)
"""Parameters of a feed of books."""

BookFilter = filter_query("BookFilter", model.Book, BookInput, _FILTERS)
"""Parameters of a list of books that is not in pages."""

FacetName = Literal["language", "decade", "tags", "contributors", "publisherId", "series", "format"]

FACETS: tuple[FacetName, ...] = get_args(FacetName)


class _FacetQuery(FilterQuery):
    facet: Annotated[list[FacetName], separated_by_commas] = Field(
        default_factory=lambda: list(FACETS), description="Which facets, all of them if it is left out."
    )
    facet_size: Annotated[int, Field(ge=1, le=MOST), QueryInteger] = Field(
        10, description="Values of each facet, at most."
    )


BookFacets = filter_query("BookFacets", model.Book, BookInput, _FILTERS, base=_FacetQuery)
"""Parameters of the facets of a list of books."""


class FacetValue(Struct, frozen=True):
    """A value of a facet. value: as its filter takes it. name: that people know it by. count: null if not counted."""

    value: Annotated[str, Meta(examples=["sv"])]
    name: Annotated[str, Meta(examples=["sv"])]
    count: Annotated[int, Meta(examples=[12])] | None


class Facet(Struct, frozen=True):
    """The most common values of a facet. filter: the parameter that selects the books with a value.

    counted_at: when kept counts were counted; null for those that were counted for this response, or not at all.
    """

    facet: Annotated[str, Meta(examples=["language"], extra_json_schema={"enum": list(FACETS)})]
    filter: Annotated[str, Meta(examples=["languageIn"])]
    counted_at: UtcTimestamp | None
    values: list[FacetValue]
