"""Elements of ONIX by their reference names, whichever names a file uses."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from lxml import etree

from diptych.core.formats.onix.short_tags import REFERENCE_NAMES


class Node:
    """An element, with its children by their reference names."""

    __slots__ = ("_children", "_nodes", "element")

    def __init__(self, element: Any) -> None:
        self.element = element
        self._children: dict[str, list[Any]] = {}
        self._nodes: dict[str, list[Node]] = {}
        self.add(element)

    def add(self, element: Any) -> None:
        """Count the children of another element among those of this."""
        for child in element:
            self._children.setdefault(_reference_name(child.tag), []).append(child)

    def names(self) -> Iterator[str]:
        """Yield the names of the children, each once."""
        return iter(self._children)

    def all(self, name: str) -> list[Node]:
        """Return the children with a name."""
        if name not in self._children:
            return []
        if name not in self._nodes:
            self._nodes[name] = [Node(child) for child in self._children[name]]
        return self._nodes[name]

    def texts(self, name: str) -> list[str]:
        """Return the texts of the children with a name that have one."""
        return [text for child in self._children.get(name, ()) if (text := _text(child))]

    def text(self, name: str) -> str | None:
        """Return the text of the first child with a name that has one."""
        if name not in self._children:
            return None
        return next(iter(self.texts(name)), None)

    def markup(self, name: str) -> str | None:
        """Return the first child's text, with what XHTML is in it."""
        children = self._children.get(name)
        if not children:
            return None
        if not len(children[0]):
            return _text(children[0]) or None
        whole: str = etree.tostring(children[0], encoding="unicode", with_tail=False)
        return whole[whole.index(">") + 1 : whole.rindex("<")].strip() or None

    def attribute(self, name: str) -> str | None:
        """Return an attribute of the element."""
        value: str | None = self.element.get(name)
        return value


def name_of(element: Any) -> str:
    """Return the reference name of an element, or its tag if it has none in REFERENCE_NAMES."""
    return _reference_name(element.tag)


@lru_cache(maxsize=1024)
def _reference_name(tag: str) -> str:
    local = tag.rpartition("}")[2]
    return REFERENCE_NAMES.get(local, local)


def _text(element: Any) -> str:
    return ("".join(element.itertext()) if len(element) else element.text or "").strip()
