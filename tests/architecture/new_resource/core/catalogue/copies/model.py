"""Copies of books: what stands on a shelf, and is lent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.engine.derived_values import Rules
from diptych.core.engine.entity import Entity, SearchableMixin, binary_collated_string, with_list_indexes
from diptych.core.engine.fixed_decimal import FixedDecimal
from diptych.core.engine.text_normalization import line

BARCODE_MAX = 40
PRICE_DIGITS, PRICE_DECIMALS = 8, 2
AVAILABLE = "available"


@with_list_indexes("status", "price", "due_date")
class Copy(SearchableMixin, Entity):
    """One copy of a book; no two share a barcode."""

    __tablename__ = "copy"
    __table_args__ = (CheckConstraint("status IN ('available', 'on_loan', 'lost')", name="status"),)
    rules = Rules(noun="copy", named_by="barcode", normalizers={"barcode": line(BARCODE_MAX)})

    barcode: Mapped[str] = mapped_column(String(BARCODE_MAX), unique=True)
    book_id: Mapped[UUID] = mapped_column(ForeignKey("book.id", ondelete="RESTRICT"), index=True)
    status: Mapped[str] = mapped_column(binary_collated_string(20), default=AVAILABLE)
    price: Mapped[Decimal | None] = mapped_column(FixedDecimal(PRICE_DIGITS, PRICE_DECIMALS))
    due_date: Mapped[date | None]
