"""Tracebacks without values."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError

from diptych.core.catalogue.tags.model import Tag
from diptych.core.catalogue.tags.queries import spec
from diptych.core.catalogue.tags.schemas import TagList
from diptych.core.engine import pagination
from diptych.core.engine.search import match_words
from diptych.core.observability.safe_traceback import trace

VALUE = "hunter2"


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise error from cause
    except type(error) as found:
        return found


@pytest.mark.parametrize(
    "error",
    [
        KeyError(VALUE),
        ValueError(f"invalid literal for int() with base 10: '{VALUE}'"),
        RuntimeError(VALUE),
        IntegrityError("INSERT INTO tag (name) VALUES (?)", (VALUE,), ValueError(VALUE)),
    ],
)
def test_a_trace_has_frames_and_types_and_no_text_that_may_have_a_value(error: Exception):
    found = trace(raised(error, raised(RuntimeError(VALUE))))

    assert found.count("Traceback (most recent call last):") == 2
    assert "in raised" in found
    assert "builtins.RuntimeError\nwhich led to:\n" in found
    assert VALUE not in found


def test_the_statement_is_logged_without_its_parameters():
    found = trace(raised(IntegrityError("INSERT INTO tag (name) VALUES (?)", (VALUE,), ValueError(VALUE))))

    assert found.endswith("sqlalchemy.exc.IntegrityError: in INSERT INTO tag (name) VALUES (?)")


def test_the_statement_is_logged_without_its_literals():
    asked = pagination.bind_list_query(spec, TagList(q=f"{VALUE} o'{VALUE}*"), {})
    statement = select(Tag.id).where(*match_words(spec, asked.shape)).params(asked.values)
    text = str(statement.compile(dialect=postgresql.dialect(), compile_kwargs={"render_postcompile": True}))
    assert text.count(VALUE) == 2

    found = trace(raised(IntegrityError(text, (), ValueError())))

    assert found.endswith("(catalogue_words(tag.search_text) @@ '...'::tsquery)")


@pytest.mark.parametrize("error", [AttributeError("no attribute 'x'"), sqlite3.OperationalError("no such column: y")])
def test_a_message_of_names_alone_is_shown(error: Exception):
    assert trace(raised(error)).endswith(str(error))


def test_an_error_while_another_was_handled_is_shown_with_it():
    error = NameError("x")
    error.__context__ = raised(KeyError(VALUE))

    assert "builtins.KeyError\nwhich led to:\n" in trace(error)

    error.__suppress_context__ = True
    assert "KeyError" not in trace(error)


def test_a_text_that_sqlite_cannot_decode_is_left_out():
    connection = sqlite3.connect(":memory:")

    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute("SELECT CAST('hunter2' || x'ff' AS TEXT) AS title").fetchall()

    assert "hunter2" in str(caught.value)
    assert "hunter2" not in trace(caught.value).splitlines()[-1]
    assert trace(caught.value).endswith("Could not decode to UTF-8 column 'title'")
    connection.close()
