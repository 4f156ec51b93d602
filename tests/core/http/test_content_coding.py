"""Content codings: negotiation, and decoding of each."""

from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from diptych.core.http.content_coding import CODERS, MEMBERS, WORTHWHILE, choose, decode

DECODERS = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": zstandard.decompress,
}


@pytest.mark.parametrize(
    ("accept_encoding", "chosen"),
    [
        ("", None),
        ("gzip", "gzip"),
        ("GZip", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("br;q=0.5, gzip;q=0.6", "gzip"),
        ("gzip ; q=0.5 , br ; Q=0.6", "br"),
        ("gzip;q=0", None),
        ("gzip;q=0.000, br;q=0", None),
        ("*", "zstd"),
        ("*;q=0", None),
        ("zstd;q=0, *", "br"),
        ("identity", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip", "gzip"),
        ("identity;q=0", None),
        ("identity;q=0, *", "zstd"),
        ("deflate", None),
        (", gzip, ,", "gzip"),
        ("gzip;q=2", None),
        ("gzip;q=0.1234", None),
        ("gzip;level=9", None),
        ("gz ip", None),
    ],
)
def test_the_coding_is_the_one_that_the_client_likes_best(accept_encoding: str, chosen: str | None):
    assert choose(accept_encoding, WORTHWHILE) == chosen


def test_what_is_small_is_sent_as_it_is():
    assert choose("gzip", WORTHWHILE - 1) is None


@given(st.text())
def test_any_field_chooses_something_or_nothing(field: str):
    assert choose(field, WORTHWHILE) in {None, *CODERS}


@pytest.mark.parametrize("coding", CODERS)
@given(body=st.binary(max_size=5000))
def test_what_goes_in_comes_out_and_is_the_same_every_time(coding: str, body: bytes):
    packed = CODERS[coding](body)
    assert DECODERS[coding](packed) == body
    assert CODERS[coding](body) == packed


@given(st.lists(st.binary(max_size=500), max_size=4))
def test_gzip_of_several_members_is_read_whole(parts: list[bytes]):
    body = b"".join(parts)
    assert decode("gzip", b"".join(gzip.compress(part) for part in parts), len(body)) == body


@given(st.binary(max_size=300), st.integers(0, 400))
def test_nothing_is_unpacked_beyond_the_limit(body: bytes, limit: int):
    unpacked = decode("gzip", gzip.compress(body), limit)
    assert unpacked == (body if len(body) <= limit else None)


def test_a_bomb_of_several_members_counts_as_one():
    assert decode("gzip", gzip.compress(bytes(600)) * 2, 1000) is None


def test_members_that_hold_nothing_are_not_taken_without_end():
    nothing = gzip.compress(b"")
    assert decode("gzip", nothing * MEMBERS, 10) == b""
    with pytest.raises(ValueError, match="members"):
        decode("gzip", nothing * (MEMBERS + 1), 10)


@given(st.binary(min_size=1, max_size=300))
def test_any_bytes_are_unpacked_or_refused(body: bytes):
    try:
        expected = zlib.decompress(body, wbits=31)
    except zlib.error:
        with pytest.raises(ValueError, match="gzip"):
            decode("gzip", body, 10_000)
    else:
        assert decode("gzip", body, 10_000) == expected


def test_an_unknown_content_coding_is_a_lookup_error():
    with pytest.raises(LookupError):
        decode("compress", b"", 10)


def test_no_coding_leaves_the_body_as_it_is():
    assert decode("", b"x" * 20, 10) == b"x" * 20
