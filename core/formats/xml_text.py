"""The text of an XML file without what could define or load anything: its encoding, prolog and named entities."""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO

CHUNK = 32_768  # bytes

PROLOG_MAX = 65_536
"""Bytes in which the first element must begin."""

_HELD_MAX = 1024 * 1024  # characters of a comment or CDATA section whose end is waited for

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    # XML 1.0, appendix F: without a mark, the first character is "<".
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
_ENCODINGS = frozenset(
    ["utf-8", "ascii", "gb18030", "gbk", "gb2312", "big5", "shift_jis", "euc_jp", "euc_kr", "koi8-r", "koi8-u"]
    + [f"iso8859-{part}" for part in range(1, 17)]
    + [f"cp125{page}" for page in range(9)]
)
"""Encodings that a declaration may name, as Python calls them. Others, such as UTF-7, hide what is written in them."""

_DECLARED_ENCODING = re.compile(rb"""\s*<\?xml[^>]{0,100}?\sencoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_DECLARATION = re.compile(r"[ \t\r\n]*<\?xml[ \t\r\n].*?\?>", re.DOTALL)
_MISC = re.compile(r"(?:[ \t\r\n]+|<!--.*?-->|<\?.*?\?>)*+", re.DOTALL)
_QUOTED = r"""(?:"[^"]*"|'[^']*')"""
_EXTERNAL_DOCTYPE = re.compile(
    rf"<!DOCTYPE\s+[^\s<>\[\]\"']+(?:\s+(?:SYSTEM|PUBLIC\s+{_QUOTED})\s+{_QUOTED})?\s*>", re.DOTALL
)
_ELEMENT = re.compile(r"<[^\s!?]")
# What is not closed yet reaches to the end.
_ENTITY = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|(?P<cdata>\Z))|<!--.*?(?:-->|(?P<comment>\Z))|&(?P<name>[A-Za-z][A-Za-z0-9.]*);", re.DOTALL
)
_BEGINNING = re.compile(r"<[^<>]{0,8}\Z|&[^;&<]{0,40}\Z")
_PREDEFINED = frozenset(("amp", "lt", "gt", "quot", "apos"))


def safe_text(
    stream: BinaryIO, encoding: str | None = None, *, external_doctype: bool = False, entities: Mapping[str, str]
) -> Iterator[str]:
    """Yield the text of an XML file in pieces, without its XML declaration and DOCTYPE; line numbers stay.

    encoding: overrides what the file says. external_doctype: whether a DOCTYPE without an internal subset may stand
    there; it is left out. entities: characters by the names of the entities that are replaced by them.
    Raises ValueError with a text for people when there is another DOCTYPE, when no element begins in the first
    PROLOG_MAX bytes, and for an encoding that is not known; UnicodeDecodeError after the text before the first bytes
    that are wrong in the encoding.
    """
    head = _read_fully(stream, PROLOG_MAX)
    decoded = _decoded(head, stream, encoding or _encoding_of(head))
    text = _without_doctype(next(decoded, "").removeprefix("\ufeff"), external_doctype=external_doctype)
    pieces = _joined(text, decoded)
    return _replaced(pieces, entities) if entities else pieces


def _read_fully(stream: BinaryIO, size: int) -> bytes:
    """Return the next `size` bytes; fewer only at the end of the file."""
    parts: list[bytes] = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _encoding_of(head: bytes) -> str:
    """Return the encoding that a byte order mark or the XML declaration names, otherwise UTF-8 (XML 1.0, 4.3.3)."""
    for mark, name in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return name
    declared = _DECLARED_ENCODING.match(head)
    if declared is None:
        return "utf-8"
    name = declared.group(1).decode("ascii")
    try:
        known = codecs.lookup(name).name
    except LookupError:
        known = ""
    if known not in _ENCODINGS:
        raise ValueError(f"the file says that its encoding is {name}, which is not known")
    return known


def _decoded(head: bytes, stream: BinaryIO, encoding: str) -> Iterator[str]:
    """Yield the text of head, and of the stream in pieces. Raises UnicodeDecodeError after the text before it."""
    decoder = codecs.getincrementaldecoder(encoding)()
    chunk = head
    while chunk:
        following = stream.read(CHUNK)
        try:
            text = decoder.decode(chunk, final=not following)
        except UnicodeDecodeError as error:
            yield error.object[: error.start].decode(encoding)
            raise
        yield text
        chunk = following


def _without_doctype(text: str, *, external_doctype: bool) -> str:
    """Return the text without its XML declaration and DOCTYPE. Raises as safe_text()."""
    declaration = _DECLARATION.match(text)
    if declaration is not None:
        text = _blank(text, *declaration.span())
    start = _end_of_misc(text, 0)
    if text.startswith("<!DOCTYPE", start):
        doctype = _EXTERNAL_DOCTYPE.match(text, start)
        if not external_doctype:
            raise ValueError("the file has a DOCTYPE; XML with one is not read, because it may define or load anything")
        if doctype is None:
            raise ValueError("the file has a DOCTYPE that defines something itself; such XML is not read")
        text = _blank(text, *doctype.span())
        start = _end_of_misc(text, doctype.start())
    if _ELEMENT.match(text, start) is None:
        raise ValueError(f"the file is not XML: no element begins in its first {PROLOG_MAX // 1024} KiB")
    return text


def _end_of_misc(text: str, start: int) -> int:
    """Return where white space, comments and processing instructions end (Misc of XML 1.0, 2.8)."""
    match = _MISC.match(text, start)
    return start if match is None else match.end()


def _blank(text: str, start: int, end: int) -> str:
    """Return the text without a part of it, but with its line breaks."""
    return text[:start] + "\n" * text.count("\n", start, end) + text[end:]


def _joined(first: str, others: Iterable[str]) -> Iterator[str]:
    yield first
    yield from others


def _replaced(pieces: Iterable[str], entities: Mapping[str, str]) -> Iterator[str]:
    """Yield the text with references to characters for named entities, but not within CDATA sections and comments."""

    def reference(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None or name in _PREDEFINED or name not in entities:
            return match.group()
        return "".join(f"&#{ord(char)};" for char in entities[name])

    held = ""
    for piece in pieces:
        text = held + piece
        end = _end_of_complete(text)
        if len(text) - end > _HELD_MAX:
            end = len(text)
        held = text[end:]
        yield _ENTITY.sub(reference, text[:end])
    yield held


def _end_of_complete(text: str) -> int:
    """Return where the comment, CDATA section or reference begins of which text has only the beginning."""
    last = deque(_ENTITY.finditer(text), maxlen=1)
    if last and (last[0]["cdata"] is not None or last[0]["comment"] is not None):
        return last[0].start()
    beginning = _BEGINNING.search(text, last[0].end() if last else 0)
    return len(text) if beginning is None else beginning.start()
