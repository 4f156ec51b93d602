"""Checks before a service starts."""

from __future__ import annotations

import logging
import sys
import time

from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError

from diptych.core import deadline
from diptych.core.access import policy
from diptych.core.access.encrypted_columns import count_of_others, encrypted_columns
from diptych.core.access.encryption import VARIABLE, Keyring
from diptych.core.database import sync_config
from diptych.core.db import schema_version
from diptych.core.db.config import require_file
from diptych.core.db.error_translation import translate
from diptych.core.errors import SchemaOutdated, ServiceUnavailable
from diptych.core.files.store import FileStore
from diptych.core.settings import Settings

_log = logging.getLogger("diptych")


class StartState(Struct, frozen=True):
    """What operators should know of. anonymous: the role of anonymous clients, where it can be read.

    unreadable: secrets that cannot be decrypted, for want of their keys. files: why files cannot be stored.
    """

    anonymous: str | None = None
    unreadable: int = 0
    files: str = ""

    def warnings(self) -> list[str]:
        """Return what is to be told at a start."""
        found = [policy.OPEN] if self.anonymous == "editor" else []
        if self.unreadable:
            found.append(
                f"{VARIABLE} does not have the keys of {self.unreadable} secrets in the database: until it has,"
                " accounts with a second factor can sign in with recovery codes only."
            )
        if self.files:
            found.append(self.files)
        return found


def check_revision(settings: Settings) -> StartState:
    """Check that the database's schema can be served; return what operators should know of.

    An unreachable database may come back: the service then starts, returns 503, and /health/ready says why.

    Errors: SchemaOutdated.
    """
    try:
        require_file(settings)
    except ServiceUnavailable as error:
        raise SchemaOutdated(error.detail) from error
    engine, files = sync_config(settings).get_engine(), _trouble_with_files(settings)
    try:
        with (
            # A pooler may accept the connection and then not respond.
            deadline.until(time.monotonic() + settings.request_timeout),
            engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        ):
            schema_version.check(connection.execute(schema_version.VERSIONS).scalars().all())
            anonymous = connection.execute(policy.READ).scalar_one_or_none()
            key_ids = Keyring.parse(settings.encryption_keys).ids
            counts = [connection.scalar(count_of_others(each, key_ids)) or 0 for each in encrypted_columns()]
            return StartState(anonymous, sum(counts), files)
    except SQLAlchemyError as error:
        known = translate(error)
        if known is None:
            raise
        if isinstance(known, SchemaOutdated):
            raise known from error
        return StartState(files=files)
    finally:
        engine.dispose()


def _trouble_with_files(settings: Settings) -> str:
    """Return why files cannot be stored in a directory; a bucket is not asked, so that a start stays quick."""
    folder = FileStore(settings.files).blocked_folder()
    if folder is None:
        return ""
    return f"Files cannot be stored: this process cannot write in {folder} (DIPTYCH_FILES)."


def warn_of(state: StartState) -> None:
    """Log what an operator should know of."""
    for warning in state.warnings():
        _log.warning(warning)


def check_revision_or_exit(settings: Settings) -> None:
    """Check the schema; if it is outdated, print one line on stderr and exit with status 3, as for wrong settings."""
    try:
        warn_of(check_revision(settings))
    except SchemaOutdated as error:
        print(f"diptych: {error.detail}", file=sys.stderr)
        raise SystemExit(3) from None
