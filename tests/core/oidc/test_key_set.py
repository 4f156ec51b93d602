"""Which keys of an issuer are used."""

from __future__ import annotations

import warnings
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from diptych.core.oidc.key_set import LIMIT, parse_key_set
from tests.support.issuer import encoded, key, public

RSA, EC, OKP = (public(each) for each in ("rsa", "ec", "okp"))


def usable(*keys: Any) -> int:
    with warnings.catch_warnings(record=True) as warned:
        found = len(parse_key_set({"keys": [*keys]}))
    assert warned == []
    return found


def without(data: dict[str, Any], name: str) -> dict[str, Any]:
    return {each: value for each, value in data.items() if each != name}


def test_a_key_is_found_by_its_id_and_algorithm():
    keys = parse_key_set({"keys": [RSA, EC, OKP, {"kty": "AKP", "kid": "pq"}]})

    assert len(keys) == 3
    for key_id, algorithms in {"rsa": "RS256 PS512", "ec": "ES256", "okp": "EdDSA Ed25519"}.items():
        for each in algorithms.split():
            assert keys.find(key_id, each) is keys.find(None, each) is not None
    for wrong in (("ec", "RS256"), ("rsa", "HS256"), ("rsa", "none"), ("x", "RS256"), ("pq", "RS256"), (None, "ES384")):
        assert keys.find(*wrong) is None


def test_the_issuer_says_what_a_key_is_for():
    keys = parse_key_set({"keys": [{**RSA, "alg": "RS512"}]})

    assert keys.find("rsa", "RS512") is not None
    assert keys.find("rsa", "RS256") is None
    assert usable({**RSA, "alg": "HS256"}, {**RSA, "use": "enc"}, {**RSA, "key_ops": ["sign"]}) == 0
    assert usable(without(RSA, "use"), {**EC, "key_ops": ["verify"]}) == 2


def test_without_an_id_several_keys_of_an_algorithm_are_none():
    keys = parse_key_set({"keys": [without(RSA, "kid"), without(public("rsa-other"), "kid"), without(EC, "kid")]})

    assert keys.find(None, "RS256") is None
    assert keys.find(None, "ES256") is not None
    assert keys.find("rsa", "RS256") is None


def test_private_and_secret_keys_are_no_reason_to_trust_others():
    keys = parse_key_set({"keys": [{**key("rsa").as_dict(private=True), "kid": "rsa"}, {"kty": "oct", "k": "eA"}]})

    assert len(keys) == 1
    found = keys.find("rsa", "RS256")
    assert found is not None
    assert not found.is_private


@pytest.mark.parametrize(
    "broken",
    [
        {**RSA, "n": "AQAB"},
        {**RSA, "n": encoded(bytes(128) + b"\xff" * 128)},
        {**RSA, "n": encoded(b"\xff" * 2048)},
        {**RSA, "n": RSA["n"] + "!"},
        {**RSA, "n": 7},
        {**RSA, "n": "Ü" * 342},
        {**RSA, "e": "AQ"},
        {**RSA, "e": ""},
        without(RSA, "e"),
        {**EC, "x": "AA", "y": "AA"},
        {**EC, "crv": "P-384"},
        {**EC, "crv": "secp256k1"},
        {**EC, "crv": "Ed25519"},
        {**EC, "crv": 7},
        {**OKP, "x": "AA"},
        {**OKP, "crv": "X25519"},
        {**OKP, "crv": "P-256"},
        {**OKP, "kty": "EC"},
        {**OKP, "kid": 7},
        {**OKP, "kty": None},
        {**OKP, "key_ops": "verify"},
        {**OKP, "alg": ["EdDSA"]},
        {},
        7,
        None,
        [],
    ],
)
def test_a_key_that_is_weak_or_malformed_is_left_out(broken: Any):
    assert usable(broken) == 0
    assert usable(broken, RSA) == 1


@pytest.mark.parametrize("document", [None, [], {}, {"keys": {}}, {"keys": "rsa"}, 7])
def test_a_document_without_a_list_of_keys_is_refused(document: Any):
    with pytest.raises(ValueError, match="no list of keys"):
        parse_key_set(document)


def test_an_issuer_without_keys_has_none():
    assert usable() == 0


def test_a_set_is_read_to_its_hundredth_key():
    assert usable(*[{**OKP, "kid": str(number)} for number in range(LIMIT + 1)]) == LIMIT


def test_a_certificate_of_a_key_is_nothing_to_us():
    assert usable({**RSA, "x5c": [7], "x5u": "ftp://x", "x5t": [], "x": urlsafe_b64encode(b"x").decode()}) == 1
