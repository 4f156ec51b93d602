"""`keys`: generated, and rotated while secrets are in use."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update

from diptych.core.access.accounts.model import Account
from diptych.core.access.encrypted_columns import BATCH
from diptych.core.access.encryption import Keyring, new_key, place_of
from diptych.core.access.second_factors.model import SecondFactor
from diptych.core.engine.entity import now
from tests.support import before
from tests.support.commands import done, invoked, refused
from tests.support.databases import BACKENDS, Databases, run

OLD, NEW = new_key(), new_key()
NEW_ID = NEW.partition(":")[0]
COLUMN = SecondFactor.__table__.c.secret
MANY = 2 * BATCH + 5
FLASK = [sys.executable, "-m", "flask", "--app", "diptych.flask_app"]


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, databases: Databases) -> str:
    return databases.migrated(request.param)


def row_id(number: int) -> UUID:
    return UUID(int=number + 1)


def store(url: str, numbers: Iterable[int], key: str = OLD) -> None:
    """Store the second factor of an account for each number, its secret encrypted with a key."""
    keyring, moment = Keyring.parse(key), now()
    times = {"created_at": moment, "updated_at": moment}
    accounts, factors = [], []
    for number in numbers:
        account = row_id(number)
        named = {"name": f"tove-{number}", "search_text": "", "sort_key": "", **times}
        accounts.append({"id": account, "kind": "person", "role": "reader", "active": True, **named})
        secret = keyring.encrypt(f"secret {number}", place_of(COLUMN, account))
        factors.append({"account_id": account, "secret": secret, "last_step": 0, "created_at": moment})
    with before.connected(url) as connection:
        connection.execute(insert(Account.__table__), accounts)
        connection.execute(insert(SecondFactor.__table__), factors)


def stored(url: str) -> list[tuple[UUID, str]]:
    with before.connected(url) as connection:
        found = select(SecondFactor.account_id, SecondFactor.secret).order_by(SecondFactor.account_id)
        return [(account, secret) for account, secret in connection.execute(found)]


def read_all(url: str, *keys: str) -> list[str]:
    keyring = Keyring.parse(",".join(keys))
    return [keyring.decrypt(secret, place_of(COLUMN, account)) for account, secret in stored(url)]


def test_a_generated_key_can_be_used_as_it_is_printed(url: str):
    key = done(url, "keys", "generate").strip()
    store(url, range(1), key)

    assert read_all(url, key) == ["secret 0"]
    assert done(url, "keys", "generate").strip() != key


def test_all_secrets_are_encrypted_with_the_first_key(url: str):
    store(url, range(MANY))
    store(url, range(MANY, MANY + 3), NEW)

    assert done(url, "keys", "rotate", encryption_keys=f"{NEW},{OLD}") == (
        f"Encrypted {MANY} secrets with the key {NEW_ID}.\n"
    )
    assert read_all(url, NEW) == [f"secret {number}" for number in range(MANY + 3)]
    assert done(url, "keys", "rotate", encryption_keys=NEW) == f"Encrypted 0 secrets with the key {NEW_ID}.\n"


def stop_at(url: str, number: int) -> list[str]:
    """Have the database refuse to change the secret of a number; return what ends that."""
    if url.startswith("sqlite"):
        before.execute(
            url,
            f"CREATE TRIGGER stop BEFORE UPDATE ON second_factor WHEN NEW.account_id = '{row_id(number).hex}'"
            " BEGIN SELECT RAISE(ABORT, 'stopped'); END",
        )
        return ["DROP TRIGGER stop"]
    before.execute(
        url,
        "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'stopped'; END $$",
        "CREATE TRIGGER stop BEFORE UPDATE ON second_factor FOR EACH ROW"
        f" WHEN (NEW.account_id = '{row_id(number)}') EXECUTE FUNCTION stop()",
    )
    return ["DROP TRIGGER stop ON second_factor", "DROP FUNCTION stop"]


def test_a_rotation_that_was_interrupted_goes_on_where_it_was(url: str):
    store(url, range(MANY))
    texts, ends = [f"secret {number}" for number in range(MANY)], stop_at(url, BATCH + 7)

    refused(url, "keys", "rotate", encryption_keys=f"{NEW},{OLD}")
    done_before = sum(secret.startswith(f"v1.{NEW_ID}.") for _, secret in stored(url))
    assert done_before == BATCH
    assert read_all(url, NEW, OLD) == texts

    before.execute(url, *ends)
    assert done(url, "keys", "rotate", encryption_keys=f"{NEW},{OLD}") == (
        f"Encrypted {MANY - BATCH} secrets with the key {NEW_ID}.\n"
    )
    assert read_all(url, NEW) == texts


def test_secrets_that_cannot_be_read_are_named_and_the_others_rotated(url: str):
    store(url, range(3))
    store(url, [3], new_key())
    with before.connected(url) as connection:
        damaged = update(SecondFactor.__table__).where(COLUMN.table.c.account_id == row_id(1))
        connection.execute(damaged.values(secret=COLUMN + "AAAA"))

    result = invoked(url, "keys", "rotate", encryption_keys=f"{NEW},{OLD}")

    assert result.exit_code == 1
    assert result.stdout == f"Encrypted 2 secrets with the key {NEW_ID}.\n"
    changed, unknown, error = result.stderr.splitlines()
    assert changed.startswith(f"{row_id(1)}: a value of second_factor.secret cannot be decrypted")
    assert unknown.startswith(f"{row_id(3)}: DIPTYCH_ENCRYPTION_KEYS does not have the key ")
    assert error == "Error: 2 secrets could not be decrypted."


def test_without_keys_there_is_nothing_to_rotate_with(url: str):
    assert "DIPTYCH_ENCRYPTION_KEYS is not set" in refused(url, "keys", "rotate")


@pytest.mark.long
def test_the_commands_are_the_same_under_flask(databases: Databases):
    url = databases.migrated("sqlite")
    store(url, range(2))

    rotated = run([*FLASK, "keys", "rotate"], DATABASE_URL=url, DIPTYCH_ENCRYPTION_KEYS=f"{NEW},{OLD}")
    assert rotated.stdout == f"Encrypted 2 secrets with the key {NEW_ID}.\n"
    told = run([*FLASK, "keys", "rotate"], check=False, DATABASE_URL=url, DIPTYCH_ENCRYPTION_KEYS=NEW[9:])
    assert (told.returncode, len(told.stderr.splitlines())) == (3, 1)
    assert told.stderr.startswith("diptych: DIPTYCH_ENCRYPTION_KEYS is not id:key,...")
