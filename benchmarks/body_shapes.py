"""Shapes of request bodies for `make worst-bodies`: batches of texts, and JSON of every structure."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import Any

LIMIT = 8 * 1024 * 1024
"""Bytes of a body without its content coding, at most: the default of DIPTYCH_MAX_BODY_BYTES."""

ITEMS = 1000
"""Items of a batch, at most."""

AUTHOR = "01a1fbd7-55dd-7561-861e-8d0bba31278f"
"""The author of all books, who has to exist."""

FIELDS: Mapping[str, int] = {
    "authors.name": 255,
    "books.title": 1000,
    "books.description": 10_000,
    "books.isbn": 25,
    "books.language": 35,
    "tags.name": 100,
    "tags.description": 10_000,
}
"""Each text of a batch, with the characters that it keeps."""

LETTERS: Mapping[str, str] = {
    "ASCII": "a",
    "spaces": "a       ",
    "ideographic spaces": "a\u3000\u3000\u3000",
    "line breaks": "a\r\n",
    "a control character": "a\u0301\x00",
    "accented": "é",
    "accents apart": "e\u0301",
    "30 marks, by turns": "a" + "\u0301\u0323" * 15,
    "30 marks, in the wrong order": "a" + "\u0301" * 15 + "\u0323" * 15,
    "31 marks": "a" + "\u0301\u0323" * 15 + "\u0301",
    "Greek with iota subscripts": "ᾳῷΐΰ",
    "Cyrillic": "ж",
    "Hangul": "\ud55c",
    "Hangul apart": "\u1112\u1161\u11ab",
    "CJK": "漢",
    "Hebrew presentation forms": "\ufb2c",
    "letters that look like others": "æøłßж",
    "U+FDFA": "\ufdfa",
    "squared words": "\u334d",
    "ligatures": "\ufb03ж",
    "fractions": "½ж",
    "dashes": "—",
    "emoji": "\U0001f600",
    "musical symbols": "\U0001d15e",
    "Tibetan": "\u0f77",
    "Devanagari": "\u0958",
}
"""What texts are made of, repeated."""

LENGTHS = (1, 2, 4, 8, 100)
"""Lengths of texts, as multiples of what a field keeps."""


NEEDED: Mapping[str, Callable[[str, int], dict[str, Any]]] = {
    "authors": lambda name, _: {"name": name, "dob": None},
    "books": lambda name, number: {"title": name, "author_id": AUTHOR, "isbn": isbn(number)},
    "tags": lambda name, _: {"name": name},
}
"""Resource -> the members that an item needs to be created or matched, from a name and a number of its own."""


def isbn(number: int) -> str:
    """Return the ISBN-10 of a number of up to nine digits."""
    digits = f"{number:09}"
    check = -sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), digits, strict=True)) % 11
    return digits + ("X" if check == 10 else str(check))


@dataclass(frozen=True, slots=True)
class Texts:
    """A batch whose items have a text in one field. escaped: other letters than ASCII as escapes of JSON."""

    field: str
    letters: str
    length: int
    method: str = "POST"
    escaped: bool = False
    gzipped: bool = False

    def __str__(self) -> str:
        notes = ["escaped"] * self.escaped + ["gzip"] * self.gzipped
        return ", ".join([f"{self.method} {self.field}: {self.letters}", f"{self.length} times its limit", *notes])

    @property
    def kind(self) -> str:
        """What it has in common with the shapes that cost about the same."""
        return self.letters

    @property
    def path(self) -> str:
        """The path of the batch."""
        return f"/{self.field.partition('.')[0]}/batch"

    def content(self, first: int = 0) -> bytes:
        """Return the JSON, of as many items as fit. first: the number of the first item, which its names begin with."""
        size = len(self._json([self._item(first)]))
        count = min(ITEMS, LIMIT // size)
        # The numbers of later items are longer.
        while len(found := self._json([self._item(first + number) for number in range(count)])) > LIMIT:
            count -= 1
        return found

    def _item(self, number: int) -> dict[str, Any]:
        resource, _, name = self.field.partition(".")
        length = FIELDS[self.field] * self.length
        unit = LETTERS[self.letters]
        own = f"{number} "
        text = own + (unit * (length // len(unit) + 1))[: length - len(own)]
        return {**NEEDED[resource](own, number), name: text}

    def _json(self, items: list[dict[str, Any]]) -> bytes:
        return json.dumps({"items": items}, ensure_ascii=self.escaped).encode()

    def neighbours(self) -> Iterator[Texts]:
        """Yield the shapes that differ in one respect."""
        choices: dict[str, Any] = {
            "field": FIELDS, "letters": LETTERS, "length": LENGTHS, "method": ("POST", "PUT"),
            "escaped": (False, True), "gzipped": (False, True),
        }  # fmt: skip
        for each in fields(self):
            for value in choices[each.name]:
                if value != getattr(self, each.name):
                    yield replace(self, **{each.name: value})


def texts() -> list[Texts]:
    """Return a shape for each field, kind of letters and length."""
    return [Texts(*each) for each in product(FIELDS, LETTERS, LENGTHS)]


def _filled(unit: bytes, most: int, before: bytes = b'{"items":[', after: bytes = b"]}") -> bytes:
    """Return as many units as fit, up to `most`, with commas between them."""
    count = min(most, (LIMIT - len(before) - len(after)) // (len(unit) + 1))
    return before + b",".join([unit] * count) + after


def _members(count: int, name_length: int) -> bytes:
    return b"{" + b",".join(b'"%0*d":1' % (name_length, number) for number in range(count)) + b"}"


STRUCTURES: Mapping[str, Callable[[], bytes]] = {
    "100 unknown members of each item": lambda: _filled(_members(65, 2), ITEMS),
    "unknown members with long names": lambda: _filled(_members(32, 256), ITEMS),
    "101 members of an object": lambda: _filled(_members(101, 2), ITEMS),
    "empty items": lambda: _filled(b"{}", ITEMS),
    "too many empty items": lambda: _filled(b"{}", 66_000),
    "numbers for items": lambda: _filled(b"1", 199_000),
    "null for items": lambda: _filled(b"null", 199_000),
    "numbers of 20 digits": lambda: _filled(b"1" * 20, 199_000),
    "a number of 8 MB": lambda: _filled(b"1" * (LIMIT - 20), 1),
    "numbers with 70 decimals": lambda: _filled(b"1." + b"7" * 70, 99_000),
    "numbers with exponents": lambda: _filled(b"1e-300", 199_000),
    "a number with 8 MB of decimals": lambda: _filled(b"1." + b"1" * (LIMIT - 20), 1),
    "one string": lambda: b'"' + b"a" * (LIMIT - 2) + b'"',
    "one string of escapes": lambda: b'"' + b"\\n" * (LIMIT // 2 - 1) + b'"',
    "one string of \\u escapes": lambda: b'"' + b"\\u0301" * (LIMIT // 6 - 1) + b'"',
    "strings of escapes": lambda: _filled(b'"' + b"\\u0301" * 12 + b'"', 99_000),
    "empty strings": lambda: _filled(b'""', 66_000) + b" " * 7_000_000,
    "a string without an end": lambda: b'"' + b"\\n" * (LIMIT // 2 - 1),
    "spaces": lambda: b"[" + b" " * (LIMIT - 2) + b"]",
    "line breaks, then a fault": lambda: b"\n" * (LIMIT - 1) + b"]",
    "32 levels": lambda: _filled(b"[" * 30 + b"]" * 30, 3_000),
    "a hundred thousand levels": lambda: b"[" * 99_000 + b"]" * 99_000,
    "pairs of brackets": lambda: _filled(b"[]", 66_000),
    "objects in objects": lambda: _filled(b'{"a":{"a":{"a":{}}}}', 12_000),
    "brackets in strings of escapes": lambda: _filled(b'"' + b"\\n[" * 40 + b'"', 60_000),
    "names that are given twice": lambda: _filled(b'{"name":"a","name":"a"}', 20_000),
    "names of the same hash length": lambda: _filled(_members(99, 256), 300),
    "not UTF-8 at the end": lambda: b'"' + "é".encode() * (LIMIT // 2 - 4) + b"\xff",
    "ids": lambda: _filled(b'"' + AUTHOR.encode() + b'"', ITEMS, b'{"ids":['),
    "too many ids": lambda: _filled(b'"' + AUTHOR.encode() + b'"', 66_000, b'{"ids":['),
    "wrong ids": lambda: _filled(b'"x"', ITEMS, b'{"ids":['),
}
"""JSON of other structures, as a batch of tags, or of ids to delete."""


@dataclass(frozen=True, slots=True)
class Structure:
    """A body of one of STRUCTURES."""

    name: str
    method: str = "POST"
    gzipped: bool = False

    def __str__(self) -> str:
        return ", ".join([f"{self.method} {self.path[1:]}: {self.name}", *["gzip"] * self.gzipped])

    @property
    def kind(self) -> str:
        """What it has in common with the shapes that cost about the same."""
        return self.name

    @property
    def path(self) -> str:
        """The path of the batch."""
        return "/tags/batch"

    def content(self, first: int = 0) -> bytes:  # noqa: ARG002 - as Texts
        """Return the body, without its content coding."""
        return STRUCTURES[self.name]()

    def neighbours(self) -> Iterator[Structure]:
        """Yield the shapes that differ in one respect."""
        yield replace(self, gzipped=not self.gzipped)


def structures() -> list[Structure]:
    """Return a shape for each structure."""
    return [Structure(name, "DELETE" if "ids" in name else "POST") for name in STRUCTURES]


BodyShape = Texts | Structure


def coded(shape: BodyShape, content: bytes) -> tuple[bytes, dict[str, str]]:
    """Return a body as it is sent, and its headers."""
    headers = {"content-type": "application/json"}
    if not shape.gzipped:
        return content, headers
    return gzip.compress(content, 6, mtime=0), headers | {"content-encoding": "gzip"}
