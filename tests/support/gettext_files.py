"""Files of gettext, as msgfmt writes them (the GNU gettext manual, "The Format of GNU MO Files")."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

MAGIC = 0x950412DE

POLISH = "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);"


def mo_file(
    texts: Mapping[tuple[str, str], str],
    plurals: Mapping[tuple[str, str, str], Sequence[str]],
    rule: str = "nplurals=2; plural=(n != 1);",
) -> bytes:
    """Return the content of a file. texts: by key and English. plurals: their forms, by key and both English forms."""
    head = f"Content-Type: text/plain; charset=UTF-8\nPlural-Forms: {rule}\n"
    entries = {"": head} | {f"{key}\x04{english}": words for (key, english), words in texts.items()}
    entries |= {f"{key}\x04{one}\0{other}": "\0".join(forms) for (key, one, other), forms in plurals.items()}
    pairs = [(name.encode(), value.encode()) for name, value in sorted(entries.items())]
    at = 28 + 16 * len(pairs)
    tables, content = [], b""
    for column in (0, 1):
        for pair in pairs:
            tables.append(struct.pack("<II", len(pair[column]), at + len(content)))
            content += pair[column] + b"\0"
    header = struct.pack("<7I", MAGIC, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, at)
    return header + b"".join(tables) + content
