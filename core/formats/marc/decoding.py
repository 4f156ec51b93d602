"""Text of a record in ISO 2709: which encoding its bytes are in, and what does not fit it."""

from __future__ import annotations

import codecs
from collections.abc import Callable

from diptych.core.formats.marc import marc8
from diptych.core.formats.marc.iso2709 import DELIMITER, RawField
from diptych.core.formats.marc.record import LEADER_LENGTH, Field, MarcRecord

UTF_8, MARC_8, ASCII = "utf-8", "marc-8", "ascii"

_MARC_8_NAMES = ("marc-8", "marc8", "ansel")
_Decode = Callable[[bytes], str]


def known_encoding(name: str) -> str:
    """Return the name of an encoding as it is counted. Raises ValueError when it is not known."""
    if name.lower() in _MARC_8_NAMES:
        return MARC_8
    try:
        "a".encode(name)
    except LookupError:
        raise ValueError(f"{name} is not known as an encoding of text") from None
    return codecs.lookup(name).name


def encoding_of(raw: list[RawField]) -> str:
    """Return the encoding that the bytes of a record are in; what its leader says about it is often wrong.

    Text in MARC-8 beyond ASCII is next to never valid UTF-8, so that one field that is valid tells of all.
    """
    if all(field.data.isascii() for field in raw):
        return MARC_8 if any(b"\x1b" in field.data for field in raw) else ASCII
    return UTF_8 if any(_is_utf_8(field.data) for field in raw) else MARC_8


def _is_utf_8(data: bytes) -> bool:
    """Return whether data beyond ASCII is UTF-8."""
    if data.isascii():
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def decoded(leader: bytes, raw: list[RawField], encoding: str) -> MarcRecord:
    """Return the record as text. Fields that are not in the encoding, or have no codes, are among its damaged."""
    record = MarcRecord(leader[:LEADER_LENGTH].decode("ascii", "replace"))
    decode = _decoder(encoding)
    for tag, data in raw:
        try:
            if tag < "010":
                record.control.setdefault(tag, decode(data))
            else:
                record.fields.append(_data_field(tag, data, decode))
        except UnicodeDecodeError:
            record.damaged.append(f"{tag}: is not {encoding}")
        except ValueError as error:
            record.damaged.append(f"{tag}: {error}")
    return record


def _decoder(encoding: str) -> _Decode:
    if encoding in (UTF_8, ASCII):
        return bytes.decode  # of UTF-8, which ASCII is too
    if encoding != MARC_8:
        return lambda data: data.decode(encoding)
    return lambda data: data.decode("ascii") if data.isascii() and b"\x1b" not in data else marc8.decoded(data)


def _data_field(tag: str, data: bytes, decode: _Decode) -> Field:
    """Return a field; missing indicators are blank. Raises ValueError when it has no subfields, or as decode()."""
    before, *parts = data.split(DELIMITER)
    if not parts:
        raise ValueError("has no subfields")
    indicators = before.decode("ascii", "replace").ljust(2)[:2]
    subfields = []
    for part in filter(None, parts):
        if not 0x20 < part[0] < 0x7F:
            raise ValueError("has a subfield whose code is no letter or digit")
        subfields.append((chr(part[0]), decode(part[1:])))
    return Field(tag, indicators, subfields)
