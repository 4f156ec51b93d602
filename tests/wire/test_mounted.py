"""The same bytes to the catalogue inside other applications, as far as their servers pass them on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.wire import Answer, WireError
from tests.wire.allowed import NOT_SEEN, OF_THE_HOST
from tests.wire.case import Case
from tests.wire.table import CASES, Pair, ask, fingerprint, one_in

REACHED = [case for case in CASES if not case.own]
REFUSED = [case for case in CASES if case.own and case.refused]


@pytest.mark.parametrize("case", one_in(5, REACHED))
def test_both_hosts_answer_alike(mounted_pair: Pair, case: Case):
    (flask,), (sanic,) = (ask(url, case, mounted_pair.rows).answers for url in (mounted_pair.flask, mounted_pair.sanic))

    if flask.body.startswith(b"the host's own") or sanic.body.startswith(b"the host's own"):
        assert 400 <= flask.status < 500
        assert 400 <= sanic.status < 500
    else:
        assert _ours(flask) == _ours(sanic)
        assert flask.status == case.statuses[0]


def _ours(answer: Answer) -> Answer:
    headers = tuple(each for each in answer.headers if each[0] not in OF_THE_HOST)
    return Answer(answer.status, answer.reason, headers, answer.body)


@pytest.mark.parametrize("case", one_in(5, REFUSED))
def test_what_a_server_of_our_own_refuses_has_no_effect_in_a_host(mounted_pair: Pair, case: Case):
    before = None if case.safe else fingerprint(mounted_pair)
    for url in (mounted_pair.flask, mounted_pair.sanic):
        try:
            # The server may wait for more data: close the sending half.
            answers = ask(url, replace(case, half_close=True), mounted_pair.rows).answers
        except WireError:
            answers = ()
        passed = [answer.status for answer in answers if not 400 <= answer.status < 600]
        assert passed == ([200] if case.name in NOT_SEEN and url == mounted_pair.flask else [])
    assert before is None or fingerprint(mounted_pair) == before
