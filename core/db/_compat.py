"""Pairs of functions for the twins: `..._async` is awaited in core/aio, the other blocks in core/sync."""

from asyncio import sleep as sleep_async
from operator import call
from time import sleep

from sqlalchemy.util import greenlet_spawn as call_async

__all__ = ("call", "call_async", "sleep", "sleep_async")
