import bz2
import gc
import gzip
import io
import lzma
import os
import random
import sys
import threading
import tracemalloc
import zipfile

import pytest
import zstandard

from diptych.core.formats.container_errors import BrokenContainerError, ContainerError
from diptych.core.formats.containers import HEAD, open_file

NOISE = random.Random(7).randbytes(3_000_000)  # noqa: S311 - what nothing can shrink


def zipped(data: bytes, name: str = "books.csv", **further: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file_name, content in {name: data, **further}.items():
            archive.writestr(file_name, content)
    return buffer.getvalue()


PACKERS = {"plain": bytes, "gzip": gzip.compress, "zstd": zstandard.compress, "zip": zipped}
COMPRESSORS = {name: pack for name, pack in PACKERS.items() if name != "plain"}
packed = pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
compressed = pytest.mark.parametrize("pack", COMPRESSORS.values(), ids=COMPRESSORS)


def stored(tmp_path, data: bytes, name: str = "books"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def read_through(opened):
    while opened.stream.read(1 << 16):
        pass


@packed
@pytest.mark.parametrize("data", [b"", b"a", NOISE], ids=["nothing", "a byte", "much"])
def test_what_was_packed_is_read_and_its_head_is_no_loss(tmp_path, pack, data):
    with open_file(stored(tmp_path, pack(data))) as opened:
        assert opened.head() == data[:HEAD]
        assert opened.stream.read() == data


@packed
def test_progress_runs_from_near_zero_to_the_size_of_the_stored_file(tmp_path, pack):
    path = stored(tmp_path, pack(NOISE))
    with open_file(path) as opened:
        assert opened.total == path.stat().st_size
        seen = []
        while opened.stream.read1(10_000):
            seen.append(opened.bytes_read)
    assert seen == sorted(seen)
    assert seen[0] < opened.total / 4
    assert opened.total - 16_000 < seen[-1] <= opened.total


@packed
def test_standard_input_is_read_from_a_regular_file_and_left_open(tmp_path, monkeypatch, pack):
    with stored(tmp_path, pack(b"title\nX\n")).open("rb") as binary:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(binary))
        with open_file("-") as opened:
            assert opened.name in {None, "books.csv"}
            assert opened.stream.read() == b"title\nX\n"
        gc.collect()
        assert not binary.closed


@pytest.mark.parametrize(("name", "pack"), PACKERS.items())
def test_a_pipe_is_unpacked_or_refused_with_the_way_out(monkeypatch, name, pack):
    reading, writing = os.pipe()
    source, sink = os.fdopen(reading, "rb"), os.fdopen(writing, "wb", buffering=0)
    data = pack(b"title\nX\n")

    def trickle():
        with sink:
            for byte in data:
                sink.write(bytes([byte]))

    thread = threading.Thread(target=trickle)
    thread.start()
    with source:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(source))
        if name == "zip":
            with pytest.raises(ContainerError, match=r"cannot be read from a pipe.*unzip -p"):
                open_file("-")
        else:
            with open_file("-") as opened:
                assert opened.stream.read() == b"title\nX\n"
                assert opened.total is None
        source.read()
        thread.join()


@compressed
def test_a_bomb_is_told_before_much_is_unpacked(tmp_path, pack):
    path = stored(tmp_path, pack(bytes(64 << 20)))
    gc.collect()
    tracemalloc.start()
    with open_file(path) as opened, pytest.raises(BrokenContainerError, match="to more than 200 times its size"):
        read_through(opened)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40 << 20


@compressed
@pytest.mark.parametrize("cut", [0.3, 0.99])
def test_a_file_that_is_cut_off_does_not_seem_whole(tmp_path, pack, cut):
    data = pack(NOISE)
    path = stored(tmp_path, data[: int(len(data) * cut)])
    with pytest.raises((BrokenContainerError, ContainerError), match="damaged"), open_file(path) as opened:
        read_through(opened)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor(write_checksum=True).compress, zipped])
def test_a_changed_byte_is_found(tmp_path, pack):
    data = bytearray(pack(NOISE))
    data[len(data) // 2] ^= 1
    path = stored(tmp_path, bytes(data))
    with open_file(path) as opened, pytest.raises(BrokenContainerError, match="damaged from here on"):
        read_through(opened)


def test_several_gzip_members_and_zstd_frames_are_one_file(tmp_path):
    skippable = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"skip"
    for data in (
        gzip.compress(b"a") + gzip.compress(b"b"),
        zstandard.compress(b"a") + skippable + zstandard.compress(b"b"),
    ):
        with open_file(stored(tmp_path, data)) as opened:
            assert opened.stream.read() == b"ab"


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("books.csv.gz", gzip.compress(b"x"), "books.csv"),
        ("books.CSV.ZST", zstandard.compress(b"x"), "books.CSV"),
        ("books.zip", zipped(b"x", "mine/goodreads.csv"), "goodreads.csv"),
        ("books.zip", zipped(b"x", **{"__MACOSX/._books.csv": b"y"}), "books.csv"),
        ("books.csv.gz", b"x", "books.csv.gz"),
    ],
    ids=range(5),
)
def test_the_name_is_that_of_what_is_inside(tmp_path, name, data, expected):
    with open_file(stored(tmp_path, data, name)) as opened:
        assert opened.name == expected
        assert opened.stream.read() == b"x"


def encrypted() -> bytes:
    data = bytearray(zipped(b"x"))
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def with_lzma() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("books.csv", b"x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (zipped(b"x", "a.csv", **{"b.csv": b"y"}), r"exactly one file, and holds 2: 'a\.csv', 'b\.csv'$"),
        (zipped(b"", "a", **{f"b{n}": b"" for n in range(8)}), r"holds 9: 'a', 'b0', 'b1', 'b2', 'b3' and 4 more$"),
        (zipped(b"", "books/"), "exactly one file, and holds none"),
        (zipped(b"", "x" * 60_000, **{f"{n}" * 60_000: b"" for n in range(1, 10)}), "too many files|exactly one file"),
        (zipped(b"", "0", **{f"{n:0100}": b"" for n in range(8_000)}), "holds too many files"),
        (zipped(b"", "[Content_Types].xml", **{"xl/workbook.xml": b""}), "an Excel workbook: save its sheet as CSV"),
        (encrypted(), "encrypted: unpack it first"),
        (with_lzma(), "only deflate is"),
        (b"PK\x03\x04garbage\n", "damaged, cut off"),
        (zipped(gzip.compress(b"x")), "the zip file holds another compressed file"),
        (gzip.compress(zipped(b"x")), "the gzip file holds another compressed file"),
        (gzip.compress(gzip.compress(b"x")), "the gzip file holds another compressed file"),
        (zstandard.compress(gzip.compress(b"x")), "the zstd file holds another compressed file"),
        (bz2.compress(b"x"), "a bzip2 file, which is not read"),
        (lzma.compress(b"x"), "an xz file, which is not read"),
        (b"7z\xbc\xaf\x27\x1cxx", "a 7z file, which is not read"),
        (gzip.compress(b"x")[:6], "damaged"),
    ],
    ids=range(17),  # packed bytes have a time in them
)
def test_what_is_not_unpacked_is_refused_in_words(tmp_path, data, words):
    with pytest.raises(ContainerError, match=words):
        open_file(stored(tmp_path, data))


def test_a_large_file_in_zstd_needs_little_memory(tmp_path):
    path = tmp_path / "books.zst"
    with path.open("wb") as sink, zstandard.ZstdCompressor(level=1).stream_writer(sink) as writer:
        for start in range(0, 12 << 20, 1 << 16):
            writer.write(NOISE[start % 2_900_000 :][: 1 << 16])
    tracemalloc.start()
    with open_file(path) as opened:
        read_through(opened)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20
