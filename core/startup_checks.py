"""Checks before a service starts."""

from __future__ import annotations

import logging
import sys
import time

from sqlalchemy.exc import SQLAlchemyError

from diptych.core import deadline
from diptych.core.access import policy
from diptych.core.database import sync_config
from diptych.core.db import schema_version
from diptych.core.db.config import require_file
from diptych.core.db.error_translation import translate
from diptych.core.errors import SchemaOutdated, ServiceUnavailable
from diptych.core.settings import Settings

_log = logging.getLogger("diptych")


def check_revision(settings: Settings) -> str | None:
    """Check that the database's schema can be served; return the role of anonymous clients, where it can be read.

    An unreachable database may come back: the service then starts, returns 503, and /health/ready says why.

    Errors: SchemaOutdated.
    """
    try:
        require_file(settings)
    except ServiceUnavailable as error:
        raise SchemaOutdated(error.detail) from error
    engine = sync_config(settings).get_engine()
    try:
        with (
            # A pooler may accept the connection and then not respond.
            deadline.until(time.monotonic() + settings.request_timeout),
            engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        ):
            schema_version.check(connection.execute(schema_version.VERSIONS).scalars().all())
            return connection.execute(policy.READ).scalar_one_or_none()
    except SQLAlchemyError as error:
        known = translate(error)
        if known is None:
            raise
        if isinstance(known, SchemaOutdated):
            raise known from error
        return None
    finally:
        engine.dispose()


def warn_of(anonymous: str | None) -> None:
    """Log what an operator should know of the role of anonymous clients."""
    if anonymous == "editor":
        _log.warning(policy.OPEN)


def check_revision_or_exit(settings: Settings) -> None:
    """Check the schema; if it is outdated, print one line on stderr and exit with status 3, as for wrong settings."""
    try:
        warn_of(check_revision(settings))
    except SchemaOutdated as error:
        print(f"diptych: {error.detail}", file=sys.stderr)
        raise SystemExit(3) from None
