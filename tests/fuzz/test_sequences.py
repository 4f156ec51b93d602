"""Any sequence of requests: every adapter on every database responds alike, stores the same, and never fails."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings

from tests.fuzz.copies import Copies
from tests.fuzz.examples import EXAMPLES
from tests.fuzz.steps import Step
from tests.fuzz.strategies import sequences

FUZZING = settings.get_current_profile_name() == "fuzz"

ENDS = time.monotonic() + 1200
"""A run longer than twenty minutes is stopped, and fails."""

# The suite sends the same few sequences every time, `make fuzz` many new ones.
share = settings() if FUZZING else settings(max_examples=20, derandomize=True)


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_known_sequence_tells_the_copies_apart(catalogues: Copies, name: str):
    catalogues.run(EXAMPLES[name])


@share
@given(sequences)
def test_no_sequence_of_requests_tells_the_copies_apart(catalogues: Copies, steps: list[Step]):
    if time.monotonic() > ENDS and FUZZING:
        pytest.exit(f"Time is up after {catalogues.sequences} sequences.", returncode=1)
    catalogues.run(steps)
