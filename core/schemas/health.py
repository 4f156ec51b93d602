"""What a healthy service says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Health:
    """That the service is well; anything else is a problem."""

    status: Literal["ok"] = "ok"
