"""The messages for a value that a schema refuses."""

from __future__ import annotations

from pydantic_core import ErrorDetails

DETAILS = {
    "extra_forbidden": "no such member here",
    "model_type": "Input should be an object",
    "dict_type": "Input should be an object",
    "list_type": "Input should be an array",
    "too_short": "Array should have at least {min_length} item(s)",
    "too_long": "Array should have at most {max_length} items",
    "string_unicode": "Input should be a valid string, without lone surrogates",
}
"""Replacements for pydantic's messages that are about Python; its other messages fit JSON, too."""


def detail(error: ErrorDetails) -> str:
    """Why, in words. error: one of a ValidationError's, with its context."""
    own = DETAILS.get(error["type"])
    return error["msg"] if own is None else own.format(**error.get("ctx", {}))
