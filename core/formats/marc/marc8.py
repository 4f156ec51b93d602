"""Decoding of MARC-8, the 8-bit encoding of MARC records before Unicode.

https://www.loc.gov/marc/specifications/speccharmarc8.html; the tables of its character sets are pymarc's.
"""

from __future__ import annotations

import re
import unicodedata

from pymarc.marc8_mapping import CODESETS, ODD_MAP

_ESCAPE = 0x1B
_SEQUENCE = re.compile(rb"\x1b(?:(?P<short>[bpgs])|\$?[)-]!?(?P<g1>[1234BENQS])|(?:\$[(,]?|[(,])!?(?P<g0>[1234BENQS]))")
_BASIC_LATIN, _ANSEL, _EAST_ASIAN = 0x42, 0x45, 0x31
# Subscript, superscript and Greek symbols have escape sequences of two bytes; "s" returns to ASCII.
_SHORT_ESCAPES = {0x62: 0x62, 0x70: 0x70, 0x67: 0x67, 0x73: _BASIC_LATIN}

MARKS_MAX = 4
"""Combining marks in a row in a text that is MARC-8, at most; Cyrillic in windows-1251 has many more."""


class NotMarc8(ValueError):
    """Bytes are not MARC-8."""


def decoded(data: bytes) -> str:
    """Return the text of a subfield in MARC-8, in NFC. Raises NotMarc8 where there is no such character."""
    return unicodedata.normalize("NFC", "".join(_Decoder(data).characters()))


class _Decoder:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0
        self._g0, self._g1 = _BASIC_LATIN, _ANSEL
        self._marks: list[str] = []  # they stand before their letter, in Unicode after it

    def characters(self) -> list[str]:
        """Return the characters of the data. Raises NotMarc8."""
        found: list[str] = []
        while self._position < len(self._data):
            if self._data[self._position] == _ESCAPE:
                self._escape()
                continue
            char, combines = self._character()
            if combines:
                self._marks.append(char)
                if len(self._marks) > MARKS_MAX:
                    raise NotMarc8("has more combining marks in a row than a text has")
            elif char:
                found += [char, *self._marks]
                self._marks.clear()
        return found + self._marks

    def _escape(self) -> None:
        """Read an escape sequence, which designates a character set as G0 or G1."""
        match = _SEQUENCE.match(self._data, self._position)
        if match is None:
            raise NotMarc8("has an escape sequence that is not one of MARC-8")
        self._position = match.end()
        if match["short"]:
            self._g0 = _SHORT_ESCAPES[match["short"][0]]
        elif match["g1"]:
            self._g1 = match["g1"][0]
        else:
            self._g0 = match["g0"][0]

    def _character(self) -> tuple[str, bool]:
        """Return the next character, and whether it is a combining mark; "" for controls. Raises NotMarc8."""
        first = self._data[self._position]
        codeset = self._g1 if first > 0x80 else self._g0
        if first < 0x20 or 0x80 <= first < 0xA0:
            self._position += 1
            return "", False
        if first == 0x20:
            self._position += 1
            return " ", False
        size = 3 if codeset == _EAST_ASIAN else 1
        code = int.from_bytes(self._data[self._position : self._position + size], "big")
        self._position += size
        # A set may be designated as G0 or as G1, where its bytes are higher by 0x80; its table has one of the two.
        for same in (code, code & 0x7F7F7F, code | 0x80):
            if same in CODESETS[codeset]:
                number, combines = CODESETS[codeset][same]
                return chr(number), bool(combines)
        if code in ODD_MAP:
            return chr(ODD_MAP[code]), False
        raise NotMarc8(f"has the byte 0x{code:02X}, which is no character of MARC-8")
