"""Cursors: a place in an ordered list as a text that says nothing to its reader.

Nothing in one is secret, and nothing is allowed by one that a client could not ask for without: it is not signed, but
there is one spelling of each, and whatever is not that is refused.
"""

from __future__ import annotations

import base64
import binascii
import json
from uuid import UUID

from msgspec import Struct

LENGTH = 2000
"""The longest cursor there is, in characters."""

UNKNOWN = "is not a cursor that a page of this list gave"

_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

_DIRECTIONS = {(True, False): ">", (True, True): ">=", (False, False): "<", (False, True): "<="}


class Cursor(Struct, frozen=True):
    """The rows beyond one, which is known by its value in the list's order and by its id.

    forward: those after it, not those before it. inclusive: and itself, should it still be there.
    """

    order_by: str
    sort_order: str
    forward: bool
    inclusive: bool
    value: str | int | None
    id: UUID

    def __str__(self) -> str:
        beyond = _DIRECTIONS[self.forward, self.inclusive]
        parts = [self.order_by, self.sort_order, beyond, self.value, str(self.id)]
        return base64.urlsafe_b64encode(_encoder.encode(parts).encode()).rstrip(b"=").decode()


def parse(text: str) -> Cursor:
    """The cursor that a text is. Errors: ValueError."""
    try:
        parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        order_by, sort_order, beyond, value, row_id = parts
        forward, inclusive = next(meaning for meaning, sign in _DIRECTIONS.items() if sign == beyond)
        found = Cursor(order_by, sort_order, forward, inclusive, value, UUID(row_id))
        # A database takes no NUL, and str() no lone surrogate.
        if type(value) in (str, int, type(None)) and "\0" not in str(value) and str(found) == text:
            return found
    except (ValueError, TypeError, AttributeError, binascii.Error, StopIteration, RecursionError):
        pass  # each of these is a text that is no cursor, told below
    raise ValueError(UNKNOWN)
