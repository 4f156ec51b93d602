"""Records of MARC for tests, written as lines such as "245 10 $aTitle$bsubtitle"."""

import io

from diptych.core.formats.marc.iso2709 import RawField, joined
from diptych.core.formats.marc.reader import read

LEADER = "     nam a22      a 4500"


def marc(*lines, leader=LEADER, encoding="utf-8"):
    """Return the bytes of a record."""
    fields = []
    for line in lines:
        tag, rest = line[:3], line[4:].replace("$", "\x1f")
        fields.append(RawField(tag, rest.encode(encoding) if isinstance(rest, str) else rest))
    return joined(leader, fields)


def book(*lines, leader=LEADER, title="245 00 $aTitle"):
    """Return what is read of a record with a title and these fields."""
    (found,) = read(io.BytesIO(marc(title, *lines, leader=leader)))
    return found
