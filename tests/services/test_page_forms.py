"""Forms of pages whose session has ended while somebody was typing."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode
from uuid import UUID

import pytest

from tests.services.api import Api
from tests.support import before
from tests.support.markup import Page

PASSWORD = "the moomins of the valley"  # noqa: S105 - of a test


@pytest.fixture(autouse=True)
def only_accounts_may_write(api: Api) -> Iterator[None]:
    before.execute(api.twin.url, "UPDATE access_policy SET anonymous = 'reader'")
    yield
    before.execute(api.twin.url, "UPDATE access_policy SET anonymous = 'editor'")


def kept(page: Page) -> dict[str, str]:
    """Return the hidden fields of a page to sign in."""
    return {name: page.fields[name] for name in ("next", "form")}


async def test_what_was_typed_while_a_session_ended_is_saved_after_signing_in(api: Api):
    account = await api.made("accounts_create", {"name": "tove", "role": "editor"})
    stored = api.twin.module("services.passwords").store_password(
        api.application.database, UUID(account["id"]), PASSWORD
    )
    if api.twin.name == "aio":
        await stored
    api.sender = {"host": "localhost", "cookie": "diptych-session=ended"}
    typed = {"form_key": "7", "name": "été <b>", "description": "One\r\n\r\n<b>two"}

    refused, _ = await api.call("form_new_tag", form=urlencode(typed))
    page = Page.of(refused.body.decode())
    again, _ = await api.call("ui_sign_in", form=urlencode({**kept(page), "name": "tove", "password": "wrong"}))
    page = Page.of(again.body.decode())
    signed_in, _ = await api.call("ui_sign_in", form=urlencode({**kept(page), "name": "tove", "password": PASSWORD}))

    assert (refused.status, again.status, signed_in.status) == (401, 422, 200)
    page = Page.of(signed_in.body.decode())
    assert {name: page.fields[name] for name in typed} == typed
    assert 'action="../ui/tags/new"' in signed_in.body.decode()
    api.sender["cookie"] = signed_in.headers["Set-Cookie"].partition(";")[0]
    saved, _ = await api.call("form_new_tag", form=urlencode(typed))
    assert saved.status == 303
    assert "<b>" not in signed_in.body.decode()


async def test_nothing_secret_is_kept_while_somebody_signs_in(api: Api):
    api.sender = {"host": "localhost"}

    refused, _ = await api.call("ui_password", form="current_password=secret1&new_password=secret2&code=secret3")

    assert refused.status == 401
    assert b"secret" not in refused.body


async def test_what_no_page_has_sent_is_not_kept(api: Api):
    api.sender = {"host": "localhost"}

    refused, _ = await api.call("ui_sign_in", form=urlencode({"name": "a", "password": "b", "form": "%FF"}))

    assert refused.status == 422
    large, _ = await api.call("form_new_tag", form=f"name={'x' * 2_000_000}")
    assert (large.status, len(large.body) < 10_000) == (401, True)
