"""`tokens`: what programs send to show whose they are."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import click

from diptych.core.access.permissions import DEFAULT_SCOPE, SCOPES
from diptych.core.access.tokens import queries
from diptych.core.access.tokens.model import ApiToken
from diptych.core.access.tokens.schemas import DAYS
from diptych.core.cli.accounts import account_of
from diptych.core.cli.common import AttributedGroup, database_of
from diptych.core.engine.entity import now
from diptych.core.observability import json_logging
from diptych.core.settings import Settings
from diptych.core.sync.services.accounts import AccountService
from diptych.core.sync.services.tokens import TokenService, TokenWriter
from diptych.core.sync.statement_executor import executor_of


def tokens_group(settings: Settings) -> click.Group:
    """Return the `tokens` group for these settings."""

    @click.group("tokens", cls=AttributedGroup)
    def tokens() -> None:
        """Look after the tokens of accounts. A token is sent as `Authorization: Bearer dpt_...`."""
        json_logging.begin(settings.log_level)

    @tokens.command("create")
    @click.argument("account")
    @click.option("--label", default="command line", show_default=True, help="What it is for.")
    @click.option(
        "--scope", default=DEFAULT_SCOPE, show_default=True, help=f"What it allows: some of {', '.join(SCOPES)}."
    )
    @click.option("--days", type=click.IntRange(1, 36500), help=f"Until it expires.  [default: {DAYS}]")
    @click.option("--forever", is_flag=True, help="It does not expire.")
    def create(account: str, label: str, scope: str, days: int | None, *, forever: bool) -> None:
        """Create a token for ACCOUNT, and show it, once. Only its hash is stored."""
        if days and forever:
            raise click.UsageError("--days and --forever exclude each other.")
        with database_of(settings) as database, database.session() as session:
            owner = account_of(AccountService(session, wrap_exceptions=False), account)
            values = queries.spec.rules.normalized({"label": label, "scope": scope})
            expires_at = None if forever else now() + timedelta(days=days or DAYS)
            made = TokenWriter(executor_of(session), queries.spec).issue(owner.id, **values, expires_at=expires_at)
            active = owner.active
        click.echo(made.token)
        if not active:
            click.echo(f"The account is disabled: `diptych accounts enable {made.account.name}`.", err=True)
        until = "for ever" if made.expires_at is None else f"until {made.expires_at:%Y-%m-%d}"
        click.echo(f"It is valid {until}, for {made.scope}. It is not shown again; its id is {made.id}.", err=True)

    @tokens.command("list")
    @click.argument("account", required=False)
    def list_all(account: str | None) -> None:
        """List the tokens of all accounts, or of ACCOUNT."""
        with database_of(settings) as database, database.session() as session:
            accounts = AccountService(session, wrap_exceptions=False)
            owners = [account_of(accounts, account)] if account else [*accounts.get_many(order_by=("sort_key", False))]
            for owner in owners:
                for token in TokenService(session, wrap_exceptions=False).get_many(account_id=owner.id):
                    click.echo(_line(token, owner.name))

    @tokens.command("revoke")
    @click.argument("token_id", metavar="ID", type=click.UUID)
    def revoke(token_id: UUID) -> None:
        """Revoke the token with this ID: within five seconds it is refused."""
        with database_of(settings) as database, database.session() as session:
            TokenWriter(executor_of(session), queries.spec).remove(token_id)
        click.echo("Revoked.")

    return tokens


def _line(token: ApiToken, owner: str) -> str:
    expires = f"expires {token.expires_at:%Y-%m-%d}" if token.expires_at else "does not expire"
    used = f"last used {token.last_used_at:%Y-%m-%d %H:%M} UTC" if token.last_used_at else "not used yet"
    return f"{token.id}  {owner}: {token.label} (...{token.last_four}), {token.scope}; {expires}, {used}"
