"""Encrypted values: which key, which place, and what is told when one cannot be read."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from diptych.core.access.encryption import Keyring, UnreadableSecret, new_key, place_of
from diptych.core.access.second_factors.model import SecondFactor
from diptych.core.errors import SettingsError
from diptych.core.settings import Settings

ROW = UUID("01890f3e-8f6a-7cc0-9d5a-3b1f6d2c4e5f")
PLACE = place_of(SecondFactor.__table__.c.secret, ROW)
OLD, NEW = "old:" + "A" * 43, "new:" + "B" * 42 + "A"
WORDS = "the moomins of the valley"


def test_a_value_names_its_key_and_is_another_each_time():
    keyring = Keyring.parse(f"{NEW},{OLD}")
    values = {keyring.encrypt(WORDS, PLACE) for _ in range(10)}

    assert f"second_factor.secret.{ROW}" == PLACE
    assert len(values) == 10
    assert all(re.fullmatch(r"v1\.new\.[A-Za-z0-9_-]+", each) for each in values)
    assert {keyring.decrypt(each, PLACE) for each in values} == {WORDS}


def test_the_first_key_encrypts_and_all_decrypt():
    value = Keyring.parse(OLD).encrypt(WORDS, PLACE)

    assert Keyring.parse(f"{NEW},{OLD}").decrypt(value, PLACE) == WORDS
    assert Keyring.parse(f"{OLD}={',' * 2} {NEW}").decrypt(value, PLACE) == WORDS


@pytest.mark.parametrize(
    ("keys", "place", "told"),
    [
        ("", PLACE, "DIPTYCH_ENCRYPTION_KEYS is not set, and needs the key old"),
        (NEW, PLACE, "DIPTYCH_ENCRYPTION_KEYS does not have the key old"),
        (f"old:{NEW[4:]}", PLACE, "another key had this id"),
        (OLD, PLACE.replace("01890f3e", "01890f3f"), "comes from another row or column"),
        (OLD, PLACE.replace("secret", "other"), "comes from another row or column"),
        (OLD, PLACE.replace("second", "third"), "comes from another row or column"),
    ],
)
def test_a_value_is_read_with_its_key_in_its_place_alone(keys: str, place: str, told: str):
    value = Keyring.parse(OLD).encrypt(WORDS, PLACE)

    with pytest.raises(UnreadableSecret, match=told) as caught:
        Keyring.parse(keys).decrypt(value, place)
    assert not [each for each in (WORDS, value, OLD[4:], str(ROW)) if each in str(caught.value)]


def test_a_changed_value_is_not_read():
    keyring = Keyring.parse(OLD)
    value = keyring.encrypt(WORDS, PLACE)
    changed = f"{value[:-2]}{'A' if value[-2] != 'A' else 'B'}{value[-1]}"

    for damaged in (changed, value[:12], value[:9], "v1.old.AAAAA", "v2" + value[2:], WORDS, ""):
        with pytest.raises(UnreadableSecret):
            keyring.decrypt(damaged, PLACE)


def test_a_generated_key_is_one_that_the_setting_takes():
    keys = [new_key() for _ in range(3)]

    assert len(Keyring.parse(",".join(keys)).ids) == 3
    assert Settings.from_environ({"DIPTYCH_ENCRYPTION_KEYS": keys[0]}).encryption_keys == keys[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A" * 43, "is not id:key,...: number 1 is no id"),
        (f"{'A' * 43}:old", "is not id:key,...: number 1 is no id"),
        (f"{OLD},new:{'B' * 42}", "is not id:key,...: number 2 is no id"),
        (f"new:{'B' * 43}", "is not id:key,...: number 1 is no id"),
        (f"a.b:{'A' * 43}", "is not id:key,...: number 1 is no id"),
        (f"old:{'A' * 42}+", "is not id:key,...: number 1 is no id"),
        (f"{OLD},old:{NEW[4:]}", "has two keys with the id old"),
    ],
)
def test_a_wrong_setting_is_told_without_a_key(text: str, told: str):
    with pytest.raises(SettingsError) as caught:
        Settings.from_environ({"DIPTYCH_ENCRYPTION_KEYS": text})

    assert str(caught.value).startswith(f"DIPTYCH_ENCRYPTION_KEYS {told}")
    assert "AAAAA" not in str(caught.value)
    assert "BBBBB" not in str(caught.value)
    with pytest.raises(SettingsError, match="encryption_keys"):
        Settings(encryption_keys=text)


def test_the_settings_do_not_show_the_keys():
    assert "AAAAA" not in repr(Settings(encryption_keys=OLD))
