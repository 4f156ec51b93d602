"""Authenticate requests, and check what they may do."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import Executable
from sqlalchemy.exc import DBAPIError

from diptych.core import deadline
from diptych.core.access import policy
from diptych.core.access.bearer_tokens import PREFIX, credentials, digest_of
from diptych.core.access.permissions import Permission, permitted
from diptych.core.access.principal import UNKNOWN, Principal, anonymous, of_host
from diptych.core.access.recent_values import RecentValues
from diptych.core.access.sessions import queries as sessions
from diptych.core.access.sessions.rules import SEEN_INTERVAL, Browser, is_over
from diptych.core.access.sessions.rules import digest_of as session_digest
from diptych.core.access.tokens import queries
from diptych.core.aio.statement_executor import Executor
from diptych.core.aio.unit_of_work import Database
from diptych.core.db.error_translation import one_line
from diptych.core.engine.entity import now
from diptych.core.engine.row_statements import VALUE
from diptych.core.errors import CatalogueError, ServiceUnavailable
from diptych.core.http import problems, request_parsing
from diptych.core.http.client_address import TrustedProxies
from diptych.core.http.cors import Cors
from diptych.core.http.cross_site import is_cross_site
from diptych.core.http.operations import READS, Operation
from diptych.core.http.request_response import Request
from diptych.core.observability import request_context
from diptych.core.off_loop import in_thread_async
from diptych.core.oidc.provider import LEEWAY, Provider, jwt_digest

if TYPE_CHECKING:
    from diptych.core.oidc.verifier import Verifier

USE_INTERVAL = timedelta(minutes=10)
"""How often the last use of a token is stored."""

USE_TIMEOUT = 0.2
"""Seconds that storing it may take: no request fails for it, and none waits for longer."""

USE_RETRY = 60.0
"""Seconds until it is tried again."""

LOOKUP_TIMEOUT = 1.0
"""Seconds that authenticating may take for an operation that uses no database otherwise."""

KeyT = TypeVar("KeyT")
T = TypeVar("T")

_log = logging.getLogger("diptych")


class AccessControl:
    """Finds out who sends a request, and refuses what they may not do."""

    def __init__(
        self, database: Database, proxies: TrustedProxies, cors: Cors, provider: Provider | None = None
    ) -> None:
        self._database = database
        self._proxies = proxies
        self._cors = cors
        self._verifier = None if provider is None else _verifier(provider)
        self._policies: RecentValues[str, Principal] = RecentValues()
        self._tokens: RecentValues[bytes, Principal] = RecentValues()
        self._uses: RecentValues[UUID, bool] = RecentValues(USE_RETRY)

    async def begin(self) -> None:
        """Have the keys of the identity provider, if there is one, before the first request."""
        if self._verifier is not None:
            await in_thread_async(self._verifier.start)

    def close(self) -> None:
        """End what `begin` has begun."""
        if self._verifier is not None:
            self._verifier.close()

    async def authorize(self, operation: Operation, request: Request) -> tuple[Principal, Browser]:
        """Return who sends a request for an operation. Errors: Problem 401, 403; ServiceUnavailable."""
        needed, browser = operation.needed, Browser()
        if operation.for_browsers:
            browser = request_parsing.browser_of(request, self._proxies)
            _refuse_cross_site(request)
        if needed is None:
            return UNKNOWN, browser
        if operation.for_browsers:
            principal = await self._of_browser(request, browser, needed)
        elif operation.unit in ("none", "optional"):
            principal = await self._principal_without_waiting(request, needed)
        else:
            principal = await self._principal(request)
        if principal.via == "host":
            _refuse_cross_site(request)
        if needed not in principal.permissions:
            _log_refused(principal)
            raise problems.not_permitted(principal, needed)
        if principal.is_anonymous and not self._cors.may_send(request.method, request.headers):
            _refuse_cross_site(request, anonymous=True)
        return principal, browser

    async def _principal(self, request: Request) -> Principal:
        """Return who sends a request."""
        if request.user is not None:
            return of_host(request.user)
        token = credentials(request.headers.get("authorization"))
        if token is None:
            return await self._recent(self._policies, "", self._read_policy)
        return await self._of_token(token)

    async def _principal_without_waiting(self, request: Request, needed: Permission) -> Principal:
        """Return who sends a request for an operation that uses no database, such as the metrics.

        While the database does not answer, what it said within the last hour counts, for this operation alone.
        """
        latest = monotonic() + LOOKUP_TIMEOUT
        try:
            with deadline.until(min(latest, deadline.current() or latest)):
                return await self._principal(request)
        except ServiceUnavailable:
            known = self._last_known(credentials(request.headers.get("authorization")))
            if known is None:
                raise
            return replace(known, permissions=known.permissions & {needed})

    def _last_known(self, token: str | None) -> Principal | None:
        """Return who sends a request with a token, or without one, by what the database said within the last hour."""
        if token is None:
            return self._policies.last("", monotonic())
        digest = digest_of(token)
        return None if digest is None else self._tokens.last(digest, monotonic())

    async def _of_browser(self, request: Request, browser: Browser, needed: Permission) -> Principal:
        """Return who asks for a page: a user of the host's, who has signed in, or else an anonymous client.

        What needs `me:read` is about an account here, which neither a host's user nor an anonymous client has.
        """
        of_account = needed == "me:read"
        if request.user is not None and not of_account:
            return of_host(request.user)
        if browser.token and (found := await self._of_session(browser)) is not None:
            return found
        return UNKNOWN if of_account else await self._recent(self._policies, "", self._read_policy)

    async def _of_session(self, browser: Browser) -> Principal | None:
        """Return who has signed in with a browser; None where the session has ended."""

        async def read(executor: Executor) -> Any:
            return await executor.first(sessions.BY_DIGEST, {VALUE: session_digest(browser.token)})

        row = await self._database.read(read)
        moment = now()
        if row is None or not row[-1] or is_over(row[1], row[2], moment):
            return None
        session_id, _, seen_at, account_id, name, role, _ = row
        if moment - seen_at >= SEEN_INTERVAL:
            await self._store_use(sessions.SEEN, session_id, moment)
        return Principal("session", role, permitted(role), account_id, name)

    async def _read_policy(self) -> Principal:
        async def read(executor: Executor) -> Any:
            return await executor.first(policy.READ, {})

        row = await self._database.read(read)
        # A missing row, which only SQL can delete, allows nothing.
        return anonymous(row[0] if row else "none")

    async def _of_token(self, token: str) -> Principal:
        """Return the account of a token, or who a token of the identity provider speaks of. Errors: Problem 401."""
        verifier = None if token.startswith(PREFIX) else self._verifier
        digest = digest_of(token) if verifier is None else jwt_digest(token)
        if digest is None:
            raise problems.unauthorized("The token is malformed")

        async def read() -> Principal:
            return await self._find(digest) if verifier is None else verifier.principal_of(token, now())

        try:
            found = await self._recent(self._tokens, digest, read)
        except problems.Problem:
            self._tokens.drop(digest)
            raise
        leeway = timedelta() if verifier is None else LEEWAY
        if found.expires_at is not None and found.expires_at + leeway <= now():
            raise _refused()
        return found

    async def _find(self, digest: bytes) -> Principal:
        """Return the account of the token with a digest. Errors: Problem 401."""

        async def read(executor: Executor) -> Any:
            return await executor.first(queries.BY_DIGEST, {VALUE: digest})

        row = await self._database.read(read)
        if row is None:
            raise _refused()
        token_id, scope, expires_at, last_used_at, account_id, name, role, active = row
        moment = now()
        if not active or (expires_at is not None and expires_at <= moment):
            raise _refused()
        if last_used_at is None or moment - last_used_at >= USE_INTERVAL:
            await self._store_use(queries.USED, token_id, moment)
        return Principal("token", role, permitted(role, scope), account_id, name, token_id, expires_at)

    async def _store_use(self, statement: Executable, row_id: UUID, moment: datetime) -> None:
        """Store when a token or a session was used last, apart from the request's own unit of work."""

        async def write(executor: Executor) -> None:
            await executor.run(statement, {VALUE: row_id, "moment": moment})

        began = monotonic()
        latest, end = began + USE_TIMEOUT, deadline.current()
        # A writer may hold SQLite's lock for long: it is tried once in a while, and not at the end of a request's time.
        if self._uses.get(row_id, began) is not None or (end is not None and end < latest + USE_TIMEOUT):
            return
        self._uses.put(row_id, value=True, moment=began)
        try:
            with deadline.until(latest):
                await self._database.execute_write(write, in_transaction=False)
        except (CatalogueError, DBAPIError) as error:
            # A standby takes no writes, nor does a user without the privilege, and both are read from all the same.
            _log.warning("the last use of a token or a session was not stored: %s", one_line(error))

    async def _recent(self, values: RecentValues[KeyT, T], key: KeyT, read: Callable[[], Awaitable[T]]) -> T:
        """Return a value that was read within the last seconds, or read it."""
        moment = monotonic()
        if (known := values.get(key, moment)) is not None:
            return known
        found = await read()
        values.put(key, found, moment)
        return found


def _verifier(provider: Provider) -> Verifier:
    from diptych.core.oidc.verifier import Verifier  # noqa: PLC0415 - it needs an extra

    return Verifier(provider)


def _log_refused(principal: Principal) -> None:
    """Have the log line of the request say which account was refused."""
    if principal.id is not None and (record := request_context.current()) is not None:
        record.refused = str(principal.id)


def _refuse_cross_site(request: Request, *, anonymous: bool = False) -> None:
    """Errors: Problem 403 for a change that a page of another site has a browser make."""
    if request.method not in READS and is_cross_site(request.headers):
        raise problems.cross_site(anonymous=anonymous)


def _refused() -> problems.Problem:
    return problems.unauthorized("The token is unknown, revoked or expired, or its account is disabled")
