"""Titles of ONIX, and the series that a product is in."""

from __future__ import annotations

from collections.abc import Iterator

from diptych.core.formats.onix.elements import Node

# List 15.
DISTINCTIVE, ORIGINAL, UNDEFINED = "01", "03", "00"
# List 149.
_PRODUCT = "01"
_COLLECTIONS = ("02", "03", "06")
# List 197: title order, publication order, as it is listed.
_ORDERS = ("02", "03")


def titles(book: Node) -> tuple[str | None, str | None]:
    """Return title and subtitle of a product.

    These are the distinctive title (TitleType 01, or 00 where that is missing) of group P.6 in 3.0, of P.7 in 2.1.
    """
    for kind in (DISTINCTIVE, UNDEFINED):
        if found := elements_of_title(book, kind):
            return _joined(found)
    return book.text("DistinctiveTitle") or _name(book), book.text("Subtitle")


def original_title(book: Node) -> str | None:
    """Return the title in the original language of a translation."""
    return _joined(elements_of_title(book, ORIGINAL))[0]


def elements_of_title(node: Node, kind: str) -> list[Node]:
    """Return the elements of the title of a kind, in their order; the composite itself in 2.1, which has none."""
    for detail in node.all("TitleDetail"):
        if detail.text("TitleType") == kind:
            return sorted(detail.all("TitleElement"), key=place)
    return [title for title in node.all("Title") if title.text("TitleType") == kind][:1]


def place(node: Node) -> int:
    """Return the sequence number, by which to sort; what has none comes last."""
    number = node.text("SequenceNumber") or ""
    return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 1 << 31


def _joined(elements: list[Node]) -> tuple[str | None, str | None]:
    """Return title and subtitle of the elements of a product's title.

    Where the product has a number but no title of its own, the title is that of its collection and the number.
    """
    own = [element for element in elements if _level(element) not in _COLLECTIONS]
    subtitle = next((text for element in own if (text := element.text("Subtitle"))), None)
    names = [_numbered(element) for element in own if _name(element) is not None]
    if names:
        return ", ".join(names), subtitle
    names = [name for element in elements if (name := _name(element)) is not None]
    numbers = [number for element in elements if (number := _number(element)) is not None]
    return (", ".join(names + numbers) if names else None), subtitle


def _numbered(element: Node) -> str:
    return ", ".join(text for text in (_name(element), _number(element)) if text is not None)


def _name(element: Node) -> str | None:
    """Return the text of a title, which may come with its article apart."""
    name, prefix = element.text("TitleWithoutPrefix"), element.text("TitlePrefix")
    if name is None:
        return element.text("TitleText")
    if prefix is None:
        return name
    return f"{prefix}{'' if prefix.endswith((chr(39), chr(0x2019))) else ' '}{name}"


def _number(element: Node) -> str | None:
    return element.text("PartNumber") or element.text("YearOfAnnual")


def _level(element: Node) -> str:
    return element.text("TitleElementLevel") or _PRODUCT


# --- series ---


def series(book: Node) -> list[tuple[str, str | None]]:
    """Return names of series, and positions in them: P.5 in 3.0, P.5 and P.6 in 2.1."""
    found = [pair for collection in book.all("Collection") for pair in _of_collection(collection)]
    # The title of a product can begin with that of its collection.
    named = {name for name, _ in found}
    found += [pair for pair in _of_elements(elements_of_title(book, DISTINCTIVE), None) if pair[0] not in named]
    for item in book.all("Series"):
        name = item.text("TitleOfSeries") or _joined(elements_of_title(item, DISTINCTIVE))[0]
        if name is not None:
            found.append((name, item.text("NumberWithinSeries")))
    return found


def _of_collection(collection: Node) -> Iterator[tuple[str, str | None]]:
    elements = elements_of_title(collection, DISTINCTIVE) or elements_of_title(collection, UNDEFINED)
    return _of_elements(elements, _sequence_number(collection))


def _of_elements(elements: list[Node], number: str | None) -> Iterator[tuple[str, str | None]]:
    """Yield the collections among the elements of a title; the number of the product is in the innermost of them."""
    own = (_number(element) for element in elements if _level(element) == _PRODUCT)
    number = next((found for found in own if found is not None), number)
    named = [(name, element) for element in elements if _level(element) in _COLLECTIONS and (name := _name(element))]
    for count, (name, element) in enumerate(named, start=1):
        yield name, _number(element) or (number if count == len(named) else None)


def _sequence_number(collection: Node) -> str | None:
    """Return the number of the product in the collection, which may be given for several orders."""
    numbers = {
        item.text("CollectionSequenceType"): item.text("CollectionSequenceNumber")
        for item in reversed(collection.all("CollectionSequence"))
    }
    return next((numbers[order] for order in (*_ORDERS, *numbers) if numbers.get(order)), None)
