"""What is looked at before a service starts."""

from __future__ import annotations

import sys
import time

from sqlalchemy.exc import SQLAlchemyError

from diptych.core.database import sync_config
from diptych.core.db import deadlines, schema_version
from diptych.core.db.config import require_file
from diptych.core.db.error_translation import translate
from diptych.core.errors import SchemaOutdated, ServiceUnavailable
from diptych.core.settings import Settings


def check_revision(settings: Settings) -> None:
    """Look whether the database can be served.

    One that is away may come back: then the service starts, answers 503, and /health/ready says why.

    Errors: SchemaOutdated.
    """
    try:
        require_file(settings)
    except ServiceUnavailable as error:
        raise SchemaOutdated(error.detail) from error
    engine = sync_config(settings).get_engine()
    try:
        with (
            # A pooler may accept whoever connects, and then say nothing.
            deadlines.deadline(time.monotonic() + settings.request_timeout),
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
    """Look, and end a program whose database is behind with one line on stderr and status 3, as wrong settings do."""
    try:
        check_revision(settings)
    except SchemaOutdated as error:
        print(f"diptych: {error.detail}", file=sys.stderr)
        raise SystemExit(3) from None
