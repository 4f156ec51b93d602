"""The sample that each run takes, and what it leaves to `make test-long`."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence

import pytest

Cases = dict[str, dict[str, pytest.Item]]
"""The items of one test function by case and deployment."""


def leave_out(items: Sequence[pytest.Item]) -> None:
    """Mark what is not in the sample as unsampled: most cases of contract and long tests, half of the services'."""
    for item in (*_of_contract_tests(items), *_of_service_tests(items), *_of_long_tests(items)):
        item.add_marker(pytest.mark.unsampled)


def spread(cases: int, deployments: int) -> set[tuple[int, int]]:
    """Return which case runs on which deployment: a Latin square.

    Every case runs somewhere, and a test of few cases still runs on every deployment. Each row begins one deployment
    later, so that of two parameters neither stays with one deployment.
    """
    return {
        (number % cases, (number + number // deployments) % deployments) for number in range(max(cases, deployments))
    }


def pair(case: int) -> set[tuple[int, int]]:
    """Return the pairs of twin and database on which a case of a service runs: each twin, with another database."""
    return {(twin, (twin + case) % 2) for twin in range(2)}


def _of_contract_tests(items: Sequence[pytest.Item]) -> Iterator[pytest.Item]:
    functions: dict[str, Cases] = defaultdict(lambda: defaultdict(dict))
    for item in items:
        if isinstance(item, pytest.Function) and item.nodeid.startswith("tests/contract/"):
            function, _, case = item.nodeid.partition("[")
            if place := item.callspec.params.get("url") if case else None:
                functions[function][case.replace(place, "", 1)][place] = item
    for cases in functions.values():
        places = list(next(iter(cases.values())))
        chosen = spread(len(cases), len(places))
        for number, on in enumerate(cases.values()):
            yield from (item for place, item in on.items() if (number, places.index(place)) not in chosen)


def _of_service_tests(items: Sequence[pytest.Item]) -> Iterator[pytest.Item]:
    functions: dict[str, Cases] = defaultdict(lambda: defaultdict(dict))
    for item in items:
        if isinstance(item, pytest.Function) and item.nodeid.startswith("tests/services/"):
            function, _, case = item.nodeid.partition("[")
            twin, backend = (item.callspec.params.get(name, "") if case else "" for name in ("twin", "backend"))
            if twin and backend:
                functions[function][case.replace(twin, "", 1).replace(backend, "", 1)][f"{twin} {backend}"] = item
    for function, cases in functions.items():
        # The first case of a function may have either two pairs.
        for number, on in enumerate(cases.values(), zlib.crc32(function.encode())):
            places = sorted(on)
            # What runs on one twin alone stays on both databases.
            if len(places) == 4:
                # The next case has the other two pairs: this one is left out there.
                yield from (on[places[2 * twin + backend]] for twin, backend in pair(number + 1))


def _of_long_tests(items: Sequence[pytest.Item]) -> Iterator[pytest.Item]:
    """Yield all but one case of each function, now of one adapter, now of the other.

    Cases that are marked as unsampled already are never the one.
    """
    functions: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("long") and not item.get_closest_marker("unsampled"):
            functions[item.nodeid.partition("[")[0]].append(item)
    for function, cases in functions.items():
        chosen = zlib.crc32(function.encode()) % len(cases)
        yield from (item for number, item in enumerate(cases) if number != chosen)
