"""The description of an EPUB book (its package document, OPF) as a `RawBook`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from diptych.core.formats.marc.relators import role_of_code
from diptych.core.formats.record import RawBook, RawContributor
from diptych.core.formats.xml_records import Element

OPF = "application/oebps-package+xml"
"""The media type of a package document."""

_OPF_ATTRIBUTE = "{http://www.idpf.org/2007/opf}"
_IMAGE = re.compile(r"image/(?:jpe?g|png|webp|gif)")
_ISBN_PREFIX = re.compile(r"\s*(?:urn:)?isbn:?\s*", re.IGNORECASE)
_ISBN_TYPES = ("isbn", "isbn-10", "isbn-13", "02", "15")  # the numbers are of ONIX, code list 5
_DOI_PREFIX = re.compile(r"\s*(?:urn:)?doi:", re.IGNORECASE)
_PRODUCER = "bkp"  # programs that made the file name themselves so
_SCHEMES = {
    "doi": "doi",
    "amazon": "asin",
    "mobi-asin": "asin",
    "asin": "asin",
    "goodreads": "goodreads",
    "oclc": "oclc",
}


def raw_book(package: Element) -> RawBook:
    """Return the book that the root element of a package document describes."""
    metadata = package.find("{*}metadata")
    if metadata is None:
        return RawBook(number=1)
    described = _Metadata(metadata)
    title, subtitle = described.titles()
    return RawBook(
        number=1,
        title=title,
        subtitle=subtitle,
        contributors=[*described.contributors("creator", "author"), *described.contributors("contributor", "other")],
        identifiers=list(described.identifiers()),
        published=described.dates(),
        languages=described.texts("language"),
        publisher=next(iter(described.texts("publisher")), None),
        format="ebook",
        series=list(described.series()),
        description=next(iter(described.texts("description")), None),
        tags=[(text, None) for text in described.texts("subject")],
    )


def cover_item(package: Element) -> str | None:
    """Return the address of the cover in the book, None if it names none.

    EPUB 3 marks it by the property cover-image, EPUB 2 by a meta that names its id. Where neither stands, an image
    whose id is "cover" is it.
    """
    items = list(package.iterfind("{*}manifest/{*}item"))
    for item in items:
        if "cover-image" in (item.get("properties") or "").split():
            return _href(item)
    named = [meta.get("content") for meta in package.iterdescendants("{*}meta") if meta.get("name") == "cover"]
    for item in items:
        is_image = _IMAGE.fullmatch(item.get("media-type") or "") is not None
        if is_image and item.get("id") in (*named, "cover", "cover-image"):
            return _href(item)
    return None


def _href(item: Element) -> str | None:
    href: str | None = item.get("href")
    return href


class _Metadata:
    """The metadata of a package document, with the elements that refine others (EPUB 3) by what they refine."""

    def __init__(self, metadata: Element) -> None:
        self._metadata = metadata
        self._refined: dict[tuple[str, str], str] = {}
        for meta in metadata.iterdescendants("{*}meta"):
            refines, name = meta.get("refines"), meta.get("property")
            if refines and name and meta.text:
                self._refined.setdefault((refines.removeprefix("#"), name), meta.text.strip())

    def _elements(self, name: str) -> Iterator[tuple[Element, str]]:
        # Descendants: EPUB 2 may have the elements of Dublin Core in an element of their own.
        for element in self._metadata.iterdescendants(f"{{*}}{name}"):
            text = "".join(element.itertext()).strip()
            if text:
                yield element, text

    def _said(self, element: Element, name: str) -> str | None:
        """Return an attribute of EPUB 2, or what refines the element in EPUB 3."""
        attribute: str | None = element.get(f"{_OPF_ATTRIBUTE}{name}")
        return attribute or self._refined.get((element.get("id") or "", name))

    def texts(self, name: str) -> list[str]:
        """Return the texts of an element of Dublin Core."""
        return [text for _, text in self._elements(name)]

    def titles(self) -> tuple[str | None, str | None]:
        """Return the main title, which is the first where none is marked, and the subtitle."""
        titles = [(self._said(element, "title-type"), text) for element, text in self._elements("title")]
        main = next((text for kind, text in titles if kind == "main"), titles[0][1] if titles else None)
        return main, next((text for kind, text in titles if kind == "subtitle" and text != main), None)

    def contributors(self, name: str, role: str) -> Iterator[RawContributor]:
        """Yield the people of an element. role: where none is said that the model has."""
        for element, text in self._elements(name):
            code = self._said(element, "role") or ""
            if code != _PRODUCER:
                said = role_of_code(code) or role
                yield RawContributor(name=text, sort_name=self._said(element, "file-as"), role=said)

    def identifiers(self) -> Iterator[tuple[str, str]]:
        """Yield the schemes and texts of the identifiers whose scheme is known."""
        for element, text in self._elements("identifier"):
            scheme = (self._said(element, "scheme") or self._said(element, "identifier-type") or "").lower()
            if scheme in _ISBN_TYPES or text.lower().lstrip().startswith(("isbn", "urn:isbn")):
                yield "isbn", _ISBN_PREFIX.sub("", text, count=1)
            elif _DOI_PREFIX.match(text):
                yield "doi", _DOI_PREFIX.sub("", text, count=1)
            elif scheme in _SCHEMES:
                yield _SCHEMES[scheme], text

    def dates(self) -> list[str]:
        """Return the dates of publication; EPUB 2 has others too, and says which."""
        dates = [(self._said(element, "event"), text) for element, text in self._elements("date")]
        return [text for event, text in dates if event in (None, "publication")]

    def series(self) -> Iterator[tuple[str, str | None]]:
        """Yield the series and the place in each: of EPUB 3's collections, or as calibre writes it."""
        for meta in self._metadata.iterdescendants("{*}meta"):
            key = meta.get("id") or ""
            is_series = self._refined.get((key, "collection-type")) == "series"
            if meta.get("property") == "belongs-to-collection" and is_series and meta.text:
                yield meta.text.strip(), self._refined.get((key, "group-position"))
        calibre = {meta.get("name"): meta.get("content") for meta in self._metadata.iterdescendants("{*}meta")}
        if name := calibre.get("calibre:series"):
            yield name, calibre.get("calibre:series_index")
