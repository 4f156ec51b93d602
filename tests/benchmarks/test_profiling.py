"""How `make bench-profile` evaluates py-spy's samples."""

from __future__ import annotations

import pytest

from benchmarks.profiling import OTHERS, PLACES, place, places

CORE = "core: operations, units of work, statements"
HTTP = "core: HTTP"
LOG = "core: log and metrics"


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ("Database.read (diptych/core/aio/unit_of_work.py:63)", CORE),
        ("finished (diptych/core/http/response_building.py:80)", HTTP),
        ("LogRecord.__init__ (logging/__init__.py:300)", LOG),
        ("view (diptych/sanic_app/blueprint.py:60)", "adapter or floor"),
        ("getconn (psycopg_pool/pool_async.py:200)", "psycopg_pool"),
        ("wait_async (psycopg/waiting.py:180)", "psycopg"),
        ("handle_request (handle_request)", "Sanic"),
        ("run (asyncio/runners.py:118)", OTHERS),
        ("__init__ (<string>:5)", OTHERS),
    ],
)
def test_a_frame_belongs_to_what_its_module_is_part_of(frame: str, expected: str):
    assert place(frame) == expected


def test_a_look_counts_for_the_innermost_frame():
    waiting = "main (runpy.py:1);view (diptych/sanic_app/blueprint.py:60);wait_async (psycopg/waiting.py:1)"
    assert places(f"{waiting} 3\nmain (runpy.py:1) 2") == {"psycopg": 3, OTHERS: 2}


def test_no_place_is_hidden_by_one_before_it():
    for told, beginnings in PLACES.items():
        assert {place(f"f ({beginning}/x.py:1)") for beginning in beginnings} == {told}
