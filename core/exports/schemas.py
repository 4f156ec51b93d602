"""Exports, in."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from diptych.core.catalogue.books.schemas import BookFilter
from diptych.core.engine.schemas.base import Input
from diptych.core.engine.schemas.field_types import Id
from diptych.core.exports.rules import FORMATS

_Format = Literal[FORMATS]  # type: ignore[valid-type]

ExportQuery: Any = create_model(
    "ExportQuery", __base__=BookFilter, format=(_Format, Field(description="The format of the file."))
)
"""What is exported, as the streamed lists of books select it, and in which format."""


class ExportParameters(Input):
    """The parameters of a job that exports. export_id: its own id. query: the filters, as they were given."""

    export_id: Id
    format: _Format
    query: Annotated[str, Field(max_length=100_000)] = ""
