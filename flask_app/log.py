"""gunicorn's log, which is also the service's."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger as GunicornLogger

from diptych.core.observability import json_logging


class Logger(GunicornLogger):  # type: ignore[misc]
    """gunicorn's own lines and all others in one format, wherever gunicorn's settings have them written."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        if not (cfg.logconfig or cfg.logconfig_dict or cfg.logconfig_json):
            json_logging.begin(cfg.loglevel, handlers=self.error_log.handlers)

    @property
    def access_log_enabled(self) -> bool:
        """Each request has its line already, and gunicorn's would have the query in it."""
        return False
