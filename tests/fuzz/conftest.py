"""The copies that sequences are sent to, started once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fuzz.copies import Copies, copies
from tests.support.databases import Databases


@pytest.fixture(scope="session")
def catalogues(databases: Databases) -> Iterator[Copies]:
    with copies(databases) as found:
        yield found
        print(f"\n{found.sequences} sequences, {found.requests} requests")
