"""Observability: the log, the metrics and safe tracebacks."""
