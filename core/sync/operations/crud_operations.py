# Generated from core/aio/operations/crud_operations.py by tools/unasync.py: do not edit, run "make twins".
"""The operations that every resource has, made from a description of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, Field, create_model
from sqlalchemy.orm import Session

from diptych.core.access.permissions import Permission
from diptych.core.engine import batches
from diptych.core.engine.row_statements import required
from diptych.core.engine.schemas.base import (
    UNIQUE,
    Batch,
    BatchIds,
    DistinctBatch,
    Input,
    WithId,
    check_integer_bounds,
    patch_of,
    upsert_item_of,
)
from diptych.core.engine.schemas.field_types import Id
from diptych.core.engine.schemas.pagination import Items, ListQuery, Page, Query, Upserted
from diptych.core.errors import CatalogueError, FieldError, ValidationFailed, in_parameter
from diptych.core.history.audit import answer_with_audit
from diptych.core.http.operations import Operation, OperationRequest, OperationResult
from diptych.core.http.request_response import JSON, MERGE_PATCH
from diptych.core.sync.operations.audited import audited
from diptych.core.sync.services.resource_service import CatalogueReadService, CatalogueService
from diptych.core.sync.services.row_reader import Reader
from diptych.core.sync.services.row_writer import Writer
from diptych.core.sync.statement_executor import Executor


class IdsQuery(Query):
    """The rows a batch deletes, when they are few enough for a URL."""

    ids: list[Id] | None = Field(
        None, description="The rows to delete, unless the body names them.", json_schema_extra=UNIQUE
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOnlyResource:
    """A resource of the API that is only read: `/{name}`, its service and its schemas.

    suffixes: of the other representations of a row.
    """

    name: str
    service: type[CatalogueReadService[Any]]
    answer: type
    list_query: type[ListQuery]
    item_query: type[Query] | None = None
    suffixes: tuple[str, ...] = ()

    def reader(self, executor: Executor) -> Reader:
        """Return the reader of the resource."""
        return self.service.reader(executor, self.service.spec)

    def list_needs_transaction(self, call: OperationRequest) -> bool:  # noqa: ARG002 - overrides use it
        """Return whether a page takes several statements that must see one snapshot."""
        return False

    def get_needs_transaction(self, call: OperationRequest) -> bool:  # noqa: ARG002 - overrides use it
        """Return whether one row takes several statements that must see one snapshot."""
        return False

    def page(self, executor: Executor, call: OperationRequest) -> OperationResult:
        """GET of a list."""
        return OperationResult(self.reader(executor).page(call.query))

    def fetch(self, executor: Executor, call: OperationRequest) -> OperationResult:
        """GET of one."""
        return OperationResult(self.reader(executor).fetch("id", call.parameters["id"]))

    def fetch_by_slug(self, executor: Executor, call: OperationRequest) -> OperationResult:
        """GET of one by its slug."""
        return OperationResult(self.reader(executor).fetch("slug", call.parameters["slug"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource(ReadOnlyResource):
    """A resource of the API that is read and written."""

    service: type[CatalogueService[Any]]
    schema: type[Input]

    def __post_init__(self) -> None:
        """Refuse a resource whose input allows integers outside the range of their column. Errors: TypeError."""
        check_integer_bounds(self.schema, self.service.spec.model)

    def writer(self, executor: Executor) -> Writer:
        """Return the writer of the resource."""
        return self.service.writer(executor, self.service.spec)

    def update_needs_transaction(self, call: OperationRequest) -> bool:  # noqa: ARG002 - overrides use it
        """Return whether a PATCH takes several statements."""
        return False

    def create(self, executor: Executor, call: OperationRequest) -> OperationResult:
        """POST: 201 with Location."""
        return OperationResult(self.writer(executor).add(call.body.model_dump()))

    def replace(self, executor: Executor, call: OperationRequest) -> OperationResult:
        """PUT: 201 where the id was free, 200 where a row was replaced."""
        item, new = self.writer(executor).replace(call.parameters["id"], call.body.model_dump())
        return OperationResult(item, status=201 if new else 200)

    def change(self, executor: Executor, call: OperationRequest) -> OperationResult:
        """PATCH: set the members that were sent, null included, and no others."""
        return OperationResult(self.writer(executor).change(call.parameters["id"], sent(call.body)))

    def delete(self, executor: Executor, call: OperationRequest) -> OperationResult:
        """DELETE: 204."""
        self.writer(executor).remove(call.parameters["id"])
        return OperationResult()

    def create_batch(self, session: Session, call: OperationRequest) -> OperationResult:
        """POST of many."""
        service = self.service(session, wrap_exceptions=False)
        self._check_names(call.body)
        rows = service.create_many([item.model_dump() for item in call.body.items])
        return OperationResult(Items(service.represent(rows)))

    def change_batch(self, session: Session, call: OperationRequest) -> OperationResult:
        """PATCH of many, each named by its id."""
        service = self.service(session, wrap_exceptions=False)
        self._check_names(call.body)
        rows = service.update_many([sent(item) for item in call.body.items])
        return OperationResult(Items(service.represent(rows)))

    def upsert_batch(self, session: Session, call: OperationRequest) -> OperationResult:
        """PUT of many, each matched by the resource's key."""
        service = self.service(session, wrap_exceptions=False)
        self._check_names(call.body)
        items = [sent(item) for item in call.body.items]
        # A missing key member is ambiguous; null means "no value".
        batches.require_keys(items, service.match_fields, required(service.model_type, service.match_fields))
        done = service.upsert_many(items)
        return OperationResult(Upserted(service.represent(done), done.created, done.updated, done.unchanged))

    def delete_batch(self, session: Session, call: OperationRequest) -> OperationResult:
        """DELETE of many, by `ids` in the body or in the query."""
        if (call.body is None) == (call.query.ids is None):
            raise ValidationFailed(
                "Give the ids once.",
                [FieldError("missing", "ids in the body, or as query parameters, and not both", parameter="ids")],
            )
        ids = call.query.ids if call.body is None else call.body.ids
        try:
            self.service(session, wrap_exceptions=False).delete_many(ids)
        except CatalogueError as error:
            if call.body is None:
                error.field_errors = in_parameter("ids", error.field_errors)
            raise
        return OperationResult()

    def _check_names(self, body: Any) -> None:
        named_by = self.service.spec.rules.named_by
        batches.check_names(getattr(item, named_by, None) for item in body.items)

    def lock(self, executor: Executor, call: OperationRequest) -> None:
        """Lock a row until the unit of work ends."""
        self.writer(executor).lock_for_update(call.parameters["id"])


def sent(body: BaseModel) -> dict[str, Any]:
    """Return the members that the request contained: absent is not null."""
    return body.model_dump(exclude_unset=True)


def reads(resource: ReadOnlyResource) -> list[Operation]:
    """Return the operations that read a resource: its list, one row by id, and by slug if it has one."""
    name, one = resource.name, resource.service.spec.noun
    found = [
        Operation(
            name=f"{name}_list",
            method="GET",
            path=f"/{name}",
            summary=f"List {name}, a page at a time",
            description="Every parameter that is given has to hold. total counts all that match, on this page or not.",
            run=resource.page,
            unit="read",
            needs_transaction=resource.list_needs_transaction,
            query=resource.list_query,
            response_schema=Page[resource.answer],  # type: ignore[name-defined]
        ),
        Operation(
            name=f"{name}_get",
            method="GET",
            path=f"/{name}/{{id}}",
            summary=f"Read one {one}",
            run=resource.fetch,
            unit="read",
            needs_transaction=resource.get_needs_transaction,
            query=resource.item_query,
            response_schema=resource.answer,
            suffixes=resource.suffixes,
            description=_other_formats(resource.suffixes),
        ),
    ]
    if resource.service.spec.slugged:
        found.append(
            Operation(
                name=f"{name}_get_by_slug",
                method="GET",
                path=f"/{name}/slug/{{slug}}",
                summary=f"Read one {one} by its slug",
                run=resource.fetch_by_slug,
                unit="read",
                needs_transaction=resource.get_needs_transaction,
                query=resource.item_query,
                response_schema=resource.answer,
                resource_path=f"/{name}/{{id}}",
            )
        )
    return found


def _other_formats(suffixes: Sequence[str]) -> str:
    """Describe the suffixes of a resource, if it has any."""
    if not suffixes:
        return ""
    return f"With a suffix after the id, it is answered in another format: {', '.join(suffixes)}. Link names them all."


def operations(resource: Resource) -> list[Operation]:
    """Return all operations of a resource of the catalogue. Its reads take `include=audit`."""
    answer, model = answer_with_audit(resource.answer), resource.service.spec.model
    page: Any = Page[answer]  # type: ignore[valid-type]
    list_read, *of_one = reads(resource)
    list_operation = audited(list_read, model, page)
    one, *others = (audited(read, model, answer) for read in of_one)
    return [list_operation, _create(resource), *_of_many(resource), one, *_of_one(resource), *others]


def row_operations(resource: Resource, permission: Permission) -> list[Operation]:
    """Return the operations that list, create, read, change and delete rows, one at a time, with their permission."""
    list_operation, one, *_ = reads(resource)
    change, _, delete = _of_one(resource)
    found = [list_operation, _create(resource), one, change, delete]
    return [replace(each, permission=permission) for each in found]


def _create(resource: Resource) -> Operation:
    return Operation(
        name=f"{resource.name}_create",
        method="POST",
        path=f"/{resource.name}",
        summary=f"Create one {resource.service.spec.noun}",
        run=resource.create,
        unit="write_one",
        body=resource.schema,
        response_schema=resource.answer,
        status=201,
        resource_path=f"/{resource.name}/{{id}}",
    )


def _of_many(resource: Resource) -> list[Operation]:
    name = resource.name
    key = resource.service.match_fields
    items, upserted = (kind[resource.answer] for kind in (Items, Upserted))
    patch_item = patch_of(resource.schema, base=WithId, suffix="PatchItem")
    keyed = upsert_item_of(resource.schema, key, required(resource.service.spec.model, key))
    batch = f"/{name}/batch"

    def batch_of(model: type[BaseModel], kind: type[Batch[Any]] = Batch) -> type[BaseModel]:
        return create_model(f"{model.__name__}Batch", __base__=kind[model])  # type: ignore[index]

    return [
        Operation(
            name=f"{name}_create_batch",
            method="POST",
            path=batch,
            summary=f"Create many {name}, all or none",
            description="The answer has the rows in the order they were sent.",
            run=resource.create_batch,
            unit="write_many",
            body=batch_of(resource.schema),
            response_schema=items,
            status=201,
        ),
        Operation(
            name=f"{name}_change_batch",
            method="PATCH",
            path=batch,
            summary=f"Change many {name}, all or none",
            description="Each item names its row by id, no two the same one. What an item leaves out stays as it is.",
            run=resource.change_batch,
            unit="write_many",
            body=batch_of(patch_item, DistinctBatch),
            response_schema=items,
            problems=("not-found",),
        ),
        Operation(
            name=f"{name}_upsert_batch",
            method="PUT",
            path=batch,
            summary=f"Create or update many {name} by {' and '.join(key)}, all or none",
            description="An item with the key of a row changes it, and what it leaves out stays; any other is created.",
            run=resource.upsert_batch,
            unit="write_many",
            body=batch_of(keyed, DistinctBatch),
            response_schema=upserted,
        ),
        Operation(
            name=f"{name}_delete_batch",
            method="DELETE",
            path=batch,
            summary=f"Delete many {name}, all or none",
            description="The ids are in the body or in the query, not in both, and no two are the same.",
            run=resource.delete_batch,
            unit="write_many",
            body=BatchIds,
            body_required=False,
            query=IdsQuery,
            status=204,
            problems=("not-found",),
        ),
    ]


def _of_one(resource: Resource) -> list[Operation]:
    name, one, item = resource.name, resource.service.spec.noun, f"/{resource.name}/{{id}}"
    return [
        Operation(
            name=f"{name}_change",
            method="PATCH",
            path=item,
            summary=f"Change some of one {one}",
            description="What is sent is set, null included; what is left out stays as it is.",
            run=resource.change,
            unit="write_one",
            needs_transaction=resource.update_needs_transaction,
            lock=resource.lock,
            body=patch_of(resource.schema),
            accepts=(JSON, MERGE_PATCH),
            response_schema=resource.answer,
            resource_path=item,
        ),
        Operation(
            name=f"{name}_replace",
            method="PUT",
            path=item,
            summary=f"Create or replace the {one} of this id",
            description="201 where the id was free, 200 where a row was replaced. What is left out becomes null.",
            run=resource.replace,
            unit="write_one",
            needs_transaction=lambda _: True,
            lock=resource.lock,
            body=resource.schema,
            response_schema=resource.answer,
            resource_path=item,
        ),
        Operation(
            name=f"{name}_delete",
            method="DELETE",
            path=item,
            summary=f"Delete one {one}",
            run=resource.delete,
            unit="write_one",
            lock=resource.lock,
            status=204,
        ),
    ]
