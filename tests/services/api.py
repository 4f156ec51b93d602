"""The operations of one twin as functions, each call of which is counted."""

from __future__ import annotations

import json
from typing import Any

from diptych.core.access.principal import HostUser, of_host
from diptych.core.http.idempotency import RequestKey
from diptych.core.http.operations import FORM
from diptych.core.http.request_response import Request, Response
from diptych.core.http.spool import Spool
from tests.services.twins import Counts, Twin

OPERATOR = HostUser("1", "operator", "administrator")
"""Who sends the requests: a user of the host, so that nobody is looked up."""


def key_of(name: str) -> RequestKey:
    """Return a key of theirs."""
    return RequestKey(name, b"").of_owner(str(of_host(OPERATOR).id))


async def _read(stream: Any) -> bytes:
    """Return all parts of a body."""
    return b"".join([part async for part in stream] if hasattr(stream, "__aiter__") else stream)


class Api:
    """The operations of one twin, counted."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self.application = twin.module("application").Application(twin.settings)
        counting = Twin.__new__(Twin)
        counting.name = twin.name
        counting.database = self.application.database
        self.counting = counting
        self.routes = {route.name: route for route in self.application.routes}
        self.sender: dict[str, str] | None = None
        """Headers that say who sends the requests; None for the OPERATOR."""

    async def call(
        self,
        name: str,
        /,
        body: Any = None,
        query: str = "",
        match: str = "",
        *,
        key: str = "",
        form: str | None = None,
        file: str | None = None,
        **parameters: str,
    ) -> tuple[Response, Counts]:
        route = self.routes[name]
        headers = {"content-type": "application/json" if form is None else FORM}
        headers |= {name: field for name, field in (("if-match", match), ("idempotency-key", key)) if field}
        content: bytes | Spool = (form or "").encode() if body is None else json.dumps(body).encode()
        if file is not None:
            content = Spool()
            content.extend(file.encode())
        user = OPERATOR if self.sender is None else None
        request = Request(route.methods[0], "", parameters, query, headers | (self.sender or {}), content, user=user)
        with self.counting.counted() as counts:
            answer = self.application.handle(route, request)
            response: Response = await answer if self.twin.name == "aio" else answer
            if response.stream is not None:
                await _read(response.stream)
        assert self.counting.connections_in_use == 0
        return response, counts

    async def made(self, name: str, body: Any, **parameters: str) -> Any:
        response, _ = await self.call(name, body, **parameters)
        assert response.status in (200, 201), response.body
        return json.loads(response.body)

    async def close(self) -> None:
        closing = self.application.close()
        if self.twin.name == "aio":
            await closing
