"""Words that stand for a missing value, invisible characters, and HTML where text should be."""

from __future__ import annotations

import re
from html.parser import HTMLParser

# In these spellings only: Null and Nan are names.
_NOTHING = frozenset(["", "NULL", "null", "nan", "NaN", "None", "none", "N/A", "n/a", "#N/A", "\\N", "--", '=""'])
_NO_TITLE = _NOTHING - {"None", "none", "null", "n/a", "NaN"}

# ZERO WIDTH SPACE, LRM and RLM, WORD JOINER, BYTE ORDER MARK; and the embeddings, overrides and isolates of UAX 9.
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u2060\ufeff\u061c\u202a-\u202e\u2066-\u2069]")
# ZERO WIDTH (NON-)JOINER is a part of words in scripts from Arabic to Mongolian.
_JOINER = re.compile("(?<![\u0600-\u18af])[\u200c\u200d]")
_LINE_BREAKS = re.compile("[\t\n\r\x0b\x0c\x85\u2028\u2029]+")

_BLOCKS = ("p", "br", "div", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "tr", "hr", "table")
_INLINE = ("a", "b", "i", "em", "strong", "span", "u", "font", "small", "sup", "sub", "cite", "img", "td", "center")
_TAG = re.compile(rf"</?(?:{'|'.join(_BLOCKS + _INLINE)})(?:\s[^<>]*)?/?>", re.IGNORECASE)


def is_blank(text: str) -> bool:
    """Return whether a cell is empty, as a spreadsheet has it too."""
    return text.strip() in ("", '=""')


def is_nothing(text: str) -> bool:
    """Return whether a cell says nothing, as "NULL" and "nan"."""
    return text.strip() in _NOTHING


def is_no_title(text: str) -> bool:
    """Return whether a title is none; there are books called "None" and "NaN"."""
    return text.strip() in _NO_TITLE


def without_invisible(text: str) -> str:
    """Return text without zero-width characters and the controls of writing direction."""
    return text if text.isascii() else _JOINER.sub("", _INVISIBLE.sub("", text))


def invisible_in(text: str) -> str | None:
    """Return the first character that `without_invisible` removes, None if there is none."""
    if text.isascii():
        return None
    found = _INVISIBLE.search(text) or _JOINER.search(text)
    return None if found is None else found.group()


def has_html(text: str) -> bool:
    """Return whether `plain_text` removes anything."""
    return "<" in text and _TAG.search(text) is not None


def one_line(text: str) -> str:
    """Return text in one line, without invisible characters."""
    if text.isprintable():
        return without_invisible(text)
    return _LINE_BREAKS.sub(" ", without_invisible(text))


def plain_text(text: str) -> str:
    """Return text as it is, or what HTML says in it, with a line for each block."""
    if not has_html(text):
        return text
    reader = _TextOfHtml()
    reader.feed(text)
    reader.close()
    return reader.text()


class _TextOfHtml(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - as overridden
        if tag in _BLOCKS:
            self._parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._parts.append("\n")

    def handle_data(self, data: str) -> None:
        self._parts.append(re.sub(r"\s+", " ", data))

    def text(self) -> str:
        lines = (line.strip() for line in "".join(self._parts).split("\n"))
        return "\n".join(line for line in lines if line)
