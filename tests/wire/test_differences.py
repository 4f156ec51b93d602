"""How two answers differ, in words."""

from __future__ import annotations

import pytest

from tests.support.wire import Answer, Exchange
from tests.wire.differences import Report, differences

ONE = Answer(200, "OK", (("etag", '"a"'), ("vary", "Origin")), b'{"name":"Homer"}')


def exchange(*answers: Answer, kept: bool = True) -> Exchange:
    return Exchange(answers, kept)


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (ONE, []),
        (Answer(201, "Created", ONE.headers, ONE.body), ["status: 200 OK / 201 Created"]),
        (Answer(200, "Fine", ONE.headers, ONE.body), ["status: 200 OK / 200 Fine"]),
        (Answer(200, "OK", ONE.headers[1:], ONE.body), ["header etag: '\"a\"' / absent"]),
        (
            Answer(200, "OK", (*ONE.headers, ("vary", "Cookie")), ONE.body),
            ["header vary: 'Origin' / 'Origin' and 'Cookie'"],
        ),
        (
            Answer(200, "OK", ONE.headers, b'{"name":"Hesiod"}'),
            ['body: at byte 10: b\'{"name":"Homer"}\' / b\'{"name":"Hesiod"}\''],
        ),
        (Answer(200, "OK", ONE.headers, ONE.body[:3]), ['body: at byte 3: b\'{"name":"Homer"}\' / b\'{"n\'']),
    ],
)
def test_each_kind_of_difference_is_told_by_its_first_place(other: Answer, found: list[str]):
    assert [f"{each.kind}: {each.detail}" for each in differences(exchange(ONE), exchange(other))] == found


def test_a_header_that_is_allowed_is_left_out_and_no_other():
    other = Answer(200, "OK", (("etag", '"b"'), ("set-cookie", "x")), ONE.body)

    found = differences(exchange(ONE), exchange(other), {"set-cookie", "vary"})

    assert [each.kind for each in found] == ["header etag"]


def test_a_connection_that_one_closes_and_an_answer_that_one_lacks_are_differences():
    found = differences(exchange(ONE, ONE), exchange(ONE, kept=False))

    assert [f"{each.kind}: {each.detail}" for each in found] == [
        "connection: kept / closed",
        "number of answers: 2 / 1",
    ]


def test_a_report_has_one_line_for_each_kind_and_names_the_headers_to_allow():
    report = Report()
    for case in ("one", "two"):
        other = Answer(404, "Not Found", (*ONE.headers, ("set-cookie", case)), ONE.body)
        report.add(case, differences(exchange(ONE), exchange(other)))

    assert report.lines() == [
        "2 x header set-cookie, first in one: absent / 'one'",
        "2 x status, first in one: 200 OK / 404 Not Found",
        "Headers that an application or a proxy adds are left out by naming them: CONTRACT_ALLOW_HEADERS=set-cookie",
    ]
    assert Report().lines() == []
