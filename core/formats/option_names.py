"""How messages name the options with which a file is read: as the command has them, or as the API does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_over_http: ContextVar[bool] = ContextVar("over_http", default=False)


@contextmanager
def as_members() -> Iterator[None]:
    """Have messages name options as members of the API's bodies while the block runs, and no option without one."""
    token = _over_http.set(True)
    try:
        yield
    finally:
        _over_http.reset(token)


def option(name: str, value: str = "", *, member: str = "") -> str:
    """Return an option with a value, as the reader of the message writes it: `--map title=COLUMN`, or `map ...`.

    member: the value as the API has it, where that is another.
    """
    if _over_http.get():
        return f"{name} {member or value}".rstrip()
    return f"--{name} {value}".rstrip()


def only_by_command(words: str) -> str:
    """Return what is said of an option that the command alone has; nothing over HTTP."""
    return "" if _over_http.get() else words


def nameless() -> str:
    """Return what a file without a name is."""
    return "the file" if _over_http.get() else "standard input"
