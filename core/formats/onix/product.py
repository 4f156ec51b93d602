"""A product of ONIX as a `RawBook`.

The groups of elements (P.1 and so on) are those of the specifications of ONIX for Books 3.0 and 2.1. What 3.0 has in
blocks stands directly in the product in 2.1, by other names or by the same: so the blocks are read as one.
"""

from __future__ import annotations

from collections.abc import Iterator

from diptych.core.formats.onix.dates import date_of
from diptych.core.formats.onix.elements import Node
from diptych.core.formats.onix.people import contributors
from diptych.core.formats.onix.subjects import tags
from diptych.core.formats.onix.titles import ORIGINAL, original_title, series, titles
from diptych.core.formats.record import RawBook

_BLOCKS = ("DescriptiveDetail", "CollateralDetail", "PublishingDetail")
_IDENTIFIERS = {"15": "isbn", "02": "isbn", "03": "ean", "06": "doi", "13": "lccn", "23": "oclc"}  # list 5
_OLD_IDENTIFIERS = {"ISBN": "isbn", "EAN13": "ean", "DOI": "doi"}  # deprecated in 2.1
_PAGES = "03"  # list 24
# List 23: main content, content, numbered pages, absolute; then those of the print counterpart of an e-book.
_EXTENTS = ("00", "11", "05", "07", "08", "10")
# Lists 153 and 33: of each the (main, long) description before the short one.
_DESCRIPTIONS: dict[tuple[str, str | None], int] = {
    ("TextContent", "03"): 0,
    ("OtherText", "01"): 1,
    ("OtherText", "03"): 2,
    ("MainDescription", None): 3,
    ("TextContent", "02"): 4,
    ("OtherText", "02"): 5,
    ("Annotation", None): 6,
}
_PUBLISHER = "01"  # list 45
_PUBLISHED = "01"  # list 163
_FIRST_PUBLISHED = ("20", "11")  # list 163: in the original language, at all
_TEXT, _AUDIO, _TRANSLATED = "01", "08", "07"  # list 22
_ORIGINAL_LANGUAGES = ("02", "06")  # list 22: of a translated text, in a multilingual edition

_TAKEN = """
RecordReference NotificationType ProductIdentifier ISBN EAN13 DOI DescriptiveDetail CollateralDetail PublishingDetail
TitleDetail Title DistinctiveTitle TitlePrefix TitleWithoutPrefix TitleText Subtitle Contributor
Language LanguageOfText OriginalLanguage Publisher PublisherName Imprint EditionNumber EditionStatement ProductForm
Extent NumberOfPages Collection Series TextContent OtherText MainDescription Annotation
Subject MainSubject BASICMainSubject BICMainSubject PublishingDate PublicationDate YearFirstPublished
"""
# They say that there is nothing, are about the record, or repeat what is read.
_SILENT = """
NoSeries NoCollection NoEdition NoContributor NoPrefix RecordSourceType RecordSourceIdentifier RecordSourceName
ContributorStatement BASICVersion BICVersion
"""
_KNOWN = frozenset((_TAKEN + _SILENT).split())


def raw_book(product: Node, number: int, default_language: str | None, raw: str) -> RawBook:
    """Return the book of a product; default_language is what the header of the message says."""
    for block in _BLOCKS:
        for node in product.all(block):
            product.add(node.element)
    unread = [name for name in product.names() if name not in _KNOWN]
    title, subtitle = titles(product)
    languages, originals = _languages(product, unread)
    return RawBook(
        number=number,
        title=title,
        subtitle=subtitle,
        original_title=original_title(product),
        contributors=list(contributors(product, unread)),
        identifiers=list(_identifiers(product, unread)),
        published=_published(product, unread),
        original_published=_first_published(product, unread),
        languages=languages or ([default_language] if default_language else []),
        original_languages=originals,
        publisher=_publisher(product, unread),
        edition=product.text("EditionStatement") or product.text("EditionNumber"),
        format=_format(product.text("ProductForm") or ""),
        pages=_pages(product, unread),
        series=series(product),
        description=_description(product, unread),
        tags=list(tags(product, unread)),
        record_id=product.text("RecordReference"),
        unread=list(dict.fromkeys([*unread, *_other_titles(product)])),
        raw=raw,
    )


def _other_titles(book: Node) -> Iterator[str]:
    for node in (*book.all("TitleDetail"), *book.all("Title")):
        if (kind := node.text("TitleType")) not in {"01", "00", ORIGINAL}:
            yield f"title of type {kind}"


def _identifiers(book: Node, unread: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the numbers of a product (P.2)."""
    for node in book.all("ProductIdentifier"):
        kind, value = node.text("ProductIDType") or "", node.text("IDValue")
        if kind not in _IDENTIFIERS:
            unread.append(f"ProductIdentifier of type {kind}")
        elif value is not None:
            yield _IDENTIFIERS[kind], value
    for name, scheme in _OLD_IDENTIFIERS.items():
        yield from ((scheme, value) for value in book.texts(name))


def _languages(book: Node, unread: list[str]) -> tuple[list[str], list[str]]:
    """Return the languages of the text, and those that it is translated from (P.10)."""
    by_role: dict[str, list[str]] = {}
    for node in book.all("Language"):
        by_role.setdefault(node.text("LanguageRole") or "", []).extend(node.texts("LanguageCode"))
    known = (_TEXT, _TRANSLATED, _AUDIO, *_ORIGINAL_LANGUAGES)
    unread += [f"Language of role {role}" for role in by_role if role not in known]
    own = by_role.get(_TEXT) or by_role.get(_TRANSLATED) or by_role.get(_AUDIO) or book.texts("LanguageOfText")
    originals = [code for role in _ORIGINAL_LANGUAGES for code in by_role.get(role, ())]
    return own, originals or book.texts("OriginalLanguage")


def _publisher(book: Node, unread: list[str]) -> str | None:
    """Return the name of the publisher, or of the imprint if there is none (P.19); tell the other names."""
    named = [(node.text("PublishingRole") or _PUBLISHER, node.text("PublisherName")) for node in book.all("Publisher")]
    named += [(_PUBLISHER, name) for name in book.texts("PublisherName")]  # in 2.1, without a composite
    publisher = next((name for role, name in named if role == _PUBLISHER and name is not None), None)
    imprints = [name for node in book.all("Imprint") for name in node.texts("ImprintName")]
    taken = publisher or next(iter(imprints), None)
    unread += [f"Publisher of role {role}" for role, name in named if name not in {taken, None}]
    unread += ["Imprint"] if any(name != taken for name in imprints) else []
    return taken


def _format(code: str) -> str | None:
    """Return the format of a form of product (list 150 in 3.0, list 7 in 2.1); None if it says only "book"."""
    if code in {"BB", "BG"}:
        return "hardcover"
    if code == "BC":
        return "paperback"
    if code in {"", "00", "BA"}:
        return None
    if code.startswith("A"):
        return "audiobook"
    # What E* is in 3.0, DG and DH are in 2.1. DA is "digital" in 2.1 and "on a carrier" in 3.0.
    return "ebook" if code in {"EA", "EB", "EC", "ED", "DG", "DH"} else "other"


def _pages(book: Node, unread: list[str]) -> str | None:
    """Return the number of pages (P.11); tell the other extents."""
    extents = {
        (node.text("ExtentType") or "", node.text("ExtentUnit") or ""): node.text("ExtentValue")
        for node in book.all("Extent")
    }
    main = (_EXTENTS[0], _PAGES)
    extents.setdefault(main, book.text("NumberOfPages"))
    chosen = next((key for kind in _EXTENTS if extents.get(key := (kind, _PAGES))), main)
    unread += [f"Extent of type {key[0]}" for key, value in extents.items() if key != chosen and value is not None]
    return extents[chosen]


def _description(book: Node, unread: list[str]) -> str | None:
    """Return the text of the most telling kind (P.14 in 3.0, P.15 in 2.1); tell the others."""
    texts = [("TextContent", node.text("TextType"), node.markup("Text")) for node in book.all("TextContent")]
    texts += [("OtherText", node.text("TextTypeCode"), node.markup("Text")) for node in book.all("OtherText")]
    texts += [(name, None, book.markup(name)) for name in ("MainDescription", "Annotation")]
    found = None
    for name, kind, text in sorted(texts, key=lambda item: _DESCRIPTIONS.get(item[:2], len(_DESCRIPTIONS))):
        if text is not None and found is None and (name, kind) in _DESCRIPTIONS:
            found = text
        elif text is not None:
            unread.append(name if kind is None else f"{name} of type {kind}")
    return found


def _published(book: Node, unread: list[str]) -> list[str]:
    """Return the date of publication (P.20)."""
    return _dates(book, (_PUBLISHED,), "PublicationDate", unread)


def _first_published(book: Node, unread: list[str]) -> list[str]:
    """Return the dates at which the work was first published, that in its original language first."""
    roles = (_PUBLISHED, *_FIRST_PUBLISHED)
    unread += [
        f"PublishingDate of role {role}"
        for node in book.all("PublishingDate")
        if (role := node.text("PublishingDateRole")) not in roles
    ]
    return _dates(book, _FIRST_PUBLISHED, "YearFirstPublished", unread)


def _dates(book: Node, roles: tuple[str, ...], old_name: str, unread: list[str]) -> list[str]:
    """Return the dates in these roles, in the order of the roles, and that of the element of 2.1."""
    dates = book.all("PublishingDate")
    found = [(node, "Date") for role in roles for node in dates if node.text("PublishingDateRole") == role]
    taken: list[str] = []
    for node, name in [*found, (book, old_name)]:
        try:
            date = date_of(node, name)
        except ValueError as error:
            unread.append(f"a date {error}")
        else:
            taken += [] if date is None else [date]
    return taken
