"""A file in the body of a request, as clients and browsers send it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from diptych.core.http.uploads import uploaded_file

FORM = "multipart/form-data; boundary=x"


def form(*parts: str, boundary: str = "x", end: str = "--") -> bytes:
    return ("".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + f"--{boundary}{end}").encode("utf-8")


def file(name: str, content: str = "a") -> str:
    return f'Content-Disposition: form-data; name="f"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n{content}'


FIELD = 'Content-Disposition: form-data; name="note"\r\n\r\nnothing'


@pytest.mark.parametrize("kind", ["", "text/csv", "application/json", "text/csv; boundary=x", "nonsense"])
def test_a_body_of_any_other_type_is_the_file(kind: str):
    found = uploaded_file(form(file("a.csv")), kind)
    assert (found.name, found.content) == (None, form(file("a.csv")))


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("a.csv", "a.csv"),
        ("Bücher.csv", "Bücher.csv"),
        ("C:\\\\my files\\\\a.csv", "a.csv"),
        ("../../etc/a.csv", "a.csv"),
        ("%22a%22.csv", '"a".csv'),
        ('\\"a\\".csv', '"a".csv'),
        ("a%0D%0A.csv", "a.csv"),
        ("", None),
    ],
)
def test_the_name_of_a_file_is_what_its_sender_calls_it_without_folders(name: str, read: str | None):
    assert uploaded_file(form(file(name)), FORM).name == read


def test_fields_without_a_file_are_passed_over_and_the_content_is_as_it_was_sent():
    content = "\r\n--xy\r\n--\r\n\r\n"
    found = uploaded_file(form(FIELD, file("a", content), FIELD), 'Multipart/Form-Data; Boundary="x"')
    assert found.content == content.encode()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (form(file("a")), "multipart/form-data"),
        (form(file("a"), file("b")), FORM),
        (form(FIELD), FORM),
        (form(), FORM),
        (form(file("a"), end=""), FORM),
        (form(file("a"), boundary="y"), FORM),
        (b"", FORM),
        (b"text before" + form(file("a")), FORM),
        (form('filename="a"'), FORM),
        (form("X: " + "x" * 9000 + "\r\n\r\na"), FORM),
    ],
)
def test_what_is_no_form_with_one_file_is_refused(body: bytes, kind: str):
    with pytest.raises(ValueError, match=r"it|its|a part"):
        uploaded_file(body, kind)


@given(st.binary(max_size=200))
@example(b"\r\n--x")
@example(b"\r\n--x--")
def test_any_content_that_does_not_contain_the_boundary_comes_through(content: bytes):
    boundary = "a-long-boundary-that-is-in-no-example"
    head = file("a", "").encode()
    body = b"--" + boundary.encode() + b"\r\n" + head + content + b"\r\n--" + boundary.encode() + b"--\r\n"
    assert uploaded_file(body, f"multipart/form-data; boundary={boundary}").content == content
