"""The handler of the log."""

from __future__ import annotations

import logging


class StreamHandler(logging.StreamHandler):  # type: ignore[type-arg]  # generic in its stub alone
    """Write each record as its formatter has it.

    `python -m sanic` loads tracerite, which replaces `logging.StreamHandler.emit`: it would draw an exception over many
    lines, with source code and values.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line. Errors of the stream and of the formatter are handled as logging does it."""
        try:
            self.stream.write(self.format(record) + self.terminator)
            self.flush()
        except RecursionError:
            raise
        except Exception:  # noqa: BLE001 - what no record may raise where it is logged, logging's handleError reports
            self.handleError(record)
