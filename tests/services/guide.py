"""The services of one twin, used as advanced-alchemy's guides use them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import select

from tests.services.twins import Twin, _Awaitable

NOBODY = UUID("01890f3e-8f6a-7cc0-9d5a-3b1f6d2c4e5f")
ISBNS = ["9780439554930", "9780306406157", "9783161484100"]


class Guide:
    """The three services of one twin, made as the guides make them."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        services = twin.module("services")
        self.kinds = {"authors": services.AuthorService, "books": services.BookService, "tags": services.TagService}

    @property
    def config(self) -> Any:
        return self.twin.database._writing

    @asynccontextmanager
    async def session(self, *, commit: bool = True) -> AsyncIterator[Any]:
        if self.twin.name == "aio":
            async with self.config.get_session() as session:
                yield session
                if commit:
                    await session.commit()
        else:
            with self.config.get_session() as session:
                yield _Awaitable(session)
                if commit:
                    session.commit()

    @asynccontextmanager
    async def service(self, kind: Any, *, commit: bool = True, **options: Any) -> AsyncIterator[Any]:
        """Yield the service of `Service.new(session=...)`, in a session that is committed at the end."""
        kind = self.kinds.get(kind, kind)
        async with self.session(commit=commit) as session:
            if self.twin.name == "aio":
                async with kind.new(session=session, **options) as service:
                    yield service
            else:
                with kind.new(session=session._target, **options) as service:
                    yield _Awaitable(service)

    def of(self, kind: str, session: Any) -> Any:
        """Return a service on a session of this guide's, so that several can share it."""
        made = self.kinds[kind](getattr(session, "_target", session))
        return made if self.twin.name == "aio" else _Awaitable(made)

    async def savepoint(self, session: Any) -> Any:
        """Begin a savepoint, to roll back or to commit."""
        begun = await session.begin_nested()
        return begun if self.twin.name == "aio" else _Awaitable(begun)

    async def stored(self, model: Any, row_id: Any) -> Any:
        """Read the row in another session."""
        async with self.session(commit=False) as session:
            return (await session.execute(select(model).where(model.id == row_id))).scalar_one_or_none()

    async def all(self, model: Any) -> list[Any]:
        async with self.session(commit=False) as session:
            return list((await session.execute(select(model).order_by(model.id))).scalars())
