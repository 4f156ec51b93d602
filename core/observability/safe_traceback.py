"""Where an error came from, without what was in it.

The text of an exception may be a parameter's value ("invalid literal for int(): 'hunter2'", PostgreSQL's "Key
(isbn)=(...) already exists"), and a log has none. So only texts are told that consist of names.
"""

from __future__ import annotations

import re
import sqlite3
import traceback
from collections.abc import Iterator

import psycopg
from sqlalchemy.exc import StatementError

NAMING = (AttributeError, ImportError, NameError, NotImplementedError, sqlite3.Error)
"""Exceptions whose text has names of code, or of tables and columns, in it, and no values."""

_NAMING_STATES = ("08", "23", "25", "28", "40", "42", "53", "57")
"""Classes of SQLSTATE whose primary message names no values. 22, data exceptions, is the one that does."""


_LITERAL = re.compile("'[^']*'(?:'[^']*')*")
_LEFT_OUT = "'...'"


def trace(error: BaseException) -> str:
    """The stack of an error and of those it came from, the first cause first."""
    return "\nwhich led to:\n".join(_one(each) for each in reversed(list(_chain(error))))


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)


def _one(error: BaseException) -> str:
    stack = "Traceback (most recent call last):\n" + "".join(traceback.format_tb(error.__traceback__))
    kind = type(error)
    told = _told(error)
    return f"{stack}{kind.__module__}.{kind.__qualname__}" + (f": {told}" if told else "")


def _told(error: BaseException) -> str:
    """What can be told of it beyond its type."""
    match error:
        case StatementError(statement=str(statement)):
            # Values are bound, and a statement has placeholders in it; but a search has its words.
            return f"in {_LITERAL.sub(_LEFT_OUT, statement)}"
        case psycopg.Error(sqlstate=str(state)):
            found = f"SQLSTATE {state}"
            if state.startswith(_NAMING_STATES) and error.diag.message_primary:
                found += f", {error.diag.message_primary}"
            return found
        case _ if isinstance(error, NAMING):
            return str(error)
    return ""
