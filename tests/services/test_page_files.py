"""Covers and downloads of the pages, where visitors without an account may read nothing."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode
from uuid import UUID

import pytest

from tests.services.api import Api
from tests.services.test_statements import catalogue
from tests.support import before
from tests.support.markup import Page

PASSWORD = "the moomins of the valley"  # noqa: S105 - of a test


@pytest.fixture(autouse=True)
def only_accounts_may_read(api: Api) -> Iterator[None]:
    before.execute(api.twin.url, "UPDATE access_policy SET anonymous = 'none'")
    yield
    before.execute(api.twin.url, "UPDATE access_policy SET anonymous = 'editor'")


async def test_a_session_reads_covers_files_and_formats_and_nobody_else_does(api: Api):
    found = await catalogue(api)
    account = await api.made("accounts_create", {"name": "snork", "role": "reader"})
    stored = api.twin.module("operations.sign_in").store_password(
        api.application.database, UUID(account["id"]), PASSWORD
    )
    if api.twin.name == "aio":
        await stored
    file = {"book_id": found.books[0], "id": found.file}
    cover = {"digest": "0" * 64, "name": "small.jpg"}
    addresses = {"page_file": file, "page_record": {"id": found.books[0]}, "page_cover": cover}
    api.sender = {"host": "localhost"}
    signed_in, _ = await api.call("ui_sign_in", form=urlencode({"name": "snork", "password": PASSWORD}))

    for name, parameters in addresses.items():
        refused, _ = await api.call(name, **parameters)
        assert (refused.status, refused.content_type) == (401, "text/html; charset=utf-8")
    api.sender["cookie"] = signed_in.headers["Set-Cookie"].partition(";")[0]

    answers = {name: (await api.call(name, **parameters))[0] for name, parameters in addresses.items()}
    assert {name: answer.status for name, answer in answers.items()} == {
        "page_file": 200, "page_record": 200, "page_cover": 404
    }  # fmt: skip
    headers = answers["page_file"].headers
    assert (headers["Cache-Control"], headers["Vary"]) == ("private, no-cache", "Cookie")
    refused, _ = await api.call("books_get_file", **file)
    assert refused.status == 401


async def test_who_is_not_signed_in_is_told_that_the_file_is_not_kept(api: Api):
    api.sender = {"host": "localhost", "content-type": "multipart/form-data; boundary=x"}
    parts = [('name="title"', "Sommarboken"), ('name="cover.file"; filename="a.png"', "GIF89a")]
    body = "".join(f"--x\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n" for head, value in parts)

    refused, counts = await api.call("form_new_book", file=f"{body}--x--")

    assert refused.status == 401
    assert Page.of(refused.body.decode()).fields["form"] == "title=Sommarboken"
    assert b"The file is not kept" in refused.body
    assert not [each for each in counts.statements if "file" in each]
