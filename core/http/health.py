"""The response of a healthy service."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Health(Struct, frozen=True):
    """That the service is well; anything else is a problem."""

    status: Literal["ok"] = "ok"
