"""Changes of accounts, tokens and the policy are security events, whichever way they were made."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select, text
from uuid_utils.compat import uuid7

from diptych.core.access import passwords
from diptych.core.access.events.log import note_security_event
from diptych.core.access.events.model import SecurityEvent
from diptych.core.access.events.queries import FAILURES_KEPT
from diptych.core.access.events.schemas import EVENTS
from diptych.core.access.principal import of_host
from diptych.core.catalogue.models import Base
from diptych.core.engine import history_triggers
from diptych.core.errors import Conflict, RetryableConflict
from diptych.core.observability.metrics import exposition
from tests.services.api import OPERATOR, Api
from tests.services.test_sign_in import OTHER, PASSWORD, post
from tests.services.twins import Twin
from tests.support.before import execute
from tests.support.changes import opened
from tests.support.security_lines import logged, stored

WRONG = "the hat of the hobgoblin"


def events(api: Api, *columns: str, after: int = 0) -> list[Any]:
    """Return the columns of all events, in order, without the first `after`."""
    chosen = [getattr(SecurityEvent, name) for name in columns]
    with opened(api.twin.url) as engine, engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(*chosen).order_by(SecurityEvent.id).offset(after))]


async def test_what_becomes_of_accounts_and_tokens_is_recorded_with_who_did_it(api: Api):
    before = len(events(api, "id"))
    account = await api.made("accounts_create", {"name": "ann"})
    await api.made("accounts_change", {"role": "editor"}, id=account["id"])
    await api.made("accounts_change", {"role": "editor"}, id=account["id"])
    token = await api.made("tokens_create", {"label": "Script", "account_id": account["id"]})
    await api.call("tokens_delete", id=token["id"])
    await api.made("tokens_create", {"label": "Other", "account_id": account["id"]})
    await api.call("accounts_delete", id=account["id"])

    found = events(api, "event", "account_id", "principal", "via", after=before)
    names = [event for event, *_ in found]
    assert names[:5] == ["account_created", "account_changed", "token_created", "token_deleted", "token_created"]
    assert sorted(names[5:]) == ["account_deleted", "token_deleted"]
    assert {str(each[1]) for each in found} == {account["id"]}
    assert {each[2:] for each in found} == {(str(of_host(OPERATOR).id), "host")}
    roles = events(api, "before", "after", after=before)[1]
    assert [each["role"] for each in roles] == ["reader", "editor"]


async def test_what_is_recorded_is_a_line_of_the_log_and_counted(api: Api, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "diptych")
    before, counted = len(events(api, "id")), Counter(metrics())
    account = await api.made("accounts_create", {"name": "ann"})
    assert (await api.call("accounts_create", {"name": "ann"}))[0].status == 409
    await api.made("accounts_change", {"role": "editor"}, id=account["id"])
    await api.made("accounts_change", {"role": "editor"}, id=account["id"])
    token = await api.made("tokens_create", {"label": "Script", "account_id": account["id"]})
    await api.call("tokens_delete", id=token["id"])
    assert (await api.call("tokens_delete", id=token["id"]))[0].status == 404
    await api.call("accounts_delete", id=account["id"])

    found = stored(api.twin.url, after=before)
    assert [event for event, *_ in found] == [
        *("account_created", "account_changed", "token_created", "token_deleted", "account_deleted")
    ]
    assert logged(caplog.records) == found
    assert Counter(metrics()) - counted == Counter(event for event, *_ in found)


async def test_of_many_failures_in_a_minute_the_log_has_all_and_the_table_the_first_of_each_account(
    twin: Twin, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, "diptych")
    record = twin.module("services.security_events").record
    accounts = [None, uuid7()]
    execute(twin.url, "DELETE FROM security_event")

    async def fail(executor: Any) -> None:
        for account in accounts * (FAILURES_KEPT + 3):
            recorded = record(executor, "sign_in_failed", account)
            if twin.name == "aio":
                await recorded

    await twin.changing(fail)
    assert len(logged(caplog.records)) == 2 * (FAILURES_KEPT + 3)
    kept = Counter(account for _, account, *_ in stored(twin.url))
    assert kept == {None: FAILURES_KEPT, str(accounts[1]): FAILURES_KEPT}

    execute(twin.url, "UPDATE security_event SET at = '2026-01-01 00:00:00.000000+00:00'")
    await twin.changing(fail)
    assert len(stored(twin.url)) == 4 * FAILURES_KEPT


async def test_work_that_is_rolled_back_leaves_no_line(twin: Twin, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "diptych")
    attempts: list[int] = []

    async def work(*_: Any) -> None:
        attempts.append(1)
        note_security_event("policy_changed", None)
        if len(attempts) == 1:
            raise RetryableConflict("Lost.")
        if len(attempts) == 3:
            raise Conflict("Refused.")

    await twin.write(work)
    with pytest.raises(Conflict):
        await twin.change(work)

    assert logged(caplog.records) == [("policy_changed", None, None, "unknown", None)]


def metrics() -> dict[str, int]:
    """Return how often each event has been counted."""
    counts = re.findall(r'^diptych_security_events_total{event="(\w+)"} (\d+)', exposition().decode(), re.MULTILINE)
    return {event: int(number) for event, number in counts}


async def test_no_event_has_a_hash_or_the_time_of_a_use(api: Api):
    before = len(events(api, "id"))
    account = await api.made("accounts_create", {"name": "ann"})
    await api.made("tokens_create", {"label": "Script", "account_id": account["id"]})
    with opened(api.twin.url) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE account SET password_hash = 'a hash', active = NOT active"))
        connection.execute(text("UPDATE api_token SET last_used_at = created_at, digest = 'another'"))

    found = events(api, "event", "via", "before", "after", after=before)
    assert [each[:2] for each in found] == [
        ("account_created", "host"),
        ("token_created", "host"),
        ("account_changed", "unknown"),
    ]
    recorded = {name for _, _, *rows in found for row in rows if row for name in row}
    assert recorded == {
        "id", "name", "kind", "role", "active", "created_at", "account_id", "label", "last_four", "scope", "expires_at",
    }  # fmt: skip


def test_only_columns_that_are_no_secrets_are_recorded():
    columns = {
        column.name: column
        for table in Base.metadata.sorted_tables
        if history_triggers.is_recorded(table)
        for column in table.columns
        if column.name in history_triggers.of(table).columns
    }
    secret = [name for name in columns if any(word in name for word in ("hash", "digest", "secret", "key", "code"))]
    assert secret == ["digest"], "only book_source has one: of a record in a file"


async def test_the_policy_and_the_events_themselves_are_listed_for_administrators(api: Api):
    with opened(api.twin.url) as engine, engine.begin() as connection:
        connection.execute(text("DELETE FROM access_policy"))
        connection.execute(text("INSERT INTO access_policy (id, anonymous, chosen) VALUES (1, 'none', true)"))
    account = await api.made("accounts_create", {"name": "ann"})

    async def listed(query: str) -> list[Any]:
        response, counts = await api.call("security_events_list", query=query)
        assert (response.status, len(counts.statements)) == (200, 1)
        items: list[Any] = json.loads(response.body)["items"]
        return items

    newest, policy = await listed("pageSize=2")
    assert (newest["event"], newest["account_id"], newest["name"]) == ("account_created", account["id"], OPERATOR.name)
    assert (policy["event"], policy["account_id"], policy["after"]["anonymous"]) == ("policy_created", None, "none")
    assert await listed(f"accountIdIn={account['id']}") == [newest]
    assert await listed("eventIn=policy_created&pageSize=1") == [policy]
    assert await listed(f"createdAfter={policy['at']}") == [newest]
    assert {newest["event"], policy["event"]} <= {*EVENTS}


async def test_signing_in_and_out_and_failing_to_are_events_of_the_account(api: Api, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "diptych")
    account = await api.made("accounts_create", {"name": "tove"})
    password_hash = passwords.hash_password(PASSWORD)
    execute(api.twin.url, f"UPDATE account SET password_hash = '{password_hash}'", "DELETE FROM security_event")  # noqa: S608 - no text from outside
    before = len(events(api, "id"))

    await post(api, "ui_sign_in", name="nobody", password=WRONG)
    await post(api, "ui_sign_in", name="tove", password=WRONG)
    signed_in = await post(api, "ui_sign_in", name="tove", password=PASSWORD)
    token = signed_in.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    await post(api, "ui_password", token, current_password=WRONG, new_password=OTHER)
    await post(api, "ui_password", token, current_password=PASSWORD, new_password=OTHER)
    signed_in = await post(api, "ui_sign_in", name="tove", password=OTHER)
    await post(api, "ui_sign_out", signed_in.headers["Set-Cookie"].partition("=")[2].partition(";")[0])
    await post(api, "ui_sign_out", "unknown")

    found = events(api, "event", "account_id", "name", "via", after=before)
    own = account["id"]
    assert logged(caplog.records)[1:] == stored(api.twin.url, after=before)
    levels = [record.levelname for record in caplog.records if record.name == "diptych.security"]
    assert levels[1:] == ["WARNING", "WARNING", "INFO", "WARNING", "INFO", "INFO", "INFO"]
    assert [(event, account_id and str(account_id), name, via) for event, account_id, name, via in found] == [
        ("sign_in_failed", None, None, "anonymous"),
        ("sign_in_failed", own, None, "anonymous"),
        ("sign_in", own, "tove", "session"),
        ("reauthentication_failed", own, "tove", "session"),
        ("password_changed", own, "tove", "session"),
        ("sign_in", own, "tove", "session"),
        ("sign_out", own, None, "anonymous"),
    ]
