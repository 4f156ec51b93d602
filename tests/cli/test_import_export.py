"""`diptych import` and `diptych export`: run in this process, except where a separate one makes a difference."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.commands import done, invoked
from tests.support.databases import BACKENDS, DIPTYCH, ROOT, Databases, run
from tests.support.forked import on_a_terminal

FLASK = [sys.executable, "-m", "flask", "--app", "diptych.flask_app"]
CSV = "title,authors,year,isbn,tags\nIliad,Homer,-750,9780140275360,war;epic\nÉmile,Jean-Jacques Rousseau,1762,,\n"
FIRST, SECOND = (
    "2 rows: 2 created, 0 updated, 0 unchanged, 0 rejected\n",
    "2 rows: 0 created, 0 updated, 2 unchanged, 0 rejected\n",
)

COLUMNS = "Columns read: title, authors (author), year (published), isbn, tags"
SEPARATORS = [
    'Column authors: several values are separated by ","',
    'Column tags: several values are separated by ";" or "|"',
]

both = pytest.mark.parametrize("backend", BACKENDS)
Done = subprocess.CompletedProcess[str]
Catalogues = Callable[[str], str]


@pytest.fixture
def url(catalogue: Catalogues, request: pytest.FixtureRequest) -> str:
    """Return the URL of an empty catalogue, on SQLite unless the test says otherwise."""
    return catalogue(getattr(request, "param", "sqlite"))


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., str]:
    def write(name: str, content: str | bytes) -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def called(url: str, *arguments: str, check: bool = True, stdin: str | None = None) -> Done:
    result = invoked(url, *arguments, stdin=stdin or "")
    assert not (check and result.exit_code), result.output
    return Done(arguments, result.exit_code, result.stdout, result.stderr)


def imported(url: str, *arguments: str, check: bool = True, stdin: str | None = None) -> Done:
    return called(url, "import", *arguments, check=check, stdin=stdin)


def exported(url: str) -> str:
    return called(url, "export").stdout


def books(url: str) -> list[dict[str, object]]:
    return [line for line in map(json.loads, exported(url).splitlines()) if line["type"] == "book"]


def one_line(done: Done) -> str:
    """Return the error message of a command, which must be one line."""
    assert done.returncode not in (0, None)
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert done.stderr.endswith(f"{line}\n")
    return line


# --- formats ---


@pytest.mark.long
@pytest.mark.parametrize("url", BACKENDS, indirect=True)
@pytest.mark.parametrize("program", [DIPTYCH, FLASK], ids=["diptych", "flask"])
def test_a_file_is_imported_once_however_often_it_is_imported(url: str, file: Callable[..., str], program: list[str]):
    command = [*program, "import", file("books.csv", CSV)]
    assert run(command, DATABASE_URL=url).stdout == FIRST
    before = run([*program, "export"], DATABASE_URL=url).stdout
    done = run(command, DATABASE_URL=url)
    assert (done.stdout, done.stderr.splitlines()) == (SECOND, [COLUMNS, *SEPARATORS])
    assert exported(url) == before


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("books.tsv", CSV.replace(",", "\t").encode()),
        ("books.csv.gz", gzip.compress(CSV.encode())),
        ("books.CSV", b"\xef\xbb\xbf" + CSV.replace("\n", "\r\n").encode()),
        (
            "books.jsonl",
            (
                b'{"title":"Iliad","authors":["Homer"],"year":-750,"isbn":"9780140275360","tags":["war","epic"]}\n'
                b'{"title":"\xc3\x89mile","author":"Jean-Jacques Rousseau","year":"1762"}\n'
            ),
        ),
    ],
)
def test_every_format_brings_the_same_books(url: str, file: Callable[..., str], name: str, content: bytes):
    assert imported(url, file(name, content)).stdout == FIRST
    assert imported(url, file("again.csv", CSV)).stdout == SECOND
    assert [book["title"] for book in books(url)] == ["Iliad", "Émile"]


def test_the_format_and_the_encoding_can_be_said(url: str, file: Callable[..., str]):
    path = file("books.txt", CSV.encode("latin-1"))
    assert imported(url, path, "--format", "csv", "--encoding", "latin-1").stdout == FIRST
    assert imported(url, file("books.csv", CSV)).stdout == SECOND


def test_a_dash_is_standard_input(url: str):
    assert imported(url, "-", "--format", "csv", stdin=CSV).stdout == FIRST


def test_columns_defaults_and_separators_can_be_said(url: str, file: Callable[..., str]):
    path = file("b.csv", "Werk,Wer,isbn13,Schlagwort\nIlias,Homer / Voß,broken,a / b\nEdda,,,\n")
    done = imported(
        url, path, "--map", "title=Werk", "--map", "authors=Wer", "--map", "isbn13=", "--map", "tags=Schlagwort",
        "--separator", "/", "--default", "author=[Anonymous]", "--default", "language=de",
    )  # fmt: skip
    assert done.stdout == FIRST
    ilias, edda = books(url)
    assert (ilias["title"], ilias["language"], ilias["tags"], ilias["isbn"]) == ("Ilias", "de", ["a", "b"], None)
    authors = {
        line["id"]: line["name"] for line in map(json.loads, exported(url).splitlines()) if line["type"] == "author"
    }
    assert [authors[item["author_id"]] for item in ilias["contributors"]] == ["Homer", "Voß"]  # type: ignore[attr-defined]
    assert authors[edda["author_id"]] == "[Anonymous]"


# --- rejects ---

BAD = "title,author,isbn\nIliad,Homer,\n,Virgil,\nOdyssey,Homer,123\nshort\nAeneid,Virgil,\n"


@both
def test_rejected_rows_are_written_in_their_own_columns_and_with_a_reason(
    catalogue: Catalogues, backend: str, file: Callable[..., str], tmp_path: Path
):
    url = catalogue(backend)
    rejects = tmp_path / "rejects.csv"
    done = imported(url, file("books.csv", BAD.replace(",", ";")), "--rejects", str(rejects), check=False)
    assert (done.returncode, done.stdout) == (1, "5 rows: 3 created, 0 updated, 0 unchanged, 2 rejected\n")
    assert one_line(done) == "Error: 2 rows were rejected, the first at line 3: title is missing"
    assert "isbn: 1 left out, ISBN must have 10 or 13 digits (line 4: '123')\n" in done.stderr
    assert rejects.read_text(encoding="utf-8") == (
        "title;author;isbn;reason\n;Virgil;;title is missing\nshort;row has 1 cell, the header has 3\n"
    )


def test_rejected_rows_can_be_put_right_and_imported(url: str, file: Callable[..., str], tmp_path: Path):
    rejects, again = tmp_path / "rejects.csv", tmp_path / "again.csv"
    imported(url, file("b.csv", "title,author\n,Homer\nIliad,Homer, Anon\n"), "--rejects", str(rejects), check=False)
    assert imported(url, str(rejects), "--rejects", str(again), check=False).stdout.startswith("2 rows: 0 created")
    mended = again.read_text().replace("\n,Homer", "\nOdyssey,Homer").replace("Homer, Anon", '"Homer, Anon"')
    done = imported(url, file("mended.csv", mended))
    assert done.stdout.startswith("2 rows: 2 created")
    assert "ignored" not in done.stderr


def test_formulas_are_guarded_in_files_of_rejects(url: str, file: Callable[..., str], tmp_path: Path):
    rejects, again = tmp_path / "rejects.csv", tmp_path / "again.csv"
    path = file("b.csv", "title,author,year\n,=1+1,-750\n,'@x,\n'=2\n")
    imported(url, path, "--rejects", str(rejects), check=False)
    assert rejects.read_text().splitlines()[1:] == [
        ",'=1+1,-750,title is missing",
        ",'@x,,title is missing",
        '\'=2,"row has 1 cell, the header has 3"',
    ]
    imported(url, str(rejects), "--rejects", str(again), check=False)
    assert again.read_text().splitlines()[:3] == rejects.read_text().splitlines()[:3]


def test_rejected_rows_of_json_lines_are_json_lines(url: str, file: Callable[..., str], tmp_path: Path):
    rejects = tmp_path / "rejects.jsonl"
    done = imported(url, file("b.jsonl", '{"author": "Homer"}\n'), "--rejects", str(rejects), check=False)
    assert (done.returncode, done.stdout) == (1, "1 row: 0 created, 0 updated, 0 unchanged, 1 rejected\n")
    row = json.loads(rejects.read_text())
    assert row == {"author": "Homer", "reason": "title is missing"}
    mended = json.dumps(row | {"title": "Odyssey"})
    assert imported(url, file("again.jsonl", mended)).stdout.startswith("1 row: 1 created")


def test_rejects_can_be_allowed(url: str, file: Callable[..., str]):
    done = imported(url, file("books.csv", BAD), "--allow-rejects")
    assert done.returncode == 0
    assert "2 rows were rejected, the first at line 3: title is missing" in done.stderr


def test_a_dry_run_shows_books_as_they_would_be_stored_and_stores_none(url: str, file: Callable[..., str]):
    done = imported(url, file("books.csv", CSV), "--dry-run")
    assert (
        "line 2\n  title: Iliad\n  contributors: Homer (author)\n  isbn: 9780140275360\n  year: -750\n" in done.stdout
    )
    assert done.stdout.endswith("\n2 rows: 2 to import, 0 repeated, 0 rejected; nothing was stored\n")
    assert books(url) == []


def test_editions_of_open_library_get_the_names_of_their_authors(url: str, file: Callable[..., str]):
    edition = {"type": {"key": "/type/edition"}, "title": "Iliad", "authors": [{"key": "/authors/OL6848355A"}]}
    author = {"type": {"key": "/type/author"}, "key": "/authors/OL6848355A", "name": "Homer"}
    editions = file("editions.txt", json.dumps(edition))
    done = imported(url, editions, "--dry-run")
    assert "give --authors" in done.stdout + done.stderr
    authors = file("authors.txt.gz", gzip.compress(json.dumps(author).encode()))
    assert "contributors: Homer (author)" in imported(url, editions, "--authors", authors, "--dry-run").stdout


@pytest.mark.parametrize(("conflict", "title"), [("keep", "Iliad"), ("fill", "Iliad"), ("replace", "The Iliad")])
def test_the_user_says_what_becomes_of_books_that_exist(url: str, file: Callable[..., str], conflict: str, title: str):
    imported(url, file("first.csv", CSV))
    second = "title,authors,isbn,language\nThe Iliad,Homer,9780140275360,grc\n"
    imported(url, file("second.csv", second), "--on-conflict", conflict)
    iliad, _ = books(url)
    assert (iliad["title"], iliad["language"]) == (
        title,
        None if conflict == "keep" else "grc",
    )


def test_a_strict_import_stops_at_the_first_rejected_row_with_1_and_its_line(url: str, file: Callable[..., str]):
    done = imported(url, file("books.csv", BAD), "--strict", check=False)
    assert done.returncode == 1
    assert done.stdout == "2 rows: 1 created, 0 updated, 0 unchanged, 1 rejected\n"
    assert one_line(done) == "Error: stopped at line 3: title is missing"
    assert [book["title"] for book in books(url)] == ["Iliad"]


# --- export ---


@both
def test_an_export_put_into_the_other_database_is_exported_the_same(
    catalogue: Catalogues, backend: str, tmp_path: Path
):
    url, other = catalogue(backend), catalogue(BACKENDS[backend == "sqlite"])
    imported(url, str(ROOT / "core/data/sample.jsonl"))
    first = tmp_path / "first.jsonl"
    called(url, "export", "--output", str(first))
    assert exported(url) == first.read_text(encoding="utf-8")
    pipe = f"{sys.executable} -m diptych.core.cli export | DATABASE_URL='{other}' {sys.executable} -m diptych.core.cli import - --format jsonl"  # noqa: E501
    done = run(["bash", "-o", "pipefail", "-c", pipe], DATABASE_URL=url)
    count = len(first.read_text(encoding="utf-8").splitlines())
    assert done.stdout == f"{count} rows: {count} created, 0 updated, 0 unchanged, 0 rejected\n"
    assert exported(other) == first.read_text(encoding="utf-8")
    again = imported(other, str(first))
    assert again.stdout == f"{count} rows: 0 created, 0 updated, {count} unchanged, 0 rejected\n"
    assert "Rows of an export are restored as they were" in again.stderr
    assert "Columns" not in again.stderr


def test_an_export_of_an_empty_catalogue_is_empty(url: str):
    assert exported(url) == ""


def test_an_export_that_fails_leaves_the_file_as_it_was(databases: Databases, tmp_path: Path):
    path = tmp_path / "books.jsonl"
    path.write_text("precious")
    done = called(databases.empty("sqlite"), "export", "-o", str(path), check=False)
    assert "There is no database" in one_line(done)
    assert path.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [path]


def test_an_export_whose_reader_has_seen_enough_ends_without_a_trace(url: str):
    imported(url, str(ROOT / "core/data/sample.jsonl"))
    done = run(["bash", "-c", f"{sys.executable} -m diptych.core.cli export | head -c 10"], DATABASE_URL=url)
    assert "Traceback" not in done.stderr


# --- what an operator can put right ---


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nosuch.csv"], "nosuch.csv"),
        (["/"], "Is a directory"),
        (["core", "--format", "csv"], "core"),
        (["LICENSE"], "does not show its format"),
        (["-", "--format", "xml"], "'xml' is not one of"),
        (["-", "--format", "csv", "--encoding", "nosuch"], "unknown encoding 'nosuch'"),
        (["-", "--format", "csv", "--encoding", "base64"], "unknown encoding 'base64'"),
        (["-", "--format", "csv", "--map", "title"], "'title' is not of the form"),
        (["-", "--format", "csv", "--map", "nosuch=title"], "unknown field 'nosuch'"),
        (["-", "--format", "csv", "--map", "title=nosuch"], "no column 'nosuch'"),
        (["-", "--format", "csv", "--default", "isbn=1"], "isbn cannot have a default"),
        (["-", "--format", "csv", "--default", "year=soon"], "default is not valid"),
        (["-", "--format", "tsv", "--nosuch"], "No such option"),
        (["-", "--format", "csv", "--rejects", "/nowhere/x"], "/nowhere/x"),
        (["-", "--format", "csv", "--authors", "LICENSE"], "--authors is for Open Library's editions"),
        (["-", "--format", "openlibrary", "--authors", "LICENSE"], "no author in the file of authors"),
        ([], "give a FILE to import"),
    ],
)
def test_a_wrong_option_is_one_clear_line(databases: Databases, arguments: list[str], told: str):
    assert told in one_line(
        imported(databases.migrated("sqlite"), *arguments, check=False, stdin="title,author\nIliad,Homer\n")
    )


@pytest.mark.parametrize(
    ("content", "told"), [("", "is empty"), ("a,b\n1,2\n", "no column holds the title"), ("a,a\n", "twice")]
)
def test_a_file_without_a_usable_header_is_one_clear_line(
    databases: Databases, file: Callable[..., str], content: str, told: str
):
    assert told in one_line(imported(databases.empty("sqlite"), file("x.csv", content), check=False))


COMMANDS = [["import", "core/data/sample.jsonl"], ["export"], ["export", "--format", "csv"]]


@pytest.mark.parametrize("command", COMMANDS)
@both
def test_a_database_that_was_not_migrated_is_one_clear_line(databases: Databases, backend: str, command: list[str]):
    url = databases.empty(backend)
    if backend == "sqlite":
        Path(url.removeprefix("sqlite:///")).touch()
    done = called(url, *command, check=False)
    assert 'The database has not been migrated: run "diptych database upgrade".' in one_line(done)
    assert done.stdout == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_is_no_database_yet_is_told_and_not_made(databases: Databases, command: list[str]):
    url = databases.empty("sqlite")
    done = called(url, *command, check=False)
    assert f'There is no database {url.removeprefix("sqlite:///")}: run "diptych database upgrade".' in one_line(done)
    assert not Path(url.removeprefix("sqlite:///")).exists()
    assert done.stdout == ""


@pytest.mark.long
@pytest.mark.parametrize("command", [["import", "core/data/sample.jsonl"], ["export"], ["serve"]])
@pytest.mark.parametrize(
    "where", ["postgresql://u@127.0.0.1:1/db", "sqlite:////proc/nowhere/x.db", "sqlite:////proc/version"]
)
def test_a_database_that_is_not_there_is_one_clear_line(command: list[str], where: str):
    # `serve` changes this process's signal handlers.
    assert one_line(
        run([*DIPTYCH, *command], DATABASE_URL=where, check=False)
        if command == ["serve"]
        else called(where, *command, check=False)
    )


def test_help_names_every_command_and_option(url: str):
    told = done(url, "--help")
    assert all(f"  {name} " in told for name in ("database", "export", "import", "serve"))
    told = done(url, "import", "--help")
    for option in (
        "--format",
        "--encoding",
        "--map",
        "--default",
        "--separator",
        "--rejects",
        "--strict",
        "--dry-run",
        "--on-conflict",
        "--allow-rejects",
        "--authors",
    ):
        assert option in told
    assert "upgrade" in done(url, "database", "--help")


# --- the bar ---


def test_a_terminal_sees_a_bar_that_ends_full_and_a_pipe_sees_none(url: str, file: Callable[..., str]):
    content = "title,author\n" + "".join(f"T{number},A\n" for number in range(2000))
    path = file("books.csv", content)
    status, seen = on_a_terminal(url, "import", path)
    assert status == 0
    assert "100%" in seen
    assert "2,000 rows" in seen
    assert "%" not in imported(url, path).stderr


# --- files of any size ---


def peak(path: str, url: str) -> int:
    """Return an import's peak memory in bytes."""
    code = (
        "import re, sys; from pathlib import Path; from diptych.core.cli import main\n"
        "try: main(['import', sys.argv[1]])\n"
        "except SystemExit as end: assert not end.code\n"
        # Not getrusage: it would include the memory of the process that started this one.
        "print(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])"
    )
    done = run([sys.executable, "-c", code, path], DATABASE_URL=url)
    return int(done.stdout.split()[-1]) * 1024


@pytest.mark.unsampled
@pytest.mark.long
def test_a_file_ten_times_as_large_needs_no_more_memory(catalogue: Catalogues, file: Callable[..., str]):
    padding = "word " * 1900

    def rows(number: int) -> str:
        return "title,author,description\n" + "".join(f"T{n},A{n % 50},{padding}{n}\n" for n in range(number))

    small, large = file("small.csv", rows(300)), file("large.csv", rows(3200))
    assert Path(large).stat().st_size > 30_000_000
    little, much = (peak(path, catalogue("sqlite")) for path in (small, large))
    assert much < 250_000_000
    assert much < 1.5 * little


def test_the_file_that_is_imported_is_not_taken_for_the_rejects(url: str, file: Callable[..., str]):
    path = file("books.csv", CSV)
    done = imported(url, path, "--rejects", path, check=False)
    assert done.returncode == 2
    assert "is the file that is imported" in done.stderr
    assert Path(path).read_text(encoding="utf-8") == CSV


def test_the_rejects_of_before_stay_when_there_is_nothing_to_import(url: str, file: Callable[..., str], tmp_path: Path):
    rejects = file("rejects.jsonl", "of before\n")
    assert imported(url, str(tmp_path / "missing.csv"), "--rejects", rejects, check=False).returncode == 1
    assert Path(rejects).read_text(encoding="utf-8") == "of before\n"
