"""Slugs: the readable addresses of authors and books."""

from __future__ import annotations

import unicodedata
import uuid
from urllib.parse import quote

import httpx
import pytest

from tests.contract.making import make_author, make_book, marker, new_id, read, refused

SLUGGED = ("authors", "books")

MAKE = {"authors": lambda api, text: make_author(api, name=text), "books": lambda api, text: make_book(api, title=text)}
NAMED_BY = {"authors": "name", "books": "title"}


@pytest.mark.parametrize("resource", SLUGGED)
def test_a_row_can_be_read_by_its_slug(api: httpx.Client, resource: str):
    row = MAKE[resource](api, f"Le Deuxième Sexe, {marker()}")

    assert read(api, f"/{resource}/slug/{row['slug']}") == row


@pytest.mark.parametrize("resource", SLUGGED)
def test_a_slug_is_made_of_the_words_of_the_name(api: httpx.Client, resource: str):
    word = marker()

    row = MAKE[resource](api, f"  Élan & Œuvre: {word}! ")

    assert row["slug"] == f"elan-oeuvre-{word}"


@pytest.mark.parametrize("resource", SLUGGED)
@pytest.mark.parametrize(
    "text",
    [
        "戦争と平和",
        "Война и мир",
        "الحرب والسلام",
        "Πόλεμος",
        "युद्ध और शान्ति",
        "전쟁과 평화",
        "สงคราม",
        "שלום",
        "🦄" * 3,
        "!!!",
        "Ⅷ ½ ﷺ",
        "a/b?c#d%20e",
    ],
)
def test_a_slug_is_there_in_any_script_and_leads_to_its_row(api: httpx.Client, resource: str, text: str):
    row = MAKE[resource](api, text)

    slug = row["slug"]
    assert 1 <= len(slug) <= 100
    assert unicodedata.is_normalized("NFC", slug)
    assert not set(slug) & set(" /?#%\\&=+.:;\"'<>")
    assert slug.strip("-") == slug
    assert read(api, f"/{resource}/slug/{quote(slug, safe='')}") == row


@pytest.mark.parametrize("resource", SLUGGED)
def test_a_slug_of_letters_that_are_not_latin_keeps_them(api: httpx.Client, resource: str):
    word = marker()

    assert MAKE[resource](api, f"Война и мир {word}")["slug"] == f"война-и-мир-{word}"
    assert MAKE[resource](api, f"戦争と平和 {word}")["slug"] == f"戦争と平和-{word}"


@pytest.mark.parametrize("resource", SLUGGED)
def test_rows_of_one_name_have_slugs_of_their_own(api: httpx.Client, resource: str):
    text = f"One Name {marker()}"

    rows = [MAKE[resource](api, text) for _ in range(5)]

    assert len({row["slug"] for row in rows}) == 5
    assert all(len(row["slug"]) <= 100 for row in rows)
    assert all(read(api, f"/{resource}/slug/{row['slug']}") == row for row in rows)


@pytest.mark.parametrize("resource", SLUGGED)
@pytest.mark.parametrize("text", ["w" * 255, "word " * 51, "ﷺ" * 28, "\u0938\u094d" * 127, "ß" * 255])
def test_a_slug_has_a_hundred_characters_at_most_even_where_it_is_taken(api: httpx.Client, resource: str, text: str):
    rows = [MAKE[resource](api, text) for _ in range(3)]

    assert all(0 < len(row["slug"]) <= 100 for row in rows)
    assert len({row["slug"] for row in rows}) == 3
    assert all(read(api, f"/{resource}/slug/{quote(row['slug'])}") == row for row in rows)


@pytest.mark.parametrize("resource", SLUGGED)
def test_a_slug_stays_when_the_name_changes(api: httpx.Client, resource: str):
    row = MAKE[resource](api, f"Before {marker()}")
    path = f"/{resource}/{row['id']}"
    body = {NAMED_BY[resource]: f"After {marker()}"}

    assert api.patch(path, json=body).json()["slug"] == row["slug"]
    if resource == "books":
        body["author_id"] = row["author_id"]
    assert api.put(path, json=body).json()["slug"] == row["slug"]

    assert read(api, f"/{resource}/slug/{row['slug']}")[NAMED_BY[resource]] == body[NAMED_BY[resource]]


@pytest.mark.parametrize("resource", SLUGGED)
def test_a_slug_cannot_be_chosen(api: httpx.Client, resource: str):
    row = MAKE[resource](api, f"Mine {marker()}")

    refused(api.patch(f"/{resource}/{row['id']}", json={"slug": "another"}), 422, "/slug")

    assert read(api, f"/{resource}/{row['id']}") == row


@pytest.mark.parametrize("resource", SLUGGED)
def test_a_row_put_at_an_id_gets_a_slug_like_any_other(api: httpx.Client, resource: str):
    word = marker()
    body = {NAMED_BY[resource]: f"Put {word}"}
    if resource == "books":
        body["author_id"] = make_author(api)["id"]

    put = api.put(f"/{resource}/{new_id()}", json=body)

    assert put.status_code == 201
    assert put.json()["slug"] == f"put-{word}"
    assert read(api, f"/{resource}/slug/put-{word}") == put.json()


@pytest.mark.parametrize("resource", SLUGGED)
def test_rows_of_one_name_made_in_one_batch_have_slugs_of_their_own(api: httpx.Client, resource: str):
    text = f"In a batch {marker()}"
    item = {NAMED_BY[resource]: text}
    if resource == "books":
        item["author_id"] = make_author(api)["id"]
    MAKE[resource](api, text)

    created = api.post(f"/{resource}/batch", json={"items": [item] * 20})

    assert created.status_code == 201
    assert len({row["slug"] for row in created.json()["items"]}) == 20
    assert len({row["slug"] for row in read(api, f"/{resource}", searchString=text, pageSize=50)["items"]}) == 21


@pytest.mark.parametrize("resource", SLUGGED)
@pytest.mark.parametrize(
    "slug",
    ["nobody-has-this-one", "%00", "a%00b", "%FF", "%ED%A0%80", "%2F", "%3F", "%25", "x" * 3000, "%F0%9F%A6%84" * 100],
)
def test_a_slug_that_no_row_has_is_a_404(api: httpx.Client, resource: str, slug: str):
    refused(api.get(f"/{resource}/slug/{slug}"), 404)


@pytest.mark.parametrize("resource", SLUGGED)
def test_the_slug_of_a_deleted_row_is_a_404(api: httpx.Client, resource: str):
    row = MAKE[resource](api, f"Gone {marker()}")

    assert api.delete(f"/{resource}/{row['id']}").status_code == 204

    refused(api.get(f"/{resource}/slug/{row['slug']}"), 404)


def test_ids_that_end_alike_do_not_make_slugs_collide(api: httpx.Client):
    author, title, tail = make_author(api), f"Collide {marker()}", f"-4000-8000-{uuid.uuid4().hex[:12]}"
    ids = [f"{uuid.uuid4().hex[:8]}-0000{tail}" for _ in range(4)]

    answers = [api.put(f"/books/{item}", json={"title": title, "author_id": author["id"]}) for item in ids]

    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({read(api, f"/books/{item}")["slug"] for item in ids}) == 4
