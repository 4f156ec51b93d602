"""Cursors: a position in an ordered list, as opaque text.

A cursor contains no secret and grants no access, so it is not signed; but it has one canonical spelling, and any other
is refused.
"""

from __future__ import annotations

import base64
import binascii
import json
from uuid import UUID

from msgspec import Struct

LENGTH = 2000
"""Characters of a cursor, at most."""

LARGEST = 2**63
"""Above all numbers of rows."""

UNKNOWN = "is not a cursor that a page of this list gave"

_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

_DIRECTIONS = {(True, False): ">", (True, True): ">=", (False, False): "<", (False, True): "<="}


class Cursor(Struct, frozen=True):
    """The rows after or before one row, which is identified by its value in the list's order and by its id.

    forward: the rows after it, not those before it. inclusive: and the row itself, if it still exists.
    """

    order_by: str
    sort_order: str
    forward: bool
    inclusive: bool
    value: str | int | None
    id: UUID | int

    def __str__(self) -> str:
        beyond = _DIRECTIONS[self.forward, self.inclusive]
        row_id = str(self.id) if isinstance(self.id, UUID) else self.id
        parts = [self.order_by, self.sort_order, beyond, self.value, row_id]
        return base64.urlsafe_b64encode(_encoder.encode(parts).encode()).rstrip(b"=").decode()


def parse(text: str) -> Cursor:
    """Parse a cursor. Errors: ValueError."""
    try:
        parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        order_by, sort_order, beyond, value, row_id = parts
        forward, inclusive = next(meaning for meaning, sign in _DIRECTIONS.items() if sign == beyond)
        row_id = row_id if type(row_id) is int and abs(row_id) < LARGEST else UUID(row_id)
        found = Cursor(order_by, sort_order, forward, inclusive, value, row_id)
        # A database accepts no NUL, and str() no lone surrogate.
        if type(value) in (str, int, type(None)) and "\0" not in str(value) and str(found) == text:
            return found
    except (ValueError, TypeError, AttributeError, binascii.Error, StopIteration, RecursionError):
        pass  # each of these means that the text is no cursor: raised below
    raise ValueError(UNKNOWN)
