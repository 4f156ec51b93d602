import json
from pathlib import Path

import pytest

from diptych.core.formats.containers import HEAD
from diptych.core.formats.detection import detect
from diptych.core.formats.registry import FORMATS, READ, UnknownFormatError, UnsupportedFormatError

COMMITTED = Path(__file__).resolve().parents[2] / "data/formats"
FOLDERS = ("bibtex", "marc", "marcxml", "onix", "ris")
MARC_COLLECTION = '<collection xmlns="http://www.loc.gov/MARC21/slim"><record/></collection>'
CSL = {"id": "a", "type": "book", "title": "T", "issued": {"date-parts": [[2001]]}}
OPEN_LIBRARY = {"type": {"key": "/type/edition"}, "key": "/books/OL1M", "title": "T"}
DUMP = f"/type/edition\t/books/OL1M\t5\t2009-12-11T01:57:19.964652\t{json.dumps(OPEN_LIBRARY)}\n"


def found(content, file_name="x", **options):
    data = content.encode() if isinstance(content, str) else content
    return detect(data[:HEAD], file_name, **options)


@pytest.mark.parametrize("folder", FOLDERS)
def test_real_files_are_known_by_their_content_alone(folder):
    others = ("expected.jsonl", "oai-pmh-one-record-first.xml")
    files = [path for path in sorted((COMMITTED / folder).glob("*")) if path.name not in others]

    assert files
    for path in files:
        assert found(path.read_bytes()) == detect(path.read_bytes()[:HEAD], None), path
        assert found(path.read_bytes()).name == folder, path


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("\ufeff\n  00127     2200037   4500245008", "marc"),
        ("00127nam a2200037 i 45e0245000800000\x1e00\x1fa", "marc"),
        (MARC_COLLECTION, "marcxml"),
        (f"<?xml version='1.0'?><!-- <mods> --><!DOCTYPE collection [<!ENTITY a '>'>]>{MARC_COLLECTION}", "marcxml"),
        ("<collection><record><leader>00000nam", "marcxml"),
        ("<OAI-PMH xmlns='x'><r><m:record xmlns:m='http://www.loc.gov/MARC21/slim'>", "marcxml"),
        ('<!DOCTYPE ONIXMessage SYSTEM "a>b"><ONIXMessage>', "onix"),
        ('<ONIXmessage xmlns="http://ns.editeur.org/onix/3.0/short">', "onix"),
        ("ty - BOOK\nti - T", "ris"),
        ("Exported from somewhere, today\n\n  TY  - BOOK\nTI  - A, {B}", "ris"),
        ("A comment, with commas\n@book{a, title={TY  - B}}", "bibtex"),
        ("@STRING(a = {b})\n", "bibtex"),
        ("@book{a,\nabstract = {\nTY  - B}}", "bibtex"),
        ("@book{,\n title = {T}}", "bibtex"),
        (json.dumps([CSL]), "csl"),
        (json.dumps(CSL, indent=1), "csl"),
        (json.dumps([{"id": 1, "type": "book", "author": [{"family": "A"}]}]), "csl"),
        (json.dumps([{**CSL, "abstract": "x" * 70_000}])[:60_000], "csl"),
        (DUMP, "openlibrary"),
        (json.dumps(OPEN_LIBRARY), "openlibrary"),
        (json.dumps(OPEN_LIBRARY, indent=1), "openlibrary"),
        (json.dumps({"title": "B", "isbn_13": ["9780109303950"], "author": "Ann"}), "openlibrary"),
        (json.dumps({"title": "T", "type": "book", "author": "A"}), "jsonl"),
        (json.dumps([{"title": "T", "type": "book", "author": "A"}]), "json"),
        ("[]", "json"),
        (json.dumps({"title": "T"}, indent=1), "json"),
        (json.dumps({"1234": {"books_id": "1234", "title": "T"}}), "json"),
        ("title,author\nTY  - BOOK,Ann\n", "csv"),
        ("title,author\r\nTY  - BOOK,\r\nTY  - MORE,Ann\r\n", "csv"),
        ('title,description\n"T","It quotes\nTY  - BOOK\nTI  - X\n@book{a, title={X}}"\n', "csv"),
        ("title\tauthor\n", "tsv"),
        ("title;author\n", "csv"),
        ("title|author\n", "csv"),
        ('"title"\t"author"\n', "csv"),
        ('"Title, of it"\t"author"\n', "csv"),
        ("sep=\t\r\ntitle\tauthor\n", "csv"),
        ("title,author\n".encode("utf-16"), "csv"),
        ("title,author\n".encode("utf-16-be"), "csv"),
        ("\ufeff<ONIXMessage>".encode("utf-32-be"), "onix"),
    ],
)
def test_content_shows_the_format(content, expected):
    assert found(content).name == expected
    assert detect(content if isinstance(content, bytes) else content.encode(), None).name == expected


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("<!doctype html>\n<html><body>Not found", "a web page"),
        ("<feed xmlns='http://www.w3.org/2005/Atom'>", "a feed"),
        ("<catalog><book/></catalog>", "unknown kind .its first element is <catalog>"),
        (f"<!-- {'x' * 70_000} --><collection>", "not found near its beginning"),
        ("<zs:searchRetrieveResponse xmlns:zs='http://www.loc.gov/zing/srw/'><dc>", "SRU without MARC"),
        ('{"@context": "https://schema.org", "@type": "Book"}', "JSON-LD, which is only written"),
        ("SQLite format 3\0....", "an SQLite database"),
        ("%0 Book\n%A Doe", "EndNote's or Refer's"),
    ],
)
def test_what_is_known_and_not_read_is_refused_by_its_name(content, words):
    with pytest.raises(UnsupportedFormatError, match=words):
        found(content, "books.csv")


def test_the_content_wins_over_the_name_and_that_is_told():
    assert found(DUMP, "books.csv").notice == (
        "the name 'books.csv' says CSV, but the content is Open Library's records: it is read as that"
    )
    assert found('"title"\t"author"\n', "books.tsv").notice == (
        "the name 'books.tsv' says TSV, but the content is CSV: it is read as that"
    )
    assert found("TY  - BOOK\n", "books.ris").notice is None


@pytest.mark.parametrize(
    ("content", "file_name", "expected"),
    [
        ('[{"id": "a", "type": "book", "title": "T"}]', "x.csl.json", "csl"),
        ("title\n", "books.csv", "csv"),
        ("title\tauthor\n", "books.csv", "csv"),
        ("title,\tauthor\n", "books.tsv", "tsv"),
        ("Some, text, first\n", "books.ris", "ris"),
        ('{"title": ', "books.JSONL", "jsonl"),
        ('{"title" "a", "b"}', "books.jsonl", "jsonl"),
        ("", "books.bib", "bibtex"),
        ("a\0b,c", "books.tsv", "tsv"),
    ],
)
def test_the_name_decides_where_the_content_does_not(content, file_name, expected):
    detected = found(content, file_name)
    assert (detected.name, detected.notice) == (expected, None)


def test_an_explicit_format_wins_over_everything():
    assert found(DUMP, "books.csv", explicit="ris") == detect(b"", None, "ris")
    with pytest.raises(UnsupportedFormatError, match=r"JSON-LD .* is only written"):
        found(DUMP, explicit="jsonld")
    with pytest.raises(UnknownFormatError, match="unknown format 'xlsx'"):
        found(DUMP, explicit="xlsx")


def test_what_shows_nothing_says_which_option_to_give():
    assert all(item.name in READ for item in FORMATS if item.reader)
    with pytest.raises(UnknownFormatError, match=r"^standard input is empty: give --format marc, .* or json$"):
        detect(b"", None)
    with pytest.raises(UnknownFormatError, match="the file 'x' does not show its format"):
        found("one line")
    with pytest.raises(ValueError, match="unknown encoding 'utf-9'"):
        found("title,author", encoding="utf-9")


def test_a_given_encoding_is_used():
    assert found("title,author".encode("utf-32-le"), encoding="utf-32-le").name == "csv"
