"""Any sequence of requests: every adapter on every database answers alike, holds the same after, and never fails."""

from __future__ import annotations

from hypothesis import given

from tests.fuzz.copies import Copies
from tests.fuzz.steps import Step
from tests.fuzz.strategies import sequences


@given(sequences)
def test_no_sequence_of_requests_tells_the_copies_apart(catalogues: Copies, steps: list[Step]):
    catalogues.run(steps)
