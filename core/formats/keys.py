"""Keys of records for formats that need one."""

from __future__ import annotations

import hashlib
import re
import unicodedata

import msgspec

from diptych.core.formats.record import BookRecord


def made_key(book: BookRecord) -> str:
    """Return a key that depends on the book alone: the first name, the year and a hash, such as doe1999-3f2a9c1b."""
    content = msgspec.json.encode(msgspec.structs.replace(book, line=0, modified=None, further={}))
    name = "anon"
    if book.contributors:
        first = book.contributors[0]
        name = first.sort_name.partition(",")[0] if first.sort_name else first.name.split()[-1]
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    word = re.sub(r"[^a-z]", "", ascii_name.lower()) or "anon"
    year = "" if book.year is None else f"{book.year:04}"
    return f"{word}{year}-{hashlib.sha256(content).hexdigest()[:8]}"
