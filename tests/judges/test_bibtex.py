import json

import pytest

from diptych.core.formats.bibtex.writer import BibtexWriter
from tests.judges import mods
from tests.judges.books import judged, written

pytestmark = pytest.mark.judge


def test_pandoc_reads_the_books(tmp_path):
    path = written(BibtexWriter(), tmp_path / "books.bib")
    first, second = json.loads(judged("pandoc", "--from=biblatex", "--to=csljson", path))
    assert first == {
        "id": "eliot-2003",
        "type": "book",
        "title": "Middlemarch: A study of provincial life",
        "title-short": "Middlemarch",
        "author": [{"family": "Eliot", "given": "George"}],
        "editor": [{"family": "Ashton", "given": "Rosemary"}],
        "ISBN": "9780141439549",
        "DOI": "10.1000/182",
        "URL": "https://example.org/a_b%20c?d=e&f",
        "issued": {"date-parts": [[2003, 3, 27]]},
        "publisher": "Penguin & Sons",
        "edition": "2",
        "number-of-pages": "880",
        "collection-title": "Penguin classics",
        "collection-number": "12",
        "keyword": "fiction, provincial life",
        "abstract": "100% of it: a_b # c $d ~ e.",
    }
    assert second["title"] == "Über 50% {alles} & mehr_weniger"
    assert second["author"] == [
        {"family": "Hippel", "given": "Eric", "dropping-particle": "von"},
        {"literal": "NASA"},
    ]


def test_bibutils_reads_the_books(tmp_path):
    path = written(BibtexWriter(), tmp_path / "books.bib")
    first, second = mods.records(judged("biblatex2xml", path))
    assert mods.texts(first, "titleInfo/title") == ["Middlemarch"]
    assert mods.names(first) == [("George", "Eliot", "author"), ("Rosemary", "Ashton", "editor")]
    assert mods.texts(first, "originInfo/publisher") == ["Penguin & Sons"]
    assert mods.texts(second, "titleInfo/title") == ["über 50% {alles} & mehr_weniger"]
    assert mods.names(second) == [("Eric", "von Hippel", "author"), ("NASA", "author")]
