"""Compare two running deployments: `make test CONTRACT_URL=... CONTRACT_URL_B=...`.

Both have to serve the same catalogue. Messages that might write are sent only with CONTRACT_WRITES=1.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import patient
from tests.support.wire import Target
from tests.wire.case import Case
from tests.wire.conftest import URLS, WRITES
from tests.wire.table import CASES, Rows, ask, ids

SENT = sorted((case for case in CASES if case.safe or WRITES), key=lambda case: not case.safe)


@pytest.fixture(scope="module")
def rows() -> Iterator[Rows]:
    for url in URLS:
        try:
            Target.of(url)
        except ValueError as error:
            pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
    with patient.Client(base_url=URLS[0]) as api:
        yield Rows.made(api) if WRITES else Rows.found(api)


@pytest.mark.parametrize("case", SENT, ids=ids(SENT))
def test_both_deployments_answer_alike(rows: Rows, case: Case):
    first, second = (ask(url, case, rows) for url in URLS)

    assert first == second
