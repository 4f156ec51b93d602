"""The pages of accounts, tokens, the policy, security events and the service's health."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any
from uuid import UUID

from msgspec import Struct

from diptych.core.access.accounts.schemas import Account
from diptych.core.access.events.schemas import EventList, SecurityEvent
from diptych.core.access.permissions import ANONYMOUS, DEFAULT_SCOPE, PERMISSIONS, SCOPES, Permission
from diptych.core.access.tokens.schemas import LIFETIMES, NewToken, Token
from diptych.core.engine.schemas.pagination import ListQuery, Page
from diptych.core.jobs.schemas import UnfinishedJobs
from diptych.core.web import templates
from diptych.core.web.books import Link
from diptych.core.web.entries import Action, Entry, EntryList, entry_list_page, pager, present, tabs_of
from diptych.core.web.forms import Form, Refused
from diptych.core.web.frame import Frame
from diptych.core.web.values import moment_text, via_text
from diptych.core.web.wording import TEXTS, number_text, text

MANAGED: tuple[tuple[str, Permission], ...] = (
    ("imports", "catalogue:write"),
    ("jobs", "catalogue:write"),
    ("accounts", "accounts:manage"),
    ("policy", "accounts:manage"),
    ("security-events", "accounts:manage"),
    ("health", "jobs:manage"),
)
"""What is managed at which page below /ui, and the permission that it needs."""

EVENT_KINDS = {
    "failures": ("sign_in_failed", "reauthentication_failed"),
    "sign_ins": ("sign_in", "sign_out"),
    "accounts": ("account_created", "account_changed", "account_deleted", "password_changed"),
    "tokens": ("token_created", "token_changed", "token_deleted"),
    "second_factors": ("second_factor_created", "second_factor_changed", "second_factor_deleted"),
    "policy": ("policy_created", "policy_changed", "policy_deleted"),
}
"""What the list of security events can be narrowed to."""


def manage_page(frame: Frame) -> bytes:
    """Return the page that leads to all that the visitor may manage."""
    entries = [
        Entry(text(f"manage.{name}"), f"ui/{name}", facts=[text(f"manage.{name}.about")])
        for name, permission in MANAGED
        if frame.may(permission)
    ]
    return entry_list_page(frame, EntryList(text("manage.title"), entries, ""))


# Accounts


def accounts_page(frame: Frame, query: ListQuery, page: Page[Account]) -> bytes:
    """Return the page of a list of accounts."""
    return entry_list_page(
        frame,
        EntryList(
            heading=text("accounts.title"),
            entries=[
                Entry(account.name, account_href(account), _disabled(account), _account_facts(account))
                for account in page.items
            ],
            empty=text("accounts.empty"),
            links=[Link(text("accounts.new"), "ui/accounts/new")],
            pager=pager("ui/accounts", query, page),
        ),
    )


def new_account_page(frame: Frame, form: Form | None = None) -> bytes:
    """Return the page to create an account."""
    shown = form or Form({"role": "reader", "kind": "person"})
    return templates.render("account_new.html", frame, form=shown, roles=_roles())


def new_account_again(refused: Refused) -> bytes:
    """Return the page to create an account after a refusal."""
    return new_account_page(refused.frame, refused.form)


def account_page(frame: Frame, account: Account, tokens: Sequence[Token]) -> bytes:
    """Return the page of an account, with its tokens."""
    return templates.render(
        "account.html",
        frame,
        account=account,
        form=Form({"role": account.role, "active": "true" if account.active else "false"}),
        roles=_roles(),
        state=_disabled(account),
        facts=_account_facts(account),
        tokens=[token_entry(token) for token in tokens],
        events=f"ui/security-events?accountIdIn={account.id}",
    )


def _roles() -> list[tuple[str, str]]:
    return [(role, text(f"account.role.{role}")) for role in PERMISSIONS]


def account_href(account: Account) -> str:
    """Return the address of an account's page, from the root of the mount."""
    return f"ui/account/{account.id}"


def _disabled(account: Account) -> str:
    return "" if account.active else text("account.disabled")


def _account_facts(account: Account) -> list[str]:
    since = text("account.since", moment=moment_text(account.created_at))
    return [text(f"account.role.{account.role}"), text(f"account.kind.{account.kind}"), since]


# Tokens


def token_entry(token: Token) -> Entry:
    """Return the line of a token, with the button that revokes it."""
    used = moment_text(token.last_used_at)
    facts = [
        text("token.ends_in", characters=token.last_four),
        token.scope,
        text("token.expires", moment=moment_text(token.expires_at)) if token.expires_at else text("token.forever"),
        text("token.used", moment=used) if used else text("token.unused"),
    ]
    revoke = Action(text("token.revoke"), f"ui/token/{token.id}/revoke", token.label)
    return Entry(token.label, facts=facts, actions=[revoke])


def new_token_page(frame: Frame, address: str, form: Form | None = None) -> bytes:
    """Return the page to create a token. address: of the page, from the root of the mount."""
    chosen = {f"scope.{scope}": "on" for scope in DEFAULT_SCOPE.split()}
    return templates.render(
        "token_new.html",
        frame,
        address=address,
        form=form or Form({"days": "90", **chosen}),
        scopes=SCOPES,
        days=[(days, text(f"token.days.{days}")) for days in LIFETIMES],
    )


def new_token_again(refused: Refused) -> bytes:
    """Return the page to create a token after a refusal."""
    return new_token_page(refused.frame, refused.address, refused.form)


def token_page(frame: Frame, token: NewToken, back: str) -> bytes:
    """Return the page that shows a new token, once. back: the page of its account, from the root of the mount."""
    return templates.render("token.html", frame, token=token, entry=token_entry(token), back=back)


# One's own account


class Session(Struct, frozen=True):
    """A session of one's own. is_this: whether it is that of the browser that asks."""

    id: UUID
    created_at: datetime
    seen_at: datetime
    is_this: bool


def me_page(
    frame: Frame, role: str, sessions: Sequence[Session], tokens: Sequence[Token], *, second_factor: bool
) -> bytes:
    """Return the page of one's own account."""
    others = any(not session.is_this for session in sessions)
    return templates.render(
        "me.html",
        frame,
        role=text(f"account.role.{role}"),
        second_factor=text("me.with_factor" if second_factor else "me.without_factor"),
        sessions=[_session_entry(session) for session in sessions],
        ending=[Link(text("me.end_others"), "ui/me/sessions/end-others")] if others else [],
        tokens=[token_entry(token) for token in tokens],
    )


def _session_entry(session: Session) -> Entry:
    began = moment_text(session.created_at)
    return Entry(
        text("me.session", moment=began),
        state=text("me.this_session") if session.is_this else "",
        facts=[text("me.seen", moment=moment_text(session.seen_at))],
        links=[] if session.is_this else [Link(text("me.end"), f"ui/me/sessions/{session.id}/end", began)],
    )


def ending_page(frame: Frame, address: str, form: Form | None = None) -> bytes:
    """Return the page that asks who one is before sessions end. address: of the page, from the root of the mount."""
    return templates.render("end_sessions.html", frame, address=address, form=form or Form())


def ending_again(refused: Refused) -> bytes:
    """Return the page to end sessions after a refusal."""
    return ending_page(refused.frame, refused.address, refused.form)


def first_account_page(frame: Frame) -> bytes:
    """Return the page that says how to make the first account."""
    return templates.render("first_account.html", frame)


# The policy


def policy_page(frame: Frame, role: str) -> bytes:
    """Return the page of the policy. role: of anonymous clients."""
    roles = [(name, text(f"policy.{name}"), text(f"policy.{name}.about")) for name in ANONYMOUS]
    return templates.render("policy.html", frame, roles=roles, role=role)


# Security events


def events_page(frame: Frame, query: EventList, page: Page[SecurityEvent]) -> bytes:
    """Return the page of a list of security events."""
    values = [(events, text(f"events.{kind}")) for kind, events in EVENT_KINDS.items()]
    accounts = [("accountIdIn", str(each)) for each in query.account_id_in or ()]
    return entry_list_page(
        frame,
        EntryList(
            heading=text("events.title"),
            about=text("events.about"),
            entries=[_event_entry(event) for event in page.items],
            empty=text("events.empty"),
            tabs=tabs_of("ui/security-events", "eventIn", values, tuple(query.event_in or ()), accounts),
            pager=pager("ui/security-events", query, page),
        ),
    )


def _event_entry(event: SecurityEvent) -> Entry:
    facts = [
        moment_text(event.at),
        text("event.by", name=event.name) if event.name else "",
        via_text(event.via),
        text("event.client", client=event.client) if event.client else "",
        *_changed(event),
    ]
    return Entry(
        text(f"event.{event.event}"), f"ui/account/{event.account_id}" if event.account_id else "", facts=present(facts)
    )


def _changed(event: SecurityEvent) -> list[str]:
    """Return what an event has changed, a fact for each member."""
    before, after = event.before or {}, event.after or {}
    if not before or not after:
        label = (after or before).get("name") or (after or before).get("label")
        return [str(label)] if label else []
    return [
        text("event.change", member=text(label), before=_value(name, before.get(name)), after=_value(name, after[name]))
        for name, label in _MEMBERS.items()
        if name in after and before.get(name) != after[name]
    ]


_MEMBERS = {
    "name": "sign_in.name",
    "label": "token.label",
    "role": "account.role",
    "kind": "account.kind",
    "active": "account.active",
    "scope": "token.scope",
    "anonymous": "event.visitors",
}
"""The members of which an event tells what they were and are, and what they are called."""

_WORDS = {"role": "account.role.{}", "kind": "account.kind.{}", "anonymous": "policy.{}"}
"""The keys of the words for values, by member."""


def _value(member: str, value: Any) -> str:
    """Return the value of a member in words; one of a later release as it is."""
    if member == "active":
        return text("account.enabled" if value else "account.disabled")
    key = _WORDS.get(member, "").format(value)
    return text(key) if key in TEXTS else str(value)


# Health


class Health(Struct, frozen=True):
    """The state of the service.

    database: its kind and version. revision: of its schema. head: that of this release. last_job: when a worker took a
    job last. requests, errors: that this service's processes have answered since they started, and those of status 500
    and above.
    """

    database: str
    revision: str
    head: str
    jobs: UnfinishedJobs
    last_job: datetime | None
    moment: datetime
    requests: int
    errors: int

    @property
    def waiting(self) -> int:
        """Seconds that the oldest job waits."""
        return 0 if self.jobs.oldest is None else int((self.moment - self.jobs.oldest).total_seconds())


LONG_WAIT = 30
"""Seconds after which a job that waits, while none is being done, says that no worker runs."""


def health_page(frame: Frame, health: Health) -> bytes:
    """Return the page of the service's health."""
    jobs = health.jobs
    no_worker = jobs.queued and not jobs.running and health.waiting > LONG_WAIT
    troubles = [text("health.no_worker", seconds=number_text(health.waiting))] if no_worker else []
    if health.revision != health.head:
        troubles.append(text("health.revisions", revision=health.revision, head=health.head))
    rows = [
        (text("health.release"), version("diptych")),
        (text("health.database"), health.database),
        (text("health.revision"), health.revision),
        (text("health.queued"), number_text(jobs.queued)),
        (text("health.running"), number_text(jobs.running)),
        (text("health.last_job"), moment_text(health.last_job) or text("health.never")),
        (text("health.requests"), number_text(health.requests)),
        (text("health.errors"), number_text(health.errors)),
    ]
    return templates.render("health.html", frame, troubles=troubles, rows=rows)
