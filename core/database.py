"""advanced-alchemy's configurations for a service's settings, with every table of the catalogue in their metadata."""

import diptych.core.catalogue.models  # noqa: F401 - maps the classes
from diptych.core.db.config import async_config, sync_config

__all__ = ("async_config", "sync_config")
