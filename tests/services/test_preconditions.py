"""Where it is asked for, nothing is changed by whoever does not say what."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from diptych.core.http.request_response import Request, Response
from tests.services.twins import Twin

ID = "01890f3e-8f6a-7cc0-9d5a-3b1f6d2c4e5f"
NAMED = {"name": "Homer"}
ITEMS: dict[str, Any] = {"items": []}

BLIND = [
    ("authors_change", NAMED), ("authors_replace", NAMED), ("authors_delete", None), ("tags_delete", None),
    ("books_set_tags", ITEMS), ("books_set_contributors", {"items": [{"author_id": ID, "role": "author"}]}),
]  # fmt: skip
FREE = [
    ("authors_create", NAMED), ("authors_get", None), ("authors_create_batch", {"items": [NAMED]}),
    ("authors_upsert_batch", {"items": [{**NAMED, "dob": None}]}), ("authors_change_batch", {"items": [{"id": ID}]}),
    ("authors_delete_batch", {"ids": [ID]}), ("authors_list", None),
]  # fmt: skip


async def status(twin: Twin, name: str, body: Any, **headers: str) -> int:
    settings = dataclasses.replace(twin.settings, require_if_match=1)
    application = twin.module("application").Application(settings)
    route = next(route for route in application.routes if route.name == name)
    parameters = {"id": ID} if "{id}" in route.path else {}
    content = b"" if body is None else json.dumps(body).encode()
    request = Request(route.methods[0], "", parameters, "", {"content-type": "application/json", **headers}, content)
    answer, closing = application.handle(route, request), application.close
    response: Response = await answer if twin.name == "aio" else answer
    closed = closing()
    if twin.name == "aio":
        await closed
    return response.status


@pytest.mark.parametrize(("name", "body"), BLIND, ids=[name for name, _ in BLIND])
async def test_a_change_of_one_thing_has_to_say_what_it_changes(twin: Twin, name: str, body: Any):
    assert await status(twin, name, body) == 428
    assert await status(twin, name, body, **{"if-match": '"x"'}) in (404, 412)
    assert await status(twin, name, body, **{"if-none-match": "*"}) in (201, 404)


@pytest.mark.parametrize(("name", "body"), FREE, ids=[name for name, _ in FREE])
async def test_what_changes_no_one_thing_has_nothing_to_say(twin: Twin, name: str, body: Any):
    assert await status(twin, name, body) in (200, 201, 404)


async def test_other_faults_come_first(twin: Twin):
    assert await status(twin, "authors_replace", {}) == 422
