"""Yield the items of a CSL-JSON file one after another, in constant memory, and go on after a broken one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

ITEM_MAX = 1 << 20
"""Bytes of an item, at most."""

AGAIN_MAX = 8 << 20
"""Bytes of broken items, in a whole file, in which the beginning of another item is looked for."""

# A whole string, a bracket, or the beginning of a string that does not end in the line or in what has been read.
_TOKEN = re.compile(rb'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"|[{}\[\]"]', re.DOTALL)
_OPENING, _CLOSING, _QUOTE = b"{[", b"}]", b'"'
_SIGNIFICANT = re.compile(rb"[^\s,\[\]]")
_AFTER_STRAY = re.compile(rb"[,\n{\]]")
# Names and dates inside an item have neither; so reading can go on here when an item does not end.
_ITEM_START = re.compile(rb'\{\s*"(?:id|type)"\s*:')
_START_MAX = 64
_WRAPPED = re.compile(rb'\s*\{\s*"items"\s*:\s*(?=\[)')


class Item(Struct):
    """The bytes of an object that begins in a line, from 1. broken: why they are none, or None."""

    line: int
    data: bytes
    broken: str | None = None


def items(pieces: Iterator[bytes]) -> Iterator[Item]:
    """Yield the objects of an array, of an object with an array `items`, or of JSON Lines.

    Errors: ValueError when the text begins otherwise.
    """
    splitter = _Splitter()
    first = b""
    for piece in pieces:
        first += piece
        if len(first) >= _START_MAX:
            break
    if first.lstrip()[:1] not in {b"[", b"{"}:
        raise ValueError("this is no CSL-JSON file: it begins with neither [ nor {")
    splitter.begin(first)
    yield from splitter.found()
    for piece in pieces:
        splitter.data += piece
        yield from splitter.found()
    yield from splitter.rest()


class _Splitter:
    """Finds objects in bytes that come in pieces. `data` is what is not yet taken."""

    def __init__(self) -> None:
        self.data = bytearray()
        self._line = 1
        self._place = 0  # up to which data has been looked at
        self._depth = 0  # 0: between items
        self._lost = False  # looking for an item after a broken one
        self._wrapped = False
        self._again = 0

    def begin(self, first: bytes) -> None:
        """Take the first bytes."""
        self.data += first
        wrapping = _WRAPPED.match(first)
        if wrapping:
            self._wrapped = True
            self._drop(wrapping.end())

    def found(self) -> Iterator[Item]:
        """Yield the items that are whole by now, and the broken ones."""
        while True:
            if self._lost and not self._resume():
                return
            if self._depth == 0:
                stray = self._begin_item()
                if stray is not None:
                    yield stray
                    continue
                if self._depth == 0:
                    return
            item = self._end_item()
            if item is None:
                return
            yield item

    def rest(self) -> Iterator[Item]:
        """Yield what is left when the file is at its end."""
        while self._depth:
            yield self._broken("it does not end: a bracket or a quotation mark is missing")
            yield from self.found()

    def _begin_item(self) -> Item | None:
        """Go to the next opening brace, and return what stands before it and is no object."""
        match = _SIGNIFICANT.search(self.data)
        if match is None:
            self._drop(len(self.data))
        elif match[0] == b"{":
            self._drop(match.start())
            self._place = self._depth = 1
        elif match[0] == b"}" and self._wrapped:
            self._drop(match.end())
        else:
            end = _AFTER_STRAY.search(self.data, match.start())
            self._drop(match.start())
            item = Item(self._line, bytes(self.data[: end.start() - match.start() if end else 100]), "it is no object")
            self._drop(len(item.data))
            return item
        return None

    def _end_item(self) -> Item | None:
        """Return the item when its end, or a fault, is in the data."""
        while True:
            match = _TOKEN.search(self.data, self._place)
            if (match.end() if match else len(self.data)) > ITEM_MAX:
                return self._broken(f"it has more than {ITEM_MAX >> 20} MiB")
            if match is None:
                self._place = len(self.data)
                return None
            if match[0] == _QUOTE:
                self._place = match.start()
                return self._unended_string()
            self._place = match.end()
            self._depth += (match[0] in _OPENING) - (match[0] in _CLOSING)
            if self._depth == 0:
                item = Item(self._line, bytes(self.data[: self._place]))
                self._drop(self._place)
                return item

    def _unended_string(self) -> Item | None:
        """Return a broken item, or None if the string may end in what has not been read."""
        if self.data.find(b"\n", self._place) >= 0:
            return self._broken("a quotation mark is missing")
        if len(self.data) > ITEM_MAX:
            return self._broken(f"it has more than {ITEM_MAX >> 20} MiB")
        return None

    def _broken(self, reason: str) -> Item:
        """Give up the item, and go on at the next that begins in it or, if much has been broken, after it."""
        self._again += self._place
        skipped = self._again > AGAIN_MAX
        told = f"{reason}; what may be whole in it is skipped" if skipped else reason
        item = Item(self._line, bytes(self.data[:10_000]), told)
        self._drop(max(1, self._place) if skipped else 1)
        self._depth, self._lost = 0, True
        return item

    def _resume(self) -> bool:
        """Go to the start of an item, if there is one in the data."""
        match = _ITEM_START.search(self.data)
        if match is None:
            self._drop(max(0, len(self.data) - _START_MAX))
            return False
        self._drop(match.start())
        self._lost = False
        return True

    def _drop(self, count: int) -> None:
        """Forget the first bytes."""
        self._line += self.data.count(b"\n", 0, count)
        del self.data[:count]
        self._place = 0
