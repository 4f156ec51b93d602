"""`accounts`: who has a role in the catalogue."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import get_args
from uuid import UUID

import click

from diptych.core.access import passwords
from diptych.core.access.accounts import queries
from diptych.core.access.accounts.model import Account as AccountRow
from diptych.core.access.accounts.schemas import Account
from diptych.core.access.events.log import note_security_event
from diptych.core.access.permissions import AccountRole
from diptych.core.access.second_factors.queries import ALL_CONFIRMED, REMOVE
from diptych.core.access.sessions.queries import END_ALL
from diptych.core.cli.common import AttributedGroup, database_of
from diptych.core.engine.row_statements import VALUE
from diptych.core.errors import Conflict, NotFound
from diptych.core.observability import json_logging
from diptych.core.settings import Settings
from diptych.core.sync.services.accounts import AccountService, AccountWriter
from diptych.core.sync.services.passwords import store_password
from diptych.core.sync.statement_executor import Executor, executor_of
from diptych.core.sync.unit_of_work import Database

role_option = click.option(
    "--role", type=click.Choice(get_args(AccountRole)), default="reader", show_default=True, help="What it may do."
)


def accounts_group(settings: Settings) -> click.Group:
    """Return the `accounts` group for these settings."""

    @click.group("accounts", cls=AttributedGroup)
    def accounts() -> None:
        """Look after accounts: a reader reads, an editor writes too, and an administrator manages accounts as well."""
        json_logging.begin(settings.log_level)

    @accounts.command("create")
    @click.argument("name")
    @role_option
    @click.option("--service", is_flag=True, help="It belongs to a program, not to a person.")
    def create(name: str, role: str, *, service: bool) -> None:
        """Create the account NAME. `diptych tokens create NAME` then makes a token for it."""
        with _accounts(settings) as (accounts_service, writer):
            if accounts_service.get_one_or_none(name=name.lower()):
                raise Conflict(f"There is an account {name.lower()!r} already.")
            values = {"name": name, "role": role, "kind": "service" if service else "person"}
            click.echo(_line(writer.add(queries.spec.rules.normalized(values))))

    @accounts.command("list")
    def list_all() -> None:
        """List all accounts by name."""
        with _accounts(settings) as (accounts_service, _):
            with_factor = set(accounts_service.repository.session.scalars(ALL_CONFIRMED))
            for account in accounts_service.get_many(order_by=("sort_key", False)):
                click.echo(_line(account) + (", second factor" if account.id in with_factor else ""))

    @accounts.command("role")
    @click.argument("name")
    @click.argument("role", type=click.Choice(get_args(AccountRole)))
    def set_role(name: str, role: str) -> None:
        """Set the role of the account NAME. Its tokens have it within five seconds."""
        _change(settings, name, role=role)

    @accounts.command("disable")
    @click.argument("name")
    def disable(name: str) -> None:
        """Disable the account NAME: within five seconds its tokens are refused."""
        _change(settings, name, active=False)

    @accounts.command("enable")
    @click.argument("name")
    def enable(name: str) -> None:
        """Enable the account NAME again, and its tokens."""
        _change(settings, name, active=True)

    @accounts.command("delete")
    @click.argument("name")
    def delete(name: str) -> None:
        """Delete the account NAME with its tokens."""
        with _accounts(settings) as (accounts_service, writer):
            writer.remove(account_of(accounts_service, name).id)
        click.echo(f"Deleted {name}.")

    accounts.add_command(_password_command(settings))
    accounts.add_command(_remove_second_factor_command(settings))
    return accounts


def _password_command(settings: Settings) -> click.Command:
    """Return the command that sets a password."""

    @click.command("password")
    @click.argument("name")
    def password(name: str) -> None:
        """Set the password of the account NAME, for the pages, and end its sessions.

        It is asked for on a terminal; elsewhere it is the first line of standard input.
        """
        text = click.prompt("Password", hide_input=True, confirmation_prompt=True) if _asks() else _first_line()
        with database_of(settings) as database:
            account_id, account_name = _id_and_name(database, name)
            try:
                chosen = passwords.check_password(text, account_name)
            except ValueError as error:
                raise click.ClickException(f"The password {error}.") from None
            store_password(database, account_id, chosen)
        click.echo(f"{account_name} has a new password, and no sessions.")

    return password


def _remove_second_factor_command(settings: Settings) -> click.Command:
    """Return the command that removes a second factor."""

    @click.command("remove-second-factor")
    @click.argument("name")
    def remove_second_factor(name: str) -> None:
        """Remove the second factor of the account NAME, with its recovery codes, and end its sessions.

        For somebody who has lost the phone and the recovery codes: make sure that it is they who ask.
        """
        with database_of(settings) as database:
            account_id, account_name = _id_and_name(database, name)

            def write(executor: Executor) -> None:
                if executor.first(REMOVE, {VALUE: account_id}) is None:
                    raise NotFound(f"The account {account_name!r} has no second factor.")
                executor.run(END_ALL, {VALUE: account_id})
                note_security_event("second_factor_deleted", account_id)

            database.execute_write(write, in_transaction=True)
        click.echo(f"{account_name} has no second factor, and no sessions.")

    return remove_second_factor


def _asks() -> bool:
    return sys.stdin.isatty()


def _first_line() -> str:
    return sys.stdin.readline().rstrip("\r\n")


@contextmanager
def _accounts(settings: Settings) -> Iterator[tuple[AccountService, AccountWriter]]:
    """Yield the service of accounts and their writer, in a session that is committed at the end."""
    with database_of(settings) as database, database.session() as session:
        yield AccountService(session, wrap_exceptions=False), AccountWriter(executor_of(session), queries.spec)


def _id_and_name(database: Database, name: str) -> tuple[UUID, str]:
    with database.session() as session:
        account = account_of(AccountService(session, wrap_exceptions=False), name)
        return account.id, account.name


def account_of(accounts: AccountService, name: str) -> AccountRow:
    """Return the account of a name. Errors: NotFound."""
    found = accounts.get_one_or_none(name=name.lower())
    if found is None:
        raise NotFound(f"There is no account {name!r}; `diptych accounts list` shows all.")
    return found


def _change(settings: Settings, name: str, **values: object) -> None:
    with _accounts(settings) as (accounts, writer):
        click.echo(_line(writer.change(account_of(accounts, name).id, values)))


def _line(account: Account | AccountRow) -> str:
    return f"{account.name}: {account.role}, {account.kind}{'' if account.active else ', disabled'}"
