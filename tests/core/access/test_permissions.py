"""Roles, scopes, and which operations are public."""

from __future__ import annotations

import pytest

from diptych.core.access.permissions import ANONYMOUS, PERMISSIONS, SCOPES, parse_scope, permitted
from diptych.core.access.principal import HostUser, of_host
from diptych.core.access.recent_values import LIMIT, OUTAGE, SECONDS, RecentValues
from diptych.core.aio.operations import OPERATIONS


def test_each_role_has_what_the_one_before_has():
    assert PERMISSIONS["reader"] < PERMISSIONS["editor"] < PERMISSIONS["administrator"]
    assert ANONYMOUS["none"] < ANONYMOUS["reader"] < ANONYMOUS["editor"]
    assert {*SCOPES, "me:read"} == PERMISSIONS["administrator"]


def test_only_health_checks_documents_and_signing_in_are_public():
    public = {operation.name for operation in OPERATIONS if operation.needed is None}

    assert public == {
        "health_live", "health_ready",
        "ui_sign_in", "ui_sign_out", "page_sign_in", "page_sign_out", "page_first_account",
        "page_root", "page_root_without_slash", "page_asset", "page_favicon", "page_robots",
        "documents_openapi", "documents_reference", "documents_reference_page", "documents_list_problems",
        "documents_get_problem",
    }  # fmt: skip


def test_an_operation_that_writes_needs_more_than_one_that_reads():
    needed = {operation.name: operation.needed for operation in OPERATIONS if operation.writes}

    assert needed.pop("exports_create") == "catalogue:read", "it changes nothing but the queue of jobs"
    assert {*needed.values()} == {"catalogue:write", "history:undo", "accounts:manage", "tokens:manage"}
    assert all("history:undo" not in held for held in ANONYMOUS.values()), "deleted rows come back by it"
    # The rejects of an import are for whoever may import.
    streams = {operation.name: operation.needed for operation in OPERATIONS if operation.unit == "stream"}
    assert streams.pop("imports_list_rejects") == streams.pop("page_rejects") == "catalogue:write"
    assert {*streams.values()} == {"catalogue:read"}


def test_a_token_has_what_both_its_role_and_its_scope_allow():
    assert permitted("reader", "catalogue:read catalogue:write") == {"catalogue:read", "me:read"}
    assert permitted("administrator", "history:read") == {"history:read", "me:read"}
    assert permitted("editor") == PERMISSIONS["editor"]


def test_a_scope_has_one_spelling():
    assert parse_scope("  catalogue:write  catalogue:read catalogue:write ") == "catalogue:read catalogue:write"


@pytest.mark.parametrize("text", ["", " ", "all", "catalogue:read,catalogue:write", "me:read", "Catalogue:Read"])
def test_an_unknown_scope_is_refused(text: str):
    with pytest.raises(ValueError, match="scope"):
        parse_scope(text)


def test_a_users_id_follows_from_the_hosts_own():
    one, same, other = (of_host(HostUser(each, "Tove", "editor")) for each in ("7", "7", "8"))

    assert one == same
    assert one.id != other.id
    assert one.permissions == PERMISSIONS["editor"]
    with pytest.raises(ValueError, match="there is no role 'owner'"):
        HostUser("7", "Tove", "owner")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="are text"):
        HostUser(7, "Tove")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="has returned bool"):
        of_host(False)  # type: ignore[arg-type]


def test_a_value_is_used_for_some_seconds_and_after_that_only_in_an_outage():
    values: RecentValues[str, int] = RecentValues()
    values.put("a", 1, 100.0)

    assert values.get("a", 100.0 + SECONDS) == 1
    assert values.get("a", 100.1 + SECONDS) is None
    assert values.last("a", 200.0) == 1
    assert values.get("a", 200.0) is None
    assert values.last("a", 101.0 + OUTAGE) is None
    assert values.last("b", 200.0) is None
    values.drop("a")
    assert values.last("a", 101.0) is None


def test_no_more_values_are_kept_than_the_limit():
    values: RecentValues[int, int] = RecentValues()
    for number in range(LIMIT + 1):
        values.put(number, number, 0.0)

    assert values.get(LIMIT, 0.0) == LIMIT
    assert values.get(0, 0.0) is None
