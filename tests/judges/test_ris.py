import pytest

from diptych.core.formats.ris.writer import RisWriter
from tests.judges import mods
from tests.judges.books import judged, written

pytestmark = pytest.mark.judge


def test_bibutils_reads_the_books(tmp_path):
    first, second = mods.records(judged("ris2xml", written(RisWriter(), tmp_path / "books.ris")))
    assert mods.texts(first, "titleInfo/title")[0] == "Middlemarch"
    assert mods.texts(first, "titleInfo/subTitle") == ["a study of provincial life"]
    assert mods.names(first) == [("George", "Eliot", "author"), ("Rosemary", "Ashton", "editor")]
    assert mods.texts(first, "identifier") == ["9780141439549", "eliot-2003", "10.1000/182"]
    assert mods.texts(first, "originInfo/dateIssued") == ["2003-03-27"]
    assert mods.texts(first, "originInfo/edition") == ["2"]
    assert mods.texts(first, "language/languageTerm") == ["en"]
    assert mods.texts(first, "subject/topic") == ["fiction", "provincial life"]
    assert mods.texts(first, "abstract") == ["100% of it: a_b # c $d ~ e."]
    assert mods.texts(second, "titleInfo/title") == ["über 50% {alles} & mehr_weniger"]
    assert mods.names(second) == [("Eric", "von Hippel", "author"), ("NASA", "author")]
