"""Reading of ONIX for Books, releases 3.0 and 2.1, by reference names or short tags."""

from __future__ import annotations

from collections.abc import Iterator
from html.entities import html5
from typing import BinaryIO

from diptych.core.formats.onix.elements import Node, name_of
from diptych.core.formats.onix.product import raw_book
from diptych.core.formats.record import RawBook, Reject
from diptych.core.formats.xml_records import Element, records, shown

_NAMES = ("Header", "Product", "MainSeriesRecord", "SubSeriesRecord")
# The DTD of 2.1 defines them (those of XHTML and of ISO); it is not loaded.
_ENTITIES = {name[:-1]: character for name, character in html5.items() if name.endswith(";")}
_PARTIAL = "the record changes a part of a product that was sent earlier: import the whole record of the product"
_REFUSED = {
    "04": _PARTIAL,
    "05": "the record says that the product is to be deleted: nothing is deleted here, do that by hand",
    "12": _PARTIAL,
    "13": _PARTIAL,
    "14": _PARTIAL,
    "88": "the record is a test",
    "89": "the record is a test",
}
"""Reasons by codes of list 1 (NotificationType)."""


def read(stream: BinaryIO, encoding: str | None = None) -> Iterator[RawBook | Reject]:
    """Yield the products of an ONIX message. Raises ValueError when there is none, or it is not XML."""
    default_language = None
    found = False
    names = (*_NAMES, *(name.lower() for name in _NAMES))
    for item in records(stream, names, encoding=encoding, external_doctype=True, entities=_ENTITIES):
        found = True
        if isinstance(item, Reject):
            yield item
            continue
        number, element = item
        if name_of(element) == "Header":
            default_language = Node(element).text("DefaultLanguageOfText")
        else:
            yield _product(number, element, default_language)
    if not found:
        raise ValueError("there is no Product in the file: it is not ONIX for Books")


def _product(number: int, element: Element, default_language: str | None) -> RawBook | Reject:
    if name_of(element) != "Product":
        return Reject(number, "the record describes a series, not a book", shown(element))
    product = Node(element)
    reason = _REFUSED.get(product.text("NotificationType") or "")
    if reason is not None:
        return Reject(number, reason, shown(element))
    return raw_book(product, number, default_language, shown(element))
