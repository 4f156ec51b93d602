"""The forms of the pages: what is typed is saved once, told what is wrong with, and never lost."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from tests.contract.conftest import each_once
from tests.contract.making import at_once, found, make, make_author, make_book, make_tag, marker, read
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
