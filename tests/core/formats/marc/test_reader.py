"""Real and damaged files of ISO 2709."""

import io
import json
import re
import tracemalloc
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diptych.core.formats.marc.reader import read
from diptych.core.formats.record import RawBook, Reject
from tests.core.formats.marc.records import book, marc

FILES = Path(__file__).parents[3] / "data/formats/marc"
EXPECTED = [json.loads(line) for line in (FILES / "expected.jsonl").read_text("utf-8").splitlines()]
ENCODINGS = {"1251.dat": "windows-1251"}
# yaz-marcdump takes what it finds in these; their directories contradict it.
DAMAGED = {("bad_records.mrc", 2), ("bad_records.mrc", 3), ("bad_subfield_code.dat", 1)}


def reading(name):
    return read(io.BytesIO((FILES / name).read_bytes()), ENCODINGS.get(name))


def bare(text):
    """Return text without the marks of ISBD."""
    return text.strip(" /:;=,.")


def flat(fields):
    return [value for field in fields for value in field]


@pytest.mark.parametrize("right", EXPECTED, ids=lambda right: f"{right['file'].rpartition('/')[2]}-{right['n']}")
def test_a_record_is_read_as_another_program_reads_it(right):
    name, number = right["file"].rpartition("/")[2], right["n"]
    found = list(reading(name))[number - 1]
    if (name, number) in DAMAGED:
        assert isinstance(found, Reject)
        return
    assert isinstance(found, RawBook)
    assert [bare(part) for part in (found.title, found.subtitle) if part] == [
        bare(part) for part in flat(right["t245"])
    ]
    assert (found.languages or [""])[0] == right["lang008"]
    assert [text for scheme, text in found.identifiers if scheme == "isbn"] == flat(right["isbn"])
    assert [text for scheme, text in found.identifiers if scheme == "lccn"] == [n.strip() for n in flat(right["lccn"])]
    assert bare(found.pages or "") == bare("".join(flat(right["extent"])))
    # What was expected has only field 490; older records have 440.
    assert [series for series, _ in found.series] == flat(right["series"]) or "440" in found.raw
    assert (found.publisher is None) == (len(flat(right["pub"])) < 2)
    assert bare(found.publisher or "") in [bare(part) for part in [*flat(right["pub"]), ""]]
    people = [(c.sort_name, c.birth, c.death) for c in found.contributors if c.kind == "person"]
    assert people == [person(*parts) for parts in right["a100"] + right["a700"]]
    year = re.fullmatch(r"[st]([0-9]{4}).*", right["date008"])
    assert year is None or found.published[0] == year[1]


def person(name, dates=""):
    birth, _, death = dates.strip(".").partition("-")
    # The full stop of an initial is a part of the name.
    return name.rstrip(",") if re.search(r"\b\w\.$", name) else name.rstrip(",."), birth or None, death or None


@pytest.mark.parametrize(
    "path", sorted(FILES.glob("*.[md]a*")) + sorted(FILES.glob("*.mrc")), ids=lambda path: path.name
)
def test_every_end_of_a_record_is_a_book_or_a_reject(path, capfd):
    found = reading(path.name)
    items = list(found)
    assert found.notes.started == found.notes.books + found.notes.rejects == path.read_bytes().count(b"\x1d")
    assert [item.number if isinstance(item, RawBook) else item.line for item in items] == list(range(1, len(items) + 1))
    assert capfd.readouterr() == ("", "")


def test_damaged_records_cost_themselves_only_and_say_why():
    found = list(reading("bad_records.mrc"))
    reasons = {item.line: item.reason for item in found if isinstance(item, Reject)}
    assert [item.number for item in found if isinstance(item, RawBook)] == [1, 7, 8]
    assert "begin at byte 99937" in reasons[2]
    assert "directory" in reasons[4]
    assert "not a number" in reasons[6]


def test_a_wrong_length_costs_one_record_wherever_it_points():
    records = (FILES / "marc.dat").read_bytes().split(b"\x1d")
    for wrong in (b"00001", b"01500", b"99999", b"abcde"):
        records[4] = wrong + records[4][5:]
        found = list(read(io.BytesIO(b"\x1d".join(records))))
        assert [item.line for item in found if isinstance(item, Reject)] == [5]
        assert len(found) == 20


def test_a_record_that_is_longer_than_can_be_told_is_rejected():
    long = b"99999" + marc("245 00 $aTitle")[5:-1] + b"x" * 100_000 + b"\x1d"
    (found,) = read(io.BytesIO(long))
    assert "more than the 99,999 bytes" in found.reason


def test_a_file_that_ends_within_a_record_is_told():
    found = list(read(io.BytesIO((FILES / "marc.dat").read_bytes()[:-100])))
    assert len(found) == 20
    assert found[-1].reason == "the file ends within the record"


def test_white_space_between_records_is_nothing():
    data = (FILES / "marc.dat").read_bytes()
    items = list(read(io.BytesIO(b"\xef\xbb\xbf" + data.replace(b"\x1d", b"\x1d\r\n"))))
    assert len(items) == 20
    assert all(isinstance(item, RawBook) for item in items)


def test_another_format_is_no_marc():
    with pytest.raises(ValueError, match="no end of a record"):
        list(read(io.BytesIO(b"title,author\nEmma,Jane Austen\n")))
    assert list(read(io.BytesIO(b""))) == []


@pytest.mark.parametrize(
    ("name", "encodings"),
    [
        ("marc8.dat", {"marc-8": 1}),
        ("utf8_with_leader_flag.dat", {"utf-8": 1}),
        ("utf8_without_leader_flag.dat", {"utf-8": 1}),
        ("test_data.utf8.mrc", {"utf-8": 29, "ascii": 1}),
        ("1251.dat", {"cp1251": 6}),
    ],
)
def test_what_was_decoded_how_is_told(name, encodings):
    found = reading(name)
    list(found)
    assert found.notes.encodings == encodings


def test_marc_8_is_the_same_book_as_utf_8():
    (eight,), (utf,) = reading("marc8.dat"), reading("utf8_without_leader_flag.dat")
    assert eight.original_title == unicodedata.normalize("NFC", utf.original_title) == "De la solitude à la communauté"
    assert (eight.contributors, eight.tags, eight.published) == (utf.contributors, utf.tags, utf.published)


def test_a_third_encoding_is_no_marc_8_and_says_what_to_do():
    found = list(read(io.BytesIO((FILES / "1251.dat").read_bytes())))
    assert all("if the file is in another encoding, name it" in reject.reason for reject in found)
    with pytest.raises(ValueError, match="klingon is not known as an encoding of text"):
        read(io.BytesIO(b""), "klingon")


def test_a_leader_that_says_utf_8_does_not_make_it_so():
    (found,) = read(io.BytesIO(marc("245 00 $aCaf\xe2e", encoding="latin-1")))  # the acute accent, then e, in MARC-8
    assert found.title == "Caf\u00e9"


def test_escape_sequences_are_of_marc_8_even_in_seven_bits():
    (found,) = read(io.BytesIO(marc(b"245 00 $a\x1b(NnOC\x1b(B".decode())))
    assert found.title == "\u041d\u043e\u0446"


@given(
    st.sampled_from(["george_eliot.marc", "marc8.dat", "hebrew880s.marc", "bad_records.mrc"]),
    st.lists(st.tuples(st.integers(0, 2_000), st.sampled_from(b"\x1b\x1d\x1e\x1f 0a\xc3\xe2\xff\x00")), max_size=8),
)
@settings(max_examples=150, deadline=None)
def test_whatever_is_damaged_every_record_is_a_book_or_a_reject(name, changes):
    data = bytearray((FILES / name).read_bytes())
    for place, byte in changes:
        data[place % len(data)] = byte
    found = read(io.BytesIO(bytes(data)))
    try:
        items = list(found)
    except ValueError as error:
        assert "not MARC in ISO 2709" in str(error)  # noqa: PT017 - it may be readable
    else:
        left_over = bool(data.rpartition(b"\x1d")[2].strip(b"\r\n\t \x00\x1a"))
        assert len(items) == found.notes.books + found.notes.rejects == data.count(b"\x1d") + left_over


def test_a_field_that_is_not_in_the_encoding_of_its_record_costs_itself_only():
    record = marc("245 00 $aÜber alles", "500    $aBad", "520    $aText")
    broken = record.replace(b"Bad", b"B\xc3d")
    (found,) = read(io.BytesIO(broken))
    assert (found.title, found.description) == ("Über alles", "Text")
    assert "500: is not utf-8" in found.unread


def test_records_that_are_no_books_in_marc_21_are_told():
    for data, reason in [
        (marc("200 1  $aTitre$fAuteur"), "UNIMARC"),
        (marc("100 1  $aDoe, Jane", leader="     nz  a22     n  4500"), "authority file"),
    ]:
        (found,) = read(io.BytesIO(data))
        assert reason in found.reason


def test_what_is_not_read_is_told():
    found = book("880 10 $6245-01$aアナーキズム", "504    $aBibliography", "040    $aDLC", "246 30 $aOther title")
    assert found.unread == ["246", "504", "880"]


def test_reading_holds_one_record_at_a_time():
    record = marc("245 00 $aTitle", "520    $a" + "x" * 9_000)

    class Long(io.RawIOBase):
        left = 1_000

        def read(self, size=-1):  # noqa: ARG002
            self.left -= 1
            return record if self.left >= 0 else b""

    tracemalloc.start()
    try:
        count = sum(isinstance(item, RawBook) for item in read(Long()))
        assert tracemalloc.get_traced_memory()[1] < 500_000
    finally:
        tracemalloc.stop()
    assert count == 1_000


def test_what_never_ends_is_not_held():
    tracemalloc.start()
    try:
        (found,) = read(io.BufferedReader(Endless()))
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()
    assert found.reason == "the file ends within the record"


class Endless(io.RawIOBase):
    """20 MiB of a record that does not end."""

    left = 20 * 1024 * 1024

    def readable(self):
        return True

    def readinto(self, buffer):
        count = min(len(buffer), self.left)
        buffer[:count] = b"0" * count
        self.left -= count
        return count
