"""Strict query strings: only known parameters, scalars given once, everything decoded as UTF-8."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from itertools import islice
from typing import Any, get_args
from urllib.parse import unquote_to_bytes, urlencode

from pydantic import BaseModel, ValidationError

from diptych.core import deadline
from diptych.core.errors import FieldError

_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")


def pairs(query: str) -> list[tuple[str, str]]:
    """Return (name, value) of each parameter, in order. Errors: ValueError for a bad escape or invalid UTF-8."""
    return [
        (_decode(name), _decode(value))
        for name, _, value in (part.partition("=") for part in deadline.checking(query.split("&")) if part)
    ]


def _decode(text: str) -> str:
    if _BAD_ESCAPE.search(text):
        raise ValueError("a percent sign without two hexadecimal digits after it")
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("percent-encoded bytes that are not UTF-8") from None


def gather(found: list[tuple[str, str]], model: type[BaseModel]) -> tuple[dict[str, Any], list[FieldError]]:
    """Collect the parameters as `model` takes them, and a field error for each scalar given more than once."""
    lists = _lists(model)
    values: dict[str, Any] = {}
    field_errors: list[FieldError] = []
    for name, value in deadline.checking(found):
        if name in lists:
            values.setdefault(name, []).append(value)
        elif name in values:
            field_errors.append(FieldError("repeated", "given more than once", parameter=name))
        else:
            values[name] = value
    return values, field_errors


def written(query: BaseModel, without: Iterable[str] = ()) -> str:
    """Return the query string of a model that `validated` has made. without: members to leave out."""
    given = query.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={*without})
    found = [(name, each) for name, value in given.items() for each in (value if isinstance(value, list) else [value])]
    return urlencode([(name, str(each).lower() if isinstance(each, bool) else each) for name, each in found])


FAULTS = 100
"""Most field errors reported for a query string: no operation has as many parameters."""


def validated(model: type[BaseModel], text: str, *, of_page: bool = False) -> tuple[Any, list[FieldError]]:
    """Validate a query string; return the model, or None, and the field errors. Errors: ValueError, as `pairs`.

    of_page: without empty parameters, which a form has for what was not filled in, and without unknown ones, which
    other sites append to links.
    """
    found = pairs(text)
    if of_page:
        names = _names(model)
        found = [(name, value) for name, value in found if name in names and value.strip()]
    values, field_errors = gather(found, model)
    try:
        return model.model_validate(values), reported(field_errors)
    except ValidationError as error:
        for item in error.errors(include_url=False, include_context=False, include_input=False):
            name = str(item["loc"][0])
            field_errors.append(
                unknown(name)
                if item["type"] == "extra_forbidden"
                else FieldError(item["type"], item["msg"], parameter=name)
            )
    return None, reported(field_errors)


def reported(field_errors: Iterable[FieldError]) -> list[FieldError]:
    """Return the first FAULTS different field errors: the values of one parameter may all have the same."""
    return list(islice(dict.fromkeys(deadline.checking(field_errors)), FAULTS))


def unknown(name: str) -> FieldError:
    """Return the field error of an unknown parameter."""
    return FieldError("unknown", "no such parameter here", parameter=name)


@cache
def _names(model: type[BaseModel]) -> set[str]:
    return {info.alias or name for name, info in model.model_fields.items()}


@cache
def _lists(model: type[BaseModel]) -> set[str]:
    return {info.alias or name for name, info in model.model_fields.items() if _is_list(info.annotation)}


def _is_list(annotation: Any) -> bool:
    return any(getattr(option, "__origin__", None) is list for option in (annotation, *get_args(annotation)))
