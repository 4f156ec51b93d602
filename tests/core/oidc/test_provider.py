"""What an operator says of an identity provider: wrong settings are one line."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from diptych.core.errors import SettingsError
from diptych.core.oidc.provider import parse_role_claim, parse_roles, parse_types
from diptych.core.settings import Settings

GIVEN = {
    "DIPTYCH_OIDC_ISSUER": "https://id.example.org",
    "DIPTYCH_OIDC_AUDIENCE": "diptych",
    "DIPTYCH_OIDC_ROLES": "librarians=editor",
}


def refused(**settings: str) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environ({**GIVEN, **settings})
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_no_provider_is_the_default():
    assert Settings().identity_provider is None


def test_a_provider_is_three_settings_at_least():
    provider = Settings.from_environ(GIVEN).identity_provider

    assert provider is not None
    assert (provider.issuer, provider.audience) == ("https://id.example.org", "diptych")
    assert (provider.types, provider.role_claim, provider.roles) == ({"at+jwt"}, ("roles",), {"librarians": "editor"})


@pytest.mark.parametrize("missing", GIVEN)
def test_half_a_provider_is_refused(missing: str):
    assert missing in refused(**{missing: ""})
    with pytest.raises(SettingsError, match="go together"):
        Settings.from_environ({missing: GIVEN[missing]})


@pytest.mark.parametrize(
    "url",
    [
        "https://id.example.org",
        "https://id.example.org/",
        "https://id.example.org:8443/realms/books",
        "https://[2001:db8::1]/x",
        "http://localhost:8080/realms/books",
        "http://127.0.0.1",
        "http://[::1]:9000",
    ],
)
def test_an_issuer_has_tls_or_is_on_this_machine(url: str):
    provider = Settings.from_environ({**GIVEN, "DIPTYCH_OIDC_ISSUER": url}).identity_provider
    assert provider is not None
    assert provider.issuer == url


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example.org",
        "http://localhost.example.org",
        "http://127.0.0.1.example.org",
        "http://127.0.0.2",
        "id.example.org",
        "https://",
        "https://user:secret@id.example.org",
        "https://id.example.org?x=1",
        "https://id.example.org/?x=1",
        "https://id.example.org/#x",
        "https://id.example.org:0",
        "https://id.example.org:65536",
        "https://id.example.org/ x",
        "https://id.example.org\n",
        "HTTPS://id.example.org",
        "file:///etc/passwd",
        "ftp://id.example.org",
        "https://ïd.example.org",
    ],
)
def test_another_url_is_no_issuer(url: str):
    assert refused(DIPTYCH_OIDC_ISSUER=url).startswith("DIPTYCH_OIDC_ISSUER must")


@pytest.mark.parametrize("audience", [" x", "x ", "a\nb", "x" * 256])
def test_an_audience_is_a_line_of_text(audience: str):
    assert refused(DIPTYCH_OIDC_AUDIENCE=audience).startswith("DIPTYCH_OIDC_AUDIENCE must be")


def test_types_are_a_list():
    assert parse_types(" at+JWT, application/jwt,") == {"at+jwt", "jwt"}
    for text in ("", " ", ","):
        assert "must name a type" in refused(DIPTYCH_OIDC_TYPES=text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("roles", ("roles",)),
        ("a.b", ("a.b",)),
        ("https://books.example/roles", ("https://books.example/roles",)),
        ("/a/b", ("a", "b")),
        ("/a~1b/~0c/~01", ("a/b", "~c", "~1")),
    ],
)
def test_the_role_claim_is_a_name_or_a_pointer(text: str, names: tuple[str, ...]):
    assert parse_role_claim(text) == names


@pytest.mark.parametrize("text", ["", "/", "//a", "/a/"])
def test_a_role_claim_without_a_name_is_refused(text: str):
    assert "JSON Pointer" in refused(DIPTYCH_OIDC_ROLE_CLAIM=text)


def test_roles_are_a_mapping():
    assert parse_roles("a=reader, /b/c=editor ,d e=administrator,") == {
        "a": "reader", "/b/c": "editor", "d e": "administrator"
    }  # fmt: skip
    assert parse_roles("CN=Editors%2COU=Books=editor,100%25=reader") == {
        "CN=Editors,OU=Books": "editor",
        "100%": "reader",
    }


@pytest.mark.parametrize("text", ["a", "a=", "=reader", "a=owner", "a=none", "a=Reader", "a=reader,b", "reader"])
def test_a_mapping_to_no_role_is_refused(text: str):
    assert refused(DIPTYCH_OIDC_ROLES=text).startswith("DIPTYCH_OIDC_ROLES must be like librarians=editor,staff=reader")


def test_a_value_has_one_role():
    assert refused(DIPTYCH_OIDC_ROLES="a=reader,a=editor") == "DIPTYCH_OIDC_ROLES gives 'a' two roles"


def test_without_the_extra_a_provider_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch):
    find: Any = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "joserfc" else find(name))

    assert refused() == "DIPTYCH_OIDC_ISSUER needs joserfc: pip install 'diptych[oidc]'"
    assert Settings().identity_provider is None
