"""Whether a contestant answers what is right: without that there is nothing to compare.

Of a body's JSON all is compared but for three things: the order of members; `next` and `previous` of a page, which
only the service has; and the ids and times of rows that the request itself makes or changes, which have to be there
and in the same form. Of the rest of an answer its status is compared, and that a body is called JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import httpx

from benchmarks.workloads import CHOSEN, Case

LEFT_OUT = ("next", "previous")

_CHOSEN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z"
)


class Wrong(Exception):
    """An answer that is not right; the text says which, and what of it."""


def check(client: httpx.Client, cases: Iterable[Case], *, conditional: bool = False) -> dict[str, str]:
    """Ask, and compare. conditional: first without a tag, then with the one that was answered.

    Returns the entity tag of each path that was asked so. Errors: Wrong.
    """
    tags: dict[str, str] = {}
    for case in cases:
        headers = {"Content-Type": "application/json"} if case.body is not None else {}
        if conditional:
            tags[case.path] = headers["If-None-Match"] = client.get(case.path).headers.get("etag", "")
        response = client.request(case.method, case.path, content=case.content, headers=headers)
        asked = f"{case.method} {case.path}"
        if response.status_code != case.status:
            raise Wrong(f"{asked} was answered {response.status_code}, not {case.status}: {response.text[:500]}")
        if case.answer is None:
            if response.content:
                raise Wrong(f"{asked} was answered with a body")
            continue
        if response.headers.get("content-type") != "application/json":
            raise Wrong(f"{asked} was answered as {response.headers.get('content-type')}")
        if found := differences(case.answer, response.json()):
            raise Wrong(f"{asked} was answered otherwise: {'; '.join(found[:5])}")
    return tags


def differences(right: Any, found: Any, where: str = "") -> list[str]:
    """What is not right in a JSON that was found, each by its JSON Pointer."""
    match right, found:
        case dict(), dict():
            kept = {name: value for name, value in found.items() if name not in LEFT_OUT}
            missing = [f"{where}/{name} is not there" for name in right.keys() - kept.keys()]
            strange = [f"{where}/{name} should not be there" for name in kept.keys() - right.keys()]
            shared = [name for name in right if name in kept]
            return (
                missing
                + strange
                + [line for name in shared for line in differences(right[name], kept[name], f"{where}/{name}")]
            )
        case list(), list() if len(right) == len(found):
            return [
                line
                for place, (one, other) in enumerate(zip(right, found, strict=True))
                for line in differences(one, other, f"{where}/{place}")
            ]
        case _ if right == CHOSEN and isinstance(found, str) and _CHOSEN.fullmatch(found):
            return []
        case _ if right == found and type(right) is type(found):
            return []
    return [f"{where} is {json.dumps(found)[:200]}, not {json.dumps(right)[:200]}"]
