"""`keys`: the keys that encrypt secrets in the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import click

from diptych.core.access.encrypted_columns import count_of_others, encrypted_columns, replacing, some_of_others
from diptych.core.access.encryption import VARIABLE, UnreadableSecret, new_key, place_of, prefix_of
from diptych.core.cli.common import ErrorHandlingGroup, database_of
from diptych.core.cli.progress import progress_bar
from diptych.core.engine.row_statements import VALUE
from diptych.core.import_export.summary import counted
from diptych.core.settings import Settings
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.unit_of_work import Database

_BEFORE_ALL = UUID(int=0)


def keys_group(settings: Settings) -> click.Group:
    """Return the `keys` group for these settings."""

    @click.group("keys", cls=ErrorHandlingGroup)
    def keys() -> None:
        """Look after the keys that encrypt secrets in the database: those in DIPTYCH_ENCRYPTION_KEYS."""

    @keys.command("generate")
    def generate() -> None:
        """Print a new key with its id, as DIPTYCH_ENCRYPTION_KEYS takes it. Nothing is stored."""
        click.echo(new_key())

    @keys.command("rotate")
    def rotate() -> None:
        """Encrypt all secrets with the first key that are encrypted with another.

        It can be interrupted and run again, while the service runs.
        """
        with database_of(settings) as database:
            if not database.keyring:
                raise click.ClickException(f"{VARIABLE} is not set: there is no key to encrypt with.")
            rotation = _Rotation(database)
            for column in encrypted_columns():
                rotation.run(column)
        click.echo(f"Encrypted {counted(rotation.done, 'secret')} with the key {database.keyring.ids[0]}.")
        if rotation.unreadable:
            for line in rotation.unreadable:
                click.echo(line, err=True)
            raise click.ClickException(f"{counted(len(rotation.unreadable), 'secret')} could not be decrypted.")

    return keys


class _Rotation:
    """Encrypts secrets anew. done: how many. unreadable: a line for each that cannot be decrypted."""

    def __init__(self, database: Database) -> None:
        self.done = 0
        self.unreadable: list[str] = []
        self._database = database
        self._prefix = prefix_of(database.keyring.ids[0])

    def run(self, column: Any) -> None:
        """Encrypt the values of a column anew, some in one transaction."""
        with progress_bar(str(column), lambda: self._rest(column)) as advanced:
            last = _BEFORE_ALL
            while rows := self._some(column, last):
                self._encrypt(column, rows, advanced)
                last = rows[-1][0]

    def _rest(self, column: Any) -> int:
        statement = count_of_others(column, self._database.keyring.ids[:1])
        return int(self._database.read(lambda executor: executor.all(statement, {}))[0][0])

    def _some(self, column: Any, last: UUID) -> list[Sequence[Any]]:
        values = {"prefix": self._prefix, VALUE: last}
        return self._database.read(lambda executor: executor.all(some_of_others(column), values))

    def _encrypt(self, column: Any, rows: list[Sequence[Any]], advanced: Callable[[int], object]) -> None:
        changes = []
        for row_id, old in rows:
            place = place_of(column, row_id)
            try:
                new = self._database.keyring.encrypt(self._database.keyring.decrypt(old, place), place)
            except UnreadableSecret as error:
                self.unreadable.append(f"{row_id}: {error}")
            else:
                changes.append({VALUE: row_id, "old": old, "new": new})

        def write(executor: Executor) -> int:
            # One that was replaced meanwhile stays as it is: whoever did that has encrypted it.
            return sum(executor.first(replacing(column), values) is not None for values in changes)

        self.done += self._database.execute_write(write, in_transaction=True)
        advanced(len(rows))
