"""Copies, in and out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Struct

from diptych.core.catalogue.copies.model import AVAILABLE, BARCODE_MAX, PRICE_DECIMALS, PRICE_DIGITS, Copy
from diptych.core.engine.schemas.base import Input
from diptych.core.engine.schemas.field_types import (
    Date,
    DecimalText,
    Id,
    Length,
    Line,
    SchemaMetadata,
    UtcTimestamp,
    line_pattern,
)
from diptych.core.engine.schemas.pagination import list_query

Barcode = Annotated[Line, Length(1, BARCODE_MAX), SchemaMetadata("B-0042", line_pattern(BARCODE_MAX))]
Status = Literal["available", "on_loan", "lost"]
Price = Annotated[Decimal, DecimalText(PRICE_DIGITS, PRICE_DECIMALS, Decimal(0)), SchemaMetadata("12.50")]


class CopyInput(Input):
    """A copy to create, or to put in another's place."""

    barcode: Barcode
    book_id: Id
    status: Status = AVAILABLE
    price: Price | None = None
    due_date: Date | None = None


class CopyAnswer(Struct, frozen=True):
    """A copy as answered."""

    id: UUID
    barcode: str
    book_id: UUID
    status: Status
    price: Decimal | None
    due_date: date | None
    created_at: UtcTimestamp
    updated_at: UtcTimestamp


CopyList = list_query("CopyList", Copy, CopyInput)
