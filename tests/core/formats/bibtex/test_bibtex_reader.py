# ruff: noqa: RUF001 - typographic characters are what this is about
import io
import time
from collections import Counter
from pathlib import Path

import pytest

from diptych.core.formats.bibtex import reader
from diptych.core.formats.bibtex.latex import decoded
from diptych.core.formats.bibtex.reader import read
from diptych.core.formats.record import RawBook, Reject

DATA = Path(__file__).parents[3] / "data/formats/bibtex"


def results(text: str | bytes) -> list[RawBook | Reject]:
    return list(read(io.BytesIO(text.encode() if isinstance(text, str) else text)))


def book(fields: str, kind: str = "book") -> RawBook:
    (one,) = results(f"@{kind}{{k, {fields}}}")
    assert isinstance(one, RawBook), one
    return one


def names(authors: str) -> list[tuple[str | None, str | None, str | None]]:
    one = book(f"title = {{T}}, author = {{{authors}}}")
    return [(person.name, person.sort_name, person.kind) for person in one.contributors]


@pytest.mark.parametrize(
    ("name", "books", "rejects"),
    [
        ("BibtexImporter.examples.bib", 1, {"@set": 2, "@article": 1}),
        ("complex.bib", 2, {"@article": 5, "@inproceedings": 13}),
        ("crossref.bib", 1, {"@article": 1, "@inproceedings": 2}),
        ("utf8-bom.bib", 1, {"@article": 1}),
        # 40 doctoral theses; the other 116 of the 156 entries are no books.
    ],
)
def test_each_entry_of_a_file_is_a_book_or_a_reject(name, books, rejects):
    found = results((DATA / name).read_bytes())
    assert sum(isinstance(one, RawBook) for one in found) == books
    assert Counter(one.reason.split()[0] for one in found if isinstance(one, Reject)) == rejects


def test_a_real_book_is_read_as_pandoc_reads_it():
    one = next(one for one in results((DATA / "BibtexImporter.examples.bib").read_bytes()) if isinstance(one, RawBook))
    assert (one.title, one.publisher) == (
        "Git: dezentrale Versionsverwaltung im Team : Grundlagen und Workflows",
        "dpunkt.verlag",
    )
    assert [(person.name, person.sort_name) for person in one.contributors] == [("René Preißel", "Preißel, René")]
    assert (one.identifiers, one.published) == ([("isbn", "978-3-86490-311-3")], ["2016"])
    assert (one.edition, one.pages) == ("3., aktualisierte und erweiterte Auflage", "XX, 327 Seiten")


def test_a_volume_without_a_title_has_its_booktitle():
    one = results((DATA / "utf8-bom.bib").read_bytes())[1]
    assert one.title == "Special issue on workflow and extented transaction systems"
    assert (one.series, one.published, one.unread) == (
        [("Bulletin of TC on Data Engineering", "2")],
        ["1993-06"],
        ["volume"],
    )


@pytest.mark.parametrize(
    ("authors", "expected"),
    [
        ("Jane Doe and John Roe", [("Jane Doe", None, None), ("John Roe", None, None)]),
        ("Doe, Jane", [("Jane Doe", "Doe, Jane", None)]),
        ("von Hippel, Eric", [("Eric von Hippel", "von Hippel, Eric", None)]),
        ("Ludwig van Beethoven", [("Ludwig van Beethoven", None, None)]),
        ("Reagle, Jr., Joseph M.", [("Joseph M. Reagle, Jr.", "Reagle, Jr., Joseph M.", None)]),
        ("Sherry, John F., Jr.", [("John F. Sherry, Jr.", "Sherry, John F., Jr.", None)]),
        ("{NASA}", [("NASA", None, "body")]),
        (
            "{Barnes and Noble, Inc.} and Doe, Jane",
            [("Barnes and Noble, Inc.", None, "body"), ("Jane Doe", "Doe, Jane", None)],
        ),
        ("{W.M.P. van der} Aalst", [("W.M.P. van der Aalst", None, None)]),
        (r"Aks{\i}n, {\"O}zge", [("Özge Aksın", "Aksın, Özge", None)]),
        (r"{\'E}mile Zola", [("Émile Zola", None, None)]),
        ("family=Doe, given=Jane, prefix=von", [("Jane von Doe", "von Doe, Jane", None)]),
        ("a, b, c, d", [(None, "a, b, c, d", None)]),
    ],
)
def test_names_are_split_before_latex_is_decoded(authors, expected):
    assert names(authors) == expected


def test_others_is_nobody_and_is_told():
    one = book("title = {T}, author = {Jane Doe and others}")
    assert [person.name for person in one.contributors] == ["Jane Doe"]
    assert one.unread == ["author (and others)"]


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"Bostr\"{o}m", "Boström"),
        (r"{\c{C}}etinkaya B{\"u}y{\"u}kg{\"u}ng{\"o}r", "Çetinkaya Büyükgüngör"),
        (r"\'{\i} \v c \H{o} \ss{} {\ae}", "í č ő ß æ"),
        (r"\^{} \~{} \textasciitilde{} \{ \} \% \& \#", "^ ~ ~ { } % & #"),
        (r"{IEEE}/{IFIP} \emph{of} {\TeX}", "IEEE/IFIP of TeX"),
        (r"{a} -- b---c ``d'' \enquote{e}", "a – b—c “d” “e”"),
        (r"{for} $5 to $10", "for $5 to $10"),
        (r"{N} = $\beta$-decay", "N = β-decay"),
        ("100% of R&D", "100% of R&D"),
    ],
)
def test_latex_becomes_unicode(latex, text):
    assert decoded(latex) == (text, [])


def test_a_command_that_is_not_known_stays_and_is_told():
    one = book(r"title = {A \strange{thing}}")
    assert one.title == r"A \strange thing"
    assert one.unread == [r"\strange"]


def test_strings_and_parts_are_joined():
    strings = '@string{p = "Ace"}@STRING{q = p # " Books"}'
    (one,) = results(strings + '@book{k, title = "A" # { B}, publisher = Q, month = may, year = 1999}')
    assert (one.title, one.publisher, one.published) == ("A B", "Ace Books", ["1999-05"])


def test_an_abbreviation_that_is_not_defined_costs_the_field_and_is_told():
    one = book("title = {T}, publisher = springer")
    assert one.publisher is None
    assert one.unread == ["publisher (the abbreviation 'springer' is not defined)"]


def test_fields_are_inherited():
    text = """
@book{a, title = {Part One}, volume = 1, isbn = {1}, crossref = {All}}
@book{b, title = {Alone}, crossref = {none}}
@mvbook{all, title = {The Whole}, author = {Doe, Jane}, publisher = {P}, isbn = {9}, crossref = {a}}
"""
    one, alone, _ = results(text)
    assert (one.title, one.publisher, one.identifiers) == ("Part One", "P", [("isbn", "1")])
    assert one.series == [("The Whole", "1")]
    assert [person.name for person in one.contributors] == ["Jane Doe"]
    assert alone.unread == ["crossref (there is no entry 'none')"]


def test_what_cannot_be_read_is_rejected_with_its_line_and_reading_goes_on():
    text = """@book{a, title = {One}}
@book{A, title = {Two}}
@book{a, title = {Three}}
@book{c, title = {Missing comma}
  author = {Doe, Jane}}
@book{d, title = {not closed, year = 2000}
@book{e, title = {Last}}
"""
    found = results(text)
    assert [one.title for one in found if isinstance(one, RawBook)] == ["One", "Two", "Last"]
    rejects = [one for one in found if isinstance(one, Reject)]
    assert [one.line for one in rejects] == [3, 4, 6]
    assert rejects[0].reason == "the key 'a' is already used in line 1"
    assert "a comma is missing before 'author" in rejects[1].reason
    assert "the entry cannot be read" in rejects[2].reason


def test_a_second_field_of_a_name_is_told():
    assert book("title = {T}, Title = {U}, title = {V}").unread == ["title (a second time)"]


def test_the_fields_of_biblatex():
    one = book(
        r"title = {T}, subtitle = {S}, date = {2005-03/2006}, langid = {ngerman}, origlanguage = {french}, "
        r"origdate = 1850,"
        r"pagetotal = {327}, edition = {2}, series = {Ser}, number = {II}, translator = {Roe, Ann}, editor = {Poe, E.},"
        r"editortype = {compiler}, foreword = {Moe, M.}, narrator = {Noe, N.}, doi = {10.1/a\_b},"
        r"url = {\url{http://x/a_b%20c}},"
        r"keywords = {a, {b, c}; d}, abstract = {One" + "\n two.\n\n Three.}, urldate = {2020-01-01}"
    )
    assert (one.title, one.subtitle, one.published, one.original_published) == ("T", "S", ["2005-03/2006"], ["1850"])
    assert (one.languages, one.original_languages) == (["de"], ["french"])
    assert (one.pages, one.edition, one.series) == ("327", "2", [("Ser", "II")])
    assert [person.role for person in one.contributors] == ["compiler", "translator", "narrator", "foreword"]
    assert (one.identifiers, one.url) == ([("doi", "10.1/a_b")], "http://x/a_b%20c")
    assert [name for name, _ in one.tags] == ["a", "b, c", "d"]
    assert (one.description, one.unread) == ("One two.\n\nThree.", ["urldate"])


def test_bytes_of_another_encoding_reject_only_their_entry():
    found = results(b"@book{a, title = {Mis\xe9rables}}\n@book{b, title = {T}}")
    assert "--encoding" in found[0].reason
    assert found[1].title == "T"


@pytest.mark.parametrize("text", ["title,author\n", "", "me@example.org"])
def test_a_file_without_an_entry_is_no_bibtex(text):
    with pytest.raises(ValueError, match="no BibTeX file"):
        results(text)


def test_a_file_that_is_too_large_is_refused_in_words(monkeypatch):
    monkeypatch.setattr(reader, "SIZE_MAX", 1 << 20)
    with pytest.raises(ValueError, match=r"1 million characters.*split it"):
        results("@book{a, title = {" + "x" * (1 << 20) + "}}")


def test_braces_inside_one_another_take_no_long_time():
    began = time.process_time()
    found = results("@book{a, title = " + "{" * 5000 + "}" * 5000 + "}\n@book{b, title = {T}}")
    assert "braces are inside one another" in found[0].reason
    assert found[1].title == "T"
    assert time.process_time() - began < 5


def test_abbreviations_that_double_each_other_do_not_fill_the_memory():
    doubling = "".join(f"@string{{s{number + 1} = s{number} # s{number}}}\n" for number in range(40))
    found = results('@string{s0 = "x"}\n' + doubling + "@book{a, title = {T}, note = s40}")
    assert "has more than 1048576 characters" in found[0].reason
    assert found[-1].title == "T"


def test_entries_that_inherit_from_each_other_come_to_an_end():
    found = results("@book{a, title = {A}, crossref = {b}}\n@book{b, title = {B}, publisher = {P}, crossref = {a}}")
    assert [one.publisher for one in found] == ["P", "P"]


def test_an_entry_within_a_field_is_no_entry_and_is_told():
    within = [
        "{See\n@book{x, title={In}} there}",
        '"See\n  @book{x, y} there"',
        "{@book{x,\n}\n\n @misc(y, z)\n@string{}}",
    ]
    for abstract in within:
        one, two = results(f"@book{{a,\n title={{One}},\n abstract={abstract},\n}}\n@book{{b, title={{Two}}}}")
        assert isinstance(one, RawBook)
        assert isinstance(two, RawBook)
        assert (one.title, one.number, two.title) == ("One", 1, "Two")
        assert "@book" in (one.description or "")
        assert one.unread == ["what looks like an entry within a field"]


def test_an_entry_without_its_end_takes_no_other_into_a_field():
    broken, two, three = results("@book{a, title={One,\n}\n@book{b, title={Two}}\n@book{c, title={Three}}")
    assert isinstance(broken, Reject)
    assert [book.title for book in (two, three) if isinstance(book, RawBook)] == ["Two", "Three"]


def test_line_breaks_of_latex_count_in_the_number_of_a_line():
    text = (
        "@book{a,\n title={One},\n abstract={1\\\\\n2\\\\\n3},\n}\n\n@book{b,\n title={Two}}\n@book{b, title={Three}}"
    )
    one, two, again = results(text)
    assert [(book.title, book.number) for book in (one, two) if isinstance(book, RawBook)] == [("One", 1), ("Two", 8)]
    assert isinstance(again, Reject)
    assert (again.line, again.reason) == (10, "the key 'b' is already used in line 8")
