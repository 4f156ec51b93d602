"""Sanic's limit of concurrent requests, without a server."""

from __future__ import annotations

import asyncio

from diptych.core.http.lanes import Lane
from diptych.core.http.request_response import Response
from diptych.sanic_app.server.concurrency_limit import ConcurrencyLimiter


async def _answered_when(event: asyncio.Event) -> Response:
    await event.wait()
    return Response(200)


def _run(limiter: ConcurrencyLimiter, lane: Lane, event: asyncio.Event) -> asyncio.Task[Response]:
    return asyncio.create_task(limiter.run(None, _answered_when(event), lane))


async def _settled() -> None:
    """Let all tasks run until each waits."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_a_costly_request_whose_client_leaves_before_its_turn_keeps_no_other_from_it():
    async def scenario() -> list[int]:
        limiter, end = ConcurrencyLimiter(2), asyncio.Event()
        ordinary = [_run(limiter, Lane.ORDINARY, end) for _ in range(2)]
        costly = [_run(limiter, Lane.COSTLY, end) for _ in range(3)]
        await _settled()
        for task in costly[:2]:  # one waits for a slot, and one for the end of another
            task.cancel()
        end.set()
        return [response.status for response in await asyncio.gather(*ordinary, costly[2])]

    assert asyncio.run(scenario()) == [200] * 3


def test_a_limit_of_one_slot_is_enough_for_costly_requests():
    async def scenario() -> int:
        done = asyncio.Event()
        done.set()
        return (await ConcurrencyLimiter(1).run(None, _answered_when(done), Lane.COSTLY)).status

    assert asyncio.run(scenario()) == 200
