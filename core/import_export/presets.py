"""Exports of well-known programs and collections, recognised by their columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from diptych.core.import_export.fields import FieldColumns, plain


@dataclass(frozen=True, slots=True, eq=False)
class Preset:
    """What the columns of an export hold; columns are named as by fields.plain().

    name: for people. header: columns that every such file has. columns: those of each field. separators: what is
    between several values in a cell of a column ("" if it holds one). filed: columns with names in filing form
    ("Doe, Jane"). roles: the column with the roles of the people in another. month_first: columns with dates such as
    9/16/2006. uid: columns with an ISBN or a number of the program's own. exact: columns with cells as
    diptych.core.formats.tables.cells.joined writes them.
    """

    name: str
    header: frozenset[str]
    columns: Mapping[str, FieldColumns]
    separators: Mapping[str, str] = field(default_factory=dict)
    filed: frozenset[str] = frozenset()
    roles: Mapping[str, str] = field(default_factory=dict)
    month_first: frozenset[str] = frozenset()
    uid: frozenset[str] = frozenset()
    exact: frozenset[str] = frozenset()


def preset_of(columns: Iterable[str]) -> Preset | None:
    """Return the first preset whose header is among these columns."""
    there = {plain(column) for column in columns}
    return next((preset for preset in PRESETS if preset.header <= there), None)


def _best(**columns: str) -> dict[str, FieldColumns]:
    """Return the columns of each field, given with spaces between them and after "+" those that are added."""
    parts = {name: names.partition("+") for name, names in columns.items()}
    return {name: FieldColumns(tuple(best.split()), tuple(also.split())) for name, (best, _, also) in parts.items()}


_LISTS = (
    *("authors", "editors", "translators", "illustrators", "narrators", "foreword", "compilers", "contributors"),
    *("authorsortnames", "identifiers", "series", "seriesposition", "tags"),
)

PRESETS = (
    Preset(
        name="Diptych's table",
        header=frozenset(["title", "authors", "authorsortnames"]),
        columns=_best(
            title="title",
            subtitle="subtitle",
            author="authors",
            author_sort="authorsortnames",
            editor="editors",
            translator="translators",
            illustrator="illustrators",
            narrator="narrators",
            foreword="foreword",
            compiler="compilers",
            contributors="contributors",
            isbn="isbn",
            identifiers="identifiers",
            published="published year",
            language="language",
            publisher="publisher",
            edition="edition",
            format="format",
            pages="pages",
            series="series",
            series_position="seriesposition",
            description="description",
            tags="tags",
            url="url",
            original_title="originaltitle",
            original_language="originallanguage",
            original_year="originalyear",
            record_id="recordid",
        ),
        exact=frozenset(_LISTS),
    ),
    Preset(
        name="Goodreads library export",
        header=frozenset(["bookid", "title", "author", "authorlf", "additionalauthors"]),
        columns=_best(
            title="title",
            author="author + additionalauthors",
            author_sort="authorlf",
            isbn="isbn",
            isbn13="isbn13",
            goodreads="bookid",
            record_id="bookid",
            publisher="publisher",
            format="binding",
            pages="numberofpages",
            published="yearpublished",
            original_year="originalpublicationyear",
            tags="bookshelves",
        ),
        separators={"author": "", "additionalauthors": ",", "bookshelves": ","},
    ),
    Preset(
        name="LibraryThing export",
        header=frozenset(["bookid", "title", "primaryauthor", "secondaryauthor"]),
        columns=_best(
            title="title",
            author="primaryauthor + secondaryauthor",
            isbn="isbn + isbns",
            issn="issn",
            lccn="lccn",
            oclc="oclc",
            librarything="workid",
            record_id="bookid",
            published="date",
            language="languages",
            original_language="originallanguages",
            format="media",
            pages="pagecount",
            tags="tags + subjects",
        ),
        separators={"primaryauthor": "", "secondaryauthor": "|", "tags": ",", "subjects": "|"},
        filed=frozenset(["primaryauthor", "secondaryauthor"]),
        roles={"primaryauthor": "primaryauthorrole", "secondaryauthor": "secondaryauthorroles"},
    ),
    Preset(
        name="LibraryThing export (JSON)",
        header=frozenset(["booksid", "title", "primaryauthor"]),
        columns=_best(
            title="title",
            author="authors primaryauthor",
            isbn="isbn originalisbn",
            librarything="workcode",
            record_id="booksid",
            published="date",
            language="language",
            original_language="originallanguage",
            format="format",
            pages="pages",
            series="series",
            tags="tags + subject genre",
        ),
        separators={"primaryauthor": "", "tags": ","},
        filed=frozenset(["primaryauthor"]),
    ),
    Preset(
        name="calibre catalogue",
        header=frozenset(["authors", "authorsort", "title"]),
        columns=_best(
            title="title",
            author="authors",
            author_sort="authorsort",
            isbn="isbn",
            identifiers="identifiers",
            record_id="uuid id",
            published="pubdate",
            language="languages",
            publisher="publisher",
            series="series",
            series_position="seriesindex",
            description="comments",
            tags="tags",
        ),
        separators={"authors": " & ", "authorsort": " & ", "tags": ","},
    ),
    Preset(
        name="StoryGraph export",
        header=frozenset(["title", "authors", "isbn/uid", "readstatus"]),
        columns=_best(
            title="title", author="authors", contributors="contributors", isbn="isbn/uid", format="format", tags="tags"
        ),
        separators={"authors": ",", "contributors": ",", "tags": ","},
        uid=frozenset(["isbn/uid"]),
    ),
    Preset(
        name="BookWyrm export",
        header=frozenset(["title", "authortext", "remoteid", "openlibrarykey"]),
        columns=_best(
            title="title",
            author="authortext",
            isbn="isbn10",
            isbn13="isbn13",
            olid="openlibrarykey",
            oclc="oclcnumber",
            asin="asin",
            goodreads="goodreadskey",
            librarything="librarythingkey",
            record_id="remoteid",
        ),
        separators={"authortext": ","},
    ),
    Preset(
        name="Book-Crossing data set",
        header=frozenset(["isbn", "booktitle", "bookauthor", "yearofpublication"]),
        columns=_best(
            title="booktitle", author="bookauthor", isbn="isbn", published="yearofpublication", publisher="publisher"
        ),
        separators={"bookauthor": ""},
    ),
    Preset(
        name="Zotero export",
        header=frozenset(["itemtype", "publicationyear", "author", "title"]),
        columns=_best(
            title="title",
            author="author",
            editor="editor + serieseditor",
            translator="translator",
            contributors="contributor",
            isbn="isbn",
            issn="issn",
            doi="doi",
            record_id="key",
            published="date publicationyear",
            language="language",
            publisher="publisher",
            edition="edition",
            pages="numpages",
            series="series",
            series_position="seriesnumber",
            description="abstractnote",
            url="url",
            tags="manualtags + automatictags",
        ),
        separators=dict.fromkeys(
            ["author", "editor", "serieseditor", "translator", "contributor", "manualtags", "automatictags"], ";"
        ),
        filed=frozenset(["author", "editor", "serieseditor", "translator", "contributor"]),
    ),
    Preset(
        name="Project Gutenberg's catalogue",
        header=frozenset(["text#", "issued", "title", "authors"]),
        columns=_best(
            title="title",
            author="authors",
            record_id="text#",
            published="issued",
            language="language",
            tags="subjects + bookshelves",
        ),
        separators={"authors": ";", "subjects": ";", "bookshelves": ";"},
        filed=frozenset(["authors"]),
    ),
    Preset(
        name="goodbooks-10k",
        header=frozenset(["goodreadsbookid", "bestbookid", "workid", "authors"]),
        columns=_best(
            title="title originaltitle",
            original_title="originaltitle",
            author="authors",
            isbn="isbn",
            isbn13="isbn13",
            goodreads="goodreadsbookid",
            published="originalpublicationyear",
            original_year="originalpublicationyear",
            language="languagecode",
        ),
        separators={"authors": ","},
    ),
    Preset(
        name="Goodreads books (Kaggle)",
        header=frozenset(["bookid", "title", "authors", "isbn"]),
        columns=_best(
            title="title",
            author="authors",
            isbn="isbn",
            isbn13="isbn13",
            goodreads="bookid",
            published="publicationdate",
            language="languagecode",
            publisher="publisher",
            pages="numpages",
        ),
        separators={"authors": "/"},
        month_first=frozenset(["publicationdate"]),
    ),
)
