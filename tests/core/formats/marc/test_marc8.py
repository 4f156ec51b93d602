"""Text in MARC-8."""

import pytest
from pymarc.marc8 import marc8_to_unicode
from pymarc.marc8_mapping import CODESETS

from diptych.core.formats.marc.marc8 import NotMarc8, decoded


@pytest.mark.parametrize("final", sorted(CODESETS), ids=chr)
def test_every_character_is_decoded_as_pymarc_does(final):
    """Pymarc's tables are those of the Library of Congress; of its decoder only what it leaves out is ours."""
    is_multibyte = final == 0x31
    for code, (_, combines) in CODESETS[final].items():
        if not is_multibyte and (code <= 0x20 or 0x80 <= code < 0xA0 or combines):
            continue
        escape = b"\x1b$1" if is_multibyte else b"\x1b" + (b")" if code > 0x80 else b"(") + bytes([final])
        data = escape + code.to_bytes(3 if is_multibyte else 1, "big")
        if final in b"bpg":
            data = b"\x1b" + bytes([final, code])
        assert decoded(data) == marc8_to_unicode(data)


def test_marks_stand_before_their_letter():
    assert decoded(b"Wars\xe8a\xe2z") == "Wars\u00e4\u017a"
    assert decoded(b"\xf2\xe3u") == "\u1ee5\u0302"


def test_both_halves_of_a_ligature_are_kept():
    assert decoded(b"Poslovi\xebt\xecsy") == "Poslovit\ufe20s\ufe21y"


def test_a_set_may_be_designated_as_either():
    assert decoded(b"\x1b(NnOC") == decoded(b"\x1b)N\xee\xcf\xc3") == "\u041d\u043e\u0446"


@pytest.mark.parametrize("data", [b"\xcf", b"\x1b(Z", b"\x1b", b"\xe0\xe1\xe2\xe3\xe4a", b"\x1b$1!!"])
def test_what_is_no_marc_8_is_refused(data):
    with pytest.raises(NotMarc8):
        decoded(data)
