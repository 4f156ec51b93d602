"""The shapes that every resource's input has in common."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Generic, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, JsonValue, Strict, TypeAdapter, create_model
from pydantic.fields import FieldInfo
from sqlalchemy import Integer

from diptych.core.engine.column_types import integer_bounds
from diptych.core.engine.entity import Entity
from diptych.core.engine.schemas.field_types import Id, QueryBoolean, QueryInteger

BATCH_LIMIT = 1000
"""Items in one batch, at most."""


UNIQUE: dict[str, JsonValue] = {"uniqueItems": True}
"""For a list in which the service refuses repeated items, and names each of them."""


OPTIONAL_MEMBERS = "WithOptionalMembers"
"""Ends the name of a type that is another with optional members; clients know both by the name of the other."""


class Input(BaseModel):
    """A request body. Unknown members are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


ItemT = TypeVar("ItemT", bound=BaseModel)


class Batch(Input, Generic[ItemT]):
    """Up to 1,000 items, done all or not at all."""

    items: Annotated[list[ItemT], Field(min_length=1, max_length=BATCH_LIMIT)]


class DistinctBatch(Batch[ItemT], Generic[ItemT]):
    """Up to 1,000 items, each about another row, done all or not at all."""

    items: Annotated[list[ItemT], Field(min_length=1, max_length=BATCH_LIMIT, json_schema_extra=UNIQUE)]


class BatchIds(Input):
    """The rows a batch deletes."""

    ids: Annotated[list[Id], Field(min_length=1, max_length=BATCH_LIMIT, json_schema_extra=UNIQUE)]


class WithId(Input):
    """An item of a batch that names the row it is about."""

    id: Id


def query_type(schema: type[Input], name: str) -> Any:
    """Return the type of a field's value in a query string, or in a cell of a file, where every value is text."""
    kind, *metadata = _parts(_annotated(schema.model_fields[name]))
    if reader := {int: QueryInteger, bool: QueryBoolean}.get(kind):
        # Last: pydantic describes limits that come after a validator by words that JSON Schema does not have.
        metadata = [*(each for each in metadata if not isinstance(each, Strict)), reader]
    for each in metadata:
        kind = Annotated[kind, each]
    return kind


def check_integer_bounds(schema: type[Input], model: type[Entity]) -> None:
    """Raise TypeError when an input takes whole numbers that its column cannot hold: a database would fail then."""
    for column in model.__table__.columns:
        if isinstance(column.type, Integer) and column.name in schema.model_fields:
            low, high = integer_bounds(column.type)
            limits = TypeAdapter(query_type(schema, column.name)).json_schema()
            if not low <= limits.get("minimum", low - 1) <= limits.get("maximum", high + 1) <= high:
                raise TypeError(f"{schema.__name__}.{column.name} needs Field(ge=..., le=...) within {low} and {high}")


def _annotated(info: FieldInfo) -> Any:
    """Return the annotation of a field, with the metadata that pydantic keeps apart from it."""
    annotation: Any = info.annotation
    for each in info.metadata:
        annotation = Annotated[annotation, each]
    return annotation


def _parts(annotation: Any) -> tuple[Any, ...]:
    """Return the type and the metadata of an annotation, which may allow null."""
    if get_origin(annotation) in (Union, UnionType):
        (annotation,) = (each for each in get_args(annotation) if each is not NoneType)
    return get_args(annotation) if get_origin(annotation) is Annotated else (annotation,)


def patch_of(model: type[Input], *, base: type[Input] = Input, suffix: str = "Patch") -> type[Input]:
    """Return a model with the same fields, none required: what was sent is `model_dump(exclude_unset=True)`.

    A field that refuses null when it is created refuses it here too; leaving it out is always allowed.
    """
    optional: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        optional[name] = (_annotated(info), Field(default=None, description=info.description))
    return create_model(f"{model.__name__}{suffix}", __base__=base, **optional)


def upsert_item_of(model: type[Input], key: Sequence[str], not_null: Collection[str]) -> type[Input]:
    """Return the model as an upsert item: its OpenAPI schema requires the key's members, as engine.batches does.

    not_null: the members that cannot be null.
    """

    def describe(schema: dict[str, Any]) -> None:
        schema["required"] = list(dict.fromkeys([*schema.get("required", ()), *key]))
        for name in not_null:
            options = schema["properties"][name].pop("anyOf", ())
            schema["properties"][name] |= next((each for each in options if each != {"type": "null"}), {})

    return type(f"{model.__name__}Keyed", (model,), {"model_config": ConfigDict(json_schema_extra=describe)})
