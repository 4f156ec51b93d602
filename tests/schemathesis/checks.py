"""Additional checks for Schemathesis: a valid request may be refused only for known reasons."""

from __future__ import annotations

import os
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, CheckContext, HookContext, Response

BEYOND_SCHEMAS = {
    "isbn": "a check digit",
    "language_tag": "a variant or an extension that is there twice",
    "edtf": "a day that its month does not have, a year out of bounds, an interval that ends before it starts",
    "identifier": "a check digit, or a form that depends on the scheme",
    "url": "a character that has to be percent-encoded",
    "value": "dates that contradict each other",
    "string_too_long": "the spaces between visible characters, which a pattern cannot count",
    "int_type": "1972.0, which is an integer to JSON Schema",
    "not_found": "an author who is not there",
    "repeated": "one row twice in a batch",
    "missing": "ids in neither or in both of two places",
    "superfluous": "a page's number beside a cursor",
    "too_long": "all names of a batch together",
    "too_far": "a page's number times its size",
    "passed": "a moment that has gone by",
    "beginning": "a word of one letter before an asterisk, but for syllables",
    "kind": "a file that is no cover, or no e-book",
    "string_too_short": "a name of nothing but spaces beyond ASCII",
    "cursor": "one of another list or order, or letters that are none",
}
"""The error codes that no JSON Schema can express, and their reasons."""

FILES = {
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "image/webp": b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    "image/gif": b"GIF89a",
    "application/epub+zip": b"PK\x03\x04".ljust(30, b"\x00") + b"mimetypeapplication/epub+zip",
    "application/pdf": b"%PDF-1.7",
    "application/x-mobipocket-ebook": b"".ljust(60, b"\x00") + b"BOOKMOBI",
    "application/vnd.amazon.mobi8-ebook": b"".ljust(60, b"\x00") + b"BOOKMOBI",
}
"""What a file of each type begins with."""

for _name, _head in FILES.items():
    schemathesis.openapi.media_type(_name, st.binary(max_size=64).map(_head.__add__))

KEY_REUSED = "/problems/key-reused"
"""The problem when the same key was drawn for two requests."""


LONG_LIST = 100
"""Items of a list that Schemathesis draws quickly."""

if os.environ.get("SCHEMATHESIS_SMALL_LISTS"):

    @schemathesis.hook
    def before_load_schema(_: HookContext, raw_schema: dict[str, Any]) -> None:
        """Remove the limits of long lists."""
        _without_long_lists(raw_schema)


def _without_long_lists(node: Any) -> None:
    if isinstance(node, dict):
        if node.get("maxItems", 0) > LONG_LIST:
            del node["maxItems"]
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            _without_long_lists(each)


@schemathesis.check
def a_described_request_is_refused_for_what_no_schema_can_say(_: CheckContext, response: Response, case: Case) -> None:
    """Check more strictly than positive_data_acceptance, which checks only statuses."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code < 400:
        return
    # No schema bounds a query as a whole: 414.
    known = {404, 409, 412, 414, 416, 422} | _refused(case)
    assert response.status_code in known, f"refused with {response.status_code}"
    if response.status_code == 422 and response.json()["type"] != KEY_REUSED:
        codes = {error["code"] for error in response.json()["errors"]}
        assert codes <= BEYOND_SCHEMAS.keys(), f"refused for {sorted(codes - BEYOND_SCHEMAS.keys())}"


def _refused(case: Case) -> set[int]:
    """Return the statuses by which the client may be refused because of what it is."""
    role, path = os.environ.get("SCHEMATHESIS_ROLE", "anonymous"), case.operation.path
    if role == "administrator":
        return set()
    if role == "reader" and case.operation.method.upper() not in ("GET", "HEAD", "OPTIONS"):
        return {401, 403}
    undoing = "/changes" in path or path.endswith("/undo")
    administrators = path.split("/")[1] in ("accounts", "tokens", "me", "security-events") or undoing
    audit = "audit" in (case.query or {}).get("include", ())
    return {401, 403} if administrators or audit else set()
