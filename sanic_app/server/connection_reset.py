"""Reset a connection of asyncio's, so that its client can tell that a response is not complete."""

from __future__ import annotations

from typing import Any

from diptych.core.http.wire.connection_reset import reset_on_close


def reset(transport: Any) -> None:
    """Close a transport at once, by a reset."""
    if not transport.is_closing():
        reset_on_close(transport.get_extra_info("socket"))
        transport.abort()
