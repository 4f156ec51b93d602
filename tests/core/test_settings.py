"""Settings: read once from the environment; a wrong one is reported in one line."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

import pytest

from diptych.core.access.encryption import new_key
from diptych.core.errors import SettingsError
from diptych.core.settings import Settings, hosts_of, parse_database_url, settings_or_exit
from tests.support.databases import run
from tests.support.deployments import command

NUMBERS = [
    ("DIPTYCH_POOL_SIZE", "pool_size", 1, 1000),
    ("DIPTYCH_POOL_OVERFLOW", "pool_overflow", 0, 1000),
    ("DIPTYCH_POOL_TIMEOUT", "pool_timeout", 1, 60),
    ("DIPTYCH_MAX_BODY_BYTES", "max_body_bytes", 1024, 1024**3),
    ("DIPTYCH_BUFFER_BYTES", "buffer_bytes", 0, 1024**4),
    ("DIPTYCH_MIGRATION_LOCK_TIMEOUT", "migration_lock_timeout", 1, 600),
    ("DIPTYCH_MIGRATION_STATEMENT_TIMEOUT", "migration_statement_timeout", 0, 86400),
    ("DIPTYCH_WORKERS", "workers", 1, 256),
    ("DIPTYCH_THREADS", "threads", 1, 256),
    ("FLASK_PORT", "flask_port", 1, 65535),
    ("SANIC_PORT", "sanic_port", 1, 65535),
]


def refused(**environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environ(environ)
    return str(caught.value)


def test_an_empty_environment_is_the_defaults():
    settings = Settings.from_environ({})
    assert settings == Settings()
    assert settings.database_url == "sqlite:///var/diptych.db"
    assert (settings.flask_port, settings.sanic_port) == (8000, 8001)


def test_other_peoples_variables_are_left_alone():
    assert Settings.from_environ({"PATH": "/bin", "PORT": "x", "diptych_workers": "x"}) == Settings()


@pytest.mark.parametrize(("variable", "field", "low", "high"), NUMBERS)
def test_each_number_is_read_from_its_variable_at_either_end_of_its_range(
    variable: str, field: str, low: int, high: int
):
    for value in (low, high):
        assert getattr(Settings.from_environ({variable: str(value)}), field) == value
    told = f"{variable} must be a whole number from {low} to {high}, not "
    for text in (str(low - 1), str(high + 1), "", " ", f" {low}", f"{low}.0", "1e1", "ten", "\u0663", "1_0", "9" * 50):
        assert refused(**{variable: text}) == f"{told}{text!r}"


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_the_log_level_is_one_of_four(level: str):
    assert Settings.from_environ({"DIPTYCH_LOG_LEVEL": level}).log_level == level


def test_any_other_log_level_is_refused_with_the_four():
    assert refused(DIPTYCH_LOG_LEVEL="INFO") == (
        "DIPTYCH_LOG_LEVEL must be one of debug, info, warning, error, not 'INFO'"
    )


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///var/diptych.db",
        "sqlite:////tmp/x.db",
        "sqlite+aiosqlite:///x.db",
        "postgresql://u:p@host/db",
        "postgres://u@host/db",
        "postgresql+asyncpg://u@host:5432/db?sslmode=require",
        "postgresql://u@/db?host=/var/run/postgresql",
        "postgresql://u@h1:5432,h2:5433/db?target_session_attrs=read-write",
        "postgresql://u@/db?host=h1:5432&host=h2:5433",
    ],
)
def test_a_database_url_is_kept_as_it_was_given(url: str):
    assert Settings.from_environ({"DATABASE_URL": url}).database_url == url


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite+aiosqlite://",
        "sqlite:///file::memory:?uri=true",
        "sqlite:///file:books?mode=memory&cache=shared&uri=true",
        "sqlite:///file:/books?vfs=memdb&uri=true",
    ],
)
def test_a_sqlite_database_in_memory_is_refused(url: str):
    assert refused(DATABASE_URL=url).startswith(
        "DATABASE_URL names no file, and SQLite needs one that all workers share"
    )


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "is not a database URL"),
        ("diptych.db", "is not a database URL"),
        ("postgresql://u:p@host:port/db", "is not a database URL"),
        ("postgresql://u:p@host:99999x/db", "is not a database URL"),
        ("sqlite:///file:books.db?cache=shared&uri=true", "has cache=shared, under which connections do not wait"),
        ("postgresql://u@h1:port,h2/db", "is not a database URL"),
        ("postgresql://u@h1,,h2/db", "is not a database URL"),
        ("postgresql://u@h1,h2/db?host=h3", "is not a database URL"),
        ("postgresql://u@[::1,h2/db", "is not a database URL"),
        ("mysql://u@h1,h2/db", "names 'mysql'; PostgreSQL and SQLite are served"),
        ("mysql://u@host/db", "names 'mysql'; PostgreSQL and SQLite are served"),
        ("nosuch+driver://u@host/db", "names 'nosuch'; PostgreSQL and SQLite are served"),
    ],
)
def test_what_is_no_url_of_a_database_that_is_served_is_refused(url: str, told: str):
    message = refused(DATABASE_URL=url)
    assert message.startswith(f"DATABASE_URL {told}")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("given", "query"),
    [
        ("postgresql://u:p@h1:1,h2:2/db", {"host": "h1,h2", "port": "1,2"}),
        ("postgres+asyncpg://u:p@h1,h2:2/db?sslmode=require", {"sslmode": "require", "host": "h1,h2", "port": ",2"}),
        ("postgresql://u:p@[::1]:1,[2001:db8::2]/db", {"host": "::1,2001:db8::2", "port": "1,"}),
        ("postgresql://u:p@%2Frun%2Fa,h2/db", {"host": "/run/a,h2"}),
        ("postgresql://u:p@/db?host=h1:1&host=h2:2", {"host": ("h1:1", "h2:2")}),
        ("postgresql://u:p@/db?host=h1,h2&port=1,2", {"host": "h1,h2", "port": "1,2"}),
    ],
)
def test_several_hosts_become_parameters(given: str, query: dict[str, Any]):
    url = parse_database_url(given)
    assert (url.drivername, url.username, url.password, url.host, url.database) == ("postgresql", "u", "p", None, "db")
    assert dict(url.query) == query
    assert len(hosts_of(url)) == 2


@pytest.mark.parametrize(
    "url", ["postgresql://u:a,b@h/db", "postgresql://h/db?options=a,b", "postgresql:///a,b", "sqlite:///a,b.db"]
)
def test_a_comma_elsewhere_names_no_host(url: str):
    assert len(hosts_of(parse_database_url(url))) == 1


def test_a_bucket_with_credentials_is_refused_without_telling_them():
    assert refused(DIPTYCH_FILES="s3://AKIA:hunter2@bucket/prefix") == (
        "DIPTYCH_FILES has credentials in it, which are read from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )


@pytest.mark.parametrize("place", ["", "s3:/bucket", "s3:bucket", "s3://", "S3://bucket", "gs://bucket"])
def test_a_mistyped_bucket_is_no_directory_of_that_name(place: str):
    assert refused(DIPTYCH_FILES=place) == (
        f"DIPTYCH_FILES is neither a directory nor an address such as s3://bucket/prefix: {place!r}"
    )


def test_a_password_is_never_shown():
    for url in (
        "postgresql://u:hunter2@h1:port,h2/db",
        "mysql://u:hunter2@host/db",
        "postgresql://u:hunter2@host:port/db",
        "u:hunter2@host/db",
    ):
        assert "hunter2" not in refused(DATABASE_URL=url)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("DIPTYCH_WORKER", "DIPTYCH_WORKERS"),
        ("DIPTYCH_POOLSIZE", "DIPTYCH_POOL_SIZE"),
        ("DIPTYCH_DATABASE_URL", "DATABASE_URL"),
        ("DIPTYCH_DATABASE_URL_FILE", "DATABASE_URL_FILE"),
        ("DIPTYCH_FLASK_PORT", "FLASK_PORT"),
    ],
)
def test_a_setting_that_does_not_exist_is_refused_with_the_one_that_was_meant(given: str, meant: str):
    assert refused(**{given: "1"}) == f"{given} is not a setting; did you mean {meant}?"


def test_a_setting_like_no_other_is_refused_with_all_there_are():
    message = refused(DIPTYCH_NOTHING_AT_ALL_LIKE_THEM="1")
    for item in dataclasses.fields(Settings):
        assert item.metadata["variable"] in message


def test_settings_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().workers = 3  # type: ignore[misc]


def test_every_setting_has_a_variable_and_a_word_of_help_and_its_default_is_one_it_takes():
    for item in dataclasses.fields(Settings):
        assert item.metadata["help"]
        assert item.metadata["parse"](str(item.default)) == item.default


# --- the URL in a file ---


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """Return the path of a file with a database URL and a newline, as an editor leaves it."""
    file = tmp_path / "database-url"
    file.write_text("postgresql://u:hunter2@h1,h2/db\n", "utf-8")
    return file


def test_the_database_url_may_be_in_a_file(secret: Path):
    settings = Settings.from_environ({"DATABASE_URL_FILE": str(secret)})
    assert settings.database_url == "postgresql://u:hunter2@h1,h2/db"


def test_a_url_and_a_file_with_one_are_one_too_many(secret: Path):
    both = {"DATABASE_URL_FILE": str(secret), "DATABASE_URL": "postgresql://u@h/db"}
    assert refused(**both) == "DATABASE_URL and DATABASE_URL_FILE are both set: keep one of them"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "which cannot be read: No such file or directory"),
        (b"", "whose content is not a database URL such as postgresql://user@host/db or sqlite:///var/diptych.db"),
        (b"mysql://u:hunter2@h/db", "whose content names 'mysql'; PostgreSQL and SQLite are served"),
        (b"postgresql://u:\xff@h/db", "whose content is not UTF-8"),
    ],
)
def test_a_file_without_a_database_url_is_refused_in_one_line(tmp_path: Path, content: bytes | None, told: str):
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    assert refused(DATABASE_URL_FILE=str(file)) == f"DATABASE_URL_FILE names {str(file)!r}, {told}"


def test_the_encryption_keys_may_be_in_a_file(tmp_path: Path):
    file, keys = tmp_path / "keys", new_key()
    file.write_text(f"{keys}\n", "utf-8")
    named = {"DIPTYCH_ENCRYPTION_KEYS_FILE": str(file)}

    assert Settings.from_environ(named).encryption_keys == keys
    assert "are both set" in refused(**named, DIPTYCH_ENCRYPTION_KEYS=keys)
    # Else a secret that was not written would leave secrets unreadable, and nobody would be told.
    file.write_text("\n", "utf-8")
    assert refused(**named).endswith("whose content is empty")
    file.write_text(f"{keys},{keys}", "utf-8")
    assert "two keys" in refused(**named)
    assert keys.partition(":")[2] not in refused(**named)


def test_a_directory_is_no_file_with_a_url(tmp_path: Path):
    assert refused(DATABASE_URL_FILE=str(tmp_path)).endswith("which cannot be read: Is a directory")


# --- at the start of a program ---


def test_a_program_with_right_settings_gets_them():
    assert settings_or_exit({"DIPTYCH_WORKERS": "7"}).workers == 7


def test_a_program_with_a_wrong_setting_ends_with_3_and_one_line(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as caught:
        settings_or_exit({"DIPTYCH_WORKERS": "many"})
    assert caught.value.code == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "diptych: DIPTYCH_WORKERS must be a whole number from 1 to 256, not 'many'\n"


@pytest.mark.long
@pytest.mark.parametrize(
    "program",
    [
        [sys.executable, "-m", "diptych.core.cli", "export"],
        [sys.executable, "-c", "import diptych.flask_app; diptych.flask_app.create_app()"],
        [sys.executable, "-c", "import diptych.sanic_app; diptych.sanic_app.create_app()"],
        command("flask", 8000),
    ],
    ids=["diptych", "flask", "sanic", "gunicorn"],
)
def test_every_program_ends_with_3_and_one_line(program: list[str]):
    done = run(program, check=False, DIPTYCH_WORKER="1")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "diptych: DIPTYCH_WORKER is not a setting; did you mean DIPTYCH_WORKERS?\n"


def test_settings_made_by_hand_are_checked_too():
    with pytest.raises(SettingsError, match="database_url names no file"):
        Settings(database_url="sqlite://")
