"""Checks before a service starts."""

from __future__ import annotations

import sys
import time

from sqlalchemy.exc import SQLAlchemyError

from diptych.core import deadline
from diptych.core.database import sync_config
from diptych.core.db import schema_version
from diptych.core.db.config import require_file
from diptych.core.db.error_translation import translate
from diptych.core.errors import SchemaOutdated, ServiceUnavailable
from diptych.core.settings import Settings


def check_revision(settings: Settings) -> None:
    """Check that the database's schema can be served.

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
    except SQLAlchemyError as error:
        known = translate(error)
        if known is None:
            raise
        if isinstance(known, SchemaOutdated):
            raise known from error
    finally:
        engine.dispose()


def check_revision_or_exit(settings: Settings) -> None:
    """Check the schema; if it is outdated, print one line on stderr and exit with status 3, as for wrong settings."""
    try:
        check_revision(settings)
    except SchemaOutdated as error:
        print(f"diptych: {error.detail}", file=sys.stderr)
        raise SystemExit(3) from None
