"""Idempotency keys: the stored requests and their responses."""
