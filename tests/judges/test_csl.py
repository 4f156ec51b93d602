import json

import pytest

from diptych.core.formats.csl.writer import CslWriter
from tests.judges.books import judged, written

pytestmark = pytest.mark.judge


def test_pandoc_reads_the_books(tmp_path):
    path = written(CslWriter(), tmp_path / "books.json")
    ours = json.loads(path.read_bytes())
    first, second = json.loads(judged("pandoc", "--from=csljson", "--to=csljson", path))
    assert first == ours[0]
    assert second["title"] == ours[1]["title"]
    assert second["author"] == [
        {"family": "Hippel", "given": "Eric", "non-dropping-particle": "von"},
        {"literal": "NASA"},
    ]


def test_pandoc_cites_the_books(tmp_path):
    path = written(CslWriter(), tmp_path / "books.json")
    text = judged("pandoc", "--from=csljson", "--to=plain", "--citeproc", "--wrap=none", path).decode()
    assert "Eliot, George. 2003. Middlemarch: A Study of Provincial Life. Edited by Rosemary Ashton." in text.replace(
        "_", ""
    )
