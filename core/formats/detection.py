"""Knowing the format of a file: by what the user says, else by its content, else by its name."""

from __future__ import annotations

import codecs
import re

from msgspec import Struct

from diptych.core.formats.json_detection import judge_json
from diptych.core.formats.option_names import nameless, option
from diptych.core.formats.registry import (
    READ,
    UnknownFormatError,
    UnsupportedFormatError,
    format_by_suffix,
    format_named,
)
from diptych.core.formats.xml_detection import judge_xml


class Detected(Struct, frozen=True):
    """The name of a format, and a sentence for people if the name of the file says another."""

    name: str
    notice: str | None = None


_NO_CATALOGUE: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF document"),
    (b"SQLite format 3\0", "an SQLite database: export it from the program that it is from"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel or Word document: save its sheet as CSV"),
    (b"=LDR  ", "MARC in MARCMaker's text (.mrk): convert it to MARC 21 or MARCXML"),
    (b"PMID- ", "PubMed's format (.nbib): export RIS, or convert it"),
    (b"%0 ", "EndNote's or Refer's format (.enw): export RIS or BibTeX instead"),
)
# A mark of UTF-32 begins with that of UTF-16.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# ISO 2709, 4.3: the length of the record, and the base address of its data; MARC 21 adds "4500" at 20 to 23.
_LEADER = re.compile(rb"[\s\0]*[0-9]{5}.{7}[0-9]{5}.{3}(?:4500|.{4}(?s:.*?)\x1e)", re.DOTALL)
_DUMP = re.compile(r"/type/\w+\t/\S+\t[0-9]+\t[^\t\n]*\t\{")  # openlibrary.org/developers/dumps: type, key, revision...
# A title in a table may be like the first of these lines, and a text in a cell like both.
_RIS = re.compile(r"^[ \t]*TY {1,2}- ?[A-Za-z]*[ \t]*\r?\n\s*[A-Z][A-Z0-9] {1,2}-", re.MULTILINE)
_RIS_FIRST = re.compile(r"ty {0,3}-", re.IGNORECASE)
_BIBTEX = re.compile(
    r"^[ \t]*@[ \t]*(?:(?:string|comment|preamble)\s*[{(]|[A-Za-z]+\s*[{(]\s*[^\s,{}()=]*\s*,)",
    re.MULTILINE | re.IGNORECASE,
)

_QUOTED = re.compile(r'"[^"]*"')
_MARKS = (("ris", _RIS), ("bibtex", _BIBTEX))


def detect(head: bytes, file_name: str | None, explicit: str | None = None, encoding: str | None = None) -> Detected:
    """Return the format of a file with these first bytes (unpacked) and this name; None is standard input.

    What the user says wins, then the content, then the name. encoding: of the text, if the user says.
    Raises UnknownFormatError and UnsupportedFormatError, with a sentence for people, and ValueError for an unknown
    encoding.
    """
    if explicit is not None:
        chosen = format_named(explicit)
        if not chosen.is_read:
            raise UnsupportedFormatError(f"{chosen.label} is only written; there are {', '.join(READ)}")
        return Detected(explicit)
    named = format_by_suffix(file_name) if file_name is not None else None
    judged, is_sure = _judge(head, encoding)
    if named is not None and not named.tabular and judged in {"csv", "tsv"}:
        is_sure = False  # commas are in any text
    if judged == "tsv" and named is not None and named.name == "csv":
        judged = "csv"  # of which tabs are one separator
    if judged == "json" and named is not None and named.name == "csl":
        judged = "csl"  # a short item may have only id, type and title, which are no proof of CSL-JSON
    if judged is None or (named is not None and not is_sure):
        if named is None or not named.is_read:
            raise UnknownFormatError(_unknown(file_name, is_empty=not head.strip()))
        return Detected(named.name)
    if named is None or named.name == judged:
        return Detected(judged)
    label = format_named(judged).label
    notice = f"the name {file_name!r} says {named.label}, but the content is {label}: it is read as that"
    return Detected(judged, notice)


def _unknown(file_name: str | None, *, is_empty: bool) -> str:
    what = nameless() if file_name is None else f"the file {file_name!r}"
    why = "is empty" if is_empty else "does not show its format, by content or by name"
    return f"{what} {why}: give {option('format')} {', '.join(READ[:-1])} or {READ[-1]}"


def _judge(head: bytes, encoding: str | None) -> tuple[str | None, bool]:
    """Return the name of the format that the content has, or None, and whether that is sure.

    Raises UnsupportedFormatError for what is known and not read.
    """
    if _LEADER.match(head.removeprefix(codecs.BOM_UTF8)):
        return "marc", True
    recognised = next((words for magic, words in _NO_CATALOGUE if head.startswith(magic)), None)
    if recognised is not None:
        raise UnsupportedFormatError(f"the file is {recognised}; what is read: {', '.join(READ)}")
    text = _text(head, encoding).lstrip("\ufeff \t\r\n")
    if "\0" in text:
        return None, False
    if text.startswith("<"):
        return judge_xml(text), True
    if _DUMP.match(text):
        return "openlibrary", True
    if text.startswith(("{", "[")):
        return judge_json(text), True
    return _judge_lines(text)


def _text(head: bytes, encoding: str | None) -> str:
    """Return the text of the beginning of a file; what cannot be decoded is U+FFFD."""
    marked = next((name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), None)
    if encoding is None and marked is None and len(head) > 1 and head[:2].count(0) == 1:
        marked = "utf-16-le" if head[1] == 0 else "utf-16-be"
    try:
        return head.decode(encoding or marked or "utf-8", errors="replace")
    except LookupError as error:
        raise ValueError(f"unknown encoding {encoding!r}") from error


def _judge_lines(text: str) -> tuple[str | None, bool]:
    """Return the format of a text of lines: BibTeX, RIS, or a table."""
    if _RIS_FIRST.match(text):
        return "ris", True
    line = text.partition("\n")[0].rstrip("\r")
    found = [(match.start(), name) for name, form in _MARKS if (match := form.search(text))]
    if found and not _is_in_cell(text, min(found)[0], line):
        return min(found)[1], True
    if line.lower().startswith("sep="):  # Excel's way to name the separator
        return "csv", True
    tabs, others = _delimiters(line)
    if not tabs and not others:
        return None, False
    # In TSV, quotes are literal.
    return ("tsv" if tabs > others and '"' not in line else "csv"), not (tabs and others)


def _delimiters(line: str) -> tuple[int, int]:
    """Return the number of tabs, and of other delimiters of cells, outside quotes."""
    bare = _QUOTED.sub("", line)
    return bare.count("\t"), sum(map(bare.count, ",;|"))


def _is_in_cell(text: str, place: int, first_line: str) -> bool:
    """Return whether a place is within quotes, and the first line may be the header of a table."""
    return any(_delimiters(first_line)) and text.count('"', 0, place) % 2 == 1
