# Generated from core/aio/bulk_insert.py by tools/unasync.py: do not edit, run "make twins".
"""New rows by the hundred: whatever number there is of them is one statement, and no instance is made of any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from diptych.core.catalogue.models import Base
from diptych.core.engine import json_insert


def bulk_insert(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows as they are: columns that are left out are null. Errors: the driver's."""
    if rows:
        dialect, table = session.get_bind().dialect, model.metadata.tables[model.__tablename__]
        session.execute(json_insert.insert_statement(table, dialect.name), json_insert.rows(table, dialect, rows))
