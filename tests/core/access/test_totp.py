"""Codes of second factors, as RFC 6238 and RFC 4226 have them."""

from __future__ import annotations

from base64 import b32decode, b32encode
from datetime import UTC, datetime
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from diptych.core.access.second_factors import recovery_codes, totp

SECRET = b32encode(b"12345678901234567890").decode()

# RFC 6238 appendix B, the rows of SHA-1: seconds since 1970 and the code of eight digits.
VECTORS = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_the_codes_are_those_of_the_rfc(seconds: int, code: str):
    step = totp.step_at(at(seconds))

    assert totp.code_at(SECRET, step, digits=8) == code
    assert totp.code_at(SECRET, step) == code[2:]


def test_the_first_codes_are_those_of_rfc_4226():
    assert [totp.code_at(SECRET, step) for step in range(4)] == ["755224", "287082", "359152", "969429"]


def test_a_code_is_accepted_one_step_early_and_one_step_late():
    moment = at(2_000_000_000)
    present = totp.step_at(moment)
    steps = [present + later for later in (-2, -1, 0, 1, 2)]
    accepted = [totp.accepted_step(SECRET, totp.code_at(SECRET, step), moment, 0) for step in steps]

    assert accepted == [None, present - 1, present, present + 1, None]


def test_a_step_that_was_accepted_and_those_before_it_are_not_accepted_again():
    moment = at(2_000_000_000)
    step = totp.step_at(moment)

    assert totp.accepted_step(SECRET, totp.code_at(SECRET, step), moment, step) is None
    assert totp.accepted_step(SECRET, totp.code_at(SECRET, step - 1), moment, step) is None
    assert totp.accepted_step(SECRET, totp.code_at(SECRET, step + 1), moment, step) == step + 1


@pytest.mark.parametrize("code", ["", "12345", "1234567", "28708\uff12", "28708a", " 287082"])
def test_what_is_no_code_is_never_accepted(code: str):
    assert totp.accepted_step(SECRET, code, at(59), 0) is None


def test_a_secret_has_160_bits_and_is_random():
    secrets = {totp.new_secret() for _ in range(100)}

    assert len(secrets) == 100
    assert {len(b32decode(each)) for each in secrets} == {20}


def test_the_uri_tells_an_app_everything():
    uri = urlsplit(totp.provisioning_uri(SECRET, "tove+1@example.org"))

    assert (uri.scheme, uri.netloc, unquote(uri.path)) == ("otpauth", "totp", "/Diptych:tove+1@example.org")
    assert parse_qs(uri.query) == {
        "secret": [SECRET], "issuer": ["Diptych"], "algorithm": ["SHA1"], "digits": ["6"], "period": ["30"],
    }  # fmt: skip


def test_recovery_codes_are_random_and_found_however_they_are_typed():
    codes = recovery_codes.new_codes()
    digests = {recovery_codes.digest_of(recovery_codes.plain(each)) for each in codes}

    assert len(digests - {None}) == recovery_codes.COUNT
    for code in codes:
        # Five bits a character: what nobody may guess has 128 bits.
        assert len(code.replace("-", "")) * 5 >= 128
        typed = code.upper().replace("-", " ").replace("1", "I").replace("0", "O")
        assert recovery_codes.digest_of(recovery_codes.plain(typed)) in digests


@pytest.mark.parametrize("text", ["", "123456", "a" * 29, "a" * 31, "u" * 30, "é" * 30])
def test_what_is_no_recovery_code_is_not_looked_for(text: str):
    assert recovery_codes.digest_of(recovery_codes.plain(text)) is None
