"""An application that is called directly, without a server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from diptych.core.access.principal import HostUser
from diptych.core.database import sync_config
from diptych.core.http.request_response import Request, Response
from diptych.core.http.spool import Spool
from diptych.core.settings import Settings
from diptych.core.sync.application import Application
from tests.services.api import OPERATOR


class Called:
    """An application with these settings."""

    def __init__(self, settings: Settings) -> None:
        self.application = Application(settings)
        self.database = self.application.database
        self.engine = sync_config(settings).get_engine()
        self.routes = {route.name: route for route in self.application.routes}

    def call(
        self,
        name: str,
        body: Any = b"",
        query: str = "",
        *,
        user: HostUser = OPERATOR,
        headers: Mapping[str, str] | None = None,
        **parameters: str,
    ) -> Response:
        """Have a request for an operation answered."""
        route = self.routes[name]
        fields = {"content-type": "application/json", **(headers or {})}
        return self.application.handle(route, Request(route.methods[0], "", parameters, query, fields, body, user=user))

    def read(self, name: str, **parameters: str) -> tuple[int, bytes]:
        """Return the status and the whole body of a response."""
        response = self.call(name, **parameters)
        return response.status, response.body if response.stream is None else b"".join(response.stream)  # type: ignore[arg-type]

    def book(self) -> str:
        """Make a book, and return its id."""
        return str(json.loads(self.call("books_create", b'{"title": "x", "author_id": null}').body)["id"])

    def send(self, book: str, content: bytes, **options: Any) -> Response:
        """Send a cover of a book."""
        spool = Spool()
        spool.extend(content)
        return self.call("books_add_file", spool, "kind=cover", id=book, **options)

    def close(self) -> None:
        self.engine.dispose()
        self.application.close()
