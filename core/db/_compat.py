"""What the libraries name differently for the two twins: `..._async` is awaited, the other blocks."""

from asyncio import sleep as sleep_async
from operator import call
from time import sleep

from sqlalchemy.util import greenlet_spawn as call_async

__all__ = ("call", "call_async", "sleep", "sleep_async")
