"""What is looked at before a service starts."""

from __future__ import annotations

import sys
import time

from sqlalchemy.exc import SQLAlchemyError

from diptych.core import deadlines, revisions
from diptych.core.database import require_file, sync_config
from diptych.core.errors import Behind, Unavailable
from diptych.core.settings import Settings
from diptych.core.translation import translate


def check_revision(settings: Settings) -> None:
    """Look whether the database can be served.

    One that is away may come back: then the service starts, answers 503, and /health/ready says why.

    Errors: Behind.
    """
    try:
        require_file(settings)
    except Unavailable as error:
        raise Behind(error.detail) from error
    engine = sync_config(settings).get_engine()
    try:
        with (
            # A pooler may accept whoever connects, and then say nothing.
            deadlines.until(time.monotonic() + settings.request_timeout),
            engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        ):
            revisions.check(connection.execute(revisions.VERSIONS).scalars().all())
    except SQLAlchemyError as error:
        known = translate(error)
        if known is None:
            raise
        if isinstance(known, Behind):
            raise known from error
    finally:
        engine.dispose()


def check_revision_or_exit(settings: Settings) -> None:
    """Look, and end a program whose database is behind with one line on stderr and status 3, as wrong settings do."""
    try:
        check_revision(settings)
    except Behind as error:
        print(f"diptych: {error.detail}", file=sys.stderr)
        raise SystemExit(3) from None
