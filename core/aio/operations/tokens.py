"""Tokens: everybody with an account manages their own, and administrators all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from diptych.core.access.principal import Principal
from diptych.core.access.tokens.schemas import DAYS, NewToken, Token, TokenInput, TokenList
from diptych.core.aio.operations import crud_operations
from diptych.core.aio.operations.crud_operations import Resource
from diptych.core.aio.services.row_reader import row_not_found
from diptych.core.aio.services.tokens import TokenService, TokenWriter
from diptych.core.aio.statement_executor import Executor
from diptych.core.engine.entity import now
from diptych.core.engine.schemas.pagination import PAGE_SIZE_LIMIT
from diptych.core.errors import FieldError, ValidationFailed
from diptych.core.http.operations import OperationRequest, OperationResult


class TokenResource(Resource):
    """The tokens that a principal manages: to everybody but administrators, others' do not exist."""

    async def page(self, executor: Executor, call: OperationRequest) -> OperationResult:
        scope = {} if _manages_all(call.principal) else {"account": [call.principal.id]}
        return OperationResult(await self.reader(executor).page(call.query, **scope))

    async def fetch(self, executor: Executor, call: OperationRequest) -> OperationResult:
        return OperationResult(await self.own(executor, call))

    async def create(self, executor: Executor, call: OperationRequest) -> OperationResult:
        return OperationResult(await issue(executor, call.body, call.principal))

    async def delete(self, executor: Executor, call: OperationRequest) -> OperationResult:
        await self.own(executor, call)
        return await super().delete(executor, call)

    async def own(self, executor: Executor, call: OperationRequest) -> Token:
        """Return a token that the principal manages. Errors: NotFound."""
        found: Token = await self.reader(executor).fetch("id", call.parameters["id"])
        if found.account.id != call.principal.id and not _manages_all(call.principal):
            raise row_not_found(self.service.spec)
        return found


async def issue(executor: Executor, body: TokenInput, principal: Principal) -> NewToken:
    """Create a token for a principal. Errors: ValidationFailed."""
    account_id = _account_of(body, principal)
    scope, expires_at = _scope_of(body, principal), _expiry_of(body, principal, now())
    return await TokenWriter(executor, resource.service.spec).issue(account_id, body.label, scope, expires_at)


async def of_account(executor: Executor, account_id: UUID) -> list[Token]:
    """Return the tokens of an account, as many as a page has, the newest first."""
    query = TokenList.model_validate({"pageSize": str(PAGE_SIZE_LIMIT), "total": "false"})
    return (await resource.reader(executor).page(query, account=[account_id])).items


def _manages_all(principal: Principal) -> bool:
    return "accounts:manage" in principal.permissions


def _account_of(body: TokenInput, principal: Principal) -> UUID:
    """Return the id of the account of a new token. Errors: ValidationFailed."""
    own = principal.account_id
    account_id = body.account_id or own
    if account_id is None:
        raise _refused("missing", "name the account: you have none here", "account_id")
    if account_id != own and not _manages_all(principal):
        raise _refused("not_allowed", "only an administrator creates tokens of other accounts", "account_id")
    return account_id


def _scope_of(body: TokenInput, principal: Principal) -> str:
    """Return the scope of a new token, by default what the principal has of the default one.

    Errors: ValidationFailed, where it allows its own account more than the principal may do.
    """
    if _manages_all(principal):
        return body.scope
    held = [each for each in body.scope.split() if each in principal.permissions]
    if not held or ("scope" in body.model_fields_set and len(held) < len(body.scope.split())):
        raise _refused("not_allowed", "you can give on no more than your own token allows", "scope")
    return " ".join(held)


def _expiry_of(body: TokenInput, principal: Principal, moment: datetime) -> datetime | None:
    """Return when a new token expires. Errors: ValidationFailed for a moment that has passed, or is too late."""
    latest = None if _manages_all(principal) else principal.expires_at
    if "expires_at" not in body.model_fields_set:
        return min(moment + timedelta(days=DAYS), latest or datetime.max.replace(tzinfo=UTC))
    if body.expires_at is not None and body.expires_at <= moment:
        raise _refused("passed", "should be in the future", "expires_at")
    if latest is not None and (body.expires_at is None or body.expires_at > latest):
        raise _refused("not_allowed", "cannot be later than that of your own token", "expires_at")
    return body.expires_at


def _refused(code: str, detail: str, member: str) -> ValidationFailed:
    return ValidationFailed("This token cannot be created.", [FieldError(code, detail, path=(member,))])


resource = TokenResource(name="tokens", service=TokenService, schema=TokenInput, answer=Token, list_query=TokenList)

_listed, _created, _read, _, _deleted = crud_operations.row_operations(resource, "tokens:manage")

operations = [
    replace(_listed, description="One's own; an administrator's list has all. " + _listed.description),
    replace(
        _created,
        response_schema=NewToken,
        secret=True,
        description="The answer has the token itself, which is not stored and cannot be read again.",
    ),
    _read,
    replace(_deleted, summary="Revoke one token", description="It is refused within five seconds."),
]
