"""Map every class: after an import of this module, Base.metadata has all tables."""

from importlib import import_module

import diptych.core.access.events.model
import diptych.core.access.policy
import diptych.core.access.second_factors.model
import diptych.core.access.sessions.model
import diptych.core.catalogue.kept_counts
import diptych.core.exports.model
import diptych.core.files.model
import diptych.core.history.model
import diptych.core.idempotency.model
import diptych.core.imports.model
import diptych.core.jobs.model  # noqa: F401 - maps a class
from diptych.core import access, catalogue
from diptych.core.engine.entity import Base

__all__ = ("Base",)

for _package in (catalogue, access):
    for _name in _package.RESOURCES:
        import_module(f"{_package.__name__}.{_name}.model")
