"""Who makes the changes of the current work, and in which way: the history of changes has it with each of them."""

from __future__ import annotations

import json
from contextvars import ContextVar, Token
from typing import Any, Literal

from msgspec import Struct
from uuid_utils.compat import uuid7

Via = Literal["anonymous", "token", "session", "host", "oidc", "cli", "import", "load", "adopt"]
"""How a change was made. Changes without an attribution, such as those of psql, are recorded with UNKNOWN."""

UNKNOWN = "unknown"

PARAMETER = "attribution"
"""The bind parameter with the text of an attribution, of statements that write one row."""


class Attribution(Struct, frozen=True):
    """Who makes changes. principal: the id of an account, null where there is none; name: its name at that time."""

    principal: str | None
    name: str | None
    via: Via
    request_id: str | None = None

    def values(self) -> dict[str, str | None]:
        """Return its members without characters that a database does not store: names of hosts may have any."""
        given = {"principal": self.principal, "name": self.name, "via": self.via, "request_id": self.request_id}
        return {
            name: value and value.replace("\0", "").encode(errors="replace").decode() for name, value in given.items()
        }

    def as_text(self) -> str:
        """Return it as PostgreSQL's triggers read it: a JSON object, in ASCII."""
        text = json.dumps({name: value for name, value in self.values().items() if value is not None})
        # psycopg and SQL read these in the text of a statement; as escapes of JSON they mean the same.
        return text.replace("%", "\\u0025").replace("'", "\\u0027")


_current: ContextVar[Attribution | None] = ContextVar("diptych_attribution", default=None)


class attributed_to:  # noqa: N801 - used as what contextlib makes is, which takes three times as long
    """Attribute the changes made in a block."""

    __slots__ = ("_attribution", "_token")

    _token: Token[Attribution | None]

    def __init__(self, attribution: Attribution) -> None:
        self._attribution = attribution

    def __enter__(self) -> None:
        self._token = _current.set(self._attribution)

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)


def current() -> Attribution | None:
    """Return the attribution of the current work; None if it has none."""
    return _current.get()


def by_command(via: Via) -> Attribution:
    """Return the attribution of one run of a command, under an id of its own."""
    return Attribution(None, None, via, str(uuid7()))


def parameters() -> dict[str, Any]:
    """Return the parameter of statements that write one row, which contain `attributed` of the engine."""
    attribution = _current.get()
    return {PARAMETER: "" if attribution is None else attribution.as_text()}
