import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from diptych.core.files.content.errors import UnsupportedTypeError
from diptych.core.files.content.media_types import ACCEPTED, HEAD, identify
from tests.core.files.content.books import epub, package


def image(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, kind)
    return buffer.getvalue()


def palm(version: int) -> bytes:
    """Return the beginning of a Palm database whose first record is 200 bytes in."""
    header = bytes(60) + b"BOOKMOBI" + bytes(10) + struct.pack(">I", 200)
    record = bytes(16) + b"MOBI" + bytes(16) + struct.pack(">I", version)
    return header.ljust(200, b"\0") + record


def zipped(name: str, content: str, method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content, method)
    return buffer.getvalue()


FILES = {
    "image/jpeg": image("JPEG"),
    "image/png": image("PNG"),
    "image/webp": image("WEBP"),
    "image/gif": image("GIF"),
    "application/epub+zip": epub(package("")),
    "application/pdf": b"%PDF-1.7\n",
    "application/x-mobipocket-ebook": palm(6),
    "application/vnd.amazon.mobi8-ebook": palm(8),
}


@pytest.mark.parametrize("media_type", FILES)
def test_a_file_is_known_by_its_first_bytes(media_type):
    assert identify(FILES[media_type][:HEAD]).media_type == media_type
    assert set(FILES) == {each.media_type for each in ACCEPTED}


@pytest.mark.parametrize("version", ["87a", "89a"])
def test_an_image_that_is_also_a_script_is_an_image(version):
    assert identify(f"GIF{version}/*<script>alert(1)</script>*/=1".encode()).media_type == "image/gif"


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"plain text",
        b"<html><script>",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b" %PDF-1.7",
        b"\n%PDF-1.7",
        b"%PDF-",
        b"RIFF\0\0\0\0WAVEfmt ",
        b"\x89PNG\r\n\x1a\n",
        b"\x00\x00\x00\x20ftypavif",
        b"BM" + bytes(60),
        b"MZ" + bytes(100),
        b"\x7fELF",
    ],
)
def test_another_file_is_refused_with_what_is_accepted(head):
    with pytest.raises(UnsupportedTypeError, match=r"another type than JPEG, .* MOBI and AZW3\."):
        identify(head)


@pytest.mark.parametrize(
    ("kind", "accepted"), [("image", "JPEG, PNG, WebP and GIF"), ("book", "EPUB, PDF, MOBI and AZW3")]
)
def test_who_is_asked_for_a_cover_or_an_e_book_is_told_no_types_of_the_other(kind, accepted):
    with pytest.raises(UnsupportedTypeError, match=rf"another type than {accepted}\."):
        identify(b"plain text", kind)


def test_a_zip_file_as_a_cover_is_not_said_to_be_no_e_book():
    with pytest.raises(UnsupportedTypeError, match=r"another type than JPEG, PNG, WebP and GIF\."):
        identify(b"PK\x03\x04", "image")


@pytest.mark.parametrize(
    "archive",
    [
        zipped("page-1.jpg", "x"),
        zipped("word/document.xml", "application/epub+zip"),
        zipped("mimetype", "application/vnd.oasis.opendocument.text"),
        zipped("mimetype", "application/epub+zip", zipfile.ZIP_DEFLATED),
        b"PK\x03\x04",
    ],
)
def test_a_zip_file_that_is_no_epub_book_is_refused_with_the_reason(archive):
    with pytest.raises(UnsupportedTypeError, match="no EPUB book"):
        identify(archive)


@given(st.sampled_from([b"", *(content[:40] for content in FILES.values())]), st.binary(max_size=200))
def test_any_bytes_are_of_a_type_or_refused(beginning, rest):
    try:
        found = identify(beginning + rest)
    except UnsupportedTypeError:
        return
    assert found in ACCEPTED
