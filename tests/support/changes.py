"""The history of a catalogue, and whether it tells how one state of the catalogue became another."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Engine, Table, select

from diptych.core.catalogue.models import Base
from diptych.core.database import sync_config
from diptych.core.engine import history_triggers
from diptych.core.history.model import Change
from diptych.core.settings import Settings

State = dict[tuple[str, str, str], Any]
"""Table, id and part -> the row (part "") or the rows of that part, each as JSON."""


class Recorded(NamedTuple):
    """A row of the history."""

    action: str
    resource: str
    resource_id: str
    before: Any
    after: Any
    via: str
    principal: str | None
    name: str | None
    request_id: str | None


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    engine = sync_config(Settings(database_url=url)).get_engine()
    try:
        yield engine
    finally:
        engine.dispose()


def changes(url: str, after: int = 0) -> list[Recorded]:
    """Return the history of a database, without its first `after` rows."""
    columns = [getattr(Change, name) for name in Recorded._fields]
    with opened(url) as engine, engine.connect() as connection:
        rows = connection.execute(select(*columns).order_by(Change.id).offset(after)).all()
    return [Recorded(*(str(value) if isinstance(value, UUID) else value for value in row)) for row in rows]


def state(url: str) -> State:
    """Return all that is recorded of a catalogue."""
    with opened(url) as engine, engine.connect() as connection:
        return {key: value for table in Base.metadata.sorted_tables for key, value in _of(connection, table)}


def replayed(before: State, history: Iterable[Recorded]) -> State:
    """Return the state after these changes. Each has to begin with what was there when it was made."""
    found = {key: [*value] if key[2] else value for key, value in before.items()}
    for change in history:
        assert change.before != change.after
        at = (change.resource, change.resource_id)
        if change.action == "update" and (parts := change.before.keys() & _PARTS):
            (part,) = parts
            rows = found.setdefault((*at, part), [])
            for row in change.before[part]:
                rows.remove(_text(row))
            rows += [_text(row) for row in change.after[part]]
            if not rows:
                del found[*at, part]
            continue
        assert found.pop((*at, ""), None) == (change.before and _text(change.before)), change
        assert (
            change.action
            == {(True, False): "create", (False, True): "delete", (False, False): "update"}[
                change.before is None, change.after is None
            ]
        )
        if change.after is not None:
            found[*at, ""] = _text(change.after)
    return {key: sorted(value) if key[2] else value for key, value in found.items()}


def _of(connection: Connection, table: Table) -> Iterator[tuple[tuple[str, str, str], Any]]:
    if not history_triggers.in_history(table):
        return
    recorded = history_triggers.of(table)
    rows: dict[tuple[str, str, str], Any] = {}
    for row in connection.execute(select(table)).mappings():
        text = _text({name: row[name] for name in recorded.columns})
        key = (recorded.owner, str(row[recorded.key]), recorded.part)
        rows[key] = sorted([*rows.get(key, []), text]) if recorded.part else text
    yield from rows.items()


def _text(row: dict[str, Any]) -> str:
    return json.dumps({name: _plain(_moment(name, value)) for name, value in row.items()}, sort_keys=True)


def _moment(name: str, value: Any) -> Any:
    """Return a value, and a time as such: PostgreSQL's JSON has no zeros at its end."""
    return datetime.fromisoformat(value) if name.endswith("_at") and isinstance(value, str) else value


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case UUID() | date():
            return str(value)
        case float() if value.is_integer():
            return int(value)  # PostgreSQL's JSON has one kind of numbers
    return value


_PARTS = {
    history_triggers.of(table).part for table in Base.metadata.sorted_tables if history_triggers.in_history(table)
} - {""}
