"""Record security events of which no row of another table tells: triggers record the others."""

from __future__ import annotations

from typing import Any

from diptych.core.access.events.log import note_security_event
from diptych.core.access.events.queries import ADD, ADD_FAILURE, values_of
from diptych.core.access.events.schemas import FAILURES
from diptych.core.aio.statement_executor import Executor
from diptych.core.attribution import Attribution


async def record(executor: Executor, event: str, account_id: Any, name: str | None = None, client: str = "") -> None:
    """Add an event, and note it for the log. Of many failures in a minute only the log has all.

    name, client: as diptych.core.access.events.queries.values_of has them.
    """
    values = values_of(event, account_id, name, client)
    by = Attribution(values["new_principal"], None, values["new_via"], values["new_request_id"])
    note_security_event(event, account_id, by)
    await executor.run(ADD_FAILURE if event in FAILURES else ADD, values)
