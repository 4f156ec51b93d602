"""Handle whole requests: the adapters call this."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from time import monotonic
from typing import Any, cast

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from diptych.core import deadline
from diptych.core.access.encryption import Keyring
from diptych.core.access.principal import UNKNOWN, Principal
from diptych.core.access.sessions.rules import Browser
from diptych.core.aio import form_file, idempotency
from diptych.core.aio.access_control import AccessControl
from diptych.core.aio.file_storage import check_allowance, open_file, store_file
from diptych.core.aio.operations import OPERATIONS
from diptych.core.aio.response_stream import ResponseStream
from diptych.core.aio.statement_executor import Executor, executor_of
from diptych.core.aio.unit_of_work import Database
from diptych.core.attribution import Attribution, attributed_to
from diptych.core.database import async_config
from diptych.core.errors import CatalogueError, NotFound
from diptych.core.files.rules import LEAST_COUNTED, Allowance, StoredFile, allowance_of
from diptych.core.files.store import FileStore
from diptych.core.http import etag, json, problems, request_parsing, response_building
from diptych.core.http.client_address import TrustedProxies
from diptych.core.http.cors import Cors
from diptych.core.http.operations import Operation, OperationRequest, OperationResult, Route, routes
from diptych.core.http.problems import Problem
from diptych.core.http.rate_limit import Quota, rate_limit
from diptych.core.http.request_parsing import Target
from diptych.core.http.request_response import Refused, Request, Response
from diptych.core.http.spool import Spool
from diptych.core.http.transfers import BodyLimits, Transfers
from diptych.core.http.wire.request_head import Head
from diptych.core.observability import metrics
from diptych.core.observability.request_context import RequestRecord
from diptych.core.off_loop import read_body_async, write_body_async
from diptych.core.settings import Settings, parse_list
from diptych.core.web import refusals, translation, wording


class Application:
    """The catalogue as a function from Request to Response."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.routes: list[Route] = routes(OPERATIONS)
        self.cors = Cors(parse_list(settings.cors_origins), parse_list(settings.cors_methods))
        self.rate_limit = rate_limit(settings.rate_limit, parse_list(settings.trusted_proxies))
        config = async_config(settings)
        metrics.watch(config.get_engine().pool)
        wording.use(translation.read(settings.translation))
        self.database = Database(config, Keyring.parse(settings.encryption_keys))
        proxies = TrustedProxies(parse_list(settings.trusted_proxies))
        self._access = AccessControl(self.database, proxies, self.cors, settings.identity_provider)
        self._files = FileStore(settings.files)
        self.transfers = Transfers(self.routes)
        self.body_limits = BodyLimits(
            settings.max_body_bytes, settings.max_file_bytes, self.transfers.is_upload, settings.spool_directory
        )
        self._readers = {operation.path: operation for operation in OPERATIONS if operation.method == "GET"}

    def file_limit_of(self, route: Route) -> int | None:
        """Return the size in bytes of the largest body at a route; None where the body is no file."""
        is_file = route.operation is not None and route.operation.stores_file is not None
        return self.settings.max_file_bytes if is_file else None

    async def admit_head(self, head: Head, client: str) -> Refused | None:
        """Look, as `admit`, at a request that our own server receives. client: the address of the connection."""
        route, request = self.transfers.upload_of(head, client)
        return await self.admit(route, request)

    async def admit(self, route: Route, request: Request) -> Refused | None:
        """Look whether a request will be refused before its file is received; return None if not.

        request: without its body. It raises no errors. The answer is that of `handle`, with what is returned as the
        body. It holds no connection to the database when it returns.
        """
        operation = route.operation
        # A form is received first: what was typed in it comes back, or is kept until its sender has signed in again.
        if operation is None or operation.admits is None:
            return None
        try:
            await self._look(route, operation, operation.admits, request)
        except Exception as error:  # noqa: BLE001 - `handle` answers it, as any other
            return Refused(error)
        return None

    async def _look(self, route: Route, operation: Operation, admits: Callable[..., Any], request: Request) -> None:
        """Errors: those of a request that is refused."""
        target = request_parsing.target_of(route, request)
        quota = self.rate_limit.spend(None, request) if self.rate_limit else None
        if quota and (refusal := quota.refusal):
            raise refusal
        with deadline.until(request.arrived + self.settings.request_timeout):
            sender = await self._access.authorize(operation, request)
            call = request_parsing.read(operation, target, request, self.settings, sender)
            await self.database.read(partial(self._look_up, admits, call, request_parsing.length_of(request)))

    async def _look_up(self, admits: Callable[..., Any], call: OperationRequest, size: int, executor: Executor) -> None:
        """Look for what a file is for, and whether its sender may have it stored. Errors: NotFound; Problem 413."""
        await admits(executor, call)
        allowance = self._allowance(call.principal)
        # What has a key may be sent again, and then be stored already.
        if allowance is not None and call.key is None:
            await check_allowance(executor, allowance, max(size, LEAST_COUNTED))

    async def handle(self, route: Route, request: Request) -> Response:
        """Answer one request. It raises no errors: each becomes a problem."""
        try:
            return await self._handle(route, request)
        finally:
            _close_body(request)

    async def _handle(self, route: Route, request: Request) -> Response:
        with RequestRecord(request.method, route.path, request.headers, request.arrived) as observed:
            quota = self.rate_limit.spend(route.operation, request) if self.rate_limit else None
            response = await self._answer(route, request, quota, observed.request_id)
            if quota:
                response = replace(response, headers={**response.headers, **quota.headers})
            if response.stream is not None:
                parts = cast("AsyncIterator[bytes]", response.stream)
                seconds = self.settings.request_timeout
                response = replace(response, stream=ResponseStream(parts, observed, response.status, seconds))
            finish = partial(self._with_common_headers, response, observed, request.headers)
            return observed.finish(await write_body_async(response.is_large, finish))

    async def _answer(self, route: Route, request: Request, quota: Quota | None, request_id: str) -> Response:
        sender = (UNKNOWN, Browser())
        try:
            target = request_parsing.target_of(route, request)
            if quota and (refusal := quota.refusal):
                return refusals.response_to(refusal, route, request)
            if route.operation is None:
                return response_building.options(route, target.allowed, request.headers, self.cors)
            latest = request.arrived + self.settings.request_timeout
            with deadline.until(latest):
                sender = await self._access.authorize(route.operation, request)
                if route.operation.file_field:
                    # In two steps: a form that is refused comes back with what it has become by then.
                    request, file = await form_file.opened(route.operation, request, self.settings)
                    if file is not None:
                        store = self._store_for(sender[0])
                        request = await form_file.stored(self.database, store, route.operation, request, file)
                call = await self._read(route.operation, target, request, sender)
            if route.operation.stores_file is not None:
                # The store has limits of its own, and what remains is to be done in a request's time.
                latest = monotonic() + self.settings.request_timeout
            with deadline.until(latest), attributed_to(_attribution(sender[0], request_id)):
                response = await self._respond(route.operation, call, request)
                if response.file is not None:
                    response = replace(response, file=None, stream=await open_file(self._files, response.file))
            return response_building.addressed(response, route.operation, sender[0], request.prefix)
        except Problem as problem:
            return refusals.response_to(problem, route, request, sender[0])
        except CatalogueError as error:
            return refusals.response_to(problems.of_error(error), route, request, sender[0])
        except Exception as error:  # noqa: BLE001 - the last resort of a server: logged with its trace, answered as a bare 500
            return refusals.response_to(problems.unexpected(error), route, request, sender[0])

    async def _read(
        self, operation: Operation, target: Target, request: Request, sender: tuple[Principal, Browser]
    ) -> OperationRequest:
        """Return a request as its operation takes it; a file that is its body has been stored.

        Errors: those that the request shows, or has been refused with; those of the store.
        """
        if isinstance(request.body, Refused):
            raise request.body.error
        if not operation.unwraps_file:
            return await self._parsed(operation, target, request, sender)
        request = await form_file.unwrapped(request, self.settings)
        try:
            return await self._parsed(operation, target, request, sender)
        finally:
            _close_body(request)

    async def _parsed(
        self, operation: Operation, target: Target, request: Request, sender: tuple[Principal, Browser]
    ) -> OperationRequest:
        parse = partial(request_parsing.read, operation, target, request, self.settings, sender)
        call = await read_body_async(request.may_be_large, parse)
        if operation.stores_file is None or operation.file_field:
            return call
        return replace(call, body=await self._store_for(sender[0])(call.body, operation.stores_file(call)))

    def _store_for(self, principal: Principal) -> Callable[[Spool, str], Awaitable[StoredFile]]:
        """Return the function that stores a file of a client."""
        return partial(store_file, self.database, self._files, allowance=self._allowance(principal))

    def _allowance(self, principal: Principal) -> Allowance | None:
        """Return what a client may have stored; None for as much as it likes."""
        return allowance_of(principal, self.settings.file_bytes_per_account)

    def refuse(
        self, problem: Problem, method: str, headers: Mapping[str, str], prefix: str = "", path: str = ""
    ) -> Response:
        """Answer a request that a server or a framework rejected.

        method, headers: the request's; empty if unknown. path: the route's; empty if there is none.
        """
        with RequestRecord(method, path, headers) as observed:
            return self._finished(refusals.response_at(problem, problem.page or path, prefix), observed, headers)

    def fail(self, error: Exception, method: str, headers: Mapping[str, str]) -> Response:
        """Answer after an unexpected error in a server or a framework. method, headers: as in `refuse`."""
        with RequestRecord(method, "", headers) as observed:
            return self._finished(problems.render(problems.unexpected(error)), observed, headers)

    def about_server(self, headers: Mapping[str, str]) -> Response:
        """Answer OPTIONS for the server as a whole. headers: the request's."""
        with RequestRecord("OPTIONS", "*", headers) as observed:
            return self._finished(response_building.server_options(), observed, headers)

    def _finished(self, response: Response, observed: RequestRecord, headers: Mapping[str, str]) -> Response:
        """Add the headers that every response has; log and count the response."""
        return observed.finish(self._with_common_headers(response, observed, headers))

    def _with_common_headers(self, response: Response, observed: RequestRecord, headers: Mapping[str, str]) -> Response:
        return response_building.finished(response, observed.method, headers, self.cors, observed.request_id)

    async def begin(self) -> None:
        """Do what a server does before its first request. Where it is not called, the first requests begin it."""
        await self._access.begin()

    async def close(self) -> None:
        """Close the database's connections."""
        self._access.close()
        await self.database.close()

    async def _respond(self, operation: Operation, call: OperationRequest, request: Request) -> Response:
        respond = partial(self._run, operation, call, request)

        async def respond_in(session: AsyncSession) -> Response:
            return await respond(await executor_of(session), session)

        match operation.unit:
            case "none":
                return response_building.response(await operation.run(None, call), operation, request)
            case "stream" | "several" | "optional":
                return response_building.response(await operation.run(self.database, call), operation, request)
            case "read":
                return await self.database.read(respond, snapshot=operation.needs_transaction(call))
            case "write_one":
                in_transaction = operation.needs_transaction(call) or bool(call.preconditions) or call.key is not None
                return await self.database.execute_write(respond, in_transaction=in_transaction)
            case "write_many":
                return await self.database.run_in_transaction(respond_in)

    async def _run(
        self,
        operation: Operation,
        call: OperationRequest,
        request: Request,
        executor: Executor,
        session: AsyncSession | None = None,
    ) -> Response:
        """Check the preconditions, and run an operation, or repeat its response."""

        async def work() -> Response:
            if call.preconditions:
                await self._check(executor, operation, call)
            answer: OperationResult = await operation.run(executor if session is None else session, call)
            response = response_building.response(answer, operation, request)
            if operation.unit != "write_one":  # its statement may have committed itself
                deadline.check()
            return response

        return await work() if call.key is None else await idempotency.run_idempotent(executor, call.key, work)

    async def _check(self, executor: Executor, operation: Operation, call: OperationRequest) -> None:
        """Check the request's preconditions against the current row, locked until the unit of work ends.

        Errors: Problem 412; NotFound if the row does not exist and the operation cannot create it.
        """
        if call.preconditions.failed_by(await self._tag(executor, operation, call)):
            raise problems.precondition_failed()

    async def _tag(self, executor: Executor, operation: Operation, call: OperationRequest) -> str | None:
        """Return the entity tag of the current representation; None if there is none."""
        if operation.lock is None:
            return None
        try:
            await operation.lock(executor, call)
        except NotFound:
            if operation.creates:
                return None
            raise
        reader = self._readers[operation.path]
        answer: OperationResult = await reader.run(executor, replace(call, query=reader.query and reader.query()))
        if answer.file is not None:
            return answer.file.tag
        return etag.entity_tag(json.encode(answer.body))


def _close_body(request: Request) -> None:
    if isinstance(request.body, Spool):
        request.body.close()


def _attribution(principal: Principal, request_id: str) -> Attribution:
    account = None if principal.id is None else str(principal.id)
    return Attribution(account, principal.name, principal.via, request_id)
