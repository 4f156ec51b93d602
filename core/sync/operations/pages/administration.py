# Generated from core/aio/operations/pages/administration.py by tools/unasync.py: do not edit, run "make twins".
"""The pages of accounts, of everybody's tokens, of the policy, of security events and of the service's health."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import func, select

from diptych.core.access import policy
from diptych.core.access.accounts.schemas import Account, AccountInput, AccountList, AccountName, Kind
from diptych.core.access.events import queries as events
from diptych.core.access.events.log import note_security_event
from diptych.core.access.events.schemas import EventList
from diptych.core.access.permissions import AccountRole, AnonymousRole
from diptych.core.db import schema_version
from diptych.core.engine.entity import now
from diptych.core.engine.schemas.base import Input
from diptych.core.http.operations import OperationRequest, OperationResult
from diptych.core.jobs.queries import LAST_TAKEN
from diptych.core.observability import metrics
from diptych.core.sync.job_queue import count_unfinished
from diptych.core.sync.operations import accounts, tokens
from diptych.core.sync.operations.pages.page import button, form, html, page, see_other
from diptych.core.sync.services.row_reader import Reader
from diptych.core.sync.statement_executor import Executor
from diptych.core.web import administration as views
from diptych.core.web.form_pages import Doomed, delete_again, delete_row
from diptych.core.web.frame import frame_of

_VERSIONS = {"postgresql": select(func.current_setting("server_version")), "sqlite": select(func.sqlite_version())}
"""The statement that selects the version of a database, by dialect name."""

_LABELS = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}


class NewAccountForm(Input):
    """The form of an account to create."""

    name: AccountName
    kind: Kind
    role: AccountRole


class AccountForm(Input):
    """The form that changes an account."""

    role: AccountRole
    active: Literal["true", "false"]


class PolicyForm(Input):
    """The form that changes the policy."""

    role: Annotated[AnonymousRole, Field(description="Of anonymous clients.")]


def manage(_executor: None, call: OperationRequest) -> OperationResult:
    """Return the page that leads to all that the visitor may manage."""
    return html(views.manage_page(frame_of("/ui/manage", call.principal)))


def first_account(_executor: None, call: OperationRequest) -> OperationResult:
    """Return the page that says how to make the first account. Nothing over HTTP makes it."""
    return html(views.first_account_page(frame_of("/ui/first-account", call.principal)))


def show_accounts(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the page of the accounts."""
    by_name = {"order_by": "name", "sort_order": "asc"}
    query = call.query if "order_by" in call.query.model_fields_set else call.query.model_copy(update=by_name)
    found = accounts.resource.reader(executor).page(query)
    return html(views.accounts_page(frame_of("/ui/accounts", call.principal), call.query, found))


def new_account(_executor: None, call: OperationRequest) -> OperationResult:
    """Return the page to create an account."""
    return html(views.new_account_page(frame_of("/ui/accounts/new", call.principal)))


def create_account(executor: Executor, call: OperationRequest) -> OperationResult:
    """Create an account. Errors: ValidationFailed, Conflict."""
    given: NewAccountForm = call.body
    body = AccountInput(name=given.name, kind=given.kind, role=given.role)
    made = accounts.resource.writer(executor).add(body.model_dump())
    return see_other(views.account_href(made))


def show_account(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the page of an account. Errors: NotFound."""
    account: Account = accounts.resource.reader(executor).fetch("id", call.parameters["id"])
    return html(
        views.account_page(
            frame_of("/ui/account/{id}", call.principal), account, tokens.of_account(executor, account.id)
        )
    )


def change_account(executor: Executor, call: OperationRequest) -> OperationResult:
    """Change an account. Errors: NotFound."""
    given: AccountForm = call.body
    values = {"role": given.role, "active": given.active == "true"}
    changed = accounts.resource.writer(executor).change(call.parameters["id"], values)
    return see_other(views.account_href(changed))


def show_delete_account(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the page to confirm that an account is deleted. Errors: NotFound."""
    account: Account = accounts.resource.reader(executor).fetch("id", call.parameters["id"])
    doomed = Doomed("account", account.name, f"{views.account_href(account)}/delete")
    return html(delete_row(frame_of("/ui/account/{id}/delete", call.principal), doomed))


def delete_account(executor: Executor, call: OperationRequest) -> OperationResult:
    """Delete an account. Errors: NotFound."""
    accounts.resource.writer(executor).remove(call.parameters["id"])
    return see_other("ui/accounts")


def show_policy(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the page of the policy."""
    row = executor.first(policy.READ, {})
    return html(views.policy_page(frame_of("/ui/policy", call.principal), row[0] if row else "none"))


def change_policy(executor: Executor, call: OperationRequest) -> OperationResult:
    """Change the policy."""
    given: PolicyForm = call.body
    executor.run(policy.setting(chosen=True), {"role": given.role})
    note_security_event("policy_changed", None)
    return see_other("ui/policy")


def show_events(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the page of the security events."""
    found = Reader(executor, events.spec).page(call.query, **call.query.scope())
    return html(views.events_page(frame_of("/ui/security-events", call.principal), call.query, found))


def show_health(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the page of the service's health."""
    name = executor.dialect.name
    (version,) = _row(executor, _VERSIONS[name])
    revisions = sorted(revision for (revision,) in executor.all(schema_version.VERSIONS, {}))
    (last_job,) = _row(executor, LAST_TAKEN)
    requests, errors = metrics.answered()
    health = views.Health(
        database=f"{_LABELS[name]} {version}",
        revision=", ".join(revisions),
        head=", ".join(schema_version.heads()),
        jobs=count_unfinished(executor),
        last_job=last_job,
        moment=now(),
        requests=requests,
        errors=errors,
    )
    return html(views.health_page(frame_of("/ui/health", call.principal), health))


def _row(executor: Executor, statement: Any) -> Any:
    """Return the one row of a statement."""
    (row,) = executor.all(statement, {})
    return row


_MANAGING: dict[str, Any] = {"permission": "accounts:manage"}

operations = [
    page("manage", "/ui/manage", manage, "none", permission="catalogue:write"),
    page("first_account", "/ui/first-account", first_account, "none", public=True),
    page("accounts", "/ui/accounts", show_accounts, query=AccountList, **_MANAGING),
    page("new_account", "/ui/accounts/new", new_account, "none", **_MANAGING),
    form(
        "new_account",
        "/ui/accounts/new",
        create_account,
        views.new_account_again,
        "write_one",
        body=NewAccountForm,
        **_MANAGING,
    ),
    page("account", "/ui/account/{id}", show_account, **_MANAGING),
    button("account", "/ui/account/{id}", change_account, body=AccountForm, **_MANAGING),
    page("delete_account", "/ui/account/{id}/delete", show_delete_account, has_form_key=True, **_MANAGING),
    form(
        "delete_account",
        "/ui/account/{id}/delete",
        delete_account,
        partial(delete_again, "account"),
        "write_one",
        needs_transaction=lambda _: True,
        **_MANAGING,
    ),
    page("policy", "/ui/policy", show_policy, **_MANAGING),
    button("policy", "/ui/policy", change_policy, body=PolicyForm, **_MANAGING),
    page("security_events", "/ui/security-events", show_events, query=EventList, **_MANAGING),
    page("health", "/ui/health", show_health, permission="jobs:manage", cache_control="no-store"),
]
