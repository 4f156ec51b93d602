"""What bibutils writes: MODS."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

_MODS = "{http://www.loc.gov/mods/v3}"


def records(document: bytes) -> Iterator[ET.Element]:
    """Yield the records of a collection."""
    return ET.fromstring(document.removeprefix(b"\xef\xbb\xbf")).iter(f"{_MODS}mods")  # noqa: S314 - of our own process


def texts(record: ET.Element, path: str) -> list[str]:
    """Return the texts at a path of names without namespaces."""
    return [element.text or "" for element in record.iterfind("/".join(_MODS + name for name in path.split("/")))]


def names(record: ET.Element) -> list[tuple[str, ...]]:
    """Return the parts of the names and the role of each, of the book itself."""
    return [(*texts(name, "namePart"), *texts(name, "role/roleTerm")) for name in record.findall(f"{_MODS}name")]
