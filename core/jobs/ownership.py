"""Who may see jobs, and files to be imported: the account that sent them, and those with jobs:manage.

Clients without an account have what clients without an account have sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Text, bindparam

from diptych.core.access.principal import Principal


def owner_of(principal: Principal) -> str | None:
    """Return the owner of what a principal sends: the id of the account, None without one."""
    return None if principal.id is None else str(principal.id)


def may_see(principal: Principal, owner: str | None) -> bool:
    """Return whether a principal may see, cancel and delete what belongs to an owner."""
    return owner == owner_of(principal) or _sees_all(principal)


def visible_to(principal: Principal) -> dict[str, Any]:
    """Return the scope of a list that has what a principal may see: one of the conditions of `conditions_on`."""
    if _sees_all(principal):
        return {}
    owner = owner_of(principal)
    return {"without_owner": None} if owner is None else {"owner": owner}


def conditions_on(column: Any) -> Mapping[str, Callable[[str], Any]]:
    """Return the conditions, by name, that select rows by the column with their owner."""
    return {
        "owner": lambda name: column == bindparam(name, type_=Text),
        "without_owner": lambda _: column.is_(None),
    }


def _sees_all(principal: Principal) -> bool:
    return "jobs:manage" in principal.permissions
