"""The sample of the contract's cases: without these rules a run could leave a case, or a deployment, out for ever."""

from __future__ import annotations

import itertools

import pytest

from tests.support.sampling import pair, spread

DEPLOYMENTS = 4
sizes = pytest.mark.parametrize("cases", range(1, 41))


@sizes
def test_every_case_and_every_deployment_is_in_the_sample(cases: int):
    chosen = spread(cases, DEPLOYMENTS)

    assert {case for case, _ in chosen} == set(range(cases))
    assert {deployment for _, deployment in chosen} == set(range(DEPLOYMENTS))


@sizes
def test_the_sample_has_no_case_twice_unless_there_are_fewer_cases_than_deployments(cases: int):
    assert len(spread(cases, DEPLOYMENTS)) == max(cases, DEPLOYMENTS)


@pytest.mark.parametrize("inner", [2, 3, 4, 5, 8])
def test_no_value_of_a_parameter_stays_with_one_deployment(inner: int):
    chosen = spread(4 * inner, DEPLOYMENTS)

    for value, of in itertools.product(range(inner), (lambda case: case % inner, lambda case: case // 4)):
        assert len({deployment for case, deployment in chosen if of(case) == value}) > 1


def test_a_case_of_a_service_runs_on_both_twins_and_both_databases_and_two_cases_on_all_pairs():
    for case in range(4):
        assert {twin for twin, _ in pair(case)} == {database for _, database in pair(case)} == {0, 1}
        assert len(pair(case) | pair(case + 1)) == 4
