"""The words of the pages in another language: any number of plural forms, any order, other marks in numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from diptych.core.access.permissions import SCOPES
from diptych.core.database import sync_config
from diptych.core.errors import SettingsError
from diptych.core.http.operations import parameters_of
from diptych.core.settings import Settings
from diptych.core.sync.operations import OPERATIONS
from diptych.core.sync.operations.sign_in import begin_session
from diptych.core.sync.unit_of_work import Database
from diptych.core.web import translation, values, wording
from diptych.core.web.frame import HTML
from diptych.core.web.wording import PLURALS, TEXTS, count, number_text, text
from diptych.flask_app import create_app
from tests.support.databases import DIPTYCH, Databases, run
from tests.support.gettext_files import POLISH, mo_file

GERMAN = {
    "site.language": "de",
    "number.thousands": ".",
    "number.point": ",",
    "nav.books": "B\u00fccher",
    "value.day": "{day}. {month} {year}",
    "month.8": "August",
    "book.by": "von",
    "statistics.earlier": "Vor den {decade} gab es noch {n}: siehe Tabelle.",
    "site.signed_in": "Angemeldet: <{name}>",
}

ACCENTED = str.maketrans("aeiouAEIOUnc", "\u00e1\u00e9\u00ed\u00f3\u00fa\u00c1\u00c9\u00cd\u00d3\u00da\u00f1\u00e7")


@pytest.fixture
def speaking(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Yield the function that writes a translation and has its words given out; return to English at the end."""

    def begin(content: bytes) -> str:
        path = tmp_path / "words.mo"
        path.write_bytes(content)
        wording.use(translation.read(str(path)))
        values.language_text.cache_clear()
        values.decade_text.cache_clear()
        return str(path)

    yield begin
    wording.use(wording.ENGLISH)
    values.language_text.cache_clear()
    values.decade_text.cache_clear()


def pseudo(english: str) -> str:
    """Return a text in brackets and with accents, but for what is filled in."""
    parts = re.split("({[^}]*})", english)
    return "\u27e6" + "".join(part if part.startswith("{") else part.translate(ACCENTED) for part in parts) + "\u27e7"


def pseudo_file() -> bytes:
    kept = ("site.language", "number.thousands", "number.point")
    texts = {(key, words): pseudo(words) for key, words in TEXTS.items() if key not in kept}
    forms = {(key, *both): [pseudo(f"{form} {both[1]}") for form in (1, 2, 3)] for key, both in PLURALS.items()}
    return mo_file(texts, forms, POLISH)


def test_a_german_translation_has_its_own_order_plurals_and_marks(speaking: Callable[..., str]):
    plural = PLURALS["list.books"]
    speaking(
        mo_file(
            {(key, TEXTS[key]): words for key, words in GERMAN.items()},
            {("list.books", *plural): ("{n} Buch", "{n} B\u00fccher")},
        )
    )

    assert (text("nav.books"), text("nav.authors")) == ("B\u00fccher", "Authors")
    assert values.date_text("1914-08-09") == "9. August 1914"
    assert text("statistics.earlier", n="3", decade="1880er") == "Vor den 1880er gab es noch 3: siehe Tabelle."
    assert [count("list.books", each) for each in (1, 2, 1234)] == ["1 Buch", "2 B\u00fccher", "1.234 B\u00fccher"]
    assert (number_text(1234567), values.size_text(1_234_567)) == ("1.234.567", "1,2 MB")
    assert text("site.signed_in", name="<b>") == "Angemeldet: &lt;&lt;b&gt;&gt;"


def test_a_language_has_as_many_plural_forms_as_it_needs(speaking: Callable[..., str]):
    forms = {
        ("list.books", *PLURALS["list.books"]): (
            "{n} ksi\u0105\u017cka",
            "{n} ksi\u0105\u017cki",
            "{n} ksi\u0105\u017cek",
        )
    }
    speaking(mo_file({}, forms, POLISH))

    ends = [count("list.books", each)[-2:] for each in (1, 2, 4, 5, 12, 22, 112)]
    assert ends == ["ka", "ki", "ki", "ek", "ek", "ki", "ek"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (mo_file({("list.place", TEXTS["list.place"]): "{numero}"}, {}), "the text list.place fills in {numero}"),
        (mo_file({}, {("list.books", *PLURALS["list.books"]): ("{n} {m}",) * 2}), "the text list.books fills in {m}"),
        (b"msgid", "cannot be read from "),
        (mo_file({}, {}, "nplurals=2; plural=;"), "cannot be read from "),
        (mo_file({}, {}, "nplurals=2"), "cannot be read from "),
        (mo_file({}, {}, "nplurals=2; plural=1/(n-7);"), "cannot be read from "),
        (mo_file({}, {}).replace(b"UTF-8", b"UTF-9"), "cannot be read from "),
        (mo_file({("list.place", TEXTS["list.place"]): "{"}, {}), "the text list.place has a brace too many"),
    ],
)
def test_a_translation_that_cannot_be_used_is_told_at_the_start(tmp_path: Path, content: bytes, told: str):
    path = tmp_path / "wrong.mo"
    path.write_bytes(content)

    with pytest.raises(SettingsError, match=re.escape(f"DIPTYCH_TRANSLATION {told}")):
        Settings.from_environ({"DIPTYCH_TRANSLATION": str(path)})
    with pytest.raises(SettingsError, match=r"none\.mo': No such file or directory$"):
        Settings.from_environ({"DIPTYCH_TRANSLATION": str(tmp_path / "none.mo")})


def test_the_template_has_every_text_once():
    messages = re.findall(r'msgctxt "([^"]+)"\nmsgid "([^"]*)"\n(?:msgid_plural "([^"]*)"\n)?', translation.template())

    assert [*messages] == [
        *((key, words, "") for key, words in TEXTS.items()), *((key, *both) for key, both in PLURALS.items()),
    ]  # fmt: skip


NO_WORDS = re.compile("https:|[a-z]+:[a-z0-9]+|SQLite")
"""Addresses, identifiers, scopes of tokens, and names."""


class Shown(HTMLParser):
    """The words of a page: its texts, and those of attributes. Code is no language."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.links: list[str] = []
        self._in_code = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.text += "".join(
            f" {given[name]} " for name in ("aria-label", "placeholder", "alt", "title") if name in given
        )
        if tag == "meta" and given.get("name") == "description":
            self.text += given["content"]
        if tag == "a":
            self.links.append(given["href"])
        self._in_code = tag in ("code", "option")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - as HTMLParser has it
        self._in_code = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._in_code else data


def outside(page: str) -> str:
    """Return the words of a page that are outside of all brackets."""
    shown = Shown()
    shown.feed(page)
    words, before = shown.text, ""
    while words != before:
        words, before = re.sub("\u27e6[^\u27e6\u27e7]*\u27e7", "", words), words
    return " ".join(re.findall("[A-Za-z][A-Za-z ]*", NO_WORDS.sub("", words)))


@pytest.fixture
def browser(databases: Databases, tmp_path: Path, speaking: Callable[..., str]) -> FlaskClient:
    """Return a browser in which an administrator has signed in to a service with a translation into no language."""
    settings = Settings(
        database_url=databases.migrated("sqlite"), files=str(tmp_path), translation=speaking(pseudo_file())
    )
    environment = {"DATABASE_URL": settings.database_url}
    run([*DIPTYCH, "accounts", "create", "0", "--role", "administrator"], **environment)
    token = run(
        [*DIPTYCH, "tokens", "create", "0", "--label", "0", "--scope", " ".join(SCOPES)], **environment
    ).stdout.strip()
    client = create_app(settings=settings).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    with closing(Database(sync_config(settings))) as database:
        account = UUID(client.get("/me").json["id"])
        session = database.execute_write(partial(begin_session, account_id=account), in_transaction=True)
    client.set_cookie("diptych-session", session)
    return client


def rows_in_numbers(client: FlaskClient) -> dict[str, Any]:
    """Create rows without a word; return them by the first step of their pages' addresses."""

    def made(path: str, body: dict[str, Any]) -> Any:
        return client.post(path, json=body).json

    author = made("/authors", {"name": "1", "kind": "person", "dob": "1914-08-09"})
    publisher, series = made("/publishers", {"name": "2"}), made("/series", {"name": "3"})
    book = {
        "title": "4", "author_id": author["id"], "language": "sv", "published": "1972-05", "pages": 1234,
        "format": "ebook", "url": "https://192.0.2.1/", "publisher_id": publisher["id"], "original_year": -44,
    }  # fmt: skip
    book = made("/books", book)
    lists: dict[str, Any] = {
        "tags": ["5"], "series": [{"series_id": series["id"], "position": "2"}],
        "identifiers": [{"scheme": "oclc", "value": "7"}],
        "contributors": [{"author_id": author["id"], "role": role} for role in ("author", "editor")],
    }  # fmt: skip
    for name, items in lists.items():
        assert client.put(f"/books/{book['id']}/{name}", json={"items": items}).status_code == 200
    sent = client.post("/imports?name=6", data=b"title\n7\n8,9\n", content_type="text/csv").json
    return {
        "author": author, "publisher": publisher, "in-series": series, "book": book, "import": sent,
        "tag": client.get("/tags").json["items"][0], "job": sent["job"], "account": client.get("/me").json,
    }  # fmt: skip


def test_all_words_of_the_pages_are_translated(browser: FlaskClient):
    rows, seen = rows_in_numbers(browser), set()
    for operation in OPERATIONS:
        if operation.path.startswith("/ui/") and operation.method == "GET" and operation.media_type == HTML:
            row = rows.get(operation.path.split("/")[2], {})
            none = str(rows["book"]["id"])
            path = operation.path.format_map({name: row.get(name, none) for name in parameters_of(operation.path)})
            response = browser.get(path)
            if response.status_code == 200:
                seen.add(operation.path)
                assert outside(response.text) == "", operation.path
    for path, status in (("/ui/nothing", 404), ("/ui/search?q=1111", 200), ("/ui/books?q=1111", 200)):
        response = browser.get(path)
        assert (response.status_code, outside(response.text)) == (status, "")

    assert len(seen) > 60
    assert '<html lang="en">' in browser.get("/ui/").text
