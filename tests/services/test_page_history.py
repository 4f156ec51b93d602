"""The history on pages: differences in words, and what undoes them."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from tests.services.api import Api
from tests.services.test_statements import catalogue
from tests.support.markup import Page


async def shown(api: Api, name: str, query: str = "", **parameters: str) -> Page:
    response, _ = await api.call(name, query=query, **parameters)
    assert response.status == 200, response.body
    return Page.of(response.body.decode())


def words(page: Page) -> str:
    return " ".join(page.text.split())


async def test_a_change_is_told_field_by_field_and_undone(api: Api):
    found = await catalogue(api)
    typed = {"title": "<b>Iliad", "was.title": "Te0", "language": "grc", "was.language": "", "tags": "war\n東京",
             "was.tags": "epic\nwar", "contributors.0.name": "Virgil", "contributors.0.role": "editor",
             "was.contributors": "x"}  # fmt: skip
    conflict, _ = await api.call("form_edit_book", form=urlencode(typed), slug="te0")
    assert conflict.status == 409
    del typed["was.contributors"]
    saved, _ = await api.call("form_edit_book", form=urlencode(typed), slug="te0")
    assert saved.status == 303

    page = await shown(api, "page_history_book", slug="te0")

    assert page.tags.isdisjoint({"b", "script"})
    told = words(page)
    assert "History of <b>Iliad" in told
    for part in (
        "TitleTe0<b>Iliad", "LanguageAncient Greek", "Homer", "Virgil, Editor", "東京",
        "operator", "through the host application",
    ):  # fmt: skip
        assert part in told, part
    request_id = saved.headers["X-Request-ID"]
    assert request_id in {link.partition("requestIdIn=")[2] for link in page.links}
    changes = await shown(api, "page_changes", f"resourceIn=books&requestIdIn={request_id}")
    assert (changes.fields["request_id"], "Te1" in changes.text) == (request_id, False)
    form = {"form_key": page.fields["form_key"], "back": page.fields["back"], "request_id": request_id}
    undone, _ = await api.call("form_undo", form=urlencode(form))
    assert (undone.status, undone.headers["Location"]) == (303, "../../ui/book/te0/history")
    page = await shown(api, "page_history_book", slug="te0")
    assert "History of Te0" in words(page)
    tags = (await api.made("books_get_tags", None, id=found.books[0]))["items"]
    assert [tag["name"] for tag in tags] == ["epic", "war"]


async def test_what_cannot_be_undone_is_told_with_the_reason(api: Api):
    await catalogue(api)
    await api.call("form_edit_author", form="name=Homeros&was.name=Homer", slug="homer")
    page = await shown(api, "page_history_author", slug="homer")
    await api.call("form_edit_author", form="name=Homerus&was.name=Homeros", slug="homer")
    response, _ = await api.call("page_history_author", slug="homer")
    first = re.findall(r'name="change_id" value="(\d+)"', response.body.decode())[1]

    refused, _ = await api.call("form_undo", form=urlencode({"change_id": first, "back": "ui/author/homer/history"}))

    assert refused.status == 409
    told = Page.of(refused.body.decode())
    assert "author" in told.text
    assert any(link.endswith("ui/author/homer/history") for link in told.links)
    assert "Homeros" in page.text
    for wrong in ({}, {"change_id": "x"}, {"change_id": "1", "request_id": "2"}):
        refused, _ = await api.call("form_undo", form=urlencode({"back": "//evil.example", **wrong}))
        assert refused.status == 422
        assert b"//evil.example" not in refused.body


async def test_the_changes_lead_to_the_next_ones_with_their_filter(api: Api):
    await catalogue(api)

    page = await shown(api, "page_changes", "resourceIn=authors&pageSize=2")

    (following,) = [link for link in page.links if "currentPage=2" in link]
    assert "pageSize=2" in following
    assert page.fields["resourceIn"] == "authors"
    more = await shown(api, "page_changes", following.partition("?")[2])
    assert "added" in more.text


async def test_only_those_who_may_see_changes_are_led_to_them(api: Api):
    await catalogue(api)
    page = await shown(api, "page_book", slug="te0")
    assert {"../../ui/book/te0/edit", "../../ui/book/te0/history", "../../ui/changes"} <= set(page.links)

    api.sender = {}
    page = await shown(api, "page_book", slug="te0")
    assert "../../ui/book/te0/edit" in page.links
    assert not [link for link in page.links if link.endswith(("/history", "/changes"))]
    refused, _ = await api.call("page_history_book", slug="te0")
    assert refused.status == 401
