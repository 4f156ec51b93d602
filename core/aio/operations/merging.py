"""The operations on rows that have other names, and of which two may be about the same."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, create_model
from sqlalchemy.ext.asyncio import AsyncSession

from diptych.core.aio.operations.crud_operations import Resource
from diptych.core.aio.statement_executor import Executor
from diptych.core.engine.column_types import UUID_TEXT
from diptych.core.engine.schemas.base import BATCH_LIMIT, UNIQUE, Input
from diptych.core.engine.schemas.field_types import Id, SchemaMetadata
from diptych.core.engine.schemas.pagination import Items
from diptych.core.http.operations import Operation, OperationRequest, OperationResult

NAMES_LIMIT = 100
"""Other names of one row, at most."""


EXAMPLE_OTHER_ID = "01a1fbd7-55dd-7561-861e-8d0bba312790"

OtherId = Annotated[Id, SchemaMetadata(EXAMPLE_OTHER_ID, f"^{UUID_TEXT.pattern}$")]


class MergedIds(Input):
    """The rows that are merged into another."""

    ids: Annotated[list[OtherId], Field(min_length=1, max_length=BATCH_LIMIT, json_schema_extra=UNIQUE)]


class _Merging:
    """Runs the operations of one resource."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.service: Any = resource.service

    async def get_names(self, executor: Executor, call: OperationRequest) -> OperationResult:
        reader: Any = self.resource.reader(executor)
        return OperationResult(Items(await reader.names(call.parameters["id"])))

    async def set_names(self, session: AsyncSession, call: OperationRequest) -> OperationResult:
        service = self.service(session, wrap_exceptions=False)
        return OperationResult(Items(await service.set_names(call.parameters["id"], call.body.items)))

    async def merge(self, session: AsyncSession, call: OperationRequest) -> OperationResult:
        service = self.service(session, wrap_exceptions=False)
        row = await service.merge(call.parameters["id"], call.body.ids)
        return OperationResult((await service.represent([row]))[0])


def operations(resource: Resource, name: Any) -> list[Operation]:
    """Return the operations on other names, and the one that merges rows. name: the type of a name."""
    run, one, path = _Merging(resource), resource.service.spec.noun, f"/{resource.name}/{{id}}"
    listed = Annotated[list[name], Field(max_length=NAMES_LIMIT)]
    title = f"Other{resource.service.spec.model.__name__}Names"
    described = f"The other names of one {one}, whole."
    body = create_model(title, __base__=Input, __doc__=described, items=(listed, ...))
    return [
        Operation(
            name=f"{resource.name}_get_names",
            method="GET",
            path=f"{path}/names",
            summary=f"List the other names of one {one}",
            run=run.get_names,
            unit="read",
            response_schema=Items[str],
        ),
        Operation(
            name=f"{resource.name}_set_names",
            method="PUT",
            path=f"{path}/names",
            summary=f"Set the other names of one {one}",
            description="They take the place of all it had. Imports find it by them.",
            run=run.set_names,
            unit="write_many",
            lock=resource.lock,
            body=body,
            response_schema=Items[str],
        ),
        Operation(
            name=f"{resource.name}_merge",
            method="POST",
            path=f"{path}/merge",
            summary=f"Merge others into one {one}",
            description="Everything that the others have becomes its own, their names become its other names, and they"
            " are deleted. It takes from them the values that it lacks.",
            run=run.merge,
            unit="write_many",
            lock=resource.lock,
            body=MergedIds,
            response_schema=resource.answer,
            problems=("not-found",),
        ),
    ]
