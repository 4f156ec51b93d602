"""Sequences sent in every run of the suite: findings of the fuzzing, and probes for what it must find.

Copy a new one from the printed report, under a name that says what it is about.
"""

from __future__ import annotations

from tests.fuzz.steps import Members, Place, Row, Step
from tests.fuzz.stock import AUTHORS, BOOKS, ISBNS

BOOK = ("books", BOOKS[1])

EXAMPLES = {
    "a request with a key is done once, and another one with it not at all": [
        Step("POST", ("tags",), body={"name": "new"}, headers=(("Idempotency-Key", "a"),)),
        Step("PATCH", ("tags", Row("tags", 2)), body={"description": "changed"}),
        Step("POST", ("tags",), body={"name": "new"}, headers=(("Idempotency-Key", '"a"'),)),
        Step("POST", ("tags",), body={"name": "newer"}, headers=(("Idempotency-Key", "a"),)),
        Step("POST", ("tags",), body={"name": "new"}, headers=(("Idempotency-Key", "b"),)),
    ],
    "setting tags changes the book, and what is told of it": [
        Step("PUT", (*BOOK, "tags"), body={"items": ["E\u0301cole", "école", "new"]}),
        Step("GET", BOOK, (("include", "tags,contributors"),)),
        Step("GET", ("books",), (("updatedAfter", Row("books", 2, "updated_at")),)),
    ],
    "a title that is taken gets a token, and orders by it": [
        Step("POST", ("books",), body={"title": "The  Left Hand!", "author_id": AUTHORS[0]}),
        Step("GET", ("books", "slug", Row("books", 3, "slug"))),
        Step("GET", ("books",), (("orderBy", "slug"), ("pageSize", "2"))),
    ],
    "rows of one batch have times of their own, or the same": [
        Step("POST", ("tags", "batch"), body={"items": [{"name": str(number)} for number in range(9)]}),
        Step(
            "GET", ("tags",), (("createdAfter", Row("tags", 2, "created_at")), ("pageSize", "3"), ("currentPage", "2"))
        ),
    ],
    "a cursor leads on from rows that have been deleted, and back": [
        Step("GET", ("books",), (("pageSize", "1"),)),
        Step("DELETE", ("books", BOOKS[0])),
        Step("GET", ("books",), (("cursor", Place(0)), ("pageSize", "1"))),
        Step("GET", ("books",), (("cursor", Place(0)), ("pageSize", "1"), ("total", "false"))),
        Step("GET", ("books",), (("orderBy", "year"), ("pageSize", "2"))),
        Step("GET", ("books",), (("orderBy", "year"), ("pageSize", "2"), ("cursor", Place(0)))),
        Step("GET", ("books",), (("orderBy", "id"), ("cursor", Place(0)))),
    ],
    "a year of zero is a year": [
        Step("PATCH", BOOK, body={"year": 0}),
        Step("GET", ("books",), (("yearIn", "0"),)),
        Step("PATCH", BOOK, body={"year": None}),
        Step("GET", ("books",), (("orderBy", "year"), ("sortOrder", "asc"))),
    ],
    "upserts match, repeat, and find two where there should be one": [
        Step("PUT", ("authors", "batch"), body={"items": [{"name": "Anonymous", "dob": None}, {"name": "b"}]}),
        Step("PUT", ("authors", "batch"), body={"items": [{"name": "Anonymous", "dob": None}]}),
        Step("PUT", ("books", "batch"), body={"items": [{"isbn": ISBNS[0], "title": "x", "author_id": AUTHORS[1]}]}),
        Step("PUT", ("books", BOOKS[3]), body={"title": "y", "author_id": AUTHORS[1], "isbn": ISBNS[0]}),
        Step("DELETE", ("authors", "batch"), (("ids", AUTHORS[1]), ("ids", AUTHORS[0]))),
    ],
    "members that are there twice, a validator, and bodies in gzip": [
        Step("POST", ("tags",), body=Members((("name", "x"), ("name", "x")))),
        Step("POST", ("tags",), body={"name": "İ" * 50}, headers=(("Content-Encoding", "gzip"),)),
        Step("GET", ("tags", Row("tags", 3))),
        Step("GET", ("tags", Row("tags", 3)), headers=(("If-None-Match", Row("tags", 3, "etag")),)),
        Step("HEAD", ("tags",), headers=(("Accept-Encoding", "br"), ("Origin", "null"))),
    ],
}
