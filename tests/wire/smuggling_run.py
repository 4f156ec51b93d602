"""Send the corpus of request smuggling through a proxy, and find what its answers and Diptych's log have wrong."""

from __future__ import annotations

import json
import re
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any

from tests.support.deployments import deployment
from tests.support.fronts import Front
from tests.support.haproxy import haproxy
from tests.support.nginx import nginx
from tests.support.waiting import PATIENCE, until
from tests.support.wire import Target
from tests.wire.case import CLOSE, HOST, head
from tests.wire.smuggling import Case

PROXIES: Mapping[str, Callable[..., AbstractContextManager[Front]]] = {"haproxy": haproxy, "nginx": nginx}

PAUSE = 0.2
"""Seconds between the parts of a message. A test finds the same without it, but perhaps not everything."""

AT_A_TIME = 64
"""Connections: most cases that are not complete end after the ten seconds that the proxies give them."""

BODY = b'{"items":[],"limit":1,"offset":0,"total":0,"next":null,"previous":null}'

_HEX = re.compile(r"[0-9a-f]{32}")
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2}) ")
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_ID = re.compile(rb"\r\nx-request-id: *([^\r]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """One response. request_id: of the request that Diptych answered, None from a proxy."""

    status: int
    request_id: str | None
    body: bytes


def answers(data: bytes) -> list[Answer]:
    """Split what came on a connection into responses, without those of 1xx; what is none is one of status 0."""
    found = []
    while data:
        status = _STATUS.match(data)
        first, _, rest = data.partition(b"\r\n\r\n")
        if status is None:
            return [*found, Answer(0, None, data)]
        length = _LENGTH.search(first)
        size = int(length[1]) if length else 0
        if status[1][:1] != b"1":
            request_id = _ID.search(first)
            found.append(Answer(int(status[1]), request_id[1].decode() if request_id else None, rest[:size]))
        data = rest[size:]
    return found


def wrong_answers(number: int, found: Sequence[Answer]) -> list[str]:
    """Return what is wrong with the responses on the connection of a case."""
    ours = [f"case-{number:05}", f"marker-{number:05}"]
    named = [each.request_id for each in found if each.request_id and not _HEX.fullmatch(each.request_id)]
    wrong = [f"an answer to {name}" for name in named if name not in ours]
    if len(set(named)) < len(named) or named != sorted(named):
        wrong.append(f"answers to {named}")
    wrong += [
        f"the marker's answer is {each}"
        for each in found
        if each.request_id == ours[1] and (each.status, each.body) != (200, BODY)
    ]
    wrong += [f"an answer of {each}" for each in found if b"diptych_" in each.body]
    return wrong


def wrong_lines(lines: Sequence[Mapping[str, Any]], numbers: Sequence[int]) -> list[str]:
    """Return what is wrong with Diptych's log of requests, for the cases of these numbers."""
    count = Counter(line["request_id"] for line in lines)
    ours = {f"{kind}-{number:05}" for kind in ("case", "marker", "other") for number in numbers}
    wrong = [f"a request that the proxy did not see: {line}" for line in lines if line["path"] == "/metrics"]
    # HAProxy's checks have no id of their own; what could not be read has none that could be.
    wrong += [
        f"an unknown request: {line}"
        for line in lines
        if line["request_id"] not in ours
        and not (_HEX.fullmatch(line["request_id"]) and (line["status"] >= 400 or line["path"] == "/health/ready"))
    ]
    wrong += [f"{count[name]} times: {name}" for name in sorted(ours) if count[name] > 1]
    wrong += [f"never: other-{number:05}" for number in numbers if count[f"other-{number:05}"] == 0]
    return wrong


def _asked(name: str) -> bytes:
    return head("GET", "/tags?pageSize=1", HOST, f"X-Request-ID: {name}", CLOSE)


def _sent(target: Target, parts: Sequence[bytes]) -> list[Answer]:
    """Send the parts on one connection, and return what came until the other side closed it."""
    data = b""
    with socket.create_connection((target.host, target.port), timeout=PATIENCE) as client, suppress(ConnectionError):
        with suppress(ConnectionError):
            for number, part in enumerate(parts):
                time.sleep(PAUSE if number else 0)
                client.sendall(part)
        while piece := client.recv(65536):
            data += piece
    return answers(data)


def _wrong_with(target: Target, number: int, case: Case) -> list[str]:
    """Send a case and the marker, then another client's request, and return what is wrong with the answers."""
    *parts, last = case.message(number)
    # The marker comes with the last part: a proxy may read both at once.
    wrong = wrong_answers(number, _sent(target, [*parts, last + _asked(f"marker-{number:05}")]))
    other = _sent(target, [_asked(f"other-{number:05}")])
    if other != [Answer(200, f"other-{number:05}", BODY)]:
        wrong.append(f"the other client's answers are {other}")
    return [f"{case.name}: {each}" for each in wrong]


@dataclass(frozen=True, slots=True)
class Deployment:
    """A running adapter and its log."""

    url: str
    log: IO[str]

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines about requests; the last may not be written to its end yet."""
        self.log.seek(0)
        whole = [line for line in self.log if line.endswith("\n") and '"request_id"' in line]
        return [found for line in whole if "path" in (found := json.loads(line))]


@contextmanager
def deployed(adapter: str, database_url: str) -> Iterator[Deployment]:
    """Start an adapter on a database without rows."""
    with tempfile.TemporaryFile("w+") as log, deployment(adapter, database_url, log=log) as url:
        yield Deployment(url, log)


def faults(target: Target, behind: Deployment, sent: Mapping[int, Case]) -> list[str]:
    """Send the cases, and return all that is wrong."""
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        found = [pool.submit(_wrong_with, target, number, case) for number, case in sent.items()]
        wrong = [each for result in found for each in result.result()]
    last = _sent(Target.of(behind.url), [_asked("last")])
    assert last == [Answer(200, "last", BODY)]
    lines = until(lambda: _up_to_last(behind.lines()))
    return wrong + wrong_lines(lines, list(sent))


def _up_to_last(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines but the last one's, or none where that has not been written."""
    rest = [line for line in lines if line["request_id"] != "last"]
    return rest if len(rest) < len(lines) else []


@dataclass(frozen=True, slots=True)
class Passed:
    """What came of the corpus: what is wrong, and how many of its messages the proxy passed on."""

    wrong: Sequence[str]
    passed_on: int


def send_through(proxy: str, adapter: str, database_url: str, corpus: Sequence[Case]) -> Passed:
    """Send a corpus through a proxy to an adapter."""
    with deployed(adapter, database_url) as behind:
        port = Target.of(behind.url).port
        with PROXIES[proxy]({"one": port, "other": port}) as front:
            wrong = faults(Target.of(front.url), behind, dict(enumerate(corpus)))
            return Passed(wrong, sum(line["request_id"].startswith("case") for line in behind.lines()))
