"""Tracebacks without values.

An exception's text may contain a parameter's value ("invalid literal for int(): 'hunter2'", PostgreSQL's "Key
(isbn)=(...) already exists"), which must not get into a log. So only texts that consist of names are kept.
"""

from __future__ import annotations

import re
import sqlite3
import traceback
from collections.abc import Iterator

import psycopg
from sqlalchemy.exc import StatementError

NAMING = (AttributeError, ImportError, NameError, NotImplementedError)
"""Exceptions whose text contains names of code, tables or columns, and no values."""

_NAMING_STATES = ("08", "23", "25", "28", "40", "42", "53", "57")
"""SQLSTATE classes whose primary message contains no values. 22, data exceptions, does."""


_LITERAL = re.compile("'[^']*'(?:'[^']*')*")
_LEFT_OUT = "'...'"


def trace(error: BaseException) -> str:
    """Format an error with its chain of causes, the first cause first."""
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
    text = _safe_text(error)
    return f"{stack}{kind.__module__}.{kind.__qualname__}" + (f": {text}" if text else "")


def _safe_text(error: BaseException) -> str:
    """Return the part of an error's text that is safe to log."""
    match error:
        case StatementError(statement=str(statement)):
            # Values are bound as parameters; but a search statement has its words as literals.
            return f"in {_LITERAL.sub(_LEFT_OUT, statement)}"
        case psycopg.Error(sqlstate=str(state)):
            found = f"SQLSTATE {state}"
            if state.startswith(_NAMING_STATES) and error.diag.message_primary:
                found += f", {error.diag.message_primary}"
            return found
        case sqlite3.Error():
            # "Could not decode to UTF-8 column 'title' with text '...'" has the value.
            return str(error).partition(" with text ")[0]
        case _ if isinstance(error, NAMING):
            return str(error)
    return ""
