"""The exit of a process."""

from __future__ import annotations

import sys

import pytest

from tests.support.databases import run

LEFT = """
class Left:
    def __init__(self):
        self.itself = self
    def __del__(self):
        print("collected")

left = Left()
"""
END = "from diptych.core.tuning.garbage_collection import skip_gc_at_exit; skip_gc_at_exit()"


@pytest.mark.parametrize(("program", "told"), [(LEFT, "collected\n"), (LEFT + END, "")])
def test_a_process_that_ends_at_once_looks_for_no_garbage(program: str, told: str):
    assert run([sys.executable, "-c", program]).stdout == told
