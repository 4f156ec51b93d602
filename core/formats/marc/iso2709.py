"""ISO 2709: records between terminators, each with a leader, a directory and fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from diptych.core.formats.marc.record import LEADER_LENGTH

RECORD_END, FIELD_END, DELIMITER = b"\x1d", b"\x1e", b"\x1f"

RECORD_MAX = 99_999
"""Bytes of a record, at most: its length has five digits."""

FIELD_MAX = 9_999
"""Bytes of a field with its terminator, at most: its length has four digits."""

ENTRY_LENGTH = 12
CHUNK = 65_536
HELD_MAX = 1024 * 1024
"""Bytes without the end of a record that are kept, at most; what goes on after them is left out."""

_BETWEEN_RECORDS = b"\r\n\t \x00\x1a"


class RawField(NamedTuple):
    """A field as bytes, without its terminator."""

    tag: str
    data: bytes


class Chunk(NamedTuple):
    """The bytes up to the end of a record, which is left out; is_ended: whether there was one."""

    data: bytes
    is_ended: bool


def split(stream: BinaryIO) -> Iterator[Chunk]:
    """Yield what stands between ends of records (0x1D), and what follows the last, if it is not only white space.

    Of more than HELD_MAX bytes without an end, the first are yielded.
    """
    held = bytearray()
    while piece := stream.read(CHUNK):
        *ended, rest = piece.split(RECORD_END)
        for part in ended:
            held += part
            yield Chunk(bytes(held).lstrip(_BETWEEN_RECORDS), is_ended=True)
            held.clear()
        held += rest
        del held[HELD_MAX:]
    if left := bytes(held).strip(_BETWEEN_RECORDS):
        yield Chunk(left, is_ended=False)


def fields(data: bytes) -> list[RawField]:
    """Return the fields of a record without its terminator (ISO 2709, 4.3 to 4.6).

    Raises ValueError, with a text for people, when its leader or directory contradicts what is there.
    """
    _check_length(data)
    base = _number(data[12:17], "the address of the data, in bytes 12 to 16 of the leader,")
    if not LEADER_LENGTH < base <= len(data) or data[base - 1 : base] != FIELD_END:
        raise ValueError(f"the leader says that the data begin at byte {base}, and they do not")
    directory = data[LEADER_LENGTH : base - 1]
    if len(directory) % ENTRY_LENGTH:
        raise ValueError(f"the directory has {len(directory)} bytes, which is no multiple of {ENTRY_LENGTH}")
    entries = (directory[start : start + ENTRY_LENGTH] for start in range(0, len(directory), ENTRY_LENGTH))
    return [_field(data, base, entry) for entry in entries]


def _check_length(data: bytes) -> None:
    if len(data) < LEADER_LENGTH:
        raise ValueError(f"the record has {len(data)} bytes, fewer than its leader should have")
    length = _number(data[:5], "the length of the record, in bytes 0 to 4 of the leader,")
    actual = len(data) + len(RECORD_END)
    if actual > RECORD_MAX:
        raise ValueError(
            f"the record has more than the {RECORD_MAX:,} bytes that ISO 2709 allows, which it cannot tell"
        )
    if length != actual:
        raise ValueError(f"the leader says that the record has {length} bytes, and it has {actual}")


def _field(data: bytes, base: int, entry: bytes) -> RawField:
    tag, length, place = entry[:3], entry[3:7], entry[7:12]
    if not tag.isalnum():
        raise ValueError(f"the directory has the tag {tag!r}, which is not of three letters or digits")
    name = tag.decode("ascii")
    if not (length.isdigit() and place.isdigit()):
        raise ValueError(f"the length or the place of field {name} in the directory is not a number")
    start = base + int(place)
    end = start + int(length) - len(FIELD_END)
    if end < start or data[end : end + 1] != FIELD_END:
        raise ValueError(f"field {name} does not end where the directory says")
    return RawField(name, data[start:end])


def _number(digits: bytes, what: str) -> int:
    if not digits.isdigit():
        raise ValueError(f"{what} is not a number")
    return int(digits)


def joined(leader: str, raw: list[RawField]) -> bytes:
    """Return a record as bytes; the lengths and addresses of its leader are filled in.

    Raises ValueError when a field has more than FIELD_MAX bytes, or the record more than RECORD_MAX.
    """
    directory, data = bytearray(), bytearray()
    for tag, value in raw:
        length = len(value) + len(FIELD_END)
        if length > FIELD_MAX:
            raise ValueError(f"field {tag} has {length:,} bytes, and MARC in ISO 2709 allows {FIELD_MAX:,}")
        directory += f"{tag}{length:04}{len(data):05}".encode("ascii")
        data += value + FIELD_END
        if len(data) > RECORD_MAX:
            break
    base = LEADER_LENGTH + len(directory) + len(FIELD_END)
    length = base + len(data) + len(RECORD_END)
    if length > RECORD_MAX:
        raise ValueError(f"the record has more than the {RECORD_MAX:,} bytes that MARC in ISO 2709 allows")
    filled = f"{length:05}{leader[5:10]}22{base:05}{leader[17:20]}4500".encode("ascii")
    return filled + bytes(directory) + FIELD_END + bytes(data) + RECORD_END
