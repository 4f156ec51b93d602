"""The forms of the pages: what is typed is saved once, told what is wrong with, and never lost."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urljoin

import httpx
import pytest

from tests.contract.conftest import each_once
from tests.contract.making import at_once, found, make, make_author, make_book, make_tag, marker, new_isbn, read
from tests.support.markup import Page

pytestmark = each_once

KINDS = {"author": "authors", "publisher": "publishers", "in-series": "series", "tag": "tags"}


def opened(api: httpx.Client, path: str) -> dict[str, str]:
    """Return the fields of the form of a page, as a browser would send them."""
    response = api.get(path)
    assert response.status_code == 200, response.text
    return fields(response)


def fields(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in Page.of(response.text).fields.items() if name != "q"}


def sent(api: httpx.Client, path: str, typed: dict[str, str], **headers: str) -> httpx.Response:
    return api.post(path, data=typed, headers=headers)


def led(path: str, response: httpx.Response) -> str:
    """Return the address that an accepted form leads to."""
    assert response.status_code == 303, f"{response.status_code}: {response.text}"
    return urljoin(path, response.headers["Location"])


def page_of(kind: str, row: dict[str, Any]) -> str:
    return f"/ui/{kind}/{row['id' if kind == 'tag' else 'slug']}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_is_added_changed_and_deleted(api: httpx.Client, kind: str):
    name, there = marker(), f"/ui/{KINDS[kind]}/new"

    shown = led(there, sent(api, there, {**opened(api, there), "name": f" {name} "}))
    (row,) = found(api, KINDS[kind], name)
    assert shown == page_of(kind, row)
    there = f"{shown}/edit"
    assert led(there, sent(api, there, {**opened(api, there), "name": f"{name} ii"})) == shown
    assert f"{name} ii" in api.get(shown).text
    there = f"{shown}/delete"
    assert f"{name} ii" in api.get(there).text
    assert led(there, sent(api, there, opened(api, there))) == f"/ui/{KINDS[kind]}"
    assert api.get(shown).status_code == 404


def test_what_is_wrong_is_told_at_its_field_and_everything_typed_stays(api: httpx.Client):
    typed = {**opened(api, "/ui/authors/new"), "name": " ", "dob": "9 August", "death_year": "1<b>", "kind": "person"}

    response = sent(api, "/ui/authors/new", typed)

    assert response.status_code == 422
    again = fields(response)
    assert {name: again[name] for name in typed if name != "form_key"} == {
        name: typed[name] for name in typed if name != "form_key"
    }
    for name in ("name", "dob", "death_year"):
        assert f'href="#{name}"' in response.text
        assert f'id="{name}-mistake"' in response.text
    unknown = sent(api, "/ui/authors/new", {**typed, "name": "x", "<i>": "1"})
    assert (unknown.status_code, "&lt;i&gt;" in unknown.text) == (422, True)


def test_a_form_that_is_sent_twice_counts_once(api: httpx.Client):
    typed = {**opened(api, "/ui/tags/new"), "name": marker()}

    first, second = (sent(api, "/ui/tags/new", typed) for _ in range(2))
    assert led("/ui/tags/new", first) == led("/ui/tags/new", second)
    name = marker()
    author = {**opened(api, "/ui/authors/new"), "name": name}
    answers = at_once(api.base_url, [lambda client: client.post("/ui/authors/new", data=author)] * 3)
    assert {answer.status_code for answer in answers} <= {303, 409}
    assert len(found(api, "authors", name)) == 1
    other = sent(api, "/ui/authors/new", {**author, "name": f"{name} ii"})
    assert other.status_code == 422
    assert fields(other)["form_key"] != author["form_key"]
    assert sent(api, "/ui/authors/new", fields(other)).status_code == 303


def test_what_others_change_meanwhile_is_kept_and_told(api: httpx.Client):
    author = make_author(api)
    there = f"/ui/author/{author['slug']}/edit"
    mine, theirs = opened(api, there), opened(api, there)
    assert sent(api, there, {**theirs, "kind": "body"}).status_code == 303

    told = led(there, sent(api, there, {**mine, "name": "Mine"}))

    assert told == f"/ui/author/{author['slug']}/saved?others=kind"
    assert "Kind" in api.get(told).text
    changed = read(api, f"/authors/{author['id']}")
    assert (changed["name"], changed["kind"]) == ("Mine", "body")
    assert "<" not in Page.of(api.get(f"{told}<script>,<b>").text).text


@pytest.mark.parametrize(("taken", "name"), [("mine", "<Mine>"), ("now", "Theirs"), ("then", "Then")])
def test_of_what_two_have_changed_one_is_chosen(api: httpx.Client, taken: str, name: str):
    author = make_author(api, name="Then")
    there = f"/ui/author/{author['slug']}/edit"
    mine, theirs = opened(api, there), opened(api, there)
    assert sent(api, there, {**theirs, "name": "Theirs"}).status_code == 303

    conflict = sent(api, there, {**mine, "name": "<Mine>", "birth_year": "1914"})

    assert conflict.status_code == 409
    assert {"Then", "Theirs"} <= set(Page.of(conflict.text).text.split("\n"))
    assert read(api, f"/authors/{author['id']}")["birth_year"] is None
    again = fields(conflict)
    assert (again["name"], again["birth_year"], again["take.name"]) == ("<Mine>", "1914", "mine")
    assert sent(api, there, {**again, "take.name": taken}).status_code == 303
    changed = read(api, f"/authors/{author['id']}")
    assert (changed["name"], changed["birth_year"]) == (name, 1914)


def test_what_was_typed_about_a_deleted_row_is_not_lost(api: httpx.Client):
    tag = make_tag(api)
    there = f"/ui/tag/{tag['id']}/edit"
    typed = {**opened(api, there), "description": "Long\nago"}
    api.delete(f"/tags/{tag['id']}").raise_for_status()

    response = sent(api, there, typed)

    assert response.status_code == 409
    assert fields(response)["description"] == "Long\nago"
    assert "deleted" in response.text
    assert sent(api, f"/ui/tag/{tag['id']}/delete", {"name": "x"}).status_code == 404


def test_a_row_that_others_depend_on_is_not_deleted(api: httpx.Client):
    author = make_author(api)
    make_book(api, author_id=author["id"])
    there = f"/ui/author/{author['slug']}/delete"

    response = sent(api, there, opened(api, there))

    assert response.status_code == 409
    assert author["name"] in response.text
    assert "books" in Page.of(response.text).text


@pytest.mark.parametrize("origin", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
def test_a_form_of_another_site_changes_nothing(api: httpx.Client, origin: dict[str, str]):
    name = marker()

    response = sent(api, "/ui/tags/new", {"name": name}, **origin)

    assert (response.status_code, response.headers["Content-Type"]) == (403, "text/html; charset=utf-8")
    assert found(api, "tags", name) == []


def test_a_form_that_is_too_large_or_no_form_is_refused_on_a_page(api: httpx.Client):
    assert sent(api, "/ui/tags/new", {"name": "x" * 9 * 1024 * 1024}).status_code == 413
    assert api.post("/ui/tags/new", json={"name": "x"}).status_code == 415
    twice = api.post(
        "/ui/tags/new", content=b"name=x&name=y", headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert twice.status_code == 400
    assert sent(api, "/ui/tags/new", {"name": "x", "form_key": "\u00e9"}).status_code == 400


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_shows_what_is_stored_as_it_is(api: httpx.Client, kind: str):
    row = make(api, KINDS[kind])
    words = f"</textarea><script>\"'& {marker()} 東京"
    api.patch(f"/{KINDS[kind]}/{row['id']}", json={"name": words.lower()}).raise_for_status()
    if kind == "tag":
        api.patch(f"/tags/{row['id']}", json={"description": f"\n{words}\n\n{words}"}).raise_for_status()

    for rest in ("/edit", "/delete"):
        page = Page.of(api.get(f"{page_of(kind, row)}{rest}").text)
        assert words.lower() in page.fields["name"]
        assert "script" not in page.tags
        if kind == "tag" and rest == "/edit":
            assert page.fields["description"] == f"{words}\n\n{words}"
    there = f"{page_of(kind, row)}/edit"
    assert led(there, sent(api, there, opened(api, there))) == page_of(kind, row)
    before, after = row, read(api, f"/{KINDS[kind]}/{row['id']}")
    assert after["name"] == words.lower()
    assert before["created_at"] == after["created_at"]


@pytest.mark.parametrize("kind", ["author", "publisher", "tag"])
def test_a_row_is_merged_after_a_look_at_what_moves(api: httpx.Client, kind: str):
    word = marker()
    row, other = (api.post(f"/{KINDS[kind]}", json={"name": f"{word} {end}"}).json() for end in ("one", "two"))
    if kind == "author":
        api.patch(f"/authors/{other['id']}", json={"birth_year": 1914}).raise_for_status()
    book = make_book(api, **({} if kind == "tag" else {f"{kind}_id": other["id"]}))
    if kind == "tag":
        api.put(f"/books/{book['id']}/tags", json={"items": [other["name"]]}).raise_for_status()
    there = f"{page_of(kind, row)}/merge"

    candidates = Page.of(api.get(there, params={"q": word}).text)
    (chosen,) = [link for link in candidates.links if "other=" in link]
    preview = api.get(urljoin(there, chosen))
    assert "1 book moves" in preview.text
    assert ("Year of birth: 1914" in preview.text) == (kind == "author")
    assert led(there, sent(api, there, fields(preview))) == page_of(kind, row)

    assert book["title"] in api.get(page_of(kind, row)).text
    assert other["name"] in api.get(page_of(kind, row)).text
    assert api.get(page_of(kind, other)).status_code == 404
    assert api.get(f"{there}?other={other['id']}").status_code == 404
    assert sent(api, there, {"other": row["id"], "name": "<i>"}).status_code == 422
    assert sent(api, there, {"other": "nobody"}).status_code == 404


# Books


def book_of(api: httpx.Client, title: str) -> dict[str, Any]:
    (row,) = found(api, "books", title)
    return read(api, f"/books/{row['id']}", include="tags,contributors,series,identifiers,publisher")


def test_a_book_is_added_with_all_that_belongs_to_it_at_once(api: httpx.Client):
    title, known, new = f'</textarea>"<b> 東京 {marker()}', make_author(api), f"Новый {marker()}"
    tags = [marker(), f"b {marker()}"]
    typed = {
        **opened(api, "/ui/books/new"), "title": title, "subtitle": "الجزء", "published": "1972-05",
        "language": "sv-FI",
        "isbn": (isbn := new_isbn()), "pages": "180", "format": "paperback", "description": "One\r\n\r\n<b>two</b>",
        "contributors.1.name": known["name"], "contributors.1.role": "translator",
        "contributors.2.name": f" {new} ", "contributors.2.role": "author",
        "publisher": (house := marker()), "tags": f"{tags[0]}\r\n\r\n {tags[1]} ",
        "series.1.name": (series := marker()), "series.1.position": "2",
        "identifiers.0.scheme": "oclc", "identifiers.0.value": "ocm7", "url": "https://example.org/?a=1&b=2",
    }  # fmt: skip

    there = led("/ui/books/new", sent(api, "/ui/books/new", typed))

    book = book_of(api, title)
    assert unquote(there) == f"/ui/book/{book['slug']}"
    people = [(each["author"]["name"], each["role"]) for each in book["contributors"]]
    assert people == [(known["name"], "translator"), (new, "author")]
    assert book["contributors"][0]["author"]["id"] == known["id"]
    assert [each["name"] for each in book["tags"]] == sorted(tags)
    assert (book["publisher"]["name"], book["series"][0]["series"]["name"]) == (house, series)
    assert (book["isbn"], book["year"], book["pages"], book["identifiers"]) == (
        isbn, 1972, 180, [{"scheme": "oclc", "value": "7"}],
    )  # fmt: skip
    page = Page.of(api.get(f"{there}/edit").text)
    assert "script" not in page.tags
    assert page.fields["title"] == title
    assert (page.fields["description"], page.fields["series.0.position"]) == ("One\n\n<b>two</b>", "2")
    # Nothing changes when nothing is changed.
    assert led(f"{there}/edit", sent(api, f"{there}/edit", opened(api, f"{there}/edit"))) == there
    assert book_of(api, title) == book


def test_a_book_that_is_wrong_anywhere_is_not_added_and_stays_as_typed(api: httpx.Client):
    title, name = marker(), marker()
    typed = {
        **opened(api, "/ui/books/new"), "title": title, "isbn": "9", "year": "1971", "published": "1972",
        "contributors.2.name": name, "contributors.2.role": "editor", "tags": f"{marker()}\n{'x' * 101}",
        "identifiers.1.value": "x", "identifiers.1.scheme": "oclc", "pages": "many", "format": "ebook",
    }  # fmt: skip

    response = sent(api, "/ui/books/new", typed)

    assert response.status_code == 422
    for place in ("isbn", "tags", "identifiers.0", "pages"):
        assert f'id="{place}' in response.text
        assert f'href="#{place}' in response.text
    again = fields(response)
    assert (again["contributors.0.name"], again["contributors.0.role"], again["format"]) == (name, "editor", "ebook")
    assert again["tags"] == typed["tags"]
    mended = {**again, "isbn": "", "tags": "", "identifiers.0.value": "", "pages": ""}
    contradicting = sent(api, "/ui/books/new", mended)
    assert (contradicting.status_code, 'id="year-mistake"' in contradicting.text) == (422, True)
    assert found(api, "authors", name) == []
    assert found(api, "books", title) == []
    taken = make_book(api, isbn=new_isbn())
    response = sent(api, "/ui/books/new", {**fields(contradicting), "year": "", "isbn": taken["isbn"]})
    assert (response.status_code, 'id="isbn-mistake"' in response.text) == (409, True)
    assert sent(api, "/ui/books/new", {**fields(response), "isbn": ""}).status_code == 303


def test_of_several_with_a_name_one_is_chosen(api: httpx.Client):
    name, house = marker(), marker()
    one, other = make_author(api, name=name, birth_year=1914), make_author(api, name=name)
    api.post("/publishers", json={"name": house}).raise_for_status()
    api.post("/publishers", json={"name": house}).raise_for_status()
    typed = {**opened(api, "/ui/books/new"), "title": marker(), "contributors.0.name": name}

    response = sent(api, "/ui/books/new", typed)

    assert response.status_code == 422
    assert one["slug"] in response.text
    assert "1914" in response.text
    chosen = {**fields(response), "contributors.0.id": other["id"], "publisher": house}
    response = sent(api, "/ui/books/new", chosen)
    assert (response.status_code, fields(response)["contributors.0.id"]) == (422, other["id"])
    assert sent(api, "/ui/books/new", {**fields(response), "publisher_id": "new"}).status_code == 303
    book = book_of(api, typed["title"])
    assert book["author_id"] == other["id"]
    assert len(found(api, "publishers", house)) == 3
    there = f"/ui/book/{book['slug']}/edit"
    assert sent(api, there, {**opened(api, there), "contributors.0.name": f"{name} ii"}).status_code == 303
    assert book_of(api, typed["title"])["author"]["name"] == f"{name} ii"


def test_a_book_is_changed_in_two_windows(api: httpx.Client):
    one, title = make_author(api), marker()
    book = make_book(api, title=title, author_id=one["id"], published="1972-05")
    there = f"/ui/book/{book['slug']}/edit"
    mine, theirs = opened(api, there), opened(api, there)
    taken = {**theirs, "tags": "islands", "contributors.0.name": marker(), "pages": "7"}
    assert sent(api, there, taken).status_code == 303

    conflict = sent(api, there, {**mine, "contributors.0.role": "editor", "tags": "summer", "language": "sv"})

    assert conflict.status_code == 409
    text = Page.of(conflict.text).text
    assert taken["contributors.0.name"] in text
    assert f"{one['name']}, Author" in text
    again = fields(conflict)
    assert (again["contributors.0.name"], again["contributors.0.role"]) == (one["name"], "editor")
    told = led(there, sent(api, there, {**again, "take.contributors": "then", "take.tags": "now"}))
    assert told.endswith("/saved?others=pages")
    now = book_of(api, title)
    assert (now["author_id"], now["language"], now["pages"]) == (one["id"], "sv", 7)
    assert [tag["name"] for tag in now["tags"]] == ["islands"]
    response = sent(api, there, {**opened(api, there), "year": "1973"})
    assert (response.status_code, 'id="year-mistake"' in response.text) == (422, True)
    assert sent(api, there, {**opened(api, there), "published": "1980-01"}).status_code == 303
    assert book_of(api, title)["year"] == 1980


def test_everything_of_a_book_is_taken_from_it_again(api: httpx.Client):
    title = marker()
    book = make_book(api, title=title, isbn=new_isbn(), description="x", format="ebook")
    api.put(f"/books/{book['id']}/tags", json={"items": [marker()]}).raise_for_status()
    there = f"/ui/book/{book['slug']}/edit"
    kept = ("title", "form_key")
    emptied = {
        name: value if name in kept or name.startswith("was.") else "" for name, value in opened(api, there).items()
    }

    assert sent(api, there, {**emptied, "contributors.0.role": "author"}).status_code == 303

    now = book_of(api, title)
    assert (now["author"], now["isbn"], now["description"], now["format"]) == (None, None, None, None)
    assert (now["tags"], now["contributors"]) == ([], [])
    there = f"/ui/book/{book['slug']}/delete"
    assert title in api.get(there).text
    assert led(there, sent(api, there, opened(api, there))) == "/ui/books"
    assert found(api, "books", title) == []


def test_many_books_are_changed_at_once_after_a_look(api: httpx.Client):
    word, house, old, new = marker(), marker(), marker(), marker()
    books = [make_book(api, title=f"{word} <i> {number}") for number in range(3)]
    for book in books[:2]:
        api.put(f"/books/{book['id']}/tags", json={"items": [old]}).raise_for_status()
    api.patch(f"/books/{books[1]['id']}", json={"language": "sv"}).raise_for_status()
    there = f"/ui/books/batch?q={word}"
    assert f"../ui/books/batch?q={word}" in Page.of(api.get(f"/ui/books?q={word}").text).links

    typed = opened(api, there)
    assert {name for name in typed if name.startswith("book.")} == {f"book.{book['id']}" for book in books}
    assert sent(api, "/ui/books/batch", typed).status_code == 422
    wrong = sent(api, "/ui/books/batch", {**typed, "language": "not a tag", "add_tags": new})
    assert (wrong.status_code, 'id="language-mistake"' in wrong.text, "<i>" in wrong.text) == (422, True, False)
    again = {**fields(wrong), "language": "sv", "publisher": house, "remove_tags": old}
    del again[f"book.{books[2]['id']}"]
    shown = sent(api, "/ui/books/batch", again)
    assert shown.status_code == 200
    text = Page.of(shown.text).text
    assert "Language: set to Swedish" in text
    assert text.count(f"Tag {old} is removed") == 2
    assert read(api, f"/books/{books[0]['id']}")["language"] is None
    there = "/ui/books/batch/apply"
    first, second = (led(there, sent(api, there, fields(shown))) for _ in range(2))
    assert first == second
    assert "2 books were changed" in api.get(first).text

    found_books = [read(api, f"/books/{book['id']}", include="tags,publisher") for book in books]
    assert [book["language"] for book in found_books] == ["sv", "sv", None]
    assert [[tag["name"] for tag in book["tags"]] for book in found_books] == [[new], [new], []]
    assert found_books[0]["publisher"]["name"] == house
    assert found_books[0]["publisher_id"] == found_books[1]["publisher_id"]
    assert "so already" in sent(api, "/ui/books/batch", again).text

    both = sent(api, "/ui/books/batch", {**again, "clear_language": "on", "publisher": "", "remove_tags": ""})
    assert (both.status_code, 'id="clear_language-mistake"' in both.text) == (422, True)
    shown = sent(api, "/ui/books/batch", {**fields(both), "language": "", "add_tags": "", "clear_publisher": "on"})
    assert "Language: Swedish, cleared" in Page.of(shown.text).text
    assert f"Publisher: {house}, cleared" in Page.of(shown.text).text
    assert "2 books were changed" in api.get(led(there, sent(api, there, fields(shown)))).text
    emptied = read(api, f"/books/{books[0]['id']}", include="tags")
    assert (emptied["language"], emptied["publisher_id"], len(emptied["tags"])) == (None, None, 1)
