import io
import random
import tracemalloc
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from diptych.core.files.content.epub import COVER_MAX, XML_MAX, Epub, read_epub
from diptych.core.files.content.errors import EpubError
from diptych.core.formats.record import Contributor, Identifier, SeriesPosition, TagName
from tests.core.files.content.books import CONTAINER, epub, package

TITLE = "<dc:title>T</dc:title>"
COVER = '<item id="c" href="c.png" media-type="image/png" properties="cover-image"/>'


def read(content: bytes) -> Epub:
    return read_epub(io.BytesIO(content))


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 12)).save(buffer, "PNG")
    return buffer.getvalue()


def test_an_epub_3_book_says_what_it_is():
    book = read(
        epub(
            package(
                """
                <dc:identifier id="pub-id">urn:uuid:6e1b</dc:identifier>
                <dc:identifier id="isbn">978-0-9542217-1-3</dc:identifier>
                <meta refines="#isbn" property="identifier-type" scheme="onix:codelist5">15</meta>
                <dc:identifier>doi:10.1000/182</dc:identifier>
                <dc:title id="t2">A Novel</dc:title><meta refines="#t2" property="title-type">subtitle</meta>
                <dc:title id="t1">The Summer Book</dc:title><meta refines="#t1" property="title-type">main</meta>
                <dc:creator id="a">Tove Jansson</dc:creator>
                <meta refines="#a" property="role" scheme="marc:relators">aut</meta>
                <meta refines="#a" property="file-as">Jansson, Tove</meta>
                <dc:contributor id="b">Thomas Teal</dc:contributor>
                <meta refines="#b" property="role">trl</meta>
                <dc:language>en-GB</dc:language><dc:publisher>Sort of Books</dc:publisher>
                <dc:date>2003-05</dc:date><dc:subject>Islands</dc:subject>
                <dc:description>&lt;p&gt;A girl and her grandmother.&lt;/p&gt;</dc:description>
                <meta id="s" property="belongs-to-collection">Finland</meta>
                <meta refines="#s" property="collection-type">series</meta>
                <meta refines="#s" property="group-position">2</meta>
                """,
                '<item id="x" href="images/the%20cover.png" media-type="image/png" properties="svg cover-image"/>',
            ),
            {"OEBPS/images/the cover.png": png()},
        )
    )

    record = book.record
    assert (record.title, record.subtitle) == ("The Summer Book", "A Novel")
    assert record.contributors == (
        Contributor("Tove Jansson", "author", "Jansson, Tove"),
        Contributor("Thomas Teal", "translator"),
    )
    assert (record.isbn, record.identifiers) == ("9780954221713", (Identifier("doi", "10.1000/182"),))
    assert (record.language, record.publisher, record.published) == ("en-GB", "Sort of Books", "2003-05")
    assert (record.year, record.description, record.format) == (2003, "A girl and her grandmother.", "ebook")
    assert (record.series, record.tags) == ((SeriesPosition("Finland", "2"),), (TagName("islands"),))
    assert book.cover == png()
    assert {trouble.field for trouble in book.troubles} == {"description"}


def test_an_epub_2_book_says_what_it_is():
    metadata = """
        <dc-metadata>
        <dc:title>Roseanna</dc:title>
        <dc:creator opf:role="aut" opf:file-as="Sjöwall, Maj">Maj Sjöwall</dc:creator>
        <dc:creator opf:role="aut">Per Wahlöö</dc:creator>
        <dc:contributor opf:role="bkp">calibre</dc:contributor>
        <dc:identifier opf:scheme="ISBN">9780007232833</dc:identifier>
        <dc:identifier opf:scheme="AMAZON">B00ABCDEFG</dc:identifier>
        <dc:date opf:event="creation">1999-01-01</dc:date><dc:date opf:event="publication">2006-08-07</dc:date>
        <dc:language>en</dc:language><dc:language>sv</dc:language>
        </dc-metadata>
        <meta name="calibre:series" content="Martin Beck"/><meta name="calibre:series_index" content="1"/>
        <meta name="cover" content="picture"/>
    """
    manifest = '<item id="picture" href="../cover.png" media-type="image/png"/>'
    book = read(epub(package(metadata, manifest, "2.0"), {"cover.png": png()}))

    record = book.record
    assert [(each.name, each.role) for each in record.contributors] == [
        ("Maj Sjöwall", "author"),
        ("Per Wahlöö", "author"),
    ]
    assert (record.isbn, record.identifiers) == ("9780007232833", (Identifier("asin", "B00ABCDEFG"),))
    assert (record.published, record.language) == ("2006-08-07", "en")
    assert record.series == (SeriesPosition("Martin Beck", "1"),)
    assert book.cover == png()


def test_a_bad_value_is_left_out_and_said():
    book = read(epub(package(f"{TITLE}<dc:language>Klingonese</dc:language><dc:identifier>isbn:123</dc:identifier>")))

    assert (book.record.title, book.record.language, book.record.isbn, book.cover) == ("T", None, None, None)
    assert {trouble.field for trouble in book.troubles} == {"language", "isbn"}


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "it has no file OEBPS/c.png"),
        ({"OEBPS/c.png": b"<svg/>"}, "another type"),
        ({"OEBPS/c.png": epub("")}, "no image"),
        ({"OEBPS/c.png": bytes(COVER_MAX + 1)}, "has more than 20,971,520 bytes"),
    ],
)
def test_a_cover_that_cannot_be_used_is_left_out_and_said(files, reason):
    book = read(epub(package(TITLE, COVER), files))

    assert (book.record.title, book.cover) == ("T", None)
    (trouble,) = book.troubles
    assert (trouble.field, trouble.value) == ("cover", "c.png")
    assert reason in trouble.reason


def zipped_noise() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("noise", random.Random(7).randbytes(1_000))  # noqa: S311 - what nothing can shrink
    return buffer.getvalue()


BOMB = package(f"<dc:title>{'x' * (XML_MAX + 1)}</dc:title>")
LAUGHS = '<!DOCTYPE package [<!ENTITY a "b">]>' + package("<dc:title>&a;</dc:title>").partition("?>")[2]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "damaged, cut off"),
        (epub(package(TITLE))[:-60], "damaged, cut off"),
        (epub(package("")), "title is missing"),
        (epub(package(TITLE).replace("<metadata", "<other").replace("</metadata", "</other")), "title is missing"),
        (epub(package(TITLE)[:-20]), r"book\.opf: .*damaged"),
        (epub("<html/>"), "has no element package"),
        (epub("no XML"), r"book\.opf"),
        (epub(b"\xff\xfe\x00"), r"book\.opf"),
        (epub(LAUGHS), "DOCTYPE"),
        (epub(BOMB), "has more than 4,194,304 bytes"),
        (epub(package(TITLE + "<a>" * 100 + "</a>" * 100)), "levels of elements"),
        (epub(package(TITLE + "<a/>" * 30_000)), "more than 20000 elements"),
        (epub(package(TITLE), container="<container/>"), "names none"),
        (zipped_noise(), r"no file META-INF/container\.xml"),
        (epub(package(TITLE), container=CONTAINER.replace("book.opf", "b.opf")), r"it has no file OEBPS/b\.opf"),
        (epub(package(TITLE), {f"{number:0100}": b"" for number in range(8_000)}), "too many files"),
    ],
    ids=range(16),
)
def test_a_book_that_cannot_be_read_is_refused_with_the_reason(content, reason):
    with pytest.raises(EpubError, match=rf"{reason}.*\.$"):
        read(content)


def test_a_file_that_says_it_is_small_is_not_unpacked_beyond_the_limit():
    content = bytearray(epub(package(TITLE, COVER), {"OEBPS/c.png": bytes(100 << 20)}))
    entry = content.rindex(b"OEBPS/c.png") - 46
    content[entry + 24 : entry + 28] = (100).to_bytes(4, "little")  # its size, as the list of files says it

    tracemalloc.start()
    try:
        assert read(bytes(content)).cover is None
        assert tracemalloc.get_traced_memory()[1] < 10 << 20
    finally:
        tracemalloc.stop()


def test_an_encrypted_file_is_refused():
    content = bytearray(epub(package(TITLE)))
    for signature, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        entry = -1
        while (entry := content.find(signature, entry + 1)) >= 0:
            content[entry + place] |= 1

    with pytest.raises(EpubError, match="is encrypted"):
        read(bytes(content))


WHOLE = epub(package(f"{TITLE}<dc:creator>A</dc:creator>", COVER), {"OEBPS/c.png": png()})


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=8),
    st.integers(0, len(WHOLE)),
    st.booleans(),
)
def test_a_damaged_book_is_read_or_refused(changes, end, cut):
    content = bytearray(WHOLE)
    for place, byte in changes:
        content[place] = byte
    try:
        assert read(bytes(content[:end] if cut else content)).record.title
    except EpubError as error:
        assert str(error).endswith(".")  # noqa: PT017 - a damaged book may be readable too


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(content):
    with pytest.raises(EpubError):
        read(content)
