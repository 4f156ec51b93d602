"""Read the records of an XML file one after another, in constant memory. The file is not trusted.

Nothing is ever loaded from outside, and nothing that the file defines is used: see xml_text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any, BinaryIO, TypeAlias

from lxml import etree

from diptych.core.formats.record import Reject
from diptych.core.formats.xml_text import safe_text

Element: TypeAlias = Any
"""An lxml element; lxml has no types."""

RECORD_MAX = 4 * 1024 * 1024
"""Characters of a record with what stands before it, at most: it is in memory as a whole."""

ELEMENTS_MAX = 20_000
"""Elements in a record, at most."""

DEPTH_MAX = 30
"""Levels of elements below a record, at most. Outside records, libxml2's own bound holds: 256, or 2048 since 2.14."""

TEXT_MAX = 1_000_000
"""Characters of a text or an attribute in a record, at most."""

RAW_MAX = 2_000
"""Characters of a record that a reject shows, at most."""

_NO_ENTITIES: Mapping[str, str] = MappingProxyType({})
_TOO_MANY_ELEMENTS = etree.XPath(f"count(descendant::*) > {ELEMENTS_MAX}")
_TOO_DEEP = etree.XPath("boolean(" + "/".join("*" * (DEPTH_MAX + 1)) + ")")
_TOO_LONG_TEXT = etree.XPath(
    f"boolean(descendant-or-self::*[text()[string-length() > {TEXT_MAX}] or @*[string-length() > {TEXT_MAX}]])"
)


def records(
    stream: BinaryIO,
    names: Collection[str],
    *,
    encoding: str | None = None,
    external_doctype: bool = False,
    entities: Mapping[str, str] = _NO_ENTITIES,
) -> Iterator[tuple[int, Element] | Reject]:
    """Yield each element with one of the local names, in whatever namespace, with its number among those of its name.

    Of elements within each other, only the outermost is one. It is empty as soon as the next is asked for.

    stream: the file. encoding: overrides what the file says. external_doctype: whether a DOCTYPE that only names an
    external subset is allowed; it is never loaded. entities: characters for the named entities of that DOCTYPE.
    An element over one of the bounds above is a Reject. Where the XML is damaged, the last thing yielded is a Reject
    that says that the rest cannot be read, and where. Raises ValueError when the file is not XML, has another DOCTYPE,
    or is in an encoding that is not known.
    """
    return _Records(safe_text(stream, encoding, external_doctype=external_doctype, entities=entities), names).read()


class _Records:
    """The state of reading a file: its parser, and what was seen."""

    def __init__(self, text: Iterator[str], names: Collection[str]) -> None:
        self._text = text
        self._parser = etree.XMLPullParser(
            events=("start", "end"),
            tag=[f"{{*}}{name}" for name in names],
            encoding="utf-8",
            # No DOCTYPE comes here, so that none is defined. With False, one that is not ends the file without a word.
            resolve_entities="internal",
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
            collect_ids=False,
        )
        self._counts: Counter[str] = Counter()
        self._level = 0  # of elements with one of the names within each other
        self._ended = 0
        self._fed = 0  # characters of the last piece

    def read(self) -> Iterator[tuple[int, Element] | Reject]:
        """Yield the records; see records()."""
        unread = 0  # characters since the last record ended
        while True:
            damage, is_last = self._feed()
            ended = self._ended
            yield from self._complete()
            unread = 0 if self._ended > ended else unread + self._fed
            if damage is None and unread > RECORD_MAX:
                damage = f"no record ends in {RECORD_MAX // 1024 // 1024} MiB"
            if damage is not None:
                yield Reject(
                    max(self._counts.values(), default=0) + (0 if self._level else 1), self._damage_reason(damage)
                )
            if damage is not None or is_last:
                return

    def _feed(self) -> tuple[str | None, bool]:
        """Parse the next piece; return what is wrong with it, if anything, and whether it was the last."""
        self._fed = 0
        try:
            piece = next(self._text, None)
        except UnicodeDecodeError as error:
            return f"there are bytes that are not {error.encoding}", True
        if piece is None:
            return self._close(), True
        self._fed = len(piece)
        try:
            self._parser.feed(piece.encode("utf-8", "surrogatepass"))
        except etree.XMLSyntaxError as error:
            return self._fatal() or f"the XML is damaged ({error.msg})", True
        return None, False

    def _close(self) -> str | None:
        """End the parsing; return what is wrong with the end, if anything. Undeclared prefixes of names are not."""
        try:
            self._parser.close()
        except etree.XMLSyntaxError as error:
            is_of_prefix = error.code == etree.ErrorTypes.NS_ERR_UNDEFINED_NAMESPACE
            return self._fatal() or (None if is_of_prefix else f"the XML is damaged ({error.msg})")
        return None

    def _fatal(self) -> str | None:
        """Return what ended the parsing, if the parser says it."""
        errors = self._parser.feed_error_log.filter_from_fatals()
        if not errors:
            return None
        message = errors[-1].message.partition(", line ")[0].strip()
        return f"the XML is damaged in line {errors[-1].line}, column {errors[-1].column} ({message})"

    def _damage_reason(self, damage: str) -> str:
        within = "; a record that had begun is lost" if self._level else ""
        return f"the rest of the file cannot be read: {damage}{within}"

    def _complete(self) -> Iterator[tuple[int, Element] | Reject]:
        """Yield the records that have ended, and empty each afterwards."""
        for event, element in self._parser.read_events():
            if event == "start":
                self._level += 1
                if self._level == 1:
                    self._counts[_local_name(element)] += 1
                continue
            self._level -= 1
            if self._level:
                continue
            self._ended += 1
            number = self._counts[_local_name(element)]
            reason = _reason_against(element)
            yield (number, element) if reason is None else Reject(number, reason, shown(element))
            _forget(element)


def _local_name(element: Element) -> str:
    tag: str = element.tag
    return tag.rpartition("}")[2].rpartition(":")[2]  # an undeclared prefix is a part of the name


def _reason_against(element: Element) -> str | None:
    """Return why a record is not taken, or None."""
    if _TOO_DEEP(element):
        return f"the record has more than {DEPTH_MAX} levels of elements"
    if _TOO_MANY_ELEMENTS(element):
        return f"the record has more than {ELEMENTS_MAX} elements"
    if _TOO_LONG_TEXT(element):
        return f"the record has a text of more than {TEXT_MAX} characters"
    return None


def shown(element: Element) -> str:
    """Return what a reject shows of a record: the XML of it, shortened."""
    text: str = etree.tostring(element, encoding="unicode", with_tail=False)
    return text if len(text) <= RAW_MAX else text[:RAW_MAX] + "…"


def _forget(element: Element) -> None:
    """Free a record, and what stands before it and before its ancestors."""
    element.clear(keep_tail=True)  # the parser may be adding to the tail
    while element is not None:
        parent = element.getparent()
        if parent is not None:
            while parent[0] is not element:
                del parent[0]
        element = parent
