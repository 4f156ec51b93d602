"""`access`, `accounts` and `tokens`."""

from __future__ import annotations

import logging
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support import before
from tests.support.commands import done, invoked, refused
from tests.support.databases import BACKENDS, Databases
from tests.support.security_lines import logged, stored


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, databases: Databases) -> str:
    return databases.migrated(request.param)


def test_accounts_are_created_listed_changed_and_deleted(url: str):
    assert done(url, "accounts", "create", "Tove", "--role", "editor") == "tove: editor, person\n"
    assert done(url, "accounts", "create", "importer", "--service") == "importer: reader, service\n"
    assert done(url, "accounts", "role", "TOVE", "administrator") == "tove: administrator, person\n"
    assert done(url, "accounts", "disable", "tove") == "tove: administrator, person, disabled\n"
    assert done(url, "accounts", "list") == "importer: reader, service\ntove: administrator, person, disabled\n"
    assert done(url, "accounts", "enable", "tove") == "tove: administrator, person\n"
    assert done(url, "accounts", "delete", "tove") == "Deleted tove.\n"
    assert done(url, "accounts", "list") == "importer: reader, service\n"


def test_a_wrong_account_is_refused_in_one_line(url: str):
    done(url, "accounts", "create", "tove")

    assert "There is an account 'tove' already." in refused(url, "accounts", "create", "Tove")
    assert "begins with a letter or digit" in refused(url, "accounts", "create", "two words")
    assert "There is no account 'nobody'" in refused(url, "accounts", "disable", "nobody")
    assert "'owner' is not one of" in refused(url, "accounts", "role", "tove", "owner", status=2)


def test_a_token_is_shown_once_and_listed_by_its_last_characters(url: str):
    done(url, "accounts", "create", "tove")
    token = done(url, "tokens", "create", "tove", "--label", "nightly", "--forever").strip()
    listed = done(url, "tokens", "list")

    assert token.startswith("dpt_")
    assert token not in listed
    assert f"tove: nightly (...{token[-4:]}), catalogue:read catalogue:write; does not expire, not used yet" in listed
    assert done(url, "tokens", "list", "tove") == listed
    assert done(url, "tokens", "revoke", listed.split()[0]) == "Revoked.\n"
    assert done(url, "tokens", "list") == ""


def test_a_wrong_token_is_refused_in_one_line(url: str):
    done(url, "accounts", "create", "tove")

    assert "There is no account 'nobody'" in refused(url, "tokens", "create", "nobody")
    assert "there is no scope 'all'" in refused(url, "tokens", "create", "tove", "--scope", "all")
    assert "There is no such token." in refused(url, "tokens", "revoke", str(uuid4()))


def test_a_dump_carries_the_policy_and_the_operators_choice_wins(url: str, databases: Databases, tmp_path: Path):
    backend = url.partition(":")[0]
    dump = tmp_path / "dump.json"
    done(url, "database", "dump-data", "-o", str(dump))
    new, chosen = (databases.empty(backend) for _ in range(2))
    for each in (new, chosen):
        done(each, "database", "upgrade")
    done(chosen, "access", "anonymous", "none")

    assert "`diptych access anonymous reader` ends that" in done(new, "load", str(dump))
    assert done(new, "access", "anonymous").startswith("anonymous: editor")
    assert "ends that" not in done(chosen, "load", str(dump))
    assert done(chosen, "access", "anonymous") == "anonymous: none (nothing but health checks and documents)\n"


def test_a_policy_whose_row_is_gone_lets_nobody_in_and_can_be_set(url: str):
    before.execute(url, "DELETE FROM access_policy")
    assert done(url, "access", "anonymous").startswith("anonymous: none")

    done(url, "access", "anonymous", "reader")
    assert done(url, "access", "anonymous").startswith("anonymous: reader")


def test_a_token_of_a_disabled_account_and_a_contradiction_are_told(url: str):
    done(url, "accounts", "create", "tove")
    done(url, "accounts", "disable", "tove")

    assert "The account is disabled" in invoked(url, "tokens", "create", "tove").stderr
    assert "exclude each other" in refused(url, "tokens", "create", "tove", "--days", "5", "--forever", status=2)


def test_what_a_command_changes_is_a_line_of_the_log(url: str, databases: Databases, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "diptych")
    already = len(stored(url))
    done(url, "accounts", "create", "tove")
    done(url, "accounts", "role", "tove", "editor")
    done(url, "accounts", "role", "tove", "editor")
    done(url, "accounts", "password", "tove", stdin="the moomins of the valley\n")
    done(url, "tokens", "create", "tove")
    done(url, "tokens", "revoke", done(url, "tokens", "list").split()[0])
    done(url, "access", "anonymous", "none")
    done(url, "access", "anonymous", "none")
    done(url, "accounts", "delete", "tove")
    dump = done(url, "database", "dump-data")
    new = databases.empty(url.partition(":")[0])
    done(new, "database", "upgrade")
    made = len(stored(new))
    done(new, "load", "-", stdin=dump)

    found = stored(url, after=already)
    assert [event for event, *_ in found] == [
        *("account_created", "account_changed", "password_changed", "token_created", "token_deleted"),
        *("policy_changed", "account_deleted"),
    ]
    assert logged(caplog.records) == found + stored(new, after=made)
    assert [event[:4] for event in stored(new, after=made)] == [("policy_changed", None, None, "load")]


def test_accounts_and_tokens_are_in_no_dump_and_no_export(url: str):
    done(url, "accounts", "create", "tove-who-is-nowhere")
    token = done(url, "tokens", "create", "tove-who-is-nowhere").strip()

    for written in (done(url, "database", "dump-data"), done(url, "export", "--format", "jsonl")):
        assert "tove-who-is-nowhere" not in written
        assert token not in written
