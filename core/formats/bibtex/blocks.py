"""A BibTeX file to entries: abbreviations replaced, fields inherited, and reasons for what cannot be read."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from bibtexparser.library import Library
from bibtexparser.model import (
    Block,
    DuplicateBlockKeyBlock,
    DuplicateFieldKeyBlock,
    Entry,
    ImplicitComment,
    ParsingFailedBlock,
    String,
)
from bibtexparser.splitter import Splitter
from msgspec import Struct

from diptych.core.formats.bibtex.nested_starts import START, masked, unmasked
from diptych.core.formats.bibtex.values import MONTHS, resolved
from diptych.core.formats.record import Reject

RAW_MAX = 10_000
"""Characters of an entry that its reject shows, at most."""

CROSSREFS_MAX = 10
"""Entries from which one inherits through each other, at most."""

_LINE = "line"
_NOT_INHERITED = frozenset(("title", "subtitle", "titleaddon", "isbn", "crossref", "xref", "ids", "keywords", "note"))
# It would write to standard error what is in the rejects too.
logging.getLogger("bibtexparser").addHandler(logging.NullHandler())


class RawEntry(Struct):
    """An entry. line: from 1; kind: its type, and fields: names, in lower case; unread: fields that are left out."""

    line: int
    key: str
    kind: str
    fields: dict[str, str]
    raw: str
    unread: list[str]


def entries(text: str) -> Iterator[RawEntry | Reject]:
    """Yield an entry or a reject for each @ that begins an entry, in their order.

    Errors: ValueError when there is none.
    """
    library = Splitter(text).split()
    if library.failed_blocks and (without_nested := masked(text)) != text:
        text, library = without_nested, Splitter(without_nested).split()
    starts = {number for number, line in enumerate(text.split("\n"), start=1) if START.match(line)}
    if not starts:
        raise ValueError("this is no BibTeX file: nothing in it begins with @ and a type, such as @book{")
    _number_lines(library, text)
    strings = dict(MONTHS)
    found = [*_items(library, strings), *_lost(starts, library, text)]
    by_key = {item.key.lower(): item for item in found if isinstance(item, RawEntry)}
    for item in sorted(found, key=lambda item: item.line):
        if isinstance(item, RawEntry):
            _inherit(item, by_key)
        yield item


def _number_lines(library: Library, text: str) -> None:
    """Note the line in which each block begins: bibtexparser itself counts no line end after a backslash."""
    place, line = 0, 1
    after = 0  # where the next block may begin
    for block in library.blocks:
        start = text.index(block.raw or "", after)
        line += text.count("\n", place, start)
        place, after = start, start + 1
        block.set_parser_metadata(_LINE, line)
        if isinstance(block, ParsingFailedBlock) and block.ignore_error_block is not None:
            block.ignore_error_block.set_parser_metadata(_LINE, line)


def _items(library: Library, strings: dict[str, str]) -> Iterator[RawEntry | Reject]:
    """Yield what the blocks are, and add to the abbreviations: one counts from its @string on."""
    for block in library.blocks:
        if isinstance(block, String):
            try:
                strings[block.key.lower()] = resolved(block.value, strings)
            except (KeyError, ValueError) as error:
                yield _reject(block, f"the @string cannot be read: {_words(error)}")
        elif isinstance(block, DuplicateBlockKeyBlock):
            before = _line(block.previous_block)
            yield _reject(block, f"the key {block.key!r} is already used in line {before}")
        elif isinstance(block, DuplicateFieldKeyBlock) and isinstance(block.ignore_error_block, Entry):
            yield _entry(block.ignore_error_block, strings)
        elif isinstance(block, ParsingFailedBlock):
            yield _reject(block, f"the entry cannot be read: {_words(block.error)}")
        elif isinstance(block, Entry):
            yield _entry(block, strings)


def _entry(block: Entry, strings: dict[str, str]) -> RawEntry | Reject:
    """Return the entry with the texts of its fields. The first of fields of one name counts."""
    raw = unmasked(block.raw or "")
    entry = RawEntry(_line(block), block.key.strip(), block.entry_type.strip().lower(), {}, raw, [])
    if raw != block.raw:
        entry.unread.append("what looks like an entry within a field")
    for field in block.fields:
        name = field.key.strip().lower()
        if name in entry.fields:
            entry.unread.append(f"{name} (a second time)")
            continue
        try:
            entry.fields[name] = resolved(unmasked(field.value), strings)
        except KeyError as error:
            entry.unread.append(f"{name} (the abbreviation {error.args[0]!r} is not defined)")
        except ValueError as error:
            return _reject(block, f"the field {name} cannot be read: {error}")
    return entry


def _inherit(entry: RawEntry, by_key: dict[str, RawEntry]) -> None:
    """Take the fields that the entry does not have from the one that its crossref names, and so on (BibLaTeX 2.4.1).

    The title of a work in several volumes becomes the main title of a volume.
    """
    seen = {entry.key.lower()}
    source = entry
    while parent_key := source.fields.get("crossref", "").strip():
        parent = by_key.get(parent_key.lower())
        if parent is None:
            entry.unread.append(f"crossref (there is no entry {parent_key!r})")
        if parent is None or parent.key.lower() in seen or len(seen) > CROSSREFS_MAX:
            return
        seen.add(parent.key.lower())
        if parent.kind.startswith("mv") and "title" in parent.fields:
            entry.fields.setdefault("maintitle", parent.fields["title"])
        for name, value in parent.fields.items():
            if name not in _NOT_INHERITED:
                entry.fields.setdefault(name, value)
        source = parent


def _lost(starts: set[int], library: Library, text: str) -> Iterator[Reject]:
    """Yield a reject for each line that looks like the start of an entry and is in none."""
    covered: set[int] = set()
    for block in library.blocks:
        if not isinstance(block, ImplicitComment):
            covered.update(range(_line(block), _line(block) + (block.raw or "").count("\n") + 1))
    lost = starts - covered
    if lost:
        lines = text.split("\n")
        reason = "the line looks like the start of an entry and cannot be read"
        yield from (Reject(number, reason, lines[number - 1][:RAW_MAX]) for number in sorted(lost))


def _reject(block: Block, reason: str) -> Reject:
    return Reject(_line(block), reason, unmasked(block.raw or "")[:RAW_MAX])


def _line(block: Block) -> int:
    """Return the line in which the block begins, from 1."""
    return int(block.get_parser_metadata(_LINE) or 0)


def _words(error: Exception) -> str:
    """Return what an error says, without the quotes of KeyError."""
    if isinstance(error, KeyError):
        return f"the abbreviation {error.args[0]!r} is not defined"
    return str(getattr(error, "abort_reason", None) or error)
