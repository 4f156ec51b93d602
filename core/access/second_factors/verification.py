"""Whether a code is right, and the statement that uses it up."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Executable

from diptych.core.access.encryption import Keyring, UnreadableSecret, place_of
from diptych.core.access.second_factors import queries, totp
from diptych.core.access.second_factors.model import SecondFactor
from diptych.core.access.sessions.credentials import Credentials
from diptych.core.engine.row_statements import VALUE
from diptych.core.errors import ServiceUnavailable

_log = logging.getLogger("diptych")


class CodeCheck(Struct, frozen=True):
    """Whether a code is right.

    use: the statement that uses it up, with its values: it returns no row where another request was quicker.
    needed: whether the account has a second factor. recovery: whether it is a recovery code.
    """

    is_right: bool
    use: Executable
    values: Mapping[str, Any]
    needed: bool = True
    recovery: bool = False


def check_none(account_id: UUID) -> CodeCheck:
    """Return that an account without a second factor needs no code, unless it has got one meanwhile."""
    return CodeCheck(is_right=True, use=queries.STILL_NONE, values={VALUE: account_id}, needed=False)


def place_of_secret(account_id: UUID) -> str:
    """Return where the encrypted secret of an account is."""
    return place_of(SecondFactor.__table__.c.secret, account_id)


def secret_of(keyring: Keyring, account_id: UUID, value: str) -> str:
    """Return the secret of an account in base32. value: the encrypted one. Errors: ServiceUnavailable, logged."""
    try:
        return keyring.decrypt(value, place_of_secret(account_id))
    except UnreadableSecret as error:
        _log.error("a second factor cannot be checked: %s", error)
        raise ServiceUnavailable("The second factor cannot be checked: an operator has to look at the log.") from error


def check_app_code(keyring: Keyring, account: Credentials, code: str, moment: datetime) -> CodeCheck:
    """Check a code that an app has shown, of an account with a second factor. Errors: as `secret_of`."""
    assert account.secret is not None  # noqa: S101 - the account has a second factor
    assert account.last_step is not None  # noqa: S101 - as above
    step = None
    if code:
        secret = secret_of(keyring, account.account_id, account.secret)
        step = totp.accepted_step(secret, code, moment, account.last_step)
    return CodeCheck(step is not None, queries.USE_STEP, {VALUE: account.account_id, "step": step})


def check_recovery_code(account: Credentials, digest: bytes, *, stored: bool) -> CodeCheck:
    """Check a recovery code of an account with a second factor. stored: whether the account has it."""
    return CodeCheck(stored, queries.USE_CODE, {VALUE: account.account_id, "digest": digest}, recovery=True)
