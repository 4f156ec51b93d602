"""A database that is stamped with a revision whose tables it does not have: each command says so, and what to run."""

from __future__ import annotations

import re

import pytest

from diptych.core.db.schema_version import head
from tests.cli.test_database import executed, revision
from tests.support.commands import done, invoked, refused
from tests.support.databases import BACKENDS, Databases, tables

HEAD = head()

both = pytest.mark.parametrize("backend", BACKENDS)


def advised(told: str) -> list[str]:
    """Return the arguments of the first command that a message says to run."""
    found = re.search(r'run "diptych ([^"]+)"', told)
    assert found is not None, told
    return found[1].split()


def warned(url: str, *arguments: str) -> str:
    """Run a command that succeeds with a warning, and return that."""
    result = invoked(url, *arguments)
    assert result.exit_code == 0, result.output
    (line,) = result.stderr.splitlines()
    return line


@pytest.mark.long
@both
def test_an_upgrade_that_finds_its_tables_there_already_says_which_revision_they_are_of(
    databases: Databases, backend: str
):
    url = databases.migrated(backend)
    warning = warned(url, "database", "stamp", "0002")
    assert warning == (
        "Warning: The database is stamped with revision 0002, but its tables are those of revision "
        f'{HEAD}: run "diptych database stamp {HEAD}".'
    )

    told = refused(url, "database", "upgrade")

    assert re.match(r'Error: (relation|table) "?idempotency_key"? already exists\. The database is stamped', told)
    assert told.endswith(warning.removeprefix("Warning: "))
    assert revision(url) == "0002"
    assert done(url, *advised(told)) == f"The database is at revision {HEAD}.\n"
    assert invoked(url, *advised(told)).stderr == ""
    assert "as the models say" in done(url, "database", "check")


@both
def test_a_stamp_on_a_database_without_tables_is_warned_of_and_the_next_upgrade_names_the_way(
    databases: Databases, backend: str
):
    url = databases.empty(backend)
    warning = warned(url, "database", "stamp", "head")
    assert "has none of its tables" in warning

    told = refused(url, "database", "upgrade")

    assert told == warning.replace("Warning", "Error")
    done(url, *advised(told))
    done(url, "database", "upgrade")
    assert "as the models say" in done(url, "database", "check")


@pytest.mark.unsampled
@pytest.mark.long
@both
def test_a_stamp_that_is_too_high_is_told_by_upgrade_and_by_downgrade(databases: Databases, backend: str):
    url = databases.empty(backend)
    done(url, "database", "upgrade", "0002")
    warned(url, "database", "stamp", "head")
    assert "its tables are those of revision 0002" in refused(url, "database", "upgrade")
    warned(url, "database", "stamp", "0003")

    told = refused(url, "database", "downgrade")

    assert re.search(r"(does not exist|no such table)", told)
    assert 'its tables are those of revision 0002: run "diptych database stamp 0002".' in told
    done(url, *advised(told))
    done(url, "database", "upgrade")
    assert "as the models say" in done(url, "database", "check")


@pytest.mark.long
@both
def test_tables_of_no_revision_are_told_with_the_first_difference(databases: Databases, backend: str):
    url = databases.empty(backend)
    done(url, "database", "upgrade", "0002")
    executed(url, "DROP INDEX ix_book_author_id")

    warning = warned(url, "database", "stamp", "0001")

    assert "its tables are of no revision: nearest is 0002, but book has no index ix_book_author_id" in warning
    assert revision(url) == "0001"


@both
def test_a_table_of_someone_else_is_not_taken_for_a_wrong_stamp(databases: Databases, backend: str):
    url = databases.empty(backend)
    done(url, "database", "upgrade", "0002")
    executed(url, "CREATE TABLE idempotency_key (mine INTEGER)")

    told = refused(url, "database", "upgrade")

    assert "already exists" in told
    assert "stamp" not in told


@both
def test_nothing_is_left_of_the_comparison(databases: Databases, backend: str):
    url = databases.migrated(backend)
    before = tables(url)

    warned(url, "database", "stamp", "0001")

    assert tables(url) == before
    assert revision(url) == "0001"


def test_a_second_revision_that_comes_before_the_first_is_told_with_what_puts_it_right(databases: Databases):
    url = databases.migrated("sqlite")
    executed(url, "INSERT INTO alembic_versions VALUES ('0001')")

    for command in ("upgrade", "check"):
        told = refused(url, "database", command)
        assert told.startswith(f"Error: The database is stamped with revisions 0001 and {HEAD}, but {HEAD} comes after")
    assert done(url, "database", "current") == f"0001\n{HEAD} (head)\n"
    done(url, *advised(told))
    assert done(url, "database", "current") == f"{HEAD} (head)\n"
