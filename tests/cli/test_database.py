"""`diptych database ...`: what each command does, and how it reports errors."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from advanced_alchemy.alembic.commands import AlembicCommands
from advanced_alchemy.config import AlembicSyncConfig, SQLAlchemySyncConfig
from sqlalchemy import create_engine, text

from diptych.core.catalogue.models import Base
from diptych.core.cli.database import database_group
from diptych.core.db.config import connection_string
from diptych.core.db.schema_version import MIGRATIONS, VERSION_TABLE, head
from diptych.core.engine.history_triggers import SOURCE
from diptych.core.settings import Settings
from tests.support.commands import done, invoked, refused
from tests.support.databases import BACKENDS, Databases, tables
from tests.support.forked import on_a_terminal
from tests.support.programs import program
from tests.support.secrets import PASSWORD

HEAD = head()
OURS = {*Base.metadata.tables, VERSION_TABLE}
AWAY = "postgresql://u:hunter2@127.0.0.1:1/db"

both = pytest.mark.parametrize("backend", BACKENDS)
Catalogues = Callable[[str], str]


def executed(url: str, *statements: str) -> None:
    engine = create_engine(connection_string(Settings(database_url=url)))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def revision(url: str) -> str:
    return done(url, "database", "current").split()[0]


def test_the_group_has_every_command_of_the_library_and_each_says_what_it_does():
    from advanced_alchemy.cli import add_migration_commands  # noqa: PLC0415 - only to compare with
    from click import Context, Group  # noqa: PLC0415

    group = database_group(Settings())
    names = group.list_commands(Context(group))
    assert {*add_migration_commands(Group("database")).commands, "current"} <= {*names}
    for name in names:
        command = group.get_command(Context(group), name)
        assert command is not None
        assert command.help, name
        told = done("sqlite:///x.db", "database", name, "--help")
        assert told.startswith(f"Usage: diptych database {name} ")


def test_the_group_has_every_command_of_flask_migrate():
    from flask_migrate.cli import db  # noqa: PLC0415 - only to compare with

    assert set(db.commands) <= set(database_group(Settings()).commands)


# --- up and down ---


@both
def test_upgrade_and_downgrade_go_to_the_revision_given(databases: Databases, backend: str):
    url = databases.empty(backend)
    assert done(url, "database", "upgrade", "0001") == "The database is at revision 0001.\n"
    assert done(url, "database", "upgrade", "+1") == "The database is at revision 0002.\n"
    assert done(url, "database", "downgrade", "-1") == "The database is at revision 0001.\n"
    assert done(url, "database", "upgrade") == f"The database is at revision {HEAD}.\n"
    assert done(url, "database", "downgrade", "base") == "The database is at revision base.\n"
    assert tables(url) == {VERSION_TABLE}


@pytest.mark.parametrize("command", ["upgrade", "downgrade", "stamp"])
def test_a_revision_that_is_not_there_is_one_line_and_changes_nothing(catalogue: Catalogues, command: str):
    url = catalogue("sqlite")
    assert "Can't locate revision identified by 'nonsense'" in refused(url, "database", command, "nonsense")
    assert revision(url) == HEAD


def test_an_option_that_does_not_exist_is_not_taken_for_a_revision(catalogue: Catalogues):
    assert "No such option" in refused(catalogue("sqlite"), "database", "downgrade", "--no-promt", status=2)


@both
def test_the_sql_of_upgrade_makes_a_database_that_check_finds_clean(databases: Databases, backend: str):
    url = databases.empty(backend)
    for steps, client in (
        (["0001"], None),
        (["0001:head"], None),
        ([f"{HEAD}:0001"], "downgrade"),
        (["0001:head"], None),
    ):
        sql = done(url, "database", client or "upgrade", *steps, "--sql", "--no-prompt")
        piped(url, sql)
    assert f"{HEAD} (head)" in done(url, "database", "check")


def piped(url: str, sql: str) -> None:
    """Pipe SQL to the database's own client, which stops at the first error."""
    if url.startswith("sqlite"):
        client = [program("sqlite3", "sqlite3"), "-bail", url.removeprefix("sqlite:///")]
    else:
        client = [program("psql", "postgresql-client"), "--quiet", "-v", "ON_ERROR_STOP=1", url]
    subprocess.run(client, input=sql, text=True, check=True, capture_output=True)


@both
def test_sql_that_fails_in_the_middle_changes_nothing(databases: Databases, backend: str):
    url = databases.empty(backend)
    executed(url, "CREATE TABLE book (mine INTEGER)")
    with pytest.raises(subprocess.CalledProcessError):
        piped(url, done(url, "database", "upgrade", "0001", "--sql"))
    assert tables(url) - {VERSION_TABLE} == {"book"}


@both
def test_stamp_and_ensure_version_write_the_version_table_alone(databases: Databases, backend: str):
    url = databases.empty(backend)
    done(url, "database", "ensure-version")
    assert tables(url) == {VERSION_TABLE}
    assert done(url, "database", "stamp", "0001") == "The database is at revision 0001.\n"
    assert revision(url) == "0001"
    assert done(url, "database", "stamp", "base") == "The database is at revision base.\n"
    assert tables(url) == {VERSION_TABLE}
    for command in (["stamp", "head"], ["ensure-version"]):
        assert VERSION_TABLE in done(AWAY, "database", *command, "--sql")


def test_stamp_purges_what_this_version_does_not_know(catalogue: Catalogues):
    url = catalogue("sqlite")
    executed(url, "UPDATE alembic_versions SET version_num = 'ffff'")
    assert "ffff" in refused(url, "database", "stamp", "head")
    assert done(url, "database", "stamp", "--purge", "head") == f"The database is at revision {HEAD}.\n"


# --- drop-all ---


@both
def test_drop_all_takes_the_catalogue_and_leaves_other_tables(catalogue: Catalogues, backend: str):
    url = catalogue(backend)
    executed(url, "CREATE TABLE stranger (id INTEGER)", "INSERT INTO stranger VALUES (1)")
    assert done(url, "database", "drop-all") == "The catalogue is gone.\n"
    assert tables(url) == {"stranger"}
    assert done(url, "database", "drop-all") == "There is no catalogue in this database.\n"
    done(url, "database", "upgrade")
    assert tables(url) - {SOURCE} == {"stranger", *OURS}


@both
def test_drop_all_leaves_tables_of_our_names_where_no_revision_says_they_are_ours(databases: Databases, backend: str):
    url = databases.empty(backend)
    executed(url, "CREATE TABLE tag (mine INTEGER)")
    assert done(url, "database", "drop-all") == "There is no catalogue in this database.\n"
    done(url, "database", "ensure-version")
    done(url, "database", "drop-all")
    assert tables(url) == {"tag"}
    executed(
        url, f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32))", "INSERT INTO alembic_versions VALUES ('a1b2')"
    )
    assert "revision a1b2, which is not Diptych's" in refused(url, "database", "drop-all")
    assert tables(url) == {"tag", VERSION_TABLE}


@both
def test_an_upgrade_of_tables_without_a_revision_changes_nothing_and_names_the_way(databases: Databases, backend: str):
    url = databases.empty(backend)
    executed(url, "CREATE TABLE author (id INTEGER PRIMARY KEY)", "CREATE TABLE stranger (id INTEGER PRIMARY KEY)")
    told = refused(url, "database", "upgrade")
    assert "(author)" in told
    assert '"diptych database adopt"' in told
    assert tables(url) == {"author", "stranger"}


def test_drop_all_drops_nothing_when_a_strangers_table_depends_on_ours(catalogue: Catalogues):
    url = catalogue("postgresql")
    executed(url, "CREATE TABLE stranger (id uuid REFERENCES book)")
    assert "other objects depend on it" in refused(url, "database", "drop-all")
    assert tables(url) - {SOURCE} == {"stranger", *OURS}


# --- on a terminal ---


@pytest.mark.long
@pytest.mark.parametrize("command", [["downgrade", "base"], ["drop-all"]])
def test_what_destroys_asks_on_a_terminal_and_does_nothing_after_a_no(catalogue: Catalogues, command: list[str]):
    url = catalogue("sqlite")
    status, seen = on_a_terminal(url, "database", *command, answers="n\n")
    assert status == 1
    assert "[y/N]" in seen
    assert "Aborted!" in seen
    assert revision(url) == HEAD
    assert "[y/N]" not in on_a_terminal(url, "database", *command, "--no-prompt")[1]
    assert revision(url) == "base"


def test_a_yes_is_enough_and_the_question_names_the_database_without_its_password(databases: Databases):
    url = databases.migrated("postgresql")
    secret = url.replace(PASSWORD, "hunter2")
    assert "hunter2" in secret
    status, seen = on_a_terminal(secret, "database", "drop-all", answers="y\n")
    assert status == 0, seen
    assert psycopg.conninfo.conninfo_to_dict(url)["dbname"] in seen
    assert "hunter2" not in seen
    assert tables(url) == set()


def test_upgrade_asks_no_question(databases: Databases):
    url = databases.empty("sqlite")
    status, seen = on_a_terminal(url, "database", "upgrade")
    assert (status, seen) == (0, f"The database is at revision {HEAD}.\r\n")


# --- looking ---


@both
def test_check_is_quiet_about_strangers_and_tells_each_drift(catalogue: Catalogues, backend: str):
    url = catalogue(backend)
    executed(url, "CREATE TABLE stranger (id INTEGER)")
    assert done(url, "database", "check") == f"The database is at revision {HEAD} (head), and as the models say.\n"
    executed(
        url, "DROP INDEX ix_book_author_id", "ALTER TABLE book ADD extra INTEGER", "CREATE INDEX mine ON tag (name)"
    )
    result = invoked(url, "database", "check")
    assert result.exit_code == 1
    assert set(result.stdout.splitlines()) == {
        "missing: Index ix_book_author_id on book (author_id)",
        "not in the models: column book.extra",
        "not in the models: Index mine on tag (name)",
    }
    assert result.stderr == f"Error: The database is at revision {HEAD}, and not as the models say.\n"


def test_check_tells_types_constraints_and_tables_by_name(catalogue: Catalogues):
    url = catalogue("postgresql")
    executed(
        url,
        "ALTER TABLE book ALTER language TYPE text, DROP CONSTRAINT uq_book_isbn",
        "ALTER TABLE tag ALTER description SET NOT NULL",
        "ALTER TABLE book DROP CONSTRAINT fk_book_author_id_author",
        "DROP TABLE book_contributor",
    )
    told = invoked(url, "database", "check").stdout.splitlines()
    assert {
        "type of book.language is TEXT, not VARCHAR(35)",
        "nullable of tag.description is False, not True",
        "missing: UniqueConstraint uq_book_isbn on book (isbn)",
        "missing: ForeignKeyConstraint fk_book_author_id_author on book (author_id)",
        "missing: table book_contributor",
    } <= set(told)


@both
def test_an_upgrade_by_a_release_that_comes_back_leaves_a_newer_one_s_database_alone(
    catalogue: Catalogues, backend: str
):
    url = catalogue(backend)
    executed(url, "UPDATE alembic_versions SET version_num = '9999'")
    told = done(url, "database", "upgrade")
    assert told == "The database is at revision 9999, a newer release's: there is nothing to do for this one.\n"
    assert done(url, "database", "current") == "9999\n"
    assert "9999" in refused(url, "database", "upgrade", "0001")


@both
def test_check_tells_a_database_behind_from_one_that_is_unknown_or_not_migrated(catalogue: Catalogues, backend: str):
    url = catalogue(backend)
    done(url, "database", "downgrade", "0001")
    assert (
        refused(url, "database", "check")
        == f'Error: The database is at revision 0001, behind the head, {HEAD}: run "diptych database upgrade".'
    )
    executed(url, "UPDATE alembic_versions SET version_num = 'ffff'")
    assert "revision ffff, which this version of Diptych does not know" in refused(url, "database", "check")
    assert done(url, "database", "current") == "ffff\n"
    executed(url, "DELETE FROM alembic_versions")
    assert refused(url, "database", "check").startswith("Error: The database has not been migrated")
    assert done(url, "database", "current") == "base\n"


def test_the_history_can_be_read_without_a_database():
    assert [line.split(",")[0] for line in done(AWAY, "database", "history").splitlines()][-2:] == [
        "0001 -> 0002",
        "<base> -> 0001",
    ]
    assert done(AWAY, "database", "history", "--rev-range", "base:0001").splitlines() == [
        "<base> -> 0001, The catalogue: authors, books, tags, and what ties them together."
    ]
    assert "Path: " in done(AWAY, "database", "history", "--verbose")
    assert "History range requires" in refused(AWAY, "database", "history", "-r", "0001")
    assert done(AWAY, "database", "heads") == f"{HEAD} (head)\n"
    assert "Path: " in done(AWAY, "database", "heads", "--verbose", "--resolve-dependencies")
    assert done(AWAY, "database", "branches", "--verbose") == ""
    assert "Rev: 0001" in done(AWAY, "database", "show", "0001")
    assert "nonsense" in refused(AWAY, "database", "show", "nonsense")


def test_the_database_says_which_revision_is_the_current_one(catalogue: Catalogues):
    url = catalogue("sqlite")
    done(url, "database", "downgrade", "0001")
    assert done(url, "database", "current") == "0001\n"
    assert "Path: " in done(url, "database", "current", "--verbose")
    assert done(url, "database", "show-current-revision") == "0001\n"
    assert "<base> -> 0001 (current)" in done(url, "database", "history", "--indicate-current")
    assert done(url, "database", "history", "-r", "current:").count("\n") >= 2
    assert "Rev: 0001" in done(url, "database", "show", "current")


ASKING = [
    ["check"], ["current"], ["drop-all"], ["downgrade"], ["dump-data"], ["make-migrations"], ["show", "current"],
    ["history", "-i"], ["history", "-r", "current:"],
]  # fmt: skip


@pytest.mark.parametrize("command", ASKING, ids=" ".join)
def test_no_file_is_made_by_asking_about_it(tmp_path: Path, command: list[str]):
    assert "There is no database" in refused(f"sqlite:///{tmp_path}/typo.db", "database", *command)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [*ASKING, ["upgrade"], ["stamp", "head"], ["ensure-version"]], ids=" ".join)
def test_a_database_that_is_away_is_one_line_without_its_password(command: list[str]):
    line = refused(AWAY, "database", *command)
    assert line.startswith("Error: The database cannot be reached.")
    assert "hunter2" not in line


def test_what_a_migration_runs_into_is_one_line(databases: Databases):
    url = databases.empty("postgresql")
    executed(url, "CREATE TABLE pk_author (mine INTEGER)")
    assert refused(url, "database", "upgrade") == 'Error: relation "pk_author" already exists'
    assert tables(url) == {"pk_author"}


def test_a_command_that_does_not_exist_is_an_error_of_usage():
    assert "No such command 'upgrad'" in refused(AWAY, "database", "upgrad", status=2)


# --- writing migrations ---


def wrote(told: str) -> Path:
    return Path(told.splitlines()[-1].removeprefix("Wrote "))


@both
def test_a_migration_is_written_from_what_the_models_have_and_the_database_not(
    catalogue: Catalogues, backend: str, tmp_path: Path
):
    url = catalogue(backend)
    executed(url, "DROP INDEX ix_book_author_id", "CREATE TABLE stranger (id INTEGER)")
    path = wrote(done(url, "database", "make-migrations", "-m", "Years again", "--directory", str(tmp_path / "new")))
    assert path.parent == tmp_path / "new"
    assert path.name == f"{int(HEAD) + 1:04}_years_again.py"
    text = path.read_text(encoding="utf-8")
    assert "op.create_index" in text
    assert f'down_revision = "{HEAD}"' in text.replace("'", '"')
    assert "stranger" not in text


def test_nothing_is_written_when_nothing_has_changed_unless_it_is_asked_for(catalogue: Catalogues, tmp_path: Path):
    url = catalogue("sqlite")
    (tmp_path / "setup.py").write_text("raise SystemExit('was run')", encoding="utf-8")
    assert "nothing to write" in done(url, "database", "make-migrations", "--version-path", str(tmp_path))
    empty = ["make-migrations", "--no-autogenerate", "--rev-id", "0099", "--directory", str(tmp_path)]
    path = wrote(done(AWAY, "database", *empty))
    assert path == tmp_path / "0099_autogenerated.py"
    assert "File exists" in refused(AWAY, "database", *empty)


def test_flask_migrates_names_write_what_ours_write(catalogue: Catalogues, tmp_path: Path):
    url = catalogue("sqlite")
    executed(url, "DROP INDEX ix_book_author_id")
    paths = [
        wrote(done(url, "db", *command, "-m", "again", "--directory", str(tmp_path / command[0] / command[-1])))
        for command in (["make-migrations"], ["migrate"], ["revision", "--autogenerate"], ["revision"])
    ]
    assert {path.name for path in paths} == {f"{int(HEAD) + 1:04}_again.py"}
    texts = [path.read_text(encoding="utf-8").partition("def upgrade")[2] for path in paths]
    assert texts[0] == texts[1] == texts[2]
    assert "op.create_index" in texts[0]
    assert "op." not in texts[3]
    assert wrote(done(AWAY, "db", "revision", "--directory", str(tmp_path))).name.endswith("_empty.py")


def test_the_newest_revision_is_shown_and_edited_without_a_name(monkeypatch: pytest.MonkeyPatch):
    assert f"Rev: {HEAD} (head)" in done(AWAY, "db", "show")
    monkeypatch.setenv("EDITOR", "true")
    assert done(AWAY, "db", "edit") == ""


def test_a_database_that_is_not_at_the_head_gets_no_migration(
    databases: Databases, catalogue: Catalogues, tmp_path: Path
):
    url = catalogue("sqlite")
    done(url, "database", "downgrade")
    assert 'run "diptych database upgrade"' in refused(url, "database", "make-migrations", "--directory", str(tmp_path))
    assert "not been migrated" in refused(databases.empty("postgresql"), "database", "make-migrations")


def test_a_place_that_cannot_be_written_to_is_one_line_that_says_what_to_do():
    told = refused(AWAY, "database", "make-migrations", "--no-autogenerate", "--directory", "/proc/nowhere")
    assert "--directory" in told


def test_merge_refuses_one_head_and_writes_nothing(tmp_path: Path):
    told = refused(AWAY, "database", "merge", "heads", "--directory", str(tmp_path))
    assert told == f"Error: It takes two revisions to merge, and there is {HEAD}."
    assert list(tmp_path.iterdir()) == []


def test_edit_opens_the_file_in_the_editor_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    opened = tmp_path / "opened"
    script = tmp_path / "my editor"
    script.write_text(f'#!/bin/sh\necho "$@" > {opened}\n', encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f"'{script}' --wait")
    done(AWAY, "database", "edit", "0001")
    assert opened.read_text(encoding="utf-8") == f"--wait {MIGRATIONS}/versions/0001_catalogue.py\n"
    monkeypatch.setenv("EDITOR", "false")
    assert "Editing failed" in refused(AWAY, "database", "edit", "0001")
    monkeypatch.delenv("EDITOR")
    assert "no terminal" in refused(AWAY, "database", "edit", "0001")
    assert "nonsense" in refused(AWAY, "database", "edit", "nonsense")
    assert "no file of base" in refused(AWAY, "database", "edit", "base")


# --- another history ---


@pytest.mark.parametrize("name", ["sync", "asyncio"])
def test_every_template_that_is_listed_begins_a_history(name: str, tmp_path: Path):
    assert f"{name:<10}" in done(AWAY, "database", "list-templates")
    done(AWAY, "database", "init", str(tmp_path / "mine"), "--template", name)
    assert {path.name for path in (tmp_path / "mine").iterdir()} == {
        "README", "__init__.py", "alembic.ini", "env.py", "script.py.mako", "versions",
    }  # fmt: skip


# The library's own alembic.ini is of before Alembic 1.16.
@pytest.mark.filterwarnings("ignore:No path_separator")
def test_a_history_that_was_begun_can_be_migrated(tmp_path: Path):
    done(AWAY, "database", "init", str(tmp_path / "mine"))
    alembic = AlembicSyncConfig(
        script_location=str(tmp_path / "mine"), script_config=str(tmp_path / "mine" / "alembic.ini")
    )
    config = SQLAlchemySyncConfig(connection_string=f"sqlite:///{tmp_path}/x.db", alembic_config=alembic)
    commands = AlembicCommands(config)
    commands.revision(message="first")
    commands.upgrade()
    config.get_engine().dispose()
    assert tables(f"sqlite:///{tmp_path}/x.db") == {"alembic_versions"}


def test_init_refuses_a_directory_with_something_in_it_and_a_template_that_is_not_there(tmp_path: Path):
    (tmp_path / "x").touch()
    assert "not empty" in refused(AWAY, "database", "init", str(tmp_path))
    assert "no nonsense" in refused(AWAY, "database", "init", "--template", "nonsense", str(tmp_path / "y"), status=2)
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
