"""Check a contestant's responses: measurements of wrong responses cannot be compared.

The whole JSON of a body is compared, except for three things: the order of members; `next` and `previous` of a page,
which only the service has; and the ids and times of rows that the request itself creates or changes, of which only
presence and form are checked. The status and the JSON content type are compared too.
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
    """A wrong response; the text says which one and what is wrong."""


def check(client: httpx.Client, cases: Iterable[Case], *, conditional: bool = False) -> dict[str, str]:
    """Send the requests and compare the responses. conditional: send each twice, then with its ETag.

    Returns the entity tag of each conditional path. Errors: Wrong.
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
    """Return the differences between two JSON values, each with its JSON Pointer.

    Members that are null may be there besides: the service has more fields than the others.
    """
    match right, found:
        case dict(), dict():
            kept = {name: value for name, value in found.items() if name not in LEFT_OUT}
            missing = [f"{where}/{name} is not there" for name in right.keys() - kept.keys()]
            strange = [
                f"{where}/{name} should not be there" for name in kept.keys() - right.keys() if kept[name] is not None
            ]
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
