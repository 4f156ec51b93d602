"""The whole of a request: what an adapter calls."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from core.aio.operations import OPERATIONS
from core.aio.unit_of_work import Database
from core.database import async_config
from core.errors import CatalogueError
from core.http import problems, reading, writing
from core.http.cors import Cors
from core.http.messages import Request, Response
from core.http.operations import Answer, Call, Operation, Route, routes
from core.http.problems import Problem
from core.settings import Settings, parse_origins


class Application:
    """The catalogue as a function from Request to Response."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.routes: list[Route] = routes(OPERATIONS)
        self.cors = Cors(parse_origins(settings.cors_origins))
        self.database = Database(async_config(settings))

    async def handle(self, route: Route, request: Request) -> Response:
        """Answer one request. Whatever happens is an answer: errors become problems, and nothing is half done."""
        return writing.finished(await self._answer(route, request), request.method, request.headers, self.cors)

    async def _answer(self, route: Route, request: Request) -> Response:
        try:
            parameters = reading.check_route(route, request)
            if route.operation is None:
                return writing.options(route, request.headers, self.cors)
            call = reading.read(route.operation, parameters, request, self.settings.max_body_bytes)
            answer = await self._perform(route.operation, call)
            return writing.response(answer, route.operation, request)
        except Problem as problem:
            return problems.render(problem, request.prefix)
        except CatalogueError as error:
            return problems.render(problems.of_error(error), request.prefix)
        except Exception as error:  # noqa: BLE001 - the last resort of a server: logged with its trace, answered as a bare 500
            return problems.render(problems.unexpected(error, f"{request.method} {route.path}"), request.prefix)

    def refuse(self, problem: Problem, headers: Mapping[str, str], prefix: str = "") -> Response:
        """The answer to a request that a server or a framework found fault with. headers: the request's, if known."""
        return writing.finished(problems.render(problem, prefix), "", headers, self.cors)

    def about_server(self, headers: Mapping[str, str]) -> Response:
        """The answer to OPTIONS for the server as a whole. headers: the request's."""
        return writing.finished(writing.server_options(), "OPTIONS", headers, self.cors)

    async def close(self) -> None:
        """Close the database's connections."""
        await self.database.close()

    async def _perform(self, operation: Operation, call: Call) -> Answer:
        async def work(session: AsyncSession | None) -> Answer:
            answer: Answer = await operation.run(session, call)
            return answer

        if operation.unit == "none":
            return await work(None)
        if operation.unit == "read" and not operation.several(call):
            return await self.database.read(work)
        if operation.unit == "read":
            async with self.database.snapshot() as session:
                return await work(session)
        return await self.database.write(work)
