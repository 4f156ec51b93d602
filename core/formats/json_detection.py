"""Knowing which format a JSON file has, by its first object."""

from __future__ import annotations

import json
import re
from typing import Any

from diptych.core.formats.registry import UnsupportedFormatError

_DECODER = json.JSONDecoder()
_OPEN_LIBRARY_KEY = re.compile(r'"key"\s*:\s*"/(?:type|books|works|authors|languages)/')
_CSL_KEY = re.compile(r'"(?:issued|date-parts|container-title|collection-title|publisher-place|number-of-pages)"\s*:')
_CSL_TYPE = re.compile(
    r'"type"\s*:\s*"(?:book|chapter|article(?:-\w+)?|paper-conference|thesis|report|webpage|entry(?:-\w+)?|manuscript'
    r'|motion_picture|post(?:-\w+)?|review(?:-\w+)?|song|speech|legislation|map|graphic|dataset|document|classic)"'
)
_CSL_NAME = re.compile(
    r'"(?:author|editor|translator)"\s*:\s*\[\s*\{\s*"(?:family|given|literal|non-dropping-particle)"'
)
_LIBRARYTHING = re.compile(r'\{\s*"[0-9]+"\s*:\s*\{')


def judge_json(text: str) -> str | None:
    """Return the name of the format of a file that begins with "{" or "[", or None if this is no JSON.

    Raises UnsupportedFormatError, with a sentence for people, for what is known and not read.
    """
    if text.startswith("["):
        first, whole = _first_object(text[1:].lstrip())
        return None if first is None else _kind(first, whole) or "json"
    first, whole = _first_object(text)
    if first is None:
        return None
    if (isinstance(whole, dict) and {"metadata", "links"} <= whole.keys()) or '"application/opds+json"' in first:
        raise UnsupportedFormatError("the file is an OPDS catalogue, which is not read")
    if _LIBRARYTHING.match(first):
        return "json"
    return _kind(first, whole) or ("jsonl" if "\n" not in first.strip() else "json")


def _first_object(text: str) -> tuple[str | None, Any]:
    """Return the text of the first object, or what there is of it, and its value, None if it does not end in `text`.

    The text is None if there is no object.
    """
    if re.match(r'\{\s*(?:"|\}|$)', text) is None:
        return ("", None) if text.startswith("]") else (None, None)
    try:
        value, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return text, None
    return text[:end], value


def _kind(first: str, whole: Any) -> str | None:
    """Return "csl" or "openlibrary" for the first object, or None for one with keys of any other kind."""
    if '"@context"' in first and "schema.org" in first:
        raise UnsupportedFormatError("the file is JSON-LD, which is only written")
    if _OPEN_LIBRARY_KEY.search(first) or _is_open_library(whole):
        return "openlibrary"
    if _CSL_TYPE.search(first) and (_CSL_KEY.search(first) or _CSL_NAME.search(first)):
        return "csl"
    return None


def _is_open_library(whole: Any) -> bool:
    """Say whether an object has the lists of ISBNs that only Open Library calls so."""
    return isinstance(whole, dict) and any(isinstance(whole.get(name), list) for name in ("isbn_10", "isbn_13"))
