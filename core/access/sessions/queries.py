"""The statements of sessions and of signing in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import LargeBinary, and_, bindparam, delete, func, insert, or_, select, update

from diptych.core.access.accounts.model import Account
from diptych.core.access.second_factors.model import SecondFactor
from diptych.core.access.sessions.model import BrowserSession, SignInAttempt
from diptych.core.engine.row_statements import VALUE, is_value

_SESSIONS: Any = BrowserSession.__table__
_ATTEMPTS: Any = SignInAttempt.__table__
_DIGEST = bindparam(VALUE, type_=LargeBinary)
_MOMENT = SignInAttempt.at.type
_HASH = Account.password_hash.type

_CREDENTIALS = select(
    Account.id, Account.name, Account.active, Account.password_hash, SecondFactor.secret, SecondFactor.last_step
).outerjoin(SecondFactor, and_(SecondFactor.account_id == Account.id, SecondFactor.confirmed_at.is_not(None)))

BY_NAME = _CREDENTIALS.where(is_value(Account.name))
"""What diptych.core.access.sessions.credentials.Credentials has, of the account with the name VALUE."""

BY_ID = _CREDENTIALS.where(is_value(Account.id))
"""The same of the account with the id VALUE."""

STILL_HAS = (
    select(Account.id)
    .where(is_value(Account.id), Account.active, Account.password_hash == bindparam("verified", type_=_HASH))
    .with_for_update()
)
"""Select and lock the account with the id VALUE if it is active and still has the hash `verified`."""

LOCK = select(Account.id).where(is_value(Account.id)).with_for_update()
"""Lock the account with the id VALUE."""

SET_PASSWORD = (
    update(Account)
    .where(is_value(Account.id))
    .values(password_hash=bindparam("password_hash"), updated_at=Account.updated_at)
)
"""Set the hash (password_hash) of the account with the id VALUE."""

BY_DIGEST = (
    select(
        BrowserSession.id,
        BrowserSession.created_at,
        BrowserSession.seen_at,
        Account.id,
        Account.name,
        Account.role,
        Account.active,
    )
    .join(Account, Account.id == BrowserSession.account_id)
    .where(BrowserSession.digest == _DIGEST)
)
"""A session and its account, by the digest VALUE."""

SEEN = (
    update(_SESSIONS)
    .where(is_value(_SESSIONS.c.id))
    .values(seen_at=bindparam("moment", type_=_SESSIONS.c.seen_at.type))
)
BEGIN = insert(_SESSIONS).values(
    {column.name: bindparam(f"new_{column.name}", type_=column.type) for column in _SESSIONS.columns}
)
END = delete(_SESSIONS).where(_SESSIONS.c.digest == _DIGEST).returning(_SESSIONS.c.account_id)
END_ALL = delete(_SESSIONS).where(is_value(_SESSIONS.c.account_id))
END_OLD = delete(_SESSIONS).where(_SESSIONS.c.created_at < bindparam("before", type_=_MOMENT))

OF_ACCOUNT = (
    select(BrowserSession.id, BrowserSession.created_at, BrowserSession.seen_at, BrowserSession.digest)
    .where(is_value(BrowserSession.account_id))
    .order_by(BrowserSession.seen_at.desc(), BrowserSession.id.desc())
)
"""The sessions of the account with the id VALUE, the one that was used last first."""

END_ONE = delete(_SESSIONS).where(
    is_value(_SESSIONS.c.account_id), _SESSIONS.c.id == bindparam("session", type_=_SESSIONS.c.id.type)
)
"""End one `session` of the account with the id VALUE."""

END_OTHERS = delete(_SESSIONS).where(
    is_value(_SESSIONS.c.account_id), _SESSIONS.c.digest != bindparam("kept", type_=LargeBinary)
)
"""End the sessions of the account with the id VALUE but for the one with the digest `kept`."""

ATTEMPT = insert(_ATTEMPTS).values(
    {column.name: bindparam(f"new_{column.name}", type_=column.type) for column in _ATTEMPTS.columns}
)
_OF_ACCOUNT, _OF_CLIENT = SignInAttempt.account == bindparam("account"), SignInAttempt.client == bindparam("client")
_RECENT = SignInAttempt.at > bindparam("recent", type_=_MOMENT)

COUNT = select(
    func.count().filter(_OF_ACCOUNT, _OF_CLIENT, _RECENT),
    func.count().filter(_OF_ACCOUNT),
    func.count().filter(_OF_CLIENT, _RECENT),
).where(or_(_OF_ACCOUNT, _OF_CLIENT), SignInAttempt.at > bindparam("day", type_=_MOMENT))
"""Count attempts: for an account by a client since `recent`, for the account since `day`, and by the client since
`recent`."""

WITHDRAW = delete(_ATTEMPTS).where(is_value(_ATTEMPTS.c.id))
"""Delete the attempt with the id VALUE."""

FORGET = delete(_ATTEMPTS).where(_ATTEMPTS.c.account == bindparam("account"), _ATTEMPTS.c.client == bindparam("client"))
FORGET_OLD = delete(_ATTEMPTS).where(_ATTEMPTS.c.at < bindparam("before", type_=_MOMENT))
