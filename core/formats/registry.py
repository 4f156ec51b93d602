"""The formats of books: their names, what their files are called, and which modules read and write them.

Modules are named, and imported when they are needed: most commands need none, and some need optional libraries.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, BinaryIO, cast

from msgspec import Struct

from diptych.core.formats.reading import Records
from diptych.core.formats.writing import Writer

Read = Callable[[BinaryIO, str | None], Records]
"""Reads the books of a stream that is unpacked already, with the encoding that the user gives or None."""


class UnknownFormatError(ValueError):
    """There is no format of this name; the text is a sentence for people."""


class UnsupportedFormatError(ValueError):
    """The format is known, and not read or not written here; the text is a sentence for people."""


class MissingLibraryError(ValueError):
    """A format needs a library that is not installed; the text is a line for people that says how to install it."""


class Format(Struct, frozen=True, kw_only=True):
    """A format of books.

    name: as users give it. label: as people call it. suffixes: ends of the names of its files, lower case, the usual
    one first; none where a name says nothing. reader: "module:function" of what returns an iterator of RawBook and
    Reject; None where the format is not read, or where its rows have columns of which the user says what they are
    (tabular). writer: "module:class" of a `Writer` that is made without arguments, None where it is not written.
    libraries: what reading or writing needs beyond the base, as it is imported.
    """

    name: str
    label: str
    suffixes: tuple[str, ...] = ()
    media_type: str
    reader: str | None = None
    writer: str | None = None
    tabular: bool = False
    libraries: tuple[str, ...] = ()

    @property
    def is_read(self) -> bool:
        """Say whether books are read from this format."""
        return self.tabular or self.reader is not None

    @property
    def is_written(self) -> bool:
        """Say whether books are written in this format."""
        return self.writer is not None


_PACKAGE = "diptych.core.formats"

FORMATS: tuple[Format, ...] = (
    Format(
        name="marc",
        label="MARC 21 (ISO 2709)",
        suffixes=(".mrc", ".marc", ".iso2709"),
        media_type="application/marc",  # RFC 2220
        reader=f"{_PACKAGE}.marc.reader:read",
        writer=f"{_PACKAGE}.marc.writer:MarcWriter",
        libraries=("pymarc",),
    ),
    Format(
        name="marcxml",
        label="MARCXML",
        suffixes=(".marcxml", ".marc.xml"),
        media_type="application/marcxml+xml",  # RFC 6207
        reader=f"{_PACKAGE}.marcxml.reader:read",
        writer=f"{_PACKAGE}.marcxml.writer:MarcXmlWriter",
        libraries=("lxml",),
    ),
    Format(
        name="bibtex",
        label="BibTeX",
        suffixes=(".bib", ".bibtex"),
        media_type="application/x-bibtex",
        reader=f"{_PACKAGE}.bibtex.reader:read",
        writer=f"{_PACKAGE}.bibtex.writer:BibtexWriter",
        libraries=("bibtexparser",),
    ),
    Format(
        name="ris",
        label="RIS",
        suffixes=(".ris",),
        media_type="application/x-research-info-systems",
        reader=f"{_PACKAGE}.ris.reader:read",
        writer=f"{_PACKAGE}.ris.writer:RisWriter",
    ),
    Format(
        name="csl",
        label="CSL-JSON",
        suffixes=(".csl.json", ".csljson"),
        media_type="application/vnd.citationstyles.csl+json",
        reader=f"{_PACKAGE}.csl.reader:read",
        writer=f"{_PACKAGE}.csl.writer:CslWriter",
    ),
    Format(
        name="onix",
        label="ONIX for Books",
        suffixes=(".onix", ".onx"),
        media_type="application/xml",
        reader=f"{_PACKAGE}.onix.reader:read",
        libraries=("lxml",),
    ),
    Format(
        name="openlibrary",
        label="Open Library's records",
        media_type="text/tab-separated-values",
        reader=f"{_PACKAGE}.open_library.reader:read",
    ),
    Format(
        name="jsonld",
        label="JSON-LD (schema.org)",
        suffixes=(".jsonld",),
        media_type="application/ld+json",
        writer=f"{_PACKAGE}.json_ld.writer:JsonLdWriter",
    ),
    Format(
        name="csv",
        label="CSV",
        suffixes=(".csv",),
        media_type="text/csv",
        writer=f"{_PACKAGE}.tables.csv_writer:CsvWriter",
        tabular=True,
    ),
    Format(
        name="tsv",
        label="TSV",
        suffixes=(".tsv", ".tab"),
        media_type="text/tab-separated-values",
        writer=f"{_PACKAGE}.tables.tsv_writer:TsvWriter",
        tabular=True,
    ),
    Format(
        name="jsonl",
        label="JSON Lines",
        suffixes=(".jsonl", ".ndjson"),
        media_type="application/x-ndjson",
        tabular=True,
    ),
    Format(name="json", label="a JSON array", suffixes=(".json",), media_type="application/json", tabular=True),
)
"""All formats; where the suffixes of two fit a name, the longer decides."""

_BY_NAME = {format_.name: format_ for format_ in FORMATS}
READ = tuple(format_.name for format_ in FORMATS if format_.is_read)
WRITTEN = tuple(format_.name for format_ in FORMATS if format_.is_written)


def format_named(name: str) -> Format:
    """Return the format with this name. Errors: UnknownFormatError."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise UnknownFormatError(f"unknown format {name!r}: there are {', '.join(_BY_NAME)}") from None


def format_by_suffix(file_name: str) -> Format | None:
    """Return the format whose suffix ends the name of a file, whatever the case, or None."""
    lowered = file_name.lower()
    fitting = [(len(suffix), item) for item in FORMATS for suffix in item.suffixes if lowered.endswith(suffix)]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def reader_of(name: str) -> Read:
    """Return the function that reads a format that is not tabular.

    Errors: UnknownFormatError, UnsupportedFormatError, MissingLibraryError.
    """
    chosen = format_named(name)
    if chosen.reader is None:
        what = "is read by its columns" if chosen.tabular else f"is only written; there are {', '.join(READ)}"
        raise UnsupportedFormatError(f"{chosen.label} {what}")
    read = _imported(chosen, chosen.reader)
    return lambda stream, encoding: Records(read(stream, encoding))


def writer_of(name: str) -> Writer:
    """Return a new writer of a format. Errors: UnknownFormatError, UnsupportedFormatError, MissingLibraryError."""
    chosen = format_named(name)
    if chosen.writer is None:
        raise UnsupportedFormatError(f"{chosen.label} is not written; there are {', '.join(WRITTEN)}")
    return cast(Writer, _imported(chosen, chosen.writer)())


def _imported(chosen: Format, place: str) -> Any:
    """Return what "module:name" names. Errors: MissingLibraryError."""
    module, _, name = place.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in chosen.libraries:
            raise
        raise MissingLibraryError(f"{chosen.label} needs {library}: pip install 'diptych[formats]'") from error
