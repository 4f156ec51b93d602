"""Settings: one frozen object, read from the environment only here."""

from __future__ import annotations

import difflib
import importlib.util
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from diptych.core.access.encryption import Keyring
from diptych.core.errors import SettingsError
from diptych.core.oidc import provider
from diptych.core.oidc.provider import Provider
from diptych.core.web import translation

PREFIX = "DIPTYCH_"

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

URL_FILE = "DATABASE_URL_FILE"

IN_FILES = {URL_FILE: "DATABASE_URL", "DIPTYCH_ENCRYPTION_KEYS_FILE": "DIPTYCH_ENCRYPTION_KEYS"}
"""The variables that name a file which contains the value of another, as a container's secrets are files."""

_HOSTS = re.compile(r"(?P<before>\w+(?:\+\w+)?://(?:[^@/?]*@)?)(?P<hosts>[^@/?]*,[^@/?]*)(?P<after>[/?].*)?")
"""A URL with several hosts, as libpq reads it and SQLAlchemy does not."""

_HOST = re.compile(r"(?:\[(?P<ipv6>[^\[\]]+)\]|(?P<name>[^:\[\]]+))(?::(?P<port>[0-9]{1,5}))?")

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]{1,5})?|https?://\[[0-9a-f:.]+\](?::[0-9]{1,5})?")

_HOST_NAME = re.compile(r"[A-Za-z0-9_.-]+|\[[0-9a-fA-F:.]+\]")


def _database_url(text: str) -> str:
    """Check a database URL and return it as given. Errors: ValueError."""
    url = parse_database_url(text)
    if url.get_backend_name() == "sqlite" and _is_in_memory(url):
        raise ValueError("names no file, and SQLite needs one that all workers share: sqlite:///var/diptych.db")
    if url.query.get("cache") == "shared":
        raise ValueError("has cache=shared, under which connections do not wait for each other's locks: leave it out")
    return text


def _is_in_memory(url: URL) -> bool:
    """Return whether a SQLite database has no file."""
    in_memory = url.query.get("mode") == "memory" or url.query.get("vfs") == "memdb"
    return in_memory or not url.database or ":memory:" in url.database


def parse_database_url(text: str) -> URL:
    """Return the URL without its driver: `postgresql://...` or `sqlite:///...`. Errors: ValueError.

    Several hosts, `h1:5432,h2:5432`, become the parameters `host=h1,h2&port=5432,5432`.
    """
    try:
        url = _of_several_hosts(several) if (several := _HOSTS.fullmatch(text)) else make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError(
            "is not a database URL such as postgresql://user@host/db or sqlite:///var/diptych.db"
        ) from None
    backend = {"postgres": "postgresql"}.get(url.get_backend_name(), url.get_backend_name())
    if backend not in ("postgresql", "sqlite"):
        raise ValueError(f"names {backend!r}; PostgreSQL and SQLite are served")
    return url.set(drivername=backend)


def _of_several_hosts(parts: re.Match[str]) -> URL:
    """Return a URL with its hosts as parameters. Errors: ValueError, ArgumentError."""
    found = [_HOST.fullmatch(host) for host in parts["hosts"].split(",")]
    url = make_url(parts["before"] + (parts["after"] or ""))
    if not all(found) or {"host", "port"} & url.query.keys():
        raise ValueError
    hosts = [unquote(host["ipv6"] or host["name"]) for host in found if host]
    ports = [host["port"] or "" for host in found if host]
    url = url.update_query_dict({"host": ",".join(hosts)})
    return url.update_query_dict({"port": ",".join(ports)}) if any(ports) else url


def hosts_of(url: URL) -> list[str]:
    """Return the hosts of a PostgreSQL URL, in either of the ways in which it may name several."""
    named = url.query.get("host") or url.host or ""
    return [host for each in ([named] if isinstance(named, str) else named) for host in each.split(",")]


def _between(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise ValueError(f"must be a whole number from {low} to {high}, not {text!r}")
        return int(text)

    return parse


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}, not {text!r}")
        return text

    return parse


def _origins(text: str) -> str:
    """Check a list of origins and return it as given. Errors: ValueError."""
    for origin in parse_list(text):
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            raise ValueError(f"names {origin!r}, which is no origin such as https://shop.example.org, and not *")
    return text


def _hosts(text: str) -> str:
    """Check a list of host names and return it as given. Errors: ValueError."""
    for host in parse_list(text):
        if host != "*" and not _HOST_NAME.fullmatch(host):
            raise ValueError(
                f"names {host!r}, which is no host name such as shop.example.org (without a port), and not *"
            )
    return text


def _file_store(text: str) -> str:
    """Check where files are and return it as given. Errors: ValueError."""
    scheme, separator, rest = text.partition("://")
    if not text or (separator and (scheme != "s3" or not rest.partition("/")[0])) or scheme.startswith("s3:"):
        raise ValueError(f"is neither a directory nor an address such as s3://bucket/prefix: {text!r}")
    if separator and "@" in rest.partition("/")[0]:
        # They would not be used, and errors of the store tell its address.
        raise ValueError("has credentials in it, which are read from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    return text


def _methods(text: str) -> str:
    """Check a list of methods and return it as given. Errors: ValueError."""
    for method in parse_list(text):
        if method not in METHODS:
            raise ValueError(f"names {method!r}, which is none of {', '.join(METHODS)}")
    return text


def _proxies(text: str) -> str:
    """Check a list of addresses and networks and return it as given. Errors: ValueError."""
    for name in parse_list(text):
        if name != "unix":
            try:
                ip_network(name)
            except ValueError:
                raise ValueError(
                    f"names {name!r}, which is no address, no network such as 10.0.0.0/8, and not unix"
                ) from None
    return text


def _encryption_keys(text: str) -> str:
    """Check the encryption keys and return them as given. Errors: ValueError."""
    Keyring.parse(text)
    return text


def parse_list(text: str) -> tuple[str, ...]:
    """Split a comma-separated list."""
    return tuple(item for each in text.split(",") if (item := each.strip()))


BODIES = 4
"""Largest bodies that a worker keeps at least: one client may have a quarter."""


SPOOLED = 8
"""Largest files that can arrive at a worker at the same time: one client may have a quarter."""


def _setting(default: Any, variable: str, parse: Callable[[str], Any], help_text: str, *, secret: bool = False) -> Any:
    return field(default=default, repr=not secret, metadata={"variable": variable, "parse": parse, "help": help_text})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a deployment. Each field is set by the environment variable beside it."""

    database_url: str = _setting(
        "sqlite:///var/diptych.db",
        "DATABASE_URL",
        _database_url,
        "the one database of both adapters",
        secret=True,
    )
    pool_size: int = _setting(10, "DIPTYCH_POOL_SIZE", _between(1, 1000), "connections each worker keeps")
    pool_overflow: int = _setting(
        0, "DIPTYCH_POOL_OVERFLOW", _between(0, 1000), "connections it may add under load, each for one request"
    )
    pool_timeout: int = _setting(1, "DIPTYCH_POOL_TIMEOUT", _between(1, 60), "seconds to wait for a connection")
    request_timeout: int = _setting(
        10, "DIPTYCH_REQUEST_TIMEOUT", _between(1, 3600), "seconds a request's work may take"
    )
    keepalive_timeout: int = _setting(
        5,
        "DIPTYCH_KEEPALIVE_TIMEOUT",
        _between(1, 3600),
        "seconds a client may pause in a request, and between two on a connection",
    )
    max_body_bytes: int = _setting(
        8 * 1024 * 1024, "DIPTYCH_MAX_BODY_BYTES", _between(1024, 1024**3), "the largest request body accepted"
    )
    buffer_bytes: int = _setting(
        0,
        "DIPTYCH_BUFFER_BYTES",
        _between(0, 1024**4),
        "of bodies and responses in transit that a worker keeps, a quarter for one client;"
        " 0: four of the largest bodies, at least 256 MiB",
    )
    files: str = _setting(
        "var/files",
        "DIPTYCH_FILES",
        _file_store,
        "where the files of books are: a directory, or s3://bucket/prefix",
    )
    translation: str = _setting(
        "", "DIPTYCH_TRANSLATION", translation.check, "a file of gettext (.mo) with the words of the pages"
    )
    max_file_bytes: int = _setting(
        128 * 1024 * 1024, "DIPTYCH_MAX_FILE_BYTES", _between(1024, 1024**4), "the largest file of a book accepted"
    )
    file_bytes_per_account: int = _setting(
        10 * 1024**3,
        "DIPTYCH_FILE_BYTES_PER_ACCOUNT",
        _between(0, 1024**5),
        "of files that an account that does not administer may have stored; 0: no limit",
    )
    hosts: str = _setting(
        "", "DIPTYCH_HOSTS", _hosts, "host names of requests that are answered, separated by commas; * for any"
    )
    cors_origins: str = _setting(
        "", "DIPTYCH_CORS_ORIGINS", _origins, "origins whose pages may use this API, separated by commas; * for all"
    )
    cors_methods: str = _setting(
        "",
        "DIPTYCH_CORS_METHODS",
        _methods,
        "methods that those pages may send, separated by commas; empty for the default",
    )
    rate_limit: int = _setting(
        0, "DIPTYCH_RATE_LIMIT", _between(0, 10**9), "what a client may spend a minute (a row 1, a page 2); 0: no limit"
    )
    trusted_proxies: str = _setting(
        "", "DIPTYCH_TRUSTED_PROXIES", _proxies, "addresses or networks of proxies that name their clients; unix"
    )
    oidc_issuer: str = _setting(
        "", "DIPTYCH_OIDC_ISSUER", provider.issuer_url, "the URL of an identity provider whose tokens are taken"
    )
    oidc_audience: str = _setting(
        "", "DIPTYCH_OIDC_AUDIENCE", provider.audience, "what it calls this service in the claim aud of its tokens"
    )
    oidc_types: str = _setting(
        "at+jwt", "DIPTYCH_OIDC_TYPES", provider.token_types, "types of its tokens that are taken; JWT also for none"
    )
    oidc_role_claim: str = _setting(
        "roles", "DIPTYCH_OIDC_ROLE_CLAIM", provider.role_claim, "the claim with the roles, or a JSON Pointer to it"
    )
    oidc_roles: str = _setting(
        "", "DIPTYCH_OIDC_ROLES", provider.role_mapping, "what its values mean, such as librarians=editor,staff=reader"
    )
    encryption_keys: str = _setting(
        "",
        "DIPTYCH_ENCRYPTION_KEYS",
        _encryption_keys,
        "id:key,... for secrets in the database: the first encrypts, all decrypt",
        secret=True,
    )
    require_if_match: int = _setting(
        0, "DIPTYCH_REQUIRE_IF_MATCH", _between(0, 1), "1 to refuse changes that do not say what they change"
    )
    migration_lock_timeout: int = _setting(
        2, "DIPTYCH_MIGRATION_LOCK_TIMEOUT", _between(1, 600), "seconds a migration waits for a lock at a time"
    )
    migration_statement_timeout: int = _setting(
        60, "DIPTYCH_MIGRATION_STATEMENT_TIMEOUT", _between(0, 86400), "seconds one statement of a migration may take"
    )
    stop_timeout: int = _setting(
        20, "DIPTYCH_STOP_TIMEOUT", _between(2, 3600), "seconds from SIGTERM until what is still in flight is cut off"
    )
    workers: int = _setting(2, "DIPTYCH_WORKERS", _between(1, 256), "gunicorn's worker processes")
    threads: int = _setting(4, "DIPTYCH_THREADS", _between(1, 256), "threads in each of gunicorn's workers")
    log_level: str = _setting(
        "info", "DIPTYCH_LOG_LEVEL", _one_of("debug", "info", "warning", "error"), "the least that is logged"
    )
    flask_port: int = _setting(8000, "FLASK_PORT", _between(1, 65535), "where `make serve` puts Flask")
    sanic_port: int = _setting(8001, "SANIC_PORT", _between(1, 65535), "where `make serve` puts Sanic")

    def __post_init__(self) -> None:
        """Check the invariants that the rest of the core relies on. Errors: SettingsError."""
        try:
            _database_url(self.database_url)
        except ValueError as error:
            raise SettingsError(f"database_url {error}") from None
        try:
            _encryption_keys(self.encryption_keys)
        except ValueError as error:
            raise SettingsError(f"encryption_keys {error}") from None
        if 0 < self.buffer_bytes < BODIES * self.max_body_bytes:
            raise SettingsError(
                f"DIPTYCH_BUFFER_BYTES must be 0, or {BODIES} times DIPTYCH_MAX_BODY_BYTES at least,"
                f" {BODIES * self.max_body_bytes}, not {self.buffer_bytes}"
            )

        _check_provider(self.oidc_issuer, self.oidc_audience, self.oidc_roles)

    @property
    def identity_provider(self) -> Provider | None:
        """The identity provider whose tokens are taken."""
        if not self.oidc_issuer:
            return None
        return Provider(
            self.oidc_issuer,
            self.oidc_audience,
            provider.parse_types(self.oidc_types),
            provider.parse_role_claim(self.oidc_role_claim),
            provider.parse_roles(self.oidc_roles),
        )

    @property
    def buffer_limit(self) -> int:
        """Bytes in transit that a worker keeps."""
        return self.buffer_bytes or max(BODIES * self.max_body_bytes, 256 * 1024 * 1024)

    @property
    def spool_directory(self) -> str | None:
        """Where arriving files are: beside those that are stored, or for a bucket where temporary files are."""
        return None if "://" in self.files else self.files

    @property
    def spool_limit(self) -> int:
        """Bytes of arriving files that a worker keeps in temporary files."""
        return SPOOLED * self.max_file_bytes

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings from a mapping such as `os.environ`.

        Errors: SettingsError, naming the wrong variable, or the unknown DIPTYCH_* one.
        """
        variables = {item.metadata["variable"]: item for item in fields(cls)}
        values: dict[str, Any] = {}
        for file, variable in IN_FILES.items():
            if file in environ:
                setting = variables[variable]
                values[setting.name] = _value_in_file(environ, file, variable, setting.metadata["parse"])
        for name, text in environ.items():
            if item := variables.get(name):
                try:
                    values[item.name] = item.metadata["parse"](text)
                except ValueError as error:
                    raise SettingsError(f"{name} {error}") from None
            elif name.startswith(PREFIX) and name not in IN_FILES:
                known = sorted([*variables, *IN_FILES])
                near = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
                hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"
                raise SettingsError(f"{name} is not a setting{hint}")
        return cls(**values)


def _check_provider(issuer: str, audience: str, roles: str) -> None:
    """Errors: SettingsError for half an identity provider, and where what it needs is not installed."""
    together = {"DIPTYCH_OIDC_ISSUER": issuer, "DIPTYCH_OIDC_AUDIENCE": audience, "DIPTYCH_OIDC_ROLES": roles}
    missing = [name for name, value in together.items() if not value]
    if missing and len(missing) < len(together):
        given = next(name for name, value in together.items() if value)
        raise SettingsError(f"{given} is set, and {' and '.join(missing)} not: the three go together")
    if issuer and importlib.util.find_spec("joserfc") is None:
        raise SettingsError("DIPTYCH_OIDC_ISSUER needs joserfc: pip install 'diptych[oidc]'")


def _value_in_file(environ: Mapping[str, str], file: str, variable: str, parse: Callable[[str], str]) -> str:
    """Return the value of a variable that is in the file that another one names. Errors: SettingsError."""
    if variable in environ:
        raise SettingsError(f"{variable} and {file} are both set: keep one of them")
    path = environ[file]
    try:
        text = Path(path).read_text("utf-8").strip()
        value = parse(text)
        if not text:
            raise ValueError("is empty")  # noqa: TRY301 - told as any other content that is wrong
    except OSError as error:
        raise SettingsError(f"{file} names {path!r}, which cannot be read: {error.strerror}") from None
    except ValueError as error:
        wrong = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else error
        raise SettingsError(f"{file} names {path!r}, whose content {wrong}") from None
    return value


def settings_or_exit(environ: Mapping[str, str]) -> Settings:
    """Return the settings of a starting program, or print one line on stderr and exit.

    The exit status is 3: gunicorn takes it as a worker that cannot boot, and stops instead of retrying.
    """
    try:
        return Settings.from_environ(environ)
    except SettingsError as error:
        print(f"diptych: {error}", file=sys.stderr)
        raise SystemExit(3) from None
