"""The parts of a form in a spool, wherever its boundary falls, and files in forms and in gzip."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from diptych.core.http import form_files
from diptych.core.http.problems import Problem
from diptych.core.http.request_response import Request
from diptych.core.http.spool import Spool
from diptych.core.settings import Settings
from tests.support.work import memory

RequestOf = Callable[[bytes], Request]

TYPE = "multipart/form-data; boundary=b"
SETTINGS = Settings(database_url="sqlite:///none.db", files="s3://none/none")


@pytest.fixture
def request_of() -> Iterator[Callable[[bytes], Request]]:
    """Yield the function that returns a request with a body in a spool."""
    with closing(Spool()) as spool:

        def make(body: bytes) -> Request:
            spool.extend(body)
            return Request("POST", "", {}, "", {"content-type": TYPE}, spool)

        yield make


@pytest.mark.parametrize("size", [0, 1, 4090, 4096, 4097, (1 << 20) + 4096 - 3, (1 << 20) + 4096, 3 << 20])
def test_a_file_of_any_size_is_found_between_its_boundaries(size: int, request_of: RequestOf):
    content = (b"\r\n--\r\n-" * (size // 7 + 1))[:size]
    head = b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n--b\r\n'
    head += b'Content-Disposition: form-data; name="cover.file"; filename="C:\\\\a\\\\b.png"\r\n\r\n'
    request = request_of(head + content + b"\r\n--b--\r\n")

    plain, file = form_files.opened(request, "cover", SETTINGS)

    assert plain.body == b"title=x"
    assert file is not None
    with closing(file):
        assert (file.name, len(file), file.rewound().read()) == ("b.png", size, content)
    assert form_files.with_file(plain, "cover", "d" * 64, "b").body == f"title=x&cover={'d' * 64}&cover_name=b".encode()


def test_of_a_form_that_is_refused_the_fields_before_its_file_are_known(request_of: RequestOf):
    head = b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n--b\r\n'
    head += b'Content-Disposition: form-data; name="cover.file"; filename="a"\r\n\r\n'
    request = request_of(head + b"x" * 100_000 + b"\r\n--b--\r\n")

    assert form_files.fields_of(request, 1000) == {"title": "x"}
    assert form_files.has_file(request)


FIELD = 'Content-Disposition: form-data; name="note"\r\n\r\nnothing'


def form(*parts: str | bytes, boundary: str = "x", end: str = "--") -> bytes:
    encoded = [part if isinstance(part, bytes) else part.encode() for part in parts]
    return b"".join(b"--%b\r\n%b\r\n" % (boundary.encode(), part) for part in encoded) + f"--{boundary}{end}".encode()


def file(name: str, content: bytes = b"a") -> bytes:
    head = f'Content-Disposition: form-data; name="f"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n'
    return head.encode() + content


def packed(content: bytes) -> bytes:
    """Return content in gzip, the same bytes each time."""
    return gzip.compress(content, mtime=0)


def unwrapped(body: bytes, kind: str, coding: str = "", limit: int = 1 << 20) -> tuple[str, bytes]:
    """Return the name and the content of the file in a body."""
    with closing(Spool()) as spool:
        spool.extend(body)
        headers = {"content-type": kind} | ({"content-encoding": coding} if coding else {})
        settings = replace(SETTINGS, max_file_bytes=limit)
        request = form_files.unwrapped(Request("POST", "", {}, "", headers, spool), settings)
        assert isinstance(request.body, Spool)
        with closing(request.body):
            assert request.headers == {}
            return request.body.name, request.body.rewound().read()


FORM = "multipart/form-data; boundary=x"


@pytest.mark.parametrize("kind", ["", "text/csv", "application/json", "text/csv; boundary=x", "nonsense"])
def test_a_body_of_any_other_type_is_the_file(kind: str):
    assert unwrapped(form(file("a.csv")), kind) == ("", form(file("a.csv")))


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("a.csv", "a.csv"),
        ("Bücher.csv", "Bücher.csv"),
        ("C:\\\\my files\\\\a.csv", "a.csv"),
        ("C:\\my files\\a.csv", "a.csv"),
        ("../../etc/a.csv", "a.csv"),
        ("%22a%22.csv", '"a".csv'),
        ('\\"a\\".csv', '"a".csv'),
        ("a%0D%0A.csv", "a.csv"),
        ("a\0b\x7f.csv", "a b .csv"),
        ("x" * 300, "x" * 255),
        ("x" * 300 + ".csv", "x" * 251 + ".csv"),
        ("x" * 255 + ".csv.gz", "x" * 248 + ".csv.gz"),
        ("Mr. " + "x" * 300 + ".csv", "Mr. " + "x" * 247 + ".csv"),
        ("x" * 200 + "." + "y" * 200, "x" * 200 + "." + "y" * 54),
        ("", ""),
    ],
)
def test_the_name_of_a_file_is_what_its_sender_calls_it_without_folders(name: str, read: str):
    assert unwrapped(form(file(name)), FORM) == (read, b"a")


@pytest.mark.parametrize(
    "head",
    [
        "form-data; name=f; filename=a.csv",
        "form-data; name=f; filename=a.csv; filename*=utf-8''b.csv",
        'form-data; filename="a.csv"; name="f"',
        'form-data ; Name = "f" ; FileName = "a.csv"',
        'form-data; name="f";\r\n filename="a.csv"',
        'form-data; name="f; filename=b.csv"; filename="a.csv"',
        'form-data; name="f"; filename="a.csv"\r\nContent-Type: text/csv; name="b"; filename="b.csv"',
    ],
)
def test_a_part_may_say_its_names_as_any_header_says_its_parameters(head: str):
    assert unwrapped(form(f"Content-Disposition: {head}\r\n\r\na"), FORM) == ("a.csv", b"a")


@pytest.mark.parametrize(
    "head",
    [
        "form-data; name=note",
        'form-data; name="note"; xfilename="b.csv"',
        'form-data; name="note; filename=b.csv"',
        'form-data; name="note"\r\nContent-Type: text/plain; filename="b.csv"',
    ],
)
def test_a_part_without_the_name_of_a_file_is_a_field(head: str):
    body = form(f"Content-Disposition: {head}\r\n\r\nx", file("a"))
    assert unwrapped(body, "multipart/form-data; xboundary=y; boundary=x") == ("a", b"a")


def test_fields_without_a_file_are_passed_over_and_the_content_is_as_it_was_sent():
    content = b"\r\n-xy\r\n--\r\n\r\n"
    body = form(FIELD, file("a", content), FIELD, FIELD)
    assert unwrapped(body, 'Multipart/Form-Data; Boundary="x"') == ("a", content)
    assert unwrapped(b"\r\n" + body, FORM) == ("a", content)


def test_a_file_and_a_form_in_gzip_are_unpacked():
    body = form(FIELD, file("a", b"content"))
    assert unwrapped(gzip.compress(b"a") + gzip.compress(b"b"), "text/csv", "gzip") == ("", b"ab")
    assert unwrapped(gzip.compress(body), FORM, "X-GZip") == ("a", b"content")


@pytest.mark.parametrize(
    ("body", "kind", "coding", "status"),
    [
        (form(file("a")), "multipart/form-data", "", 400),
        (form(file("a"), file("b")), FORM, "", 400),
        (form(FIELD), FORM, "", 400),
        (form(), FORM, "", 400),
        (form(file("a"), end=""), FORM, "", 400),
        (form(file("a"), boundary="y"), FORM, "", 400),
        (b"", FORM, "", 400),
        (b"text before" + form(file("a")), FORM, "", 400),
        (form('filename="a"'), FORM, "", 400),
        (form("X: " + "x" * 9000 + "\r\n\r\na"), FORM, "", 400),
        (b"no gzip", "", "gzip", 400),
        (packed(b"a")[:-1], "", "gzip", 400),
        (packed(form(file("a"), file("b"))), FORM, "gzip", 400),
        (b"a", "", "br", 415),
        (b"a" * 1001, "", "", 413),
        (packed(b"a" * 1001), "", "gzip", 413),
    ],
)
def test_what_is_no_file_and_no_form_with_one_file_is_refused(body: bytes, kind: str, coding: str, status: int):
    limit = len(body) if kind == FORM else 1000
    with pytest.raises(Problem) as refused:
        unwrapped(body, kind, coding, limit=max(limit, 1000))
    assert refused.value.status == status


def test_a_large_file_is_unwrapped_in_little_memory():
    with closing(Spool()) as spool:
        spool.extend(gzip.compress(form(FIELD, file("a", b"x" * 30_000_000)), 1))
        headers = {"content-type": FORM, "content-encoding": "gzip"}
        settings = replace(SETTINGS, max_file_bytes=40_000_000)

        def work() -> None:
            body = form_files.unwrapped(Request("POST", "", {}, "", headers, spool), settings).body
            assert isinstance(body, Spool)
            with closing(body):
                assert len(body) == 30_000_000

        assert memory(work) < 5_000_000


@given(st.binary(max_size=200))
@example(b"\r\n--x")
@example(b"\r\n--x--")
def test_any_content_that_does_not_contain_the_boundary_comes_through(content: bytes):
    boundary = "a-long-boundary-that-is-in-no-example"
    body = form(file("a", content), boundary=boundary)
    assert unwrapped(body, f"multipart/form-data; boundary={boundary}") == ("a", content)
