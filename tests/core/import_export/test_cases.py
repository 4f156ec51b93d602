"""Small files, each of a kind that real exports have, and what is right for them."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from diptych.core.formats.record import BookRecord, Reject
from diptych.core.import_export.import_job import preview
from diptych.core.import_export.sources import Options, open_source

Read = Callable[..., tuple[list[BookRecord], list[Reject], list[str]]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return a function that gives the records and rejects of a file with this content, and what is told of it."""

    def read(content: str | bytes, name: str = "books.csv", **options: Any) -> Any:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        rejects: list[Reject] = []

        class Kept:
            def write(self, reject: Reject) -> None:
                rejects.append(reject)

        with open_source(path, Options(**options)) as source:
            found = preview(source.entries, shown=100, rejects=Kept())
            return found.first, rejects, [*source.notices, *found.summary.notices(source.place)]

    return read


def people(book: BookRecord) -> list[tuple[str, str, str | None]]:
    return [(person.name, person.role, person.sort_name) for person in book.contributors]


def test_names_with_dates_are_in_filing_form_and_one_person_each(read: Read):
    books, _, _ = read(
        'Title,Language,Authors\nA,en,"Doe, Jane, 1812-1870"\nB,en,"Roe, Richard"\n'
        'C,en,"Doe, Jane, 1812-1870; Roe, Richard [Editor]"\n'
    )
    jane = books[0].contributors[0]
    assert (jane.name, jane.sort_name, jane.birth_year, jane.death_year) == ("Jane Doe", "Doe, Jane", 1812, 1870)
    assert people(books[2]) == [("Jane Doe", "author", "Doe, Jane"), ("Richard Roe", "editor", "Roe, Richard")]


def test_a_column_decides_for_all_its_cells(read: Read):
    rows = "".join(f'T{number},"Given{number} Family, Other{number} Name"\n' for number in range(20))
    books, _, _ = read(f'title,authors\nS,"A; B"\n{rows}')
    assert [len(book.contributors) for book in books] == [1] + [2] * 20
    books, _, _ = read(f'title,authors\nS,"A; B"\n{rows}', separator=";")
    assert [len(book.contributors) for book in books] == [2] + [1] * 20


def test_zotero_separates_people_with_semicolons(read: Read):
    (book,), _, told = read(
        '\ufeff"Item Type","Publication Year","Author","Title"\n"book","2013","Lin, Ann; Lucas, Ben C.","Too Big"\n'
    )
    assert told[0] == "Recognised: Zotero export"
    assert [name for name, _, _ in people(book)] == ["Ann Lin", "Ben C. Lucas"]


def test_goodreads_has_further_authors_in_a_column_of_their_own(read: Read):
    (book,), _, told = read(
        "Book Id,Title,Author,Author l-f,Additional Authors,ISBN,ISBN13,Bookshelves,Exclusive Shelf\n"
        '1,Before,Ann Writer,"Writer, Ann","Ben Other, Cy Other","=""1529050863""","=""9781529050868""",to-read,read\n'
    )
    assert told[0] == "Recognised: Goodreads library export"
    assert told[2] == "Columns ignored: Exclusive Shelf"
    assert people(book) == [
        ("Ann Writer", "author", "Writer, Ann"),
        ("Ben Other", "author", None),
        ("Cy Other", "author", None),
    ]
    assert (book.isbn, book.record_id) == ("9781529050868", "1")


def test_calibre_has_html_timestamps_and_ampersands(read: Read):
    (book,), _, told = read(
        "authors,author_sort,isbn,tags,languages,title,pubdate,comments,series,series_index,identifiers\n"
        '"Ann Writer & Ben Writer","Writer, Ann & Writer, Ben",9780756411800,"Fantasy, Magic",eng,A,'
        '2019-03-05T01:00:00+01:00,<p>Nice</p>,Tales,2.0,"amazon:B00005N5PF,uri:x"\n'
    )
    assert told[0] == "Recognised: calibre catalogue"
    assert people(book) == [("Ann Writer", "author", "Writer, Ann"), ("Ben Writer", "author", "Writer, Ben")]
    assert (book.published, book.language, book.description) == ("2019-03-05", "en", "Nice")
    assert [(each.name, each.position) for each in book.series] == [("Tales", "2")]
    assert [(each.scheme, each.value) for each in book.identifiers] == [("asin", "B00005N5PF")]
    assert "identifiers: 1 left out, is of no scheme that is kept (line 2: 'uri:x')" in told


def test_librarything_has_names_in_filing_form_with_roles(read: Read):
    header = "Book Id\tTitle\tPrimary Author\tSecondary Author\tSecondary Author Roles\tDate\tTags\tLanguages\tISBN\n"
    row = "1\tMarelle\tCortazar, Julio\tRoe, Ann|Poe, Ben\tTranslator|Editor\t1979\troman, x\tFrench\t[2070291340]\n"
    (book,), _, told = read(header + row, "books.tsv")
    assert told[0] == "Recognised: LibraryThing export"
    assert [(name, role) for name, role, _ in people(book)] == [
        ("Julio Cortazar", "author"),
        ("Ann Roe", "translator"),
        ("Ben Poe", "editor"),
    ]
    assert (book.isbn, book.year, book.language, len(book.tags)) == ("9782070291342", 1979, "fr", 2)


def test_librarything_s_json_is_an_object_of_books(read: Read):
    (book,), _, told = read(
        '{"17": {"books_id": "17", "title": "Marelle", "primaryauthor": "Cortazar, Julio", "date": "1979",'
        ' "authors": [{"lf": "Cortazar, Julio", "fl": "Julio Cortazar", "role": "Author"}],'
        ' "isbn": {"0": "2070291340", "2": "9782070291342"}, "language": ["French"], "tags": ["roman"],'
        ' "format": [{"code": "1.1", "text": "Paperback"}], "subject": [["Paris", "Fiction"]]}}',
        "books.json",
    )
    assert told[0] == "Recognised: LibraryThing export (JSON)"
    assert people(book) == [("Julio Cortazar", "author", "Cortazar, Julio")]
    assert (book.isbn, book.language, book.format, book.record_id) == ("9782070291342", "fr", "paperback", "17")
    assert [tag.name for tag in book.tags] == ["roman", "paris -- fiction"]


def test_storygraph_has_roles_in_brackets_and_numbers_of_its_own(read: Read):
    header = "Title,Authors,Contributors,ISBN/UID,Format,Read Status,Tags\n"
    books, _, told = read(
        f'{header}A,"Ann Writer, Ben Writer",Cy Other (Narrator),9780756411800,audio,read,\n'
        "B,Ann,,01a1fbd7-55dd,digital,read,\n"
    )
    assert told[0] == "Recognised: StoryGraph export"
    assert [role for _, role, _ in people(books[0])] == ["author", "author", "narrator"]
    assert (books[0].isbn, books[0].format) == ("9780756411800", "audiobook")
    assert (books[1].isbn, books[1].record_id) == (None, "01a1fbd7-55dd")


@pytest.mark.parametrize(
    ("header", "row", "name", "author"),
    [
        ("title,author_text,remote_id,openlibrary_key,isbn_13", "A,Ann,https://x/1,OL1M,", "BookWyrm export", "Ann"),
        ("ISBN;Book-Title;Book-Author;Year-Of-Publication", ";A;Ann;1999", "Book-Crossing data set", "Ann"),
        (
            "Text#,Type,Issued,Title,Authors",
            '1,Text,1971-12-01,A,"Doe, Ann"',
            "Project Gutenberg's catalogue",
            "Ann Doe",
        ),
        ("bookID,title,authors,isbn", "1,A,Ann/Ben,", "Goodreads books (Kaggle)", "Ann"),
    ],
)
def test_other_exports_are_recognised(read: Read, header: str, row: str, name: str, author: str):
    (book,), _, told = read(f"{header}\n{row}\n")
    assert told[0] == f"Recognised: {name}"
    assert book.contributors[0].name == author


def test_bytes_that_are_not_utf_8_are_told_with_the_option_that_helps(read: Read):
    content = "title,author\nÉtranger,Zoë Müller\n".encode("windows-1252")
    books, (reject,), _ = read(content)
    assert books == []
    assert "--encoding windows-1252" in reject.reason
    (book,), _, _ = read(content, encoding="windows-1252")
    assert book.title == "Étranger"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_byte_order_mark_says_the_encoding(read: Read, encoding: str):
    (book,), _, _ = read("title,author\r\nÉtranger,Zoë Müller\r\n".encode(encoding))
    assert (book.title, people(book)[0][0]) == ("Étranger", "Zoë Müller")


def test_white_space_in_names_is_one_space_and_initials_stay_different(read: Read):
    books, _, _ = read(
        'title,author\nA,J.K. Rowling\nB,J. K. Rowling\nD,J.K. Rowling \nE,J.K.\u00a0 Rowling\nF,"Rowling, J.K."\n'
    )
    names = [people(book)[0][0] for book in books]
    assert names == ["J.K. Rowling", "J. K. Rowling", "J.K. Rowling", "J.K. Rowling", "Rowling, J.K."]


def test_rows_that_do_not_fit_the_header_are_told(read: Read):
    books, rejects, _ = read("title,author,year\nA,X,1999\nB,X\nC,X,1999,extra\nD,X,1999,\n")
    assert [book.title for book in books] == ["A", "D"]
    assert [(reject.line, reject.reason.partition(":")[0]) for reject in rejects] == [
        (3, "row has 2 cells, the header has 3"),
        (4, "row has 4 cells, the header has 3"),
    ]


def test_an_array_of_books_is_read(read: Read):
    (book,), _, _ = read('[{"title":"A","author":"X"}]', "books.json")
    assert (book.title, book.line) == ("A", 1)


def test_a_zip_file_that_is_called_csv_is_told(read: Read):
    with pytest.raises(ValueError, match="zip file is damaged"):
        read(b"PK\x03\x04garbage")


def test_accession_numbers_are_no_isbns(read: Read):
    books, _, told = read("title,author,isbn\nA,Ann,100005\nB,Ann,100013\n")
    assert [book.isbn for book in books] == [None, None]
    assert told[-1] == "isbn: 2 left out, ISBN must have 10 or 13 digits (e.g. line 2: '100005')"


def test_options_for_tables_are_refused_for_other_formats(read: Read):
    with pytest.raises(ValueError, match="RIS has no columns"):
        read("TY  - BOOK\nTI  - A\nER  - \n", "a.ris", mapped=[("title", "x")])


def test_a_bibliographic_format_is_known_by_its_content(read: Read):
    (book,), _, told = read("TY  - BOOK\nTI  - A\nAU  - Doe, Jane\nPY  - 1999///\nER  - \n", "books.txt")
    assert told[0] == "Format: RIS"
    assert (book.title, book.published, people(book)[0][0]) == ("A", "1999", "Jane Doe")


def test_a_compressed_file_that_is_cut_off_gives_its_rows_and_is_told(read: Read):
    whole = gzip.compress(b"title,author\n" + b"".join(b"T%d,A%d\n" % (n, n * 7919) for n in range(3000)))
    books, (*_, reject), _ = read(whole[: len(whole) // 2], "books.csv.gz")
    assert len(books) == 100
    assert "damaged from here on" in reject.reason
