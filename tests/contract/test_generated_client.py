"""A client generated from the document works."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from diptych.core.sync.operations import OPERATIONS
from tests.contract.conftest import each_once
from tests.contract.making import marker, new_isbn
from tests.support.databases import DIPTYCH, run

pytestmark = each_once

JSON = "application/json"

OTHERS = {
    media_type.partition(";")[0]
    for operation in OPERATIONS
    for media_type in (*operation.sends_file, operation.media_type)
    if operation.unit == "stream" or media_type.startswith(("application/", "image/"))
} - {JSON}
"""Media types that the generator does not know; its configuration says that they are files."""

PROGRAM = """
import sys
from catalogue import Client
from catalogue.api.authors import authors_create, authors_delete
from catalogue.api.books import books_change, books_create, books_delete, books_get, books_list
from catalogue.models import AuthorInput, Book, BookInput, BookInputPatch, BookPage, Problem

url, name, isbn = sys.argv[1:]
client = Client(base_url=url)
author = authors_create.sync(client=client, body=AuthorInput(name=name))
book = books_create.sync(client=client, body=BookInput(title=name, author_id=author.id, isbn=isbn, year=1972))
assert isinstance(book, Book), book
assert (book.title, book.isbn, book.year, book.author.name) == (name, isbn, 1972, name)
assert books_get.sync(book.id, client=client) == book
changed = books_change.sync(book.id, client=client, body=BookInputPatch(year=None))
assert (changed.year, changed.isbn) == (None, isbn)
page = books_list.sync(client=client, isbn_in=[isbn], page_size=5)
assert isinstance(page, BookPage), page
assert [item.id for item in page.items] == [book.id]
again = books_create.sync(client=client, body=BookInput(title=name, author_id=author.id, isbn=isbn))
assert isinstance(again, Problem), again
assert (again.status, again.type_) == (409, "/problems/conflict")
assert books_delete.sync_detailed(book.id, client=client).status_code == 204
assert books_get.sync(book.id, client=client).status == 404
assert authors_delete.sync_detailed(author.id, client=client).status_code == 204
print("done")
"""


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory that has the client as the package `catalogue`."""
    directory = tmp_path_factory.mktemp("generated")
    document = directory / "openapi.json"
    document.write_text(run([*DIPTYCH, "openapi"]).stdout, encoding="utf-8")
    scripts = Path(sys.executable).parent
    config = directory / "config.json"
    config.write_text(json.dumps({"content_type_overrides": dict.fromkeys(OTHERS, "application/octet-stream")}))
    generate = [str(scripts / "openapi-python-client"), "generate", "--meta", "none", "--fail-on-warning"]
    places = ["--path", str(document), "--config", str(config), "--output-path", str(directory / "catalogue")]
    # The generator formats its output with ruff, which it looks for in PATH.
    run([*generate, *places], PATH=f"{scripts}{os.pathsep}{os.environ['PATH']}")
    return directory


@pytest.mark.long
def test_a_generated_client_creates_reads_changes_lists_and_deletes_a_book(generated: Path, url: str):
    done = run([sys.executable, "-c", PROGRAM, url, f"Book {marker()}", new_isbn()], PYTHONPATH=str(generated))

    assert done.stdout == "done\n"
