"""The statements of second factors."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    LargeBinary,
    String,
    Text,
    Uuid,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    update,
)

from diptych.core.access.second_factors.model import RecoveryCode, SecondFactor
from diptych.core.engine.row_statements import VALUE, is_value

PATIENCE = timedelta(minutes=15)
"""How long a second factor that is being set up waits for its first code."""

_FACTORS: Any = SecondFactor.__table__
_CODES: Any = RecoveryCode.__table__
_MOMENT = bindparam("moment", type_=SecondFactor.created_at.type)
_STEP = bindparam("step", type_=BigInteger)
_DIGEST = bindparam("digest", type_=LargeBinary)
_OF_ACCOUNT, _CONFIRMED = is_value(_FACTORS.c.account_id), SecondFactor.confirmed_at.is_not(None)

STILL_NONE = select(literal(1)).where(~select(SecondFactor.account_id).where(_OF_ACCOUNT, _CONFIRMED).exists())
"""A row if the account with the id VALUE has no second factor."""

CONFIRMED = select(SecondFactor.account_id).where(_OF_ACCOUNT, _CONFIRMED)
"""The account with the id VALUE, if it has a second factor."""

ALL_CONFIRMED = select(SecondFactor.account_id).where(_CONFIRMED)
"""The accounts that have a second factor."""

PENDING = select(SecondFactor.secret).where(
    _OF_ACCOUNT, SecondFactor.confirmed_at.is_(None), SecondFactor.created_at > _MOMENT
)
"""The encrypted secret that is being set up since `moment`, of the account with the id VALUE."""

STATE = select(
    SecondFactor.confirmed_at,
    SecondFactor.created_at,
    select(func.count())
    .select_from(RecoveryCode)
    .where(RecoveryCode.account_id == SecondFactor.account_id)
    .correlate(SecondFactor)
    .scalar_subquery(),
).where(_OF_ACCOUNT)
"""When the second factor of the account with the id VALUE was confirmed and begun, and how many codes it has left."""

SET_UP = text(
    "INSERT INTO second_factor (account_id, secret, last_step, created_at) VALUES (:value, :secret, 0, :moment)"
    " ON CONFLICT (account_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at"
    " WHERE second_factor.confirmed_at IS NULL RETURNING account_id"
).bindparams(bindparam(VALUE, type_=Uuid()), bindparam("secret", type_=Text()), _MOMENT)
"""Begin to set one up for the account with the id VALUE, in place of another that is not confirmed.

It returns no row where the account has a second factor.
"""

CONFIRM = (
    update(_FACTORS)
    .where(_OF_ACCOUNT, _FACTORS.c.confirmed_at.is_(None), _FACTORS.c.secret == bindparam("secret", type_=String()))
    .values(confirmed_at=_MOMENT, last_step=_STEP)
    .returning(_FACTORS.c.account_id)
)
"""Confirm what is being set up, unless it has another `secret` meanwhile: then it returns no row."""

ADD_CODE = insert(_CODES).values(account_id=bindparam(VALUE, type_=Uuid), digest=_DIGEST)

REMOVE = delete(_FACTORS).where(_OF_ACCOUNT).returning(_FACTORS.c.account_id)
"""Remove the second factor of the account with the id VALUE; its recovery codes are deleted with it."""

HAS_CODE = select(RecoveryCode.account_id).where(is_value(RecoveryCode.account_id), RecoveryCode.digest == _DIGEST)
"""The account with the id VALUE, if it has the recovery code with a `digest`."""

USE_STEP = (
    update(_FACTORS)
    .where(_OF_ACCOUNT, _FACTORS.c.last_step < _STEP)
    .values(last_step=_STEP)
    .returning(_FACTORS.c.account_id)
)
"""Accept the code of a `step`. It returns no row where that step, or a later one, has been accepted."""

USE_CODE = (
    delete(_CODES).where(is_value(_CODES.c.account_id), _CODES.c.digest == _DIGEST).returning(_CODES.c.account_id)
)
"""Accept the recovery code with a `digest`. It returns no row where that has been used."""
