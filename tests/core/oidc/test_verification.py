"""Which tokens of an identity provider are taken, and what they allow."""

from __future__ import annotations

import json
import time
import warnings
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diptych.core.access.permissions import permitted
from diptych.core.access.principal import Principal
from diptych.core.http.problems import Problem, unauthorized
from diptych.core.oidc import provider as providers
from diptych.core.oidc.key_set import parse_key_set
from diptych.core.oidc.provider import LENGTH, Provider, jwt_digest
from diptych.core.oidc.verification import principal_of
from tests.support import issuer
from tests.support.issuer import AUDIENCE, ROLES, encoded, hs256, key, public, signed, signer

ISSUER = "https://id.example.org"
KEYS = parse_key_set({"keys": [public(each) for each in ("rsa", "ec", "okp")]})
STRICT = Provider(ISSUER, AUDIENCE, frozenset({"at+jwt"}), ("roles",), ROLES)  # type: ignore[arg-type]
LENIENT = Provider(ISSUER, AUDIENCE, frozenset({"at+jwt", "jwt"}), ("roles",), ROLES)  # type: ignore[arg-type]
HEADER, PAYLOAD = b'{"alg":"RS256","kid":"rsa","typ":"at+jwt"%s}', b'{"sub":"tove"%s}'


def find(key_id: str | None, algorithm: str) -> Any:
    if (found := KEYS.find(key_id, algorithm)) is None:
        raise unauthorized("no such key")
    return found


def verified(token: str, provider: Provider = STRICT) -> Principal:
    if jwt_digest(token) is None:
        raise unauthorized("no token")
    return principal_of(token, provider, find, datetime.now(UTC))


def of(algorithm: str = "RS256", provider: Provider = STRICT, **options: Any) -> Principal:
    return verified(issuer.token(ISSUER, algorithm, **options), provider)


def refusal(algorithm: str = "RS256", provider: Provider = STRICT, **options: Any) -> str:
    return refusal_of(issuer.token(ISSUER, algorithm, **options), provider)


def refusal_of(token: str, provider: Provider = STRICT) -> str:
    with pytest.raises(Problem) as caught:
        verified(token, provider)
    assert caught.value.status == 401
    assert 'error="invalid_token"' in caught.value.headers["WWW-Authenticate"]
    assert caught.value.headers["WWW-Authenticate"].isascii()
    return caught.value.detail


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"])
def test_a_token_says_who_it_speaks_of_and_what_they_may_do(algorithm: str):
    with warnings.catch_warnings(record=True) as warned:
        found = of(algorithm, preferred_username="Tove Jansson", exp=4_000_000_000)

    assert warned == []
    assert (found.via, found.role, found.name) == ("oidc", "editor", "Tove Jansson")
    assert found.permissions == permitted("editor")
    assert found.id == STRICT.principal_id("tove")
    assert found.expires_at == datetime.fromtimestamp(4_000_000_000, UTC)
    assert (found.account_id, found.token_id) == (None, None)


def test_an_id_is_of_one_subject_of_one_issuer():
    other = Provider("https://id.example.org/", AUDIENCE, frozenset(), (), {})

    assert len({each.principal_id(name) for each in (STRICT, other) for name in ("tove", "lars")}) == 4
    assert str(STRICT.principal_id("tove")) == "06cd0687-ca29-521f-801d-f1c8e14914e8"


@pytest.mark.parametrize("name", [None, "", 7, "a\nb", "\ud800", "x" * 256])
def test_a_name_that_is_no_line_of_text_is_the_subject(name: Any):
    assert of(preferred_username=name).name == "tove"


# The signature


def test_a_token_that_is_not_signed_is_refused():
    for algorithm in ("none", "None", "nOnE", ""):
        assert refusal(algorithm, sign=lambda _: b"") == "no token."
        assert "algorithm" in refusal(algorithm, sign=lambda _: b"x")
    whole = issuer.token(ISSUER)
    content = whole.rpartition(".")[0]
    for token in (content, f"{content}.", f"{content}.AAAA"):
        refusal_of(token)


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "RS1", "ES256K", "dir", "RSA-OAEP", "rs256", "RS256 "])
def test_an_algorithm_that_is_not_on_the_list_is_refused(algorithm: str):
    assert "algorithm" in refusal(algorithm, sign=hs256(b"x" * 64))


@pytest.mark.parametrize("algorithm", [7, None, ["RS256"], {"RS256": 1}, True])
def test_an_algorithm_that_is_no_text_is_refused(algorithm: Any):
    refusal(header={"alg": algorithm}, sign=signer("RS256", "rsa"))


def test_a_public_key_is_no_secret():
    pem = key("rsa").as_pem(private=False)
    jwk = json.dumps(public("rsa")).encode()
    for secret in (pem, pem.strip(), key("rsa").as_der(private=False), jwk, b""):
        assert "algorithm" in refusal("HS256", sign=hs256(secret))
        # Under the name of an algorithm that is taken, its signature is no signature of that.
        assert "signature" in refusal("RS256", sign=hs256(secret))


@pytest.mark.parametrize(
    ("algorithm", "key_id"),
    [("ES256", "rsa"), ("RS256", "ec"), ("EdDSA", "rsa"), ("EdDSA", "ec"), ("ES384", "ec"), ("RS256", "okp")],
)
def test_a_key_is_used_by_its_own_algorithms_only(algorithm: str, key_id: str):
    own = next(each for each, name in issuer.KEY_OF.items() if name == key_id)

    assert refusal(algorithm, key_id=key_id, sign=signer(own, key_id)) == "no such key."


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_another_key_under_the_same_id_is_refused(algorithm: str):
    name = issuer.KEY_OF[algorithm]

    assert "signature" in refusal(algorithm, sign=signer(algorithm, f"{name}-other"))


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_token_that_was_changed_is_refused(algorithm: str):
    token = issuer.token(ISSUER, algorithm)
    header, payload, signature = token.split(".")
    claims = json.loads(urlsafe_b64decode(payload + "=="))
    other = encoded(json.dumps({**claims, "roles": ["heads"]}).encode())

    assert "signature" in refusal_of(f"{header}.{other}.{signature}")
    assert "signature" in refusal_of(f"{header}.{payload}.{encoded(bytes(64))}")
    for wrong in (
        f"{header}.{payload}",
        f"{token}.x",
        f".{payload}.{signature}",
        f"{header}..{signature}",
        f"{token}=",
    ):
        refusal_of(wrong)
    refusal_of(f"{header}.{payload}.{signature[:-4]}")


def test_a_signature_of_ecdsa_in_zeros_is_refused():
    for size in (0, 1, 63, 64, 65, 128):
        refusal("ES256", sign=lambda _, size=size: bytes(size))


@pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5c"])
def test_a_key_that_a_token_brings_or_points_to_is_not_used(member: str):
    own = "rsa-of-an-attacker"
    brought = {
        "jwk": public(own),
        "jku": "https://evil.example/keys",
        "x5u": "https://evil.example/certificate",
        "x5c": [encoded(key(own).as_der(private=False))],
    }
    header = {member: brought[member]}

    assert of(header=header).name == "tove"
    assert refusal(key_id=own, header=header) == "no such key."
    assert "signature" in refusal(header=header, sign=signer("RS256", own))
    assert refusal(header={**header, "kid": None}, sign=signer("RS256", own)).startswith("The signature")


def test_without_an_id_the_only_key_of_the_algorithm_is_used():
    assert of(header={"kid": None}).name == "tove"
    for wrong in ("", "RSA", "../rsa", "rsa\0", "' OR 1=1"):
        assert refusal(header={"kid": wrong}) == "no such key."
    for wrong in (7, ["rsa"], {"rsa": 1}):
        assert "malformed" in refusal(header={"kid": wrong})


# The header and the encoding


@pytest.mark.parametrize(
    "members",
    [
        {"crit": ["exp"], "exp": 1},
        {"crit": ["b64"], "b64": False},
        {"crit": ["b64"], "b64": True},
        {"b64": False},
        {"crit": []},
        {"crit": "b64"},
        {"crit": ["kid"]},
    ],
)
def test_an_extension_that_has_to_be_understood_is_refused(members: dict[str, Any]):
    assert "extension" in refusal(header=members)


def test_a_parameter_that_nobody_knows_is_ignored():
    assert of(header={"x-of-a-vendor": {"a": [1]}, "cty": "JWT"}).name == "tove"


@pytest.mark.parametrize(
    ("header", "payload"),
    [
        (HEADER % b',"alg":"none"', PAYLOAD % b""),
        (HEADER % b',"kid":"ec"', PAYLOAD % b""),
        (HEADER % b"", PAYLOAD % b',"sub":"lars"'),
        (HEADER % b"", b'{"a":{"b":1,"b":2}}'),
        (b'["RS256"]', PAYLOAD % b""),
        (b'"alg"', PAYLOAD % b""),
        (b"7", PAYLOAD % b""),
        (b"[" * 8000, PAYLOAD % b""),
        (HEADER % b"", b"[" * 8000),
        (HEADER % b"", b"[]"),
        (HEADER % b"", b"null"),
        (HEADER % b"", b"{"),
        (HEADER % b"", b"\xff"),
        (HEADER % b"", PAYLOAD % b',"exp":NaN'),
        (b"\xef\xbb\xbf" + HEADER % b"", PAYLOAD % b""),
        (b"{}", PAYLOAD % b""),
    ],
)
def test_what_is_not_plain_json_is_refused(header: bytes, payload: bytes):
    refusal_of(signed(header, payload, signer("RS256", "rsa")))


def test_a_token_has_16384_characters_at_most():
    near = issuer.token(ISSUER, x="x" * 11_000)
    assert 15_000 < len(near) < LENGTH
    assert verified(near).name == "tove"

    assert refusal(x="x" * 12_000) == "no token."
    assert jwt_digest("a" * 10**6 + ".b.c") is None


@pytest.mark.parametrize(
    "text", ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e", "a.b.c ", "a.b.c\n", "ä.b.c", "a+.b.c", "..", "a..c"]
)
def test_text_that_is_no_signed_token_is_none(text: str):
    assert jwt_digest(text) is None


def test_base64_with_spare_bits_is_no_second_spelling_of_a_token():
    token = issuer.token(ISSUER, "EdDSA")
    ends = [token[:-1] + each for each in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"]

    assert [each for each in ends if _is_taken(each)] == [token]


def _is_taken(token: str) -> bool:
    try:
        return verified(token).name == "tove"
    except Problem:
        return False


# Types


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_an_access_token_says_that_it_is_one(typ: str):
    assert of(header={"typ": typ}).name == "tove"


@pytest.mark.parametrize("typ", ["JWT", None, "", "logout+jwt", "secevent+jwt", "dpop+jwt", "at+jwt;x=1"])
def test_another_type_is_refused(typ: str | None):
    assert "type" in refusal(header={"typ": typ})


@pytest.mark.parametrize("typ", ["JWT", "jwt", None])
def test_an_operator_may_take_tokens_that_do_not_say_their_type(typ: str | None):
    header = {"typ": typ}

    assert of(provider=LENIENT, header=header).name == "tove"
    for claim in ("nonce", "at_hash", "c_hash", "s_hash", "events"):
        assert "no access token" in refusal(provider=LENIENT, header=header, **{claim: "x"})
    assert of(provider=LENIENT, nonce="x").name == "tove"


# Claims


@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "sub"])
def test_a_claim_that_is_needed_is_missed(claim: str):
    assert refusal(**{claim: None}) == f"The token lacks a claim that is needed: {claim}."


@pytest.mark.parametrize(
    "iss", ["https://id.example.org/", "https://evil.example", "", 7, [ISSUER], "HTTPS://id.example.org"]
)
def test_another_issuer_is_refused(iss: Any):
    assert "issuer" in refusal(iss=iss)


@pytest.mark.parametrize(
    "aud", ["diptych", "", [], ["other"], {AUDIENCE: 1}, 7, [AUDIENCE, 7], [[AUDIENCE]], AUDIENCE.upper()]
)
def test_another_audience_is_refused(aud: Any):
    assert "audience" in refusal(aud=aud)


def test_one_of_several_audiences_is_enough():
    assert of(aud=["other", AUDIENCE]).name == "tove"


@pytest.mark.parametrize(("claim", "distance"), [("exp", -40), ("nbf", 40), ("iat", 40)])
def test_times_are_checked_with_half_a_minute_of_leeway(claim: str, distance: int):
    moment = int(time.time())

    assert refusal(**{claim: moment + distance})
    assert of(**{claim: moment + distance // 2}).name == "tove"
    assert of(**{claim: moment + distance // 2 + 0.5}).name == "tove"


@pytest.mark.parametrize("value", ["4000000000", True, [], {}, "", False])
@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
def test_a_time_that_is_no_number_is_refused(claim: str, value: Any):
    assert refusal(**{claim: value})


@pytest.mark.parametrize("exp", [-1, 0, -(10**18), 1.5, -1e300])
def test_a_token_of_long_ago_is_expired(exp: float):
    assert refusal(exp=exp) == "The token is expired."


@pytest.mark.parametrize("exp", [10**19, 1e300, 253_402_300_800, 2**63])
def test_a_token_that_never_expires_is_taken_for_as_long_as_there_are_dates(exp: float):
    expires_at = of(exp=exp).expires_at
    assert expires_at is not None
    assert expires_at + timedelta(hours=1) > datetime(9999, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize("sub", ["", 7, [], "a\nb", "x" * 256, "\ud800", {"a": 1}, "\0"])
def test_a_subject_that_is_no_line_of_text_is_refused(sub: Any):
    assert refusal(sub=sub)


def test_a_token_that_is_bound_to_a_key_is_refused():
    assert "bound" in refusal(cnf={"jkt": "x"})


def test_a_token_with_authorization_details_is_refused():
    assert "details" in refusal(authorization_details=[{"type": "books", "actions": ["read"]}])


# Roles and scopes


@pytest.mark.parametrize(
    ("value", "role"),
    [
        ("staff", "reader"),
        (["staff", "heads", "librarians"], "administrator"),
        (["other", "librarians", 7, None], "editor"),
        ([], "none"),
        ("", "none"),
        ("Staff", "none"),
        ("staff heads", "none"),
        (["administrator", "editor"], "none"),
        ({"heads": True}, "none"),
        ([["heads"]], "none"),
        (True, "none"),
        (None, "none"),
    ],
)
def test_the_highest_role_that_the_mapping_knows_counts(value: Any, role: str):
    found = of(roles=value)

    assert found.role == role
    assert found.permissions == (frozenset() if role == "none" else permitted(role))
    assert not found.is_anonymous


@pytest.mark.parametrize(
    ("setting", "claims"),
    [
        ("groups", {"groups": ["heads"]}),
        ("/realm_access/roles", {"realm_access": {"roles": ["heads"]}}),
        ("/resource_access/a.b/roles", {"resource_access": {"a.b": {"roles": "heads"}}}),
        ("https://books.example/roles", {"https://books.example/roles": ["heads"]}),
        ("/a~1b/c~0d", {"a/b": {"c~d": ["heads"]}}),
    ],
)
def test_the_claim_with_the_roles_may_be_anywhere(setting: str, claims: dict[str, Any]):
    provider = Provider(ISSUER, AUDIENCE, frozenset({"at+jwt"}), providers.parse_role_claim(setting), ROLES)  # type: ignore[arg-type]

    assert of(provider=provider, **claims).role == "administrator"
    for wrong in ({}, {"realm_access": ["roles"]}, {"resource_access": {"a": {"b": {"roles": "heads"}}}}):
        assert of(provider=provider, **wrong).role == "none"


@pytest.mark.parametrize(
    ("scopes", "permissions"),
    [
        ({"scope": "openid profile"}, permitted("editor")),
        ({"scope": "openid catalogue:read"}, {"catalogue:read", "me:read"}),
        ({"scope": ""}, permitted("editor")),
        ({"scp": ["catalogue:read", "x"]}, {"catalogue:read", "me:read"}),
        ({"scp": "catalogue:read x"}, {"catalogue:read", "me:read"}),
        ({"scope": "catalogue:read catalogue:write", "scp": ["catalogue:read"]}, {"catalogue:read", "me:read"}),
        ({"scope": "accounts:manage"}, {"me:read"}),
    ],
)
def test_scopes_of_ours_narrow_what_the_role_allows(scopes: dict[str, Any], permissions: set[str]):
    assert of(**scopes).permissions == permissions


@pytest.mark.parametrize("scope", [7, {"catalogue:read": 1}, [7], True])
def test_a_scope_that_is_not_understood_is_refused(scope: Any):
    assert "scope" in refusal(scope=scope)
    assert "scp" in refusal(scp=scope)
