"""Map every class: after an import of this module, Base.metadata has all tables."""

from importlib import import_module

import diptych.core.idempotency.model  # noqa: F401 - maps a class
from diptych.core.catalogue import RESOURCES
from diptych.core.engine.entity import Base

__all__ = ("Base",)

for _name in RESOURCES:
    import_module(f"diptych.core.catalogue.{_name}.model")
